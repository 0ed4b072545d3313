// Who may include whom: the picture of docs/architecture.md as a table.

#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace satchel::house {

struct Layer {
    std::string_view folder;
    std::vector<std::string_view> below;  // all it may include, beside itself
};

std::span<const Layer> layers();

// Null when no layer has that folder.
const Layer* find_layer(std::string_view folder);

// The standard headers that sync/ may include: those that touch nothing outside the program.
bool is_pure_header(std::string_view header);

}  // namespace satchel::house
