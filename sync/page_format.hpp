// Numbers of the page's byte form, shared by its two halves (docs/protocol.md, "Page").
#pragma once

#include <cstddef>
#include <cstdint>

namespace satchel {

constexpr std::uint64_t kPageFormat = 1;
constexpr std::size_t kRowOverheadBytes = 24;        // id, seq, scope set, length of the meta
constexpr std::size_t kDepartureOverheadBytes = 32;  // id, seq, collection, length of the scope

}  // namespace satchel
