#include "bench/head_office.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "bench/replicas.hpp"
#include "bench/results.hpp"
#include "client/account.hpp"
#include "client/curl_transport.hpp"
#include "client/sync_client.hpp"

namespace satchel::bench {
namespace {

constexpr const char* kPassword = "benchmark password";

constexpr const char* kSchema = R"({"number": 1, "collections": [{
    "id": 100, "name": "opportunity", "label_zh": "商机", "label_en": "Opportunity",
    "scope": {"everyone": true, "parents": []},
    "fields": [
        {"id": 1, "name": "name", "kind": "text"},
        {"id": 2, "name": "account", "kind": "reference", "indexed": true},
        {"id": 3, "name": "stage", "kind": "text", "indexed": true},
        {"id": 4, "name": "amount", "kind": "integer"},
        {"id": 5, "name": "currency", "kind": "text"},
        {"id": 6, "name": "close_date", "kind": "text"},
        {"id": 7, "name": "probability", "kind": "integer"},
        {"id": 8, "name": "owner", "kind": "reference"},
        {"id": 9, "name": "source", "kind": "text"},
        {"id": 10, "name": "next_step", "kind": "text"},
        {"id": 11, "name": "updated_at", "kind": "integer"}]}]})";

std::string first_line(const std::string& path) {
    std::ifstream in(path);
    std::string line;
    std::getline(in, line);
    return line;
}

Status no_address() {
    return Error{ErrorCode::time_out, "satcheld does not listen; its log is beside its data"};
}

}  // namespace

HeadOffice::HeadOffice(std::string folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    std::ofstream(folder_ + "/schema.json") << kSchema;
    std::ofstream(folder_ + "/password") << kPassword << "\n";
    start();
}

HeadOffice::~HeadOffice() {
    stop();
}

void HeadOffice::start() {
    const std::string schema = folder_ + "/schema.json", secret = folder_ + "/password",
                      log = folder_ + "/log", data = folder_ + "/data";
    process_ = ::fork();
    if (process_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGTERM);  // when the benchmark is interrupted
        const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
        ::dup2(file, 1);
        ::dup2(file, 2);
        ::execl(SATCHELD, "satcheld", "--data", data.c_str(), "--listen", "127.0.0.1:0", "--schema",
                schema.c_str(), "--admin-password-file", secret.c_str(), nullptr);
        ::_exit(127);
    }
    url_.clear();
    for (int i = 0; i < 300 && url_.empty(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        url_ = first_line(data + "/address");
    }
    must(url_.empty() ? no_address() : Status{}, "start satcheld");
    if (!url_.starts_with("http")) url_ = "http://" + url_;
}

void HeadOffice::stop() {
    if (process_ <= 0) return;
    ::kill(process_, SIGTERM);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
}

std::unique_ptr<storage::Replica> device_at(const std::string& url, const std::string& path,
                                            const char* name) {
    remove_replica(path);
    auto replica = open_replica(path, opportunity_schema());
    auto transport = must(client::CurlTransport::make(), "transport");
    must(client::login(*replica, *transport, {url, "admin", kPassword, name}), "login");
    return replica;
}

SessionReport sync(storage::Replica& replica) {
    auto transport = must(client::CurlTransport::make(), "transport");
    const client::SyncOutcome outcome = client::sync_once(replica, *transport);
    must(outcome.status, "sync");
    return outcome.report;
}

}  // namespace satchel::bench
