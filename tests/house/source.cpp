#include "tests/house/source.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace satchel::house {
namespace {

constexpr std::array<std::string_view, 4> kCppEndings = {".hpp", ".cpp", ".h", ".c"};
constexpr std::array<std::string_view, 7> kOtherCodeEndings = {
    ".cmake", ".java", ".kt", ".py", ".sh", ".swift", "CMakeLists.txt"};

template <typename Endings>
bool ends_with_any(std::string_view path, const Endings& endings) {
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return path.ends_with(ending); });
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

// Walks over C++ text and blanks in place; each `skip_` leaves `at_` behind what it blanked.
class Blanker {
  public:
    explicit Blanker(std::string_view cpp) : text_(cpp) {}

    std::string run() {
        while (at_ < text_.size()) {
            step();
        }
        return std::move(text_);
    }

  private:
    void step() {
        const std::string_view rest = std::string_view(text_).substr(at_);
        if (rest.starts_with("//")) {
            blank_to(find_from("\n", at_));
        } else if (rest.starts_with("/*")) {
            blank_to(behind("*/", at_ + 2));
        } else if (rest.starts_with("R\"") && !word_before_raw_prefix()) {
            skip_raw_string();
        } else if (text_[at_] == '"') {
            skip_quoted('"');
        } else if (text_[at_] == '\'' && !is_digit_separator()) {
            skip_quoted('\'');
        } else {
            ++at_;
        }
    }

    // The R of a raw string may have an encoding prefix (u8R) but belongs to no longer name.
    bool word_before_raw_prefix() const {
        std::size_t begin = at_;
        while (begin > 0 && is_word(text_[begin - 1])) {
            --begin;
        }
        const std::string_view prefix = std::string_view(text_).substr(begin, at_ - begin);
        return !(prefix.empty() || prefix == "u8" || prefix == "u" || prefix == "U" ||
                 prefix == "L");
    }

    // As in 1'000'000; but u8'x' is a character.
    bool is_digit_separator() const {
        std::size_t begin = at_;
        while (begin > 0 && (is_word(text_[begin - 1]) || text_[begin - 1] == '\'')) {
            --begin;
        }
        return begin < at_ && std::isdigit(static_cast<unsigned char>(text_[begin])) != 0;
    }

    void skip_raw_string() {
        const std::size_t open = find_from("(", at_);
        const std::string close = ")" + text_.substr(at_ + 2, open - at_ - 2) + "\"";
        at_ += 2;
        const std::size_t end = find_from(close, open);
        blank_to(end == text_.size() ? end : end + close.size() - 1);
        if (at_ < text_.size()) ++at_;
    }

    // The quotes stay, a literal never runs past its line.
    void skip_quoted(char quote) {
        std::size_t end = at_ + 1;
        while (end < text_.size() && text_[end] != quote && text_[end] != '\n') {
            end += text_[end] == '\\' ? 2 : 1;
        }
        ++at_;
        blank_to(end);
        if (at_ < text_.size() && text_[at_] == quote) ++at_;
    }

    std::size_t find_from(std::string_view what, std::size_t from) const {
        return std::min(text_.find(what, from), text_.size());
    }

    std::size_t behind(std::string_view what, std::size_t from) const {
        return std::min(find_from(what, from) + what.size(), text_.size());
    }

    void blank_to(std::size_t end) {
        for (end = std::min(end, text_.size()); at_ < end; ++at_) {
            if (text_[at_] != '\n') text_[at_] = ' ';
        }
    }

    std::string text_;
    std::size_t at_ = 0;
};

}  // namespace

std::string Finding::text() const {
    return path + ":" + std::to_string(line) + ": " + message;
}

std::string_view Source::folder() const {
    const std::size_t slash = path.find('/');
    return slash == std::string::npos ? std::string_view()
                                      : std::string_view(path).substr(0, slash);
}

bool Source::is_cpp() const {
    return ends_with_any(path, kCppEndings);
}

bool Source::is_code() const {
    return path == "dev" || is_cpp() || ends_with_any(path, kOtherCodeEndings);
}

std::vector<std::string_view> split_lines(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string blank_comments_and_literals(std::string_view cpp) {
    return Blanker(cpp).run();
}

}  // namespace satchel::house
