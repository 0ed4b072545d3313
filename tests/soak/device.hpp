// The device process of a soak: a real replica file with a real agent that syncs it, and a person
// who writes. It runs until SIGTERM, or until it is killed.
//
// What happened goes line by line into a diary beside the ledger: `syncs 12`, `sync_failed
// offline`, `write_failed disk_full`, …
//
// Exit status: 0 ended as asked; 1 something happened that must not (the reason on standard error).
#pragma once

#include <cstdint>
#include <string>

namespace satchel::soak {

struct DeviceOptions {
    std::string name;
    std::string file;  // the replica
    std::string ledger;
    std::string diary;
    std::uint64_t seed = 1;
    int pace_ms = 150;         // between two writes, on average
    bool settle_only = false;  // end open attempts in the ledger, and no more
};

int run_device(const DeviceOptions& options);

}  // namespace satchel::soak
