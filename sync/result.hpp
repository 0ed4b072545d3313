// Result<T>: a value or an Error. Nothing of ours throws; every failure that a caller can meet is
// one of these codes with a message that says what happened and what to do next.
//
//     Result<RecordId> id = RecordId::parse(text);
//     if (!id) return id.error();
//
// Codes are stable: the same number travels from the core through C, Kotlin, Swift and the wire.
// Messages carry ids, sizes and names, never a customer's data.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace satchel {

// A code exists only where some caller acts differently on it; the comment names the action.
enum class ErrorCode : int {
    ok = 0,
    invalid_argument = 1,  // correct the call or the input
    not_found = 2,         // create it first, or sync to receive it
    busy = 3,              // try again: another process holds the file
    disk_full = 4,         // free some space; nothing was lost, try again
    read_only = 5,         // make the file writable
    corrupt = 6,           // restore or re-sync; nothing is repaired in silence
    not_a_database = 7,    // choose another file
    wrong_key = 8,         // give the right key
    newer_format = 9,      // install the newer release that wrote this
    offline = 10,          // wait for a connection; work goes on
    time_out = 11,         // the line is too slow now; retried by itself
    cancelled = 12,        // the caller asked for it
    unauthorized = 13,     // log in again
    forbidden = 14,        // ask somebody who may
    limit = 15,            // make the input smaller
    bad_reply = 16,        // something else than a Satchel server answered (a captive portal?)
    upgrade_needed = 17,   // client and server share no protocol version: install the newer release
    server_error = 18,     // the server could not answer; retried by itself
    io = 19,               // look at the disk; nothing is assumed to have been written
    internal = 20,         // report it: a bug of ours
};

// The stable lower-case name of a code, such as "not_found"; used in --json and in logs.
std::string_view name(ErrorCode code);

struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string message;
};

// Either a T or an Error; never both, never neither.
template <typename T>
class [[nodiscard]] Result {
  public:
    Result(T value) : held_(std::in_place_index<0>, std::move(value)) {}
    Result(Error error) : held_(std::in_place_index<1>, std::move(error)) {}
    Result(ErrorCode code, std::string message) : Result(Error{code, std::move(message)}) {}

    explicit operator bool() const { return held_.index() == 0; }
    const T& operator*() const& { return std::get<0>(held_); }
    T& operator*() & { return std::get<0>(held_); }
    T&& operator*() && { return std::get<0>(std::move(held_)); }
    const T* operator->() const { return &std::get<0>(held_); }
    T* operator->() { return &std::get<0>(held_); }
    const Error& error() const { return std::get<1>(held_); }

  private:
    std::variant<T, Error> held_;
};

// Success without a value.
template <>
class [[nodiscard]] Result<void> {
  public:
    Result() = default;
    Result(Error error) : error_(std::move(error)) {}
    Result(ErrorCode code, std::string message) : Result(Error{code, std::move(message)}) {}

    explicit operator bool() const { return !error_; }
    const Error& error() const { return *error_; }

  private:
    std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace satchel

#define SATCHEL_JOIN_(a, b) a##b
#define SATCHEL_JOIN(a, b) SATCHEL_JOIN_(a, b)

// Leaves the function with the error when `expression` failed.
#define SATCHEL_TRY(expression)                                                        \
    do {                                                                               \
        if (auto satchel_try = (expression); !satchel_try) return satchel_try.error(); \
    } while (false)

// Declares `declaration` from the value of `expression`, or leaves the function with its error.
#define SATCHEL_ASSIGN(declaration, expression)                  \
    auto SATCHEL_JOIN(satchel_result_, __LINE__) = (expression); \
    if (!SATCHEL_JOIN(satchel_result_, __LINE__))                \
        return SATCHEL_JOIN(satchel_result_, __LINE__).error();  \
    declaration = *std::move(SATCHEL_JOIN(satchel_result_, __LINE__))
