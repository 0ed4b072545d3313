#include "tests/cli/documented.hpp"

#include <set>

#include "tests/cli/program.hpp"

namespace satchel::cli {
namespace {

bool members_are_fields(const std::string& name) {
    static const std::set<std::string> kNames = {"fields", "shown", "counters"};
    return kNames.contains(name);
}

bool same_type(const Json& a, const Json& b) {
    if (a.is_null() || b.is_null()) return true;
    if (a.is_number() && b.is_number()) return true;
    return a.type() == b.type();
}

std::string compare(const std::string& place, const Json& answer, const Json& form);

// Each element must be like one of the documented ones.
std::string compare_elements(const std::string& place, const Json& answer, const Json& form) {
    if (form.empty()) return answer.empty() ? "" : place + "[] is not documented; ";
    std::string differences;
    for (const Json& element : answer) {
        std::string nearest = compare(place + "[]", element, form.front());
        for (const Json& like : form)
            if (compare("", element, like).empty()) nearest.clear();
        differences += nearest;
    }
    return differences;
}

std::string compare(const std::string& place, const Json& answer, const Json& form) {
    if (!same_type(answer, form)) return place + ": another type; ";
    if (answer.is_array()) return compare_elements(place, answer, form);
    if (!answer.is_object() || form.is_null()) return "";
    std::string differences;
    if (answer.contains("change") && form.contains("change") &&
        answer["change"].dump().size() != form["change"].dump().size())
        differences += place + ".change is written in another way; ";
    for (const auto& [key, value] : form.items()) {
        if (!answer.contains(key))
            differences += place + "." + key + " is missing; ";
        else if (!members_are_fields(key) && !(key == "values" && value.is_object()))
            differences += compare(place + "." + key, answer[key], value);
    }
    for (const auto& [key, value] : answer.items())
        if (!form.contains(key)) differences += place + "." + key + " is not documented; ";
    return differences;
}

}  // namespace

Json documented(const std::string& name) {
    const std::string page = content(SATCHEL_SOURCE_DIR "/docs/cli.md");
    const std::string begin = "```json " + name + "\n";
    const std::size_t at = page.find(begin);
    if (at == std::string::npos) return Json(Json::value_t::discarded);
    const std::size_t from = at + begin.size();
    return Json::parse(page.substr(from, page.find("```", from) - from), nullptr, false);
}

std::string difference(const Json& answer, const Json& form) {
    return compare("", answer, form);
}

}  // namespace satchel::cli
