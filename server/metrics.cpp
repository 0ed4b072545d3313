#include "server/metrics.hpp"

#include <unistd.h>

#include <fstream>

namespace satchel::server {
namespace {

class Text {
  public:
    void counter(const char* name, const char* help, std::uint64_t value) {
        add(name, help, "counter", value);
    }
    void gauge(const char* name, const char* help, std::uint64_t value) {
        add(name, help, "gauge", value);
    }
    std::string take() { return std::move(text_); }

  private:
    void add(const char* name, const char* help, const char* type, std::uint64_t value) {
        const std::string full = std::string("satchel_") + name;
        text_ += "# HELP " + full + " " + help + "\n# TYPE " + full + " " + type + "\n" + full +
                 " " + std::to_string(value) + "\n";
    }

    std::string text_;
};

void add_traffic(Text& text, const Metrics& metrics) {
    text.counter("requests_total", "Requests answered.", metrics.requests);
    text.counter("client_errors_total", "Requests answered with 4xx.", metrics.client_errors);
    text.counter("server_errors_total", "Requests answered with 5xx.", metrics.server_errors);
    text.counter("syncs_total", "Sync requests handled.", metrics.syncs);
    text.counter("received_bytes_total", "Bytes of request bodies.", metrics.received_bytes);
    text.counter("sent_bytes_total", "Bytes of reply bodies.", metrics.sent_bytes);
    text.counter("logins_total", "Successful log-ins.", metrics.logins);
    text.counter("wrong_passwords_total", "Refused log-ins.", metrics.wrong_passwords);
    text.counter("overloads_total", "Requests refused because too many were queued.",
                 metrics.overloads);
    text.counter("woken_total", "Waiting requests looked at again.", metrics.woken);
}

void add_workspace(Text& text, const storage::ServerFigures& figures) {
    text.gauge("epoch", "1, and more after each restore from a backup.", figures.epoch);
    text.gauge("head", "Number of the last accepted changeset.", number(figures.head));
    text.counter("changesets_merged_total", "Changesets accepted.", figures.accepted);
    text.gauge("changesets_quarantined", "Not accepted, and nobody has taken them on.",
               figures.quarantined);
    text.gauge("changesets_held", "Waiting for a change that they build on.", figures.held);
    text.gauge("records", "Records, deleted ones included.", figures.records);
    text.gauge("records_deleted", "Deleted records that are not pruned yet.", figures.dead);
    text.gauge("graves", "Pruned records.", figures.graves);
    text.gauge("scopes", "Scopes that any record has.", figures.scopes);
    text.counter("load_pages_made_total", "Pages of records made for new devices.",
                 figures.pages_made);
    text.counter("load_pages_reused_total", "Such pages that were there from another device.",
                 figures.pages_reused);
    text.gauge("file_bytes", "Size of the workspace's file.",
               static_cast<std::uint64_t>(figures.file_bytes));
}

}  // namespace

std::string prometheus_text(const Metrics& metrics, const Gauges& gauges) {
    Text text;
    add_traffic(text, metrics);
    add_workspace(text, gauges.figures);
    text.gauge("requests_waiting", "Sync requests that wait for news.", gauges.waiting);
    text.gauge("requests_queued", "Requests that wait for the worker.", gauges.queued);
    text.gauge("connections", "Open connections.", gauges.connections);
    text.gauge("devices", "Registered devices that are not revoked.", gauges.devices);
    text.gauge("uptime_seconds", "Since the start.",
               static_cast<std::uint64_t>(gauges.uptime_seconds));
    text.gauge("resident_memory_bytes", "Memory of the process.", resident_bytes());
    return text.take();
}

std::uint64_t resident_bytes() {
    std::ifstream statm("/proc/self/statm");
    std::uint64_t total = 0;
    std::uint64_t resident = 0;
    statm >> total >> resident;
    return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace satchel::server
