// Metrics: what the server counts about itself, and its text form for Prometheus
// (exposition format 0.0.4; docs/operations.md says what each means).
//
// Threads: any; each number is right by itself, several are not of one moment. Errors: none.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "storage/server_store.hpp"

namespace satchel::server {

struct Metrics {
    using Count = std::atomic<std::uint64_t>;

    Count requests{0};
    Count client_errors{0};  // answered with 4xx
    Count server_errors{0};  // answered with 5xx
    Count syncs{0};
    Count received_bytes{0};  // bodies
    Count sent_bytes{0};
    Count logins{0};
    Count wrong_passwords{0};
    Count overloads{0};  // refused because too much was queued
    Count woken{0};      // waiting requests looked at again
    Count head{0};       // as last committed
    Count epoch{0};
};

// What is measured at the moment of asking.
struct Gauges {
    storage::ServerFigures figures;
    std::size_t waiting = 0;
    std::size_t queued = 0;
    std::size_t connections = 0;
    std::size_t devices = 0;  // not revoked
    std::int64_t uptime_seconds = 0;
};

std::string prometheus_text(const Metrics& metrics, const Gauges& gauges);
// Of this process; 0 where the system does not tell.
std::uint64_t resident_bytes();

}  // namespace satchel::server
