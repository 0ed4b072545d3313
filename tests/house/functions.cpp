#include "tests/house/functions.hpp"

#include <algorithm>
#include <regex>
#include <string>

#include "tests/house/source.hpp"

namespace satchel::house {
namespace {

enum class Block { kScope, kFunction, kData };

// Directives are no statements, and the body of a macro may hold half a brace pair.
std::string blank_directives(std::string cpp) {
    bool in_directive = false;
    std::size_t begin = 0;
    while (begin < cpp.size()) {
        const std::size_t end = std::min(cpp.find('\n', begin), cpp.size());
        const std::size_t first = cpp.find_first_not_of(" \t", begin);
        const bool continued = end > begin && cpp[end - 1] == '\\';
        in_directive = in_directive || (first < end && cpp[first] == '#');
        if (in_directive) cpp.replace(begin, end - begin, end - begin, ' ');
        in_directive = in_directive && continued;
        begin = end + 1;
    }
    return cpp;
}

// What the brace behind `head`, the statement so far, opens.
Block classify(const std::string& head) {
    static const std::regex scope(
        R"(^\s*((public|private|protected)\s*:\s*)*(inline\s+)?(namespace\b|extern\s+"\s*"\s*$))");
    static const std::regex type(
        R"(^\s*((public|private|protected)\s*:\s*)*(template\s*<.*>\s*)?(typedef\s+)?)"
        R"((class|struct|union|enum)\b[^()]*(alignas\s*\([^()]*\)[^()]*)?$)");
    static const std::regex assigned(R"([^=]=\s*$)");
    if (std::regex_search(head, scope) || std::regex_search(head, type)) return Block::kScope;
    if (head.find('(') == std::string::npos || std::regex_search(head, assigned)) {
        return Block::kData;
    }
    return Block::kFunction;
}

class Finder {
  public:
    explicit Finder(std::string_view cpp)
        : code_(blank_directives(blank_comments_and_literals(cpp))) {}

    std::vector<Function> run() {
        while (at_ < code_.size()) {
            step(code_[at_]);
        }
        return std::move(found_);
    }

  private:
    // Only ever sees what stands at namespace or class level.
    void step(char c) {
        if (c == '{') {
            enter(classify(head_));
        } else if (c == '}' || c == ';') {
            head_.clear();
            advance();
        } else if (c == '(') {
            head_ += "()";
            skip_group('(', ')');
        } else {
            head_ += c == '\n' ? ' ' : c;
            advance();
        }
    }

    void enter(Block block) {
        if (block == Block::kScope) {
            head_.clear();
            advance();
            return;
        }
        const std::size_t first_line = line_;
        skip_group('{', '}');
        // `: a_{1}, b_{2} {`: what closed was an initialiser, the body is still to come.
        if (block == Block::kFunction && next_is_one_of(",{")) return;
        if (block == Block::kFunction) found_.push_back({first_line, line_});
        if (!next_is_one_of(";,")) head_.clear();
    }

    void skip_group(char open, char close) {
        std::size_t depth = 0;
        while (at_ < code_.size()) {
            if (code_[at_] == open) ++depth;
            if (code_[at_] == close && --depth == 0) break;
            advance();
        }
        advance();
    }

    bool next_is_one_of(std::string_view characters) const {
        const std::size_t next = code_.find_first_not_of(" \n", at_);
        return next != std::string::npos && characters.find(code_[next]) != std::string_view::npos;
    }

    void advance() {
        if (at_ < code_.size() && code_[at_] == '\n') ++line_;
        ++at_;
    }

    std::string code_;
    std::size_t at_ = 0;
    std::size_t line_ = 1;
    std::string head_;
    std::vector<Function> found_;
};

}  // namespace

std::vector<Function> find_functions(std::string_view cpp) {
    return Finder(cpp).run();
}

}  // namespace satchel::house
