// Mapping: which column of a file becomes which field of a collection, as one line of text that
// can be kept and used again.
//
//     number=opportunity_id, owner=@user(sales_agent), account=@lookup(account.name, account),
//     amount=money(close_value, USD), pool=const(shared), alias(product, GTXPro=GTX Pro)
//
// | item                              | the field gets                                          |
// | field=column                      | the cell, read as the field's kind and meaning say      |
// | field=date(column)                | a date as days, whatever the field is called            |
// | field=money(column, USD)          | minor units, and the currency in the field of its group |
// | field=money(column, USD, 1000000) | the same from a column that counts in millions          |
// | field=money(column, other column) | the currency from another column                        |
// | field=@lookup(account.name, col)  | the id of the account whose name is in the cell         |
// | field=@user(column)               | the id of the user whose name or login is in the cell   |
// | field=join(column, column, …)     | the cells that are not empty, with " · " between them   |
// | field=const(text)                 | the same text in every row                              |
// | alias(column, a=b, c=d)           | (no field) reads a cell that is exactly `a` as `b`      |
//
// Text with a comma, a parenthesis, an equals sign or a quote goes in double quotes, with quotes
// inside doubled: amount=money("Value (USD)", USD). Where no field is mapped (the text is empty or
// has only aliases), every column that is called like a field is mapped to it.
//
// Threads: pure functions. Errors: invalid_argument; an unknown column, field, collection or
// function is named and the known ones are listed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sync/schema.hpp"

namespace satchel::sales {

constexpr std::size_t kMaxMappingBytes = 64U << 10;  // 256 fields and many aliases

enum class SourceKind : std::uint8_t { plain, date, money, lookup, user, joined, constant };

// Where one field comes from. Positions of columns count from 0.
struct FieldSource {
    FieldId field{};
    SourceKind kind = SourceKind::plain;
    std::size_t column = 0;                      // of all but constant; of joined: the first
    std::vector<std::size_t> columns;            // of joined
    FieldId currency_field{};                    // of money
    std::string currency;                        // of money: the code, when no column has it
    std::optional<std::size_t> currency_column;  // of money
    std::int64_t scale = 1;                      // of money: 1000000 when it counts millions
    CollectionId lookup_collection{};            // of lookup
    FieldId lookup_field{};                      // of lookup
    std::string constant;                        // of constant
};

struct Mapping {
    std::vector<FieldSource> sources;
    std::map<std::size_t, std::map<std::string, std::string, std::less<>>> aliases;  // by column
    std::vector<std::string> unused_columns;  // tell the person: they are not imported
};

// `into` must be a collection of `schema`.
Result<Mapping> parse_mapping(std::string_view text, const Schema& schema, const Collection& into,
                              const std::vector<std::string>& header);

}  // namespace satchel::sales
