#include "server/json_body.hpp"

#include <utility>

namespace satchel::server {
namespace {

Error wrong_kind(const char* name, const char* kind) {
    return {ErrorCode::invalid_argument,
            std::string("the member \"") + name + "\" must be " + kind};
}

Result<std::string> text_of(const Json& value, const char* name, std::size_t max_bytes) {
    if (!value.is_string()) return wrong_kind(name, "a text");
    const auto& text = value.get_ref<const std::string&>();
    if (text.size() <= max_bytes) return text;
    return Error{ErrorCode::limit, std::string("the member \"") + name + "\" has more than " +
                                       std::to_string(max_bytes) + " bytes"};
}

}  // namespace

Result<JsonBody> JsonBody::parse(std::string_view body) {
    JsonBody parsed;
    if (body.empty()) return parsed;
    parsed.json_ = Json::parse(body, nullptr, false);
    if (parsed.json_.is_object()) return parsed;
    return Error{ErrorCode::invalid_argument,
                 "the body is not a JSON object; see docs/http-api.md"};
}

JsonBody JsonBody::of(const Json& object) {
    JsonBody body;
    if (object.is_object()) body.json_ = object;
    return body;
}

const Json* JsonBody::member(const char* name) const {
    const auto found = json_.find(name);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
}

Result<std::string> JsonBody::text(const char* name, std::size_t max_bytes) const {
    const Json* value = member(name);
    if (value == nullptr) return wrong_kind(name, "given");
    return text_of(*value, name, max_bytes);
}

Result<std::optional<std::string>> JsonBody::optional_text(const char* name,
                                                           std::size_t max_bytes) const {
    const Json* value = member(name);
    if (value == nullptr) return std::optional<std::string>();
    SATCHEL_ASSIGN(std::string text, text_of(*value, name, max_bytes));
    return std::optional<std::string>(std::move(text));
}

Result<std::optional<bool>> JsonBody::optional_flag(const char* name) const {
    const Json* value = member(name);
    if (value == nullptr) return std::optional<bool>();
    if (!value->is_boolean()) return wrong_kind(name, "true or false");
    return std::optional<bool>(value->get<bool>());
}

Result<std::optional<std::vector<std::string>>> JsonBody::optional_texts(
    const char* name, std::size_t max_bytes) const {
    const Json* value = member(name);
    if (value == nullptr) return std::optional<std::vector<std::string>>();
    if (!value->is_array() || value->size() > kMaxTextsInList)
        return wrong_kind(name, "a list of at most 1000 texts");
    std::vector<std::string> texts;
    for (const Json& element : *value) {
        SATCHEL_ASSIGN(std::string text, text_of(element, name, max_bytes));
        texts.push_back(std::move(text));
    }
    return std::optional<std::vector<std::string>>(std::move(texts));
}

std::string dump(const Json& json) {
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

HttpReply json_reply(const Json& json, int status) {
    HttpReply reply;
    reply.status = status;
    reply.body = dump(json) + "\n";
    return reply;
}

int http_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::newer_format:
        case ErrorCode::upgrade_needed:
            return 400;
        case ErrorCode::unauthorized:
            return 401;
        case ErrorCode::forbidden:
            return 403;
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::limit:
            return 413;
        case ErrorCode::busy:
            return 503;
        case ErrorCode::disk_full:
            return 507;
        default:
            return 500;
    }
}

HttpReply error_reply(const Error& error) {
    const int status = http_status(error.code);
    HttpReply reply =
        json_reply({{"code", std::string(name(error.code))}, {"message", error.message}}, status);
    if (status == 401) reply.headers.emplace_back("WWW-Authenticate", "Bearer");
    if (status == 503) reply.headers.emplace_back("Retry-After", "2");
    return reply;
}

HttpReply later_reply(int status, std::string message, std::int64_t seconds) {
    HttpReply reply = json_reply({{"code", "busy"}, {"message", std::move(message)}}, status);
    reply.headers.emplace_back("Retry-After", std::to_string(seconds));
    return reply;
}

HttpReply stopping_reply() {
    constexpr std::int64_t kRestartSeconds = 5;
    return later_reply(503, "the server is shutting down; try again", kRestartSeconds);
}

}  // namespace satchel::server
