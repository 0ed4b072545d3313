// Numbers of the changeset's byte form, shared by its two halves (docs/formats.md, "Changeset").
#pragma once

#include <cstdint>

namespace satchel {

constexpr std::uint64_t kChangesetFormat = 1;
constexpr std::uint64_t kCreatesFlag = 1;  // every operation of the run makes its record
constexpr std::uint64_t kExtrasFlag = 2;   // a column of set and counter writes follows

}  // namespace satchel
