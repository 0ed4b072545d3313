#include "tests/golden/company.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "storage/services.hpp"
#include "storage/text.hpp"
#include "sync/device_session.hpp"

namespace satchel::golden {
namespace {

constexpr std::int64_t kMinute = 60'000;

Field field(std::uint32_t id, const char* name, FieldKind kind, std::uint32_t cell = 0) {
    Field made;
    made.id = FieldId{id};
    made.name = made.label_zh = made.label_en = name;
    made.kind = kind;
    made.cell = FieldId{cell == 0 ? id : cell};
    return made;
}

Collection collection(std::uint32_t id, const char* name, std::vector<Field> fields) {
    Collection made;
    made.id = CollectionId{id};
    made.name = made.label_zh = made.label_en = name;
    made.fields = std::move(fields);
    return made;
}

Collection account() {
    Collection made =
        collection(100, "account",
                   {field(1, "name", FieldKind::text), field(2, "owner", FieldKind::reference),
                    field(3, "pool", FieldKind::text), field(4, "note", FieldKind::text),
                    field(5, "tags", FieldKind::set), field(6, "calls", FieldKind::counter),
                    field(7, "amount", FieldKind::integer),
                    field(8, "currency", FieldKind::text, 7), field(9, "stage", FieldKind::text)});
    made.fields[0].indexed = true;
    made.fields[1].refers_to = system_ids::kUser;
    made.scope.owner = FieldId{2};
    made.scope.pool = FieldId{3};
    return made;
}

RecordId numbered(std::uint8_t n) {
    RecordId id;
    id.bytes = {0x01, 0xA0, 0xC4, 0xC0, 0, 0, 0x70, 0, 0x80, 0, 0, 0, 0, 0, 0, n};
    return id;
}

}  // namespace

void must(const Status& status, const char* what) {
    if (status) return;
    std::fprintf(stderr, "%s: %s\n", what, status.error().message.c_str());
    std::abort();
}

std::uint64_t Dice::next() {  // splitmix64 (Vigna)
    std::uint64_t z = state_ += 0x9E3779B97F4A7C15;
    z = (z ^ (z >> 30U)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27U)) * 0x94D049BB133111EB;
    return z ^ (z >> 31U);
}

SchemaPointer schema() {
    Collection contact =
        collection(101, "contact",
                   {field(1, "name", FieldKind::text), field(2, "account", FieldKind::reference)});
    contact.fields[1].refers_to = kAccount;
    contact.scope.parents = {FieldId{2}};
    Collection product = collection(
        102, "product", {field(1, "name", FieldKind::text), field(2, "picture", FieldKind::bytes)});
    product.scope.everyone = true;
    product.write_right = WriteRight::head_office;
    Collection visit =
        collection(103, "visit",
                   {field(1, "subject", FieldKind::text), field(2, "owner", FieldKind::reference)});
    visit.scope.owner = FieldId{2};
    visit.append_only = true;
    visit.delete_policy = DeletePolicy::delete_wins;
    auto built =
        Schema::build(1, {account(), contact, product, visit},
                      {{kAccount,
                        {{FieldId{4}, ConflictRule::union_lines, {}},
                         {FieldId{9}, ConflictRule::furthest, {"Lead", "Offer", "Won|Lost"}}}}});
    return std::make_shared<const Schema>(must(std::move(built), "the schema"));
}

RecordId li() {
    return numbered(1);
}
RecordId wang() {
    return numbered(2);
}
RecordId nobody() {
    return numbered(99);
}

Caller caller_of(const RecordId& user, std::uint64_t replica, bool with_south) {
    Caller caller;
    caller.replica = replica;
    caller.user = user;
    caller.rank = user == li() ? 1 : 2;
    caller.scopes = {kEveryoneScope, pool_scope("north")};
    if (with_south) caller.scopes.push_back(pool_scope("south"));
    caller.scopes.push_back(user_scope(user));
    return caller;
}

Services services() {
    return {&storage::blake2b, &storage::compress, &storage::inflate, &storage::is_canonical_text};
}

bool exchange(DeviceSession& session, storage::SqliteServerStore& store, const Caller& caller,
              std::int64_t now_ms, const ServerOptions& options, const Edit& edit) {
    const auto bytes = must(session.next_request(now_ms), "asking");
    if (!bytes) return false;
    const SyncRequest request = must(decode_request(*bytes, services()), "reading a request");
    must(store.begin(), "head office begins");
    Handled handled = must(handle_sync(request, caller, store, services(), now_ms, options),
                           "head office answers");
    must(store.commit(), "head office commits");
    if (edit) edit(handled.reply);
    must(session.take_reply(encode(handled.reply, services()), now_ms), "taking the answer in");
    return true;
}

Device::Device(std::string path, const RecordId& user, std::uint64_t seed, Clock& clock,
               SchemaPointer schema)
    : path_(std::move(path)), user_(user), dice_(seed), clock_(clock) {
    storage::ReplicaOptions options;
    options.create = schema != nullptr;
    options.schema = std::move(schema);
    options.clock = &clock_;
    options.random = &dice_;
    replica_ = must(storage::Replica::open(path_, options), "opening a replica");
}

Caller Device::caller(bool with_south) {
    return caller_of(user_, must(replica_->sync_state(), "its place").replica.id, with_south);
}

void Device::sync(storage::SqliteServerStore& store) {
    clock_.now += kMinute;
    const Services all = services();
    DeviceSession session(*replica_, all);
    while (exchange(session, store, caller(), clock_.now)) {
    }
}

void Device::copy_to(const std::string& path) {
    must(replica_->database().checkpoint(), "emptying the log");
    std::filesystem::copy_file(path_, path);
}

void Device::change(const std::function<Status(storage::LocalTransaction&)>& work) {
    clock_.now += kMinute;
    storage::LocalTransaction transaction = must(replica_->begin(), "beginning");
    must(work(transaction), "writing");
    must(transaction.commit(), "committing");
}

RecordId Device::create(const char* collection, const storage::FieldValues& values) {
    RecordId id;
    change([&](storage::LocalTransaction& transaction) -> Status {
        SATCHEL_ASSIGN(id, transaction.create(collection, values));
        return {};
    });
    return id;
}

void Device::set(const RecordId& account, const storage::FieldValues& values,
                 const VectorClock* token) {
    change([&](storage::LocalTransaction& transaction) {
        return transaction.set("account", account, values, token);
    });
}

void Device::remove(const char* collection, const RecordId& id) {
    change(
        [&](storage::LocalTransaction& transaction) { return transaction.remove(collection, id); });
}

Copies::Copies(const std::string& golden_folder) {
    constexpr std::int64_t kLater = 8 * 3'600'000;
    clock.now = kBegin + kLater;
    std::string pattern = (std::filesystem::temp_directory_path() / "golden-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    for (const char* name : {kReplicaKept, kStoreKept})
        std::filesystem::copy_file(golden_folder + "/" + name, folder_ + "/" + name);
}

Copies::~Copies() {
    std::filesystem::remove_all(folder_);
}

std::unique_ptr<storage::Replica> Copies::replica() {
    storage::ReplicaOptions options;
    options.clock = &clock;
    options.random = &dice_;
    return must(storage::Replica::open(replica_path(), options), "opening the golden replica");
}

std::unique_ptr<storage::SqliteServerStore> Copies::store() {
    storage::ServerStoreOptions options;
    options.clock = &clock;
    options.random = &dice_;
    return must(storage::SqliteServerStore::open(store_path(), options),
                "opening the golden store");
}

}  // namespace satchel::golden
