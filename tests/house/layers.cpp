#include "tests/house/layers.hpp"

#include <algorithm>
#include <array>

namespace satchel::house {
namespace {

const std::array<Layer, 8> kLayers = {{
    {"sync", {}},
    {"storage", {"sync"}},
    {"sales", {"sync", "storage"}},
    {"client", {"sync", "storage", "sales"}},
    {"server", {"sync", "storage", "sales"}},
    {"client-imgui", {"sync", "storage", "sales", "client"}},
    {"bindings", {"sync", "storage", "sales", "client"}},
    {"cli", {"sync", "storage", "sales", "client"}},
}};

// <chrono>, <random> and <cstdlib> have a part that touches the world; check_pure_core() names it.
constexpr auto kPureHeaders = std::to_array<std::string_view>({
    "algorithm",
    "any",
    "array",
    "bit",
    "bitset",
    "cassert",
    "cctype",
    "charconv",
    "chrono",
    "cinttypes",
    "climits",
    "cmath",
    "compare",
    "concepts",
    "cstddef",
    "cstdint",
    "cstdlib",
    "cstring",
    "deque",
    "exception",
    "forward_list",
    "functional",
    "iomanip",
    "initializer_list",
    "iosfwd",
    "iterator",
    "limits",
    "list",
    "map",
    "memory",
    "memory_resource",
    "new",
    "numeric",
    "optional",
    "ostream",
    "queue",
    "random",
    "ranges",
    "ratio",
    "set",
    "source_location",
    "span",
    "sstream",
    "stack",
    "stdexcept",
    "string",
    "string_view",
    "tuple",
    "type_traits",
    "typeinfo",
    "unordered_map",
    "unordered_set",
    "utility",
    "variant",
    "vector",
    "version",
});

}  // namespace

std::span<const Layer> layers() {
    return kLayers;
}

const Layer* find_layer(std::string_view folder) {
    const auto* found = std::find_if(kLayers.begin(), kLayers.end(),
                                     [&](const Layer& layer) { return layer.folder == folder; });
    return found == kLayers.end() ? nullptr : found;
}

bool is_pure_header(std::string_view header) {
    return std::find(kPureHeaders.begin(), kPureHeaders.end(), header) != kPureHeaders.end();
}

}  // namespace satchel::house
