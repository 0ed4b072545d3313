// A sync by file: the device's part (docs/cli.md, "bundle"; docs/formats.md, "Bundle").
//
//     SATCHEL_ASSIGN(const RequestBundle request, write_bundle(*replica));
//     … carry request.file to head office, and its answer back …
//     SATCHEL_ASSIGN(const TakenBundle taken, take_bundle(*replica, answer));
//
// One request and one answer are a whole sync: up goes everything pending, down come the verdicts
// and everything that changed, as far as fits one file. Files may get lost, come twice, late or in
// another order: an answer is taken in from the point where the device stands, and only if it is to
// a request that this file wrote.
//
// Both hold the replica's SyncLease. What is taken in is durable step by step, as over a network.
// Threads: the one that owns the Replica. Errors: unauthorized (log in, or log in again: the file
// has no keys), busy (another process syncs this file), those of the replica, and of take_bundle:
// corrupt (damaged, or not from head office), newer_format, limit, invalid_argument (not for this
// device, or an answer to nothing that it asked). After an error the file goes on as it was.
#pragma once

#include "storage/replica.hpp"
#include "sync/device_session.hpp"

namespace satchel::client {

struct RequestBundle {
    std::uint64_t number = 0;  // of this file's requests
    Bytes file;
    std::size_t changesets = 0;
    bool complete = true;  // false: more is pending than one bundle takes; write another one after
};

// Everything in it is durable on the device when this returns. `clock`: null: the system's.
Result<RequestBundle> write_bundle(storage::Replica& replica, WallClock* clock = nullptr);

enum class BundleOutcome : std::uint8_t {
    taken,         // something of it was taken in
    taken_before,  // all of it was here already
    overtaken,     // the device has synced otherwise since it asked: nothing of it was taken in
};
std::string_view name(BundleOutcome outcome);

struct TakenBundle {
    std::uint64_t number = 0;
    BundleOutcome outcome = BundleOutcome::taken;
    SessionReport report;  // `rounds`: answers taken in
    bool more = false;     // not in step yet: write another request
};

Result<TakenBundle> take_bundle(storage::Replica& replica, ByteView file,
                                WallClock* clock = nullptr);

}  // namespace satchel::client
