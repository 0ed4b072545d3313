#include "tests/storage/phone.hpp"

#include <algorithm>
#include <filesystem>

namespace satchel::test {
namespace {

namespace fs = std::filesystem;

// One request's way to head office and back.
Result<Bytes> exchange(Head& head, const Bytes& request, const Caller& caller, Fate fate) {
    const Services& services = head.store().services();
    const Error lost{ErrorCode::offline, "the line lost a message"};
    if (fate == Fate::request_lost) return lost;
    SATCHEL_ASSIGN(const SyncRequest asked, decode_request(request, services));
    SATCHEL_ASSIGN(Handled handled, head.handle(asked, caller));
    if (fate == Fate::reply_lost) return lost;
    if (fate == Fate::request_twice) {
        SATCHEL_ASSIGN(handled, head.handle(asked, caller));
    }
    return encode(handled.reply, services);
}

}  // namespace

Fate always_arrives(std::size_t) {
    return Fate::arrives;
}

Phone::Phone(std::string path, PhoneOptions options)
    : path_(std::move(path)), options_(std::move(options)) {
    open(options_.create);
}

Phone::~Phone() {
    replica_.reset();
    if (!options_.vfs.empty()) return;
    for (const char* suffix : {"", "-wal", "-shm", "-sync"})
        fs::remove(path_ + suffix);
}

void Phone::open(bool create) {
    storage::ReplicaOptions opening;
    opening.create = create;
    if (create) opening.schema = options_.schema;
    opening.clock = options_.clock;
    opening.random = options_.random;
    opening.vfs = options_.vfs;
    opening.exclusive = !options_.vfs.empty();
    auto opened = storage::Replica::open(path_, opening);
    ASSERT_TRUE(opened) << opened.error().message;
    replica_ = *std::move(opened);
}

std::unique_ptr<Phone> Phone::copied(const std::string& path) {
    image(path);
    PhoneOptions options = options_;
    options.create = false;
    return std::make_unique<Phone>(path, options);
}

void Phone::image(const std::string& path) {
    EXPECT_TRUE(replica_->database().execute("PRAGMA wal_checkpoint(TRUNCATE)"));
    fs::copy_file(path_, path, fs::copy_options::overwrite_existing);
}

void Phone::go_back_to(const std::string& image) {
    replica_.reset();
    for (const char* suffix : {"-wal", "-shm"})
        fs::remove(path_ + suffix);
    fs::copy_file(image, path_, fs::copy_options::overwrite_existing);
    open(false);
}

void Phone::reopen() {
    replica_.reset();
    open(false);
}

RecordId Phone::create(const std::string& name) {
    auto transaction = *replica_->begin();
    const auto id = transaction.create(
        "account", {{"name", Value::text(name)}, {"owner", Value::id(options_.user)}});
    EXPECT_TRUE(id) << id.error().message;
    EXPECT_TRUE(transaction.commit());
    return *id;
}

void Phone::set(const RecordId& id, const char* field, const std::string& value,
                const VectorClock* token) {
    auto transaction = *replica_->begin();
    const Status set = transaction.set("account", id, {{field, Value::text(value)}}, token);
    EXPECT_TRUE(set) << set.error().message;
    EXPECT_TRUE(transaction.commit());
}

storage::RecordView Phone::record(const RecordId& id) {
    const auto view = replica_->record("account", id);
    EXPECT_TRUE(view) << (view ? "" : view.error().message);
    return view ? *view : storage::RecordView{};
}

std::vector<std::string> Phone::values(const RecordId& id, FieldId cell) {
    std::vector<std::string> texts;
    const storage::RecordView view = record(id);
    const CellState* known = view.state.cell(cell);
    if (known != nullptr)
        for (const Sibling& sibling : known->siblings)
            texts.emplace_back(sibling.values.front().as_bytes());
    std::sort(texts.begin(), texts.end());
    return texts;
}

Result<Caller> Phone::caller() {
    SATCHEL_ASSIGN(const SyncState state, replica_->sync_state());
    Caller caller;
    caller.replica = state.replica.id;
    caller.user = options_.user;
    caller.rank = options_.rank;
    caller.scopes = {kEveryoneScope, user_scope(options_.user)};
    return caller;
}

SessionReport Phone::sync(Head& head) {
    const auto report = try_sync(head);
    EXPECT_TRUE(report) << (report ? "" : report.error().message);
    return report ? *report : SessionReport{};
}

Result<SessionReport> Phone::try_sync(Head& head, const Line& line) {
    SATCHEL_ASSIGN(const Caller self, caller());
    DeviceSession session(*replica_, head.store().services(), session_options);
    for (std::size_t message = 0;; ++message) {
        SATCHEL_ASSIGN(const auto request, session.next_request(kNow));
        if (!request) break;
        SATCHEL_ASSIGN(const Bytes reply, exchange(head, *request, self, line(message)));
        SATCHEL_TRY(session.take_reply(reply, kNow));
    }
    EXPECT_TRUE(session.done());
    return session.report();
}

}  // namespace satchel::test
