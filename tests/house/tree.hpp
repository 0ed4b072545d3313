// The files of the repository, as git knows them: tracked, or new and not ignored.

#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "tests/house/source.hpp"

namespace satchel::house {

// Every text file below `root`, in order of path. Nothing when `root` is no git work tree or git
// is absent. Files with a zero byte are not text and left out.
std::optional<std::vector<Source>> read_tree(const std::filesystem::path& root);

}  // namespace satchel::house
