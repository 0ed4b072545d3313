// What the exit status of `satchel` means: one table, repeated in docs/cli.md and held there by a
// test. Stable: scripts branch on it.
//
// Threads: pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sync/result.hpp"

namespace satchel::cli {

enum class ExitStatus : std::uint8_t {
    ok = 0,
    general = 1,
    usage = 2,
    not_found = 3,
    offline = 4,
    unauthorized = 5,
    unequal = 6,
    busy = 7,
    unreadable = 8,
    disk = 9,
    limit = 10,
    bad_reply = 11,
    upgrade_needed = 12,
    server_error = 13,
    partly = 14,
    cancelled = 130,
};

struct ExitRow {
    ExitStatus status;
    std::string_view meaning;
};

std::span<const ExitRow> exit_table();

ExitStatus exit_status(ErrorCode code);

}  // namespace satchel::cli
