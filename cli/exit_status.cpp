#include "cli/exit_status.hpp"

#include <array>

namespace satchel::cli {
namespace {

constexpr auto kTable = std::to_array<ExitRow>({
    {ExitStatus::ok, "done"},
    {ExitStatus::general, "something else; the message says what"},
    {ExitStatus::usage, "the command line or a value in it is not right"},
    {ExitStatus::not_found, "no such file, record, entry or user"},
    {ExitStatus::offline, "no connection, or the line is too slow; nothing is lost, try later"},
    {ExitStatus::unauthorized, "wrong password, too many of them, log in again, or not allowed"},
    {ExitStatus::unequal, "verify, demo: device and server differ"},
    {ExitStatus::busy, "another program holds the file or syncs it; try again"},
    {ExitStatus::unreadable, "damaged, no Satchel file, wrong key, or written by a newer release"},
    {ExitStatus::disk, "disk full, file not writable, or the disk failed"},
    {ExitStatus::limit, "too large"},
    {ExitStatus::bad_reply, "something else than a Satchel server answered"},
    {ExitStatus::upgrade_needed, "client and server share no protocol version"},
    {ExitStatus::server_error, "the server failed; nothing is lost, try later"},
    {ExitStatus::partly, "done in part: some rows of an import were left out"},
    {ExitStatus::cancelled, "stopped on request"},
});

}  // namespace

std::span<const ExitRow> exit_table() {
    return kTable;
}

ExitStatus exit_status(ErrorCode code) {
    switch (code) {
        case ErrorCode::ok:
            return ExitStatus::ok;
        case ErrorCode::invalid_argument:
            return ExitStatus::usage;
        case ErrorCode::not_found:
            return ExitStatus::not_found;
        case ErrorCode::offline:
        case ErrorCode::time_out:
            return ExitStatus::offline;
        case ErrorCode::unauthorized:
        case ErrorCode::forbidden:
            return ExitStatus::unauthorized;
        case ErrorCode::busy:
            return ExitStatus::busy;
        case ErrorCode::corrupt:
        case ErrorCode::not_a_database:
        case ErrorCode::wrong_key:
        case ErrorCode::newer_format:
            return ExitStatus::unreadable;
        case ErrorCode::disk_full:
        case ErrorCode::read_only:
        case ErrorCode::io:
            return ExitStatus::disk;
        case ErrorCode::limit:
            return ExitStatus::limit;
        case ErrorCode::bad_reply:
            return ExitStatus::bad_reply;
        case ErrorCode::upgrade_needed:
            return ExitStatus::upgrade_needed;
        case ErrorCode::server_error:
            return ExitStatus::server_error;
        case ErrorCode::cancelled:
            return ExitStatus::cancelled;
        case ErrorCode::internal:
            return ExitStatus::general;
    }
    return ExitStatus::general;
}

}  // namespace satchel::cli
