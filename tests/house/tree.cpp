#include "tests/house/tree.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

namespace satchel::house {
namespace {

// The output of `command`, if it succeeds.
std::optional<std::string> output_of(const std::string& command) {
    FILE* pipe = popen(command.c_str(), "r");
    if (pipe == nullptr) return std::nullopt;
    std::string output;
    std::array<char, 4096> buffer{};
    while (const std::size_t size = fread(buffer.data(), 1, buffer.size(), pipe)) {
        output.append(buffer.data(), size);
    }
    if (pclose(pipe) != 0) return std::nullopt;
    return output;
}

std::string quote(const std::string& argument) {
    std::string quoted = "'";
    for (const char c : argument) {
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    }
    return quoted + "'";
}

std::string read(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

}  // namespace

std::optional<std::vector<Source>> read_tree(const std::filesystem::path& root) {
    // In a container the work tree often belongs to another user; reading its names is safe.
    const auto listing = output_of("git -c safe.directory='*' -C " + quote(root.string()) +
                                   " ls-files -z --cached --others --exclude-standard");
    if (!listing) return std::nullopt;

    std::vector<Source> tree;
    for (std::size_t begin = 0; begin < listing->size();) {
        const std::size_t end = listing->find('\0', begin);
        const std::string path = listing->substr(begin, end - begin);
        begin = end + 1;
        if (!std::filesystem::is_regular_file(root / path)) continue;
        Source source{path, read(root / path)};
        if (source.text.find('\0') == std::string::npos) tree.push_back(std::move(source));
    }
    std::sort(tree.begin(), tree.end(),
              [](const Source& a, const Source& b) { return a.path < b.path; });
    return tree;
}

}  // namespace satchel::house
