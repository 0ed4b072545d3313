#include "tests/house/picture.hpp"

#include <algorithm>

namespace satchel::house {
namespace {

struct Name {
    std::string text;
    std::size_t row = 0;
    std::size_t from = 0;  // columns
    std::size_t to = 0;    // one past the last
};

bool is_letter(char c) {
    return c >= 'a' && c <= 'z';
}

// Words of letters, with single dashes inside.
std::vector<Name> names_of(const std::vector<std::string_view>& rows) {
    std::vector<Name> names;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const std::string_view line = rows[row];
        for (std::size_t at = 0; at < line.size(); ++at) {
            if (!is_letter(line[at])) continue;
            const std::size_t from = at;
            while (at < line.size() &&
                   (is_letter(line[at]) ||
                    (line[at] == '-' && at + 1 < line.size() && is_letter(line[at + 1]))))
                ++at;
            names.push_back({std::string(line.substr(from, at - from)), row, from, at});
        }
    }
    return names;
}

std::size_t distance(const Name& name, std::size_t column) {
    if (column < name.from) return name.from - column;
    return column < name.to ? 0 : column - name.to + 1;
}

class Picture {
  public:
    explicit Picture(const std::vector<std::string_view>& rows)
        : rows_(rows), names_(names_of(rows)) {}

    std::optional<Arrows> arrows() const {
        Arrows arrows;
        for (const Name& name : names_) {
            std::set<std::string>& below = arrows[name.text];
            for (std::size_t column = name.from; column < name.to; ++column) {
                if (!is_line(name.row + 1, column)) continue;
                const Name* end = follow(name.row + 1, column);
                if (end == nullptr) return std::nullopt;
                below.insert(end->text);
            }
        }
        return arrows;
    }

  private:
    char at(std::size_t row, std::size_t column) const {
        return row < rows_.size() && column < rows_[row].size() ? rows_[row][column] : ' ';
    }
    bool is_line(std::size_t row, std::size_t column) const {
        const char c = at(row, column);
        return c == '|' || c == '\\' || c == '/';
    }

    // The name at the lower end of the line that passes here.
    const Name* follow(std::size_t row, std::size_t column) const {
        while (is_line(row, column)) {
            const char line = at(row++, column);
            if (line == '\\') ++column;
            if (line == '/') --column;
        }
        const char corner = at(row, column);
        const Name* nearest = nullptr;
        for (const Name& name : names_) {
            if (name.row != row) continue;
            if (corner == '`' && name.from < column) continue;  // on to the right
            if (corner == '\'' && name.to > column) continue;   // back to the left
            if (nearest == nullptr || distance(name, column) < distance(*nearest, column))
                nearest = &name;
        }
        return nearest;
    }

    const std::vector<std::string_view>& rows_;
    std::vector<Name> names_;
};

}  // namespace

std::optional<Arrows> read_picture(const std::vector<std::string_view>& rows) {
    return Picture(rows).arrows();
}

Arrows with_all_below(const Arrows& arrows) {
    Arrows all = arrows;
    for (std::size_t round = 0; round < arrows.size(); ++round)
        for (auto& [name, below] : all) {
            const std::set<std::string> before = below;
            for (const std::string& next : before)
                if (const auto known = all.find(next); known != all.end())
                    below.insert(known->second.begin(), known->second.end());
        }
    return all;
}

}  // namespace satchel::house
