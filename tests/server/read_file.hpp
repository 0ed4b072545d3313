#pragma once

#include <fstream>
#include <iterator>
#include <string>

namespace satchel::server {

inline std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace satchel::server
