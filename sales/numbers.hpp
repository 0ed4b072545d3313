// Numbers and dates as people write them, and back. No floating point anywhere: a decimal becomes
// an integer of its smallest unit exactly, or not at all.
//
//     parse_decimal("1,054.5", 2)        -> 105450
//     parse_decimal("1100.04", 2, 10^6)  -> 110004000000   (a column in millions)
//     parse_date("20.10.2016")           -> 17094          (days since 1970-01-01)
//
// Threads: pure functions. Errors: invalid_argument with what to write instead; the message never
// repeats the text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sync/result.hpp"

namespace satchel::sales {

// `text` times `scale` in units of 10^-digits. Digits with an optional sign, point and decimals;
// the whole part may be grouped by commas in threes. Fails when it is not exact or beyond 64 bits.
Result<std::int64_t> parse_decimal(std::string_view text, int digits, std::int64_t scale = 1);

// 105450 with 2 digits is "1054.50".
std::string format_decimal(std::int64_t units, int digits);

// Three capital letters, as in ISO 4217; which of them are in use is not checked.
bool is_currency_code(std::string_view text);

// Decimals of a currency's minor unit: 2 for most.
int minor_digits(std::string_view currency);

// Years 1 to 9999: 2016-10-20, 2016/10/20, 2016.10.20, 2016年10月20日 and 20.10.2016. Month before
// day before year (10/20/2016) is refused, because nobody can tell it from day before month.
Result<std::int64_t> parse_date(std::string_view text);

// ISO 8601, "2016-10-20"; the number itself where it is no day of the years 1 to 9999.
std::string format_date(std::int64_t days);

}  // namespace satchel::sales
