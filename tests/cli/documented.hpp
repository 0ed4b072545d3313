// The JSON forms that docs/cli.md promises, to hold the program to.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace satchel::cli {

// The example in the block "```json NAME"; discarded when there is none.
nlohmann::ordered_json documented(const std::string& name);

// What differs between an answer and the documented form: members that are missing, extra or of
// another type; "" when nothing does. Each element of an array must be like one of those in the
// form. Objects whose members are the schema's fields, and members that may be null, are not
// looked into.
std::string difference(const nlohmann::ordered_json& answer,
                       const nlohmann::ordered_json& documented);

}  // namespace satchel::cli
