#include "tests/house/checks.hpp"

#include <algorithm>
#include <array>
#include <regex>

#include "tests/house/functions.hpp"
#include "tests/house/layers.hpp"

namespace satchel::house {
namespace {

struct Banned {
    std::regex pattern;
    std::string message;
};

// One finding per line and rule; `text` is what the lines are taken from.
Findings find_banned(const Source& source, std::string_view text, const Banned& banned) {
    Findings findings;
    const auto lines = split_lines(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        if (std::regex_search(lines[i].begin(), lines[i].end(), banned.pattern)) {
            findings.push_back({source.path, i + 1, banned.message});
        }
    }
    return findings;
}

void append(Findings& all, Findings more) {
    std::move(more.begin(), more.end(), std::back_inserter(all));
}

bool contains(const std::vector<std::string_view>& list, std::string_view item) {
    return std::find(list.begin(), list.end(), item) != list.end();
}

std::size_t count_code_points(std::string_view utf8) {
    return static_cast<std::size_t>(
        std::count_if(utf8.begin(), utf8.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// What is wrong when a file of `layer` includes `header`; empty when nothing is.
std::string objection(const Layer& layer, const std::string& header) {
    const std::string folder(layer.folder);
    const std::string first = header.substr(0, header.find('/'));
    if (first == "..") return "write the include from the root: #include \"folder/name.hpp\"";
    if (find_layer(first) != nullptr) {
        if (first == folder || contains(layer.below, first)) return {};
        return folder + " must not know " + first + ": move what is shared down, or declare an " +
               "interface in " + folder + " that " + first + " implements";
    }
    if (folder != "sync" || first == "msgpack" || header == "msgpack.hpp") return {};
    if (is_pure_header(header)) return {};
    return "sync must not include <" + header + ">: take the value as an argument, or declare " +
           "an interface that storage implements";
}

}  // namespace

Findings check_includes(const Source& source) {
    static const std::regex include(R"re(^\s*#\s*include\s*["<]([^">]+)[">])re");
    const Layer* layer = find_layer(source.folder());
    if (layer == nullptr || !source.is_cpp()) return {};

    Findings findings;
    const auto lines = split_lines(source.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        std::cmatch match;
        if (!std::regex_search(lines[i].begin(), lines[i].end(), match, include)) continue;
        const std::string message = objection(*layer, match[1].str());
        if (!message.empty()) findings.push_back({source.path, i + 1, message});
    }
    return findings;
}

Findings check_pure_core(const Source& source) {
    static const std::array<Banned, 4> kBanned = {{
        {std::regex(R"(\b(system_clock|steady_clock|high_resolution_clock)\b)"
                    R"(|(^|[^\w.>])(std::)?(time|clock|gettimeofday|clock_gettime)\s*\()"),
         "sync has no clock: take the time as an argument"},
        {std::regex(R"(\brandom_device\b|(^|[^\w.>])s?rand\s*\()"),
         "sync has no source of chance: take a seed or a generator as an argument"},
        {std::regex(R"(\bstd::(jthread|thread|async)\b|(^|[^\w.>])(std::)?(getenv|system)\s*\()"),
         "sync has no threads and no environment: leave that to client or server"},
        {std::regex(R"((^|[^\w.>])(std::)?(f|v|vf)?printf\s*\(|\bstd::c(out|err|log)\b)"),
         "sync prints nothing: return the value, the caller logs"},
    }};
    if (source.folder() != "sync" || !source.is_cpp()) return {};
    const std::string code = blank_comments_and_literals(source.text);
    Findings findings;
    for (const Banned& banned : kBanned) {
        append(findings, find_banned(source, code, banned));
    }
    return findings;
}

Findings check_throws(const Source& source) {
    static const Banned banned = {std::regex(R"(\bthrow\b)"),
                                  "nothing of ours throws: return a Result with an ErrorCode"};
    if (source.folder() == "tests" || !source.is_cpp()) return {};
    return find_banned(source, blank_comments_and_literals(source.text), banned);
}

Findings check_ranges(const Source& source) {
    static const Banned banned = {std::regex(R"(\bstd::(ranges|views)\b)"),
                                  "clang, which builds the fuzz targets, cannot compile it with "
                                  "Debian's library: use the algorithm of std"};
    if (!source.is_cpp()) return {};
    return find_banned(source, blank_comments_and_literals(source.text), banned);
}

Findings check_names(const Source& source) {
    static const Banned banned = {std::regex(R"((^|[^\w.>:])get_\w+\s*\()"),
                                  "name it by what it gives: name(), not get_name()"};
    if (!source.is_cpp()) return {};
    return find_banned(source, blank_comments_and_literals(source.text), banned);
}

Findings check_pragma_once(const Source& source) {
    if (!source.path.ends_with(".hpp")) return {};
    const auto lines = split_lines(source.text);
    if (std::find(lines.begin(), lines.end(), "#pragma once") != lines.end()) return {};
    return {{source.path, 1, "write #pragma once below the opening comment"}};
}

Findings check_file_length(const Source& source) {
    const std::size_t lines = split_lines(source.text).size();
    if (!source.is_code() || lines <= kMaxFileLines) return {};
    return {{source.path, kMaxFileLines + 1,
             std::to_string(lines) + " lines, at most " + std::to_string(kMaxFileLines) +
                 ": a file is one idea, give the second one a file of its own"}};
}

Findings check_function_length(const Source& source) {
    if (!source.is_cpp()) return {};
    Findings findings;
    for (const Function& function : find_functions(source.text)) {
        if (function.lines() <= kMaxFunctionLines) continue;
        findings.push_back({source.path, function.first_line,
                            "the function has " + std::to_string(function.lines()) +
                                " lines, at most " + std::to_string(kMaxFunctionLines) +
                                ": split it into steps with names"});
    }
    return findings;
}

Findings check_columns(const Source& source) {
    if (!source.is_code()) return {};
    Findings findings;
    const auto lines = split_lines(source.text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::size_t columns = count_code_points(lines[i]);
        if (columns <= kMaxColumns) continue;
        findings.push_back({source.path, i + 1,
                            std::to_string(columns) + " columns, at most " +
                                std::to_string(kMaxColumns) + ": wrap it (./dev format)"});
    }
    return findings;
}

Findings check_tabs(const Source& source) {
    static const Banned banned = {std::regex("\t"), "indent with spaces (./dev format)"};
    if (!source.is_code()) return {};
    return find_banned(source, source.text, banned);
}

Findings check_machine_paths(const Source& source) {
    static const Banned banned = {
        std::regex(R"((^|[^\w./])(/home/\w|/Users/\w|/roo[t]/|[A-Z]:\\+Users\\))"),
        "this path exists on one machine only: make it relative, or an argument"};
    return find_banned(source, source.text, banned);
}

Findings check_test_folder(const Source& source) {
    static const std::vector<std::string_view> kinds = {
        "end_to_end", "fuzz", "golden", "house", "scenarios", "simulation", "soak", "ui"};
    if (source.folder() != "tests") return {};
    const std::string below = source.path.substr(source.path.find('/') + 1);
    const std::size_t slash = below.find('/');
    if (slash == std::string::npos) return {};
    const std::string folder = below.substr(0, slash);
    if (find_layer(folder) != nullptr || folder == "bench" || contains(kinds, folder)) return {};
    return {{source.path, 1,
             "there is no folder " + folder + "/ to mirror: name the test folder after what it " +
                 "tests, or add the new kind of test to check_test_folder()"}};
}

}  // namespace satchel::house
