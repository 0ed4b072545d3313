#include "sales/numbers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>

namespace satchel::sales {
namespace {

// Currencies whose minor unit is not a hundredth (ISO 4217, list one).
struct CurrencyDigits {
    std::string_view code;
    int digits;
};

constexpr auto kUncommonDigits = std::to_array<CurrencyDigits>({
    {"BHD", 3}, {"BIF", 0}, {"CLP", 0}, {"DJF", 0}, {"GNF", 0}, {"IQD", 3}, {"ISK", 0}, {"JOD", 3},
    {"JPY", 0}, {"KMF", 0}, {"KRW", 0}, {"KWD", 3}, {"LYD", 3}, {"OMR", 3}, {"PYG", 0}, {"RWF", 0},
    {"TND", 3}, {"UGX", 0}, {"UYI", 0}, {"VND", 0}, {"VUV", 0}, {"XAF", 0}, {"XOF", 0}, {"XPF", 0},
});

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool all_digits(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

Error bad_number(int digits) {
    if (digits == 0) return {ErrorCode::invalid_argument, "not a whole number: write 1054"};
    return {ErrorCode::invalid_argument,
            "not a decimal number with a point: write 1054.50 or 1,054.50"};
}

Error too_large() {
    return {ErrorCode::invalid_argument, "the number is too large for 64 bits"};
}

// Digits of "1054" or "1,054"; nothing when the groups are not threes.
std::optional<std::string> whole_digits(std::string_view text) {
    if (text.find(',') == std::string_view::npos)
        return all_digits(text) ? std::optional(std::string(text)) : std::nullopt;
    std::string digits;
    for (bool first = true;; first = false) {
        const std::size_t comma = text.find(',');
        const std::string_view group = text.substr(0, comma);
        if (!all_digits(group) || group.size() > 3 || (!first && group.size() != 3))
            return std::nullopt;
        digits += group;
        if (comma == std::string_view::npos) return digits;
        text.remove_prefix(comma + 1);
    }
}

bool multiply(std::int64_t& value, std::int64_t by) {
    return !__builtin_mul_overflow(value, by, &value);
}

// value times 10^exponent, if that is exact.
Result<std::int64_t> shifted(std::int64_t value, std::int64_t exponent, int digits) {
    for (; exponent > 0 && value != 0; --exponent)
        if (!multiply(value, 10)) return too_large();
    for (; exponent < 0 && value != 0; ++exponent) {
        if (value % 10 != 0)
            return Error{ErrorCode::invalid_argument,
                         "more than " + std::to_string(digits) +
                             " decimals: round it, nothing is rounded here"};
        value /= 10;
    }
    return value;
}

std::optional<std::int64_t> whole_number(std::string_view digits) {
    std::int64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, value);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

struct DateShape {
    std::string_view first;   // between the first and the second number
    std::string_view second;  // between the second and the third
    std::string_view last;    // behind the third
    bool year_first;
};

constexpr std::array<DateShape, 5> kDateShapes = {{
    {"-", "-", "", true},
    {"/", "/", "", true},
    {".", ".", "", true},
    {"年", "月", "日", true},
    {".", ".", "", false},
}};

// A number of at most `most` digits at the beginning of `text`, and the separator behind it.
std::optional<int> take_number(std::string_view& text, std::size_t least, std::size_t most,
                               std::string_view separator) {
    std::size_t size = 0;
    while (size < text.size() && is_digit(text[size]))
        ++size;
    if (size < least || size > most || !text.substr(size).starts_with(separator))
        return std::nullopt;
    int value = 0;
    std::from_chars(text.data(), text.data() + size, value);
    text.remove_prefix(size + separator.size());
    return value;
}

std::optional<std::chrono::year_month_day> match(const DateShape& shape, std::string_view text) {
    const std::size_t head = shape.year_first ? 4 : 1;
    const std::size_t tail = shape.year_first ? 1 : 4;
    const auto a = take_number(text, head, shape.year_first ? 4 : 2, shape.first);
    if (!a) return std::nullopt;
    const auto month = take_number(text, 1, 2, shape.second);
    if (!month) return std::nullopt;
    const auto b = take_number(text, tail, shape.year_first ? 2 : 4, shape.last);
    if (!b || !text.empty()) return std::nullopt;
    const int year = shape.year_first ? *a : *b;
    const int day = shape.year_first ? *b : *a;
    return std::chrono::year_month_day{std::chrono::year{year},
                                       std::chrono::month{static_cast<unsigned>(*month)},
                                       std::chrono::day{static_cast<unsigned>(day)}};
}

}  // namespace

Result<std::int64_t> parse_decimal(std::string_view text, int digits, std::int64_t scale) {
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) text.remove_prefix(1);
    const std::size_t point = text.find('.');
    const auto whole = whole_digits(text.substr(0, point));
    if (!whole) return bad_number(digits);
    std::string_view decimals;
    if (point != std::string_view::npos) {
        decimals = text.substr(point + 1);
        if (!all_digits(decimals)) return bad_number(digits);
        while (decimals.ends_with('0'))
            decimals.remove_suffix(1);
    }
    // The sign goes in before the conversion, or the smallest number of all would not fit.
    const auto number = whole_number((negative ? "-" : "") + *whole + std::string(decimals));
    if (!number) return too_large();
    std::int64_t value = *number;
    if (!multiply(value, scale)) return too_large();
    return shifted(value, digits - static_cast<std::int64_t>(decimals.size()), digits);
}

std::string format_decimal(std::int64_t units, int digits) {
    std::string text = std::to_string(units);
    if (digits == 0) return text;
    const std::string sign = units < 0 ? "-" : "";
    text.erase(0, sign.size());
    const auto decimals = static_cast<std::size_t>(digits);
    if (text.size() <= decimals) text.insert(0, decimals + 1 - text.size(), '0');
    return sign + text.substr(0, text.size() - decimals) + "." +
           text.substr(text.size() - decimals);
}

bool is_currency_code(std::string_view text) {
    return text.size() == 3 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

int minor_digits(std::string_view currency) {
    for (const CurrencyDigits& uncommon : kUncommonDigits)
        if (uncommon.code == currency) return uncommon.digits;
    return 2;
}

Result<std::int64_t> parse_date(std::string_view text) {
    for (const DateShape& shape : kDateShapes) {
        const auto date = match(shape, text);
        if (!date) continue;
        if (!date->ok() || date->year() < std::chrono::year{1})
            return Error{ErrorCode::invalid_argument, "there is no such day in the calendar"};
        return std::int64_t{std::chrono::sys_days{*date}.time_since_epoch().count()};
    }
    return Error{ErrorCode::invalid_argument,
                 "not a date: write 2016-10-20, 2016/10/20, 2016年10月20日 or 20.10.2016"};
}

std::string format_date(std::int64_t days) {
    constexpr std::int64_t kFirst = -719'162;  // 0001-01-01
    constexpr std::int64_t kLast = 2'932'896;  // 9999-12-31
    if (days < kFirst || days > kLast) return std::to_string(days);
    const std::chrono::year_month_day date{
        std::chrono::sys_days{std::chrono::days{static_cast<int>(days)}}};
    std::array<char, 16> buffer{};
    const int size =
        std::snprintf(buffer.data(), buffer.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return {buffer.data(), static_cast<std::size_t>(size)};
}

}  // namespace satchel::sales
