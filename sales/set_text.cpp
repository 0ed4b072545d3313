#include "sales/set_text.hpp"

#include <algorithm>

#include "sales/csv.hpp"

namespace satchel::sales {
namespace {

Error bad(const char* what) {
    return {ErrorCode::invalid_argument,
            std::string(what) + "; write an element that holds a ';' as \"a;b\""};
}

// Takes a quoted element off the front of `text`, and the `;` behind it.
Result<std::string> take_quoted(std::string_view& text) {
    std::string element;
    text.remove_prefix(1);
    while (!text.empty()) {
        const char c = text.front();
        const bool doubled = text.starts_with("\"\"");
        text.remove_prefix(doubled ? 2 : 1);
        if (c == '"' && !doubled) {
            text = trimmed(text);
            if (!text.empty() && text.front() != ';')
                return bad("something stands behind a closing quotation mark");
            text.remove_prefix(std::min<std::size_t>(1, text.size()));
            return element;
        }
        element += c;
    }
    return bad("a quotation mark is not closed");
}

std::string take_plain(std::string_view& text) {
    const std::size_t end = std::min(text.find(';'), text.size());
    const std::string element(trimmed(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    return element;
}

bool needs_quotes(const std::string& element) {
    return element.starts_with('"') || element.find(';') != std::string::npos ||
           trimmed(element).size() != element.size();
}

}  // namespace

Result<std::vector<std::string>> split_set(std::string_view text) {
    std::vector<std::string> elements;
    while (!(text = trimmed(text)).empty()) {
        std::string element;
        if (text.front() == '"') {
            SATCHEL_ASSIGN(element, take_quoted(text));
        } else {
            element = take_plain(text);
        }
        if (!element.empty()) elements.push_back(std::move(element));
    }
    return elements;
}

std::string join_set(const std::vector<std::string>& elements) {
    std::string text;
    for (const std::string& element : elements) {
        if (!text.empty()) text += ';';
        if (!needs_quotes(element)) {
            text += element;
            continue;
        }
        text += '"';
        for (const char c : element)
            text += c == '"' ? "\"\"" : std::string(1, c);
        text += '"';
    }
    return text;
}

}  // namespace satchel::sales
