// Starter schema: the collections that a new workspace begins with, made from one table in
// starter_schema.cpp. It is data: an administrator adds fields and collections to it later.
//
// | collection  | 中文     | devices hold a record because of      | who writes      |
// | product     | 产品     | everyone                              | head office     |
// | account     | 客户     | owner, pool                           | holders         |
// | contact     | 联系人   | account                               | holders         |
// | opportunity | 商机     | owner, account                        | holders         |
// | activity    | 跟进记录 | account, opportunity (append-only)    | holders         |
// | task        | 任务     | assignee, account, opportunity        | holders         |
//
// What an integer means follows from its name, here and in fields added later (`meaning`):
// `…_date` is days since 1970-01-01; `…_at` is milliseconds since then, UTC; an integer that
// shares its cell with a text `currency` or `…_currency` is minor units of that ISO 4217 code.
//
// Threads: pure functions. Errors: none.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sync/schema.hpp"

namespace satchel::sales {

// Ids are for ever: see schema.hpp.
namespace ids {
constexpr CollectionId kAccount{100};
constexpr CollectionId kContact{101};
constexpr CollectionId kProduct{102};
constexpr CollectionId kOpportunity{103};
constexpr CollectionId kActivity{104};
constexpr CollectionId kTask{105};
}  // namespace ids

constexpr std::uint32_t kStarterSchemaNumber = 1;

Schema starter_schema();

enum class StageKind : std::uint8_t { open, won, lost };

struct Stage {
    std::string_view code;  // what records hold; never changes
    std::string_view label_zh;
    std::string_view label_en;
    StageKind kind;
};

// The stages in the order of the sales process. Two people who move an opportunity at once: the
// stage further on is shown. All closed stages share the last place, so Won against Lost has no
// winner by rule: the one written last is shown, and both stand in the conflict inbox.
std::span<const Stage> starter_stages();

enum class Meaning : std::uint8_t { plain, date, time, money };

// What the integers of a field mean; plain for all other kinds.
Meaning meaning(const Collection& collection, const Field& field);

// The field that holds the currency of a money field; nullptr when it is not one.
const Field* currency_field(const Collection& collection, const Field& field);
// A text field that holds the currency of an amount: `currency`, or `…_currency`.
bool names_a_currency(const Field& field);

}  // namespace satchel::sales
