#include "sales/strict_json.hpp"

#include <utility>

namespace satchel::sales {

using nlohmann::json;

Result<StrictObject> StrictObject::of(const json& value, std::string place) {
    StrictObject object(value, std::move(place));
    if (value.is_object()) return object;
    return object.wrong("an object { … } is expected");
}

Error StrictObject::wrong(const std::string& what) const {
    return {ErrorCode::invalid_argument, place_ + ": " + what};
}

Error StrictObject::wrong_member(const char* name, const std::string& what) const {
    return wrong(std::string("\"") + name + "\" must be " + what);
}

const json* StrictObject::member(const char* name) {
    asked_.insert(name);
    const auto found = json_->find(name);
    return found == json_->end() ? nullptr : &*found;
}

Result<std::string> StrictObject::text_of(const json& value, const char* name,
                                          std::size_t max_bytes) const {
    const std::string kind = "a text of at most " + std::to_string(max_bytes) + " bytes";
    if (!value.is_string()) return wrong_member(name, kind);
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() > max_bytes) return wrong_member(name, kind);
    return text;
}

Result<std::string> StrictObject::text(const char* name, std::size_t max_bytes) {
    SATCHEL_ASSIGN(auto text, optional_text(name, max_bytes));
    if (!text) return wrong_member(name, "given");
    return *std::move(text);
}

Result<std::optional<std::string>> StrictObject::optional_text(const char* name,
                                                               std::size_t max_bytes) {
    const json* value = member(name);
    if (value == nullptr) return std::optional<std::string>();
    SATCHEL_ASSIGN(std::string text, text_of(*value, name, max_bytes));
    return std::optional<std::string>(std::move(text));
}

Result<std::uint32_t> StrictObject::number(const char* name, std::uint32_t min, std::uint32_t max) {
    if (member(name) == nullptr) return wrong_member(name, "given");
    return number(name, min, max, min);
}

Result<std::uint32_t> StrictObject::number(const char* name, std::uint32_t min, std::uint32_t max,
                                           std::uint32_t otherwise) {
    const json* value = member(name);
    if (value == nullptr) return otherwise;
    if (value->is_number_unsigned()) {
        const auto number = value->get<std::uint64_t>();
        if (number >= min && number <= max) return static_cast<std::uint32_t>(number);
    }
    return wrong_member(
        name, "a whole number from " + std::to_string(min) + " to " + std::to_string(max));
}

Result<bool> StrictObject::flag(const char* name, bool otherwise) {
    const json* value = member(name);
    if (value == nullptr) return otherwise;
    if (!value->is_boolean()) return wrong_member(name, "true or false");
    return value->get<bool>();
}

Result<std::vector<std::string>> StrictObject::texts(const char* name, std::size_t max_count,
                                                     std::size_t max_bytes) {
    std::vector<std::string> texts;
    const json* value = member(name);
    if (value == nullptr) return texts;
    if (!value->is_array() || value->size() > max_count)
        return wrong_member(name, "a list of at most " + std::to_string(max_count) + " texts");
    for (const json& element : *value) {
        SATCHEL_ASSIGN(std::string text, text_of(element, name, max_bytes));
        texts.push_back(std::move(text));
    }
    return texts;
}

Result<std::vector<StrictObject>> StrictObject::objects(const char* name, std::size_t max_count) {
    std::vector<StrictObject> objects;
    const json* value = member(name);
    if (value == nullptr) return objects;
    if (!value->is_array() || value->size() > max_count)
        return wrong_member(name, "a list of at most " + std::to_string(max_count) + " objects");
    for (const json& element : *value) {
        const std::string place = place_ + ", " + name + "[" + std::to_string(objects.size()) + "]";
        SATCHEL_ASSIGN(StrictObject object, of(element, place));
        objects.push_back(std::move(object));
    }
    return objects;
}

Result<std::optional<StrictObject>> StrictObject::optional_object(const char* name) {
    const json* value = member(name);
    if (value == nullptr) return std::optional<StrictObject>();
    SATCHEL_ASSIGN(StrictObject object, of(*value, place_ + ", " + name));
    return std::optional<StrictObject>(std::move(object));
}

Status StrictObject::end() const {
    for (const auto& [name, value] : json_->items())
        if (!asked_.contains(name))
            return wrong("there is no member \"" + name.substr(0, 64) + "\"; is it misspelt?");
    return {};
}

}  // namespace satchel::sales
