// The JSON bodies of head office: an administrator's calls with whatever body, on a workspace in
// memory. Each answers, or says what is wrong with the call; none fails, and none leaves sums that
// do not add up. The first byte chooses the call.
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "sales/starter_schema.hpp"
#include "server/routes.hpp"

namespace {

using namespace satchel;
using namespace satchel::server;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

std::unique_ptr<Office> open_office() {
    OfficeOptions options;
    options.database = ":memory:";
    options.workspace = "fuzz";
    options.schema = std::make_shared<const Schema>(sales::starter_schema());
    auto office = Office::open(options);
    require(static_cast<bool>(office), "opening the office");
    storage::Account account;
    account.login = account.name = "li.wei";
    account.user.bytes.fill(7);
    require(static_cast<bool>((*office)->directory->add(account)), "an account");
    require(static_cast<bool>((*office)->mirror(account, 1)), "its record");
    return *std::move(office);
}

// The calls that run inside a transaction, which can be undone.
std::vector<const Route*> calls() {
    std::vector<const Route*> found;
    for (const Route& route : routes())
        if (route.endpoint != nullptr) found.push_back(&route);
    return found;
}

bool is_callers_fault(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::not_found ||
           code == ErrorCode::limit || code == ErrorCode::forbidden ||
           code == ErrorCode::unauthorized || code == ErrorCode::corrupt;
}

// Every way in which an endpoint reads a body.
void read_members(const JsonBody& body) {
    for (const auto& [name, value] : body.json().items()) {
        (void)body.text(name.c_str(), 64);
        (void)body.optional_text(name.c_str(), 64);
        (void)body.optional_flag(name.c_str());
        (void)body.optional_texts(name.c_str(), 64);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const std::unique_ptr<Office> office = open_office();
    static const std::vector<const Route*> all = calls();
    if (size == 0) return 0;
    const Route& route = *all[data[0] % all.size()];
    const auto body = JsonBody::parse({reinterpret_cast<const char*>(data) + 1, size - 1});
    if (!body) {
        require(body.error().code == ErrorCode::invalid_argument, "the code of a bad body");
        return 0;
    }
    read_members(*body);
    HttpRequest http;
    storage::Access access;
    access.account.role = storage::Role::admin;
    const ApiCall call{http, *body, access, 1'800'000'000'000};
    require(static_cast<bool>(office->store->begin()), "a transaction");
    const Result<Json> answer = route.endpoint(*office, call);
    if (!answer && !is_callers_fault(answer.error().code))
        std::fprintf(stderr, "%s\n", answer.error().message.c_str());
    require(answer || is_callers_fault(answer.error().code), "a call failed");
    if (answer) (void)dump(*answer);
    if (answer) require(static_cast<bool>(office->store->check_sums()), "the sums");
    office->store->roll_back_all();
    return 0;
}
