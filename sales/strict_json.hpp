// A JSON object that a person wrote by hand, read strictly: what is missing, of another kind, out
// of its range or unknown is an error that names the place, so that a slip never means something
// else.
//
//     SATCHEL_ASSIGN(StrictObject object, StrictObject::of(json, "schema, account"));
//     SATCHEL_ASSIGN(const std::string name, object.text("name", 64));
//     SATCHEL_ASSIGN(const bool indexed, object.flag("indexed", false));
//     SATCHEL_TRY(object.end());  // everything in it was asked for
//
// Threads: values; the JSON must outlive them. Errors: invalid_argument,
// `schema, account: "indexed" must be true or false`.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/result.hpp"

namespace satchel::sales {

class StrictObject {
  public:
    static Result<StrictObject> of(const nlohmann::json& value, std::string place);

    const std::string& place() const { return place_; }
    // From here on errors name this place: when the object's own name has been read.
    void rename(std::string place) { place_ = std::move(place); }

    // Must be given.
    Result<std::string> text(const char* name, std::size_t max_bytes);
    Result<std::uint32_t> number(const char* name, std::uint32_t min, std::uint32_t max);
    // May be left out.
    Result<std::optional<std::string>> optional_text(const char* name, std::size_t max_bytes);
    Result<std::uint32_t> number(const char* name, std::uint32_t min, std::uint32_t max,
                                 std::uint32_t otherwise);
    Result<bool> flag(const char* name, bool otherwise);
    // Empty when left out. Each object's place is this one's, the list's name and its position.
    Result<std::vector<std::string>> texts(const char* name, std::size_t max_count,
                                           std::size_t max_bytes);
    Result<std::vector<StrictObject>> objects(const char* name, std::size_t max_count);
    Result<std::optional<StrictObject>> optional_object(const char* name);

    // An error when a member was given that nobody asked for.
    Status end() const;
    Error wrong(const std::string& what) const;

  private:
    StrictObject(const nlohmann::json& value, std::string place)
        : json_(&value), place_(std::move(place)) {}
    const nlohmann::json* member(const char* name);
    Error wrong_member(const char* name, const std::string& what) const;
    Result<std::string> text_of(const nlohmann::json& value, const char* name,
                                std::size_t max_bytes) const;

    const nlohmann::json* json_;
    std::string place_;
    std::set<std::string> asked_;
};

}  // namespace satchel::sales
