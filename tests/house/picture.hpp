// The picture of docs/architecture.md: names in rows, and arrows between them that all point down,
// drawn with |, \ and /, and round a corner with ` or ' and a row of dashes.
//
//     client   server
//        \        |
//         `-- sales'
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::house {

using Arrows = std::map<std::string, std::set<std::string>>;

// The names, each with those its arrows lead to. Nothing: a line that leads nowhere.
std::optional<Arrows> read_picture(const std::vector<std::string_view>& rows);

// Each with all that can be reached from it.
Arrows with_all_below(const Arrows& arrows);

}  // namespace satchel::house
