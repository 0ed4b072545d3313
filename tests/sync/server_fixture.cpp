#include "tests/sync/server_fixture.hpp"

#include <algorithm>

namespace satchel::test {
namespace {

Field field(FieldId id, const char* name, FieldKind kind) {
    Field made;
    made.id = id;
    made.name = name;
    made.kind = kind;
    made.cell = id;
    return made;
}

RecordId numbered(std::uint8_t kind, int n) {
    RecordId id;
    id.bytes[0] = 1;
    id.bytes[6] = 0x70;
    id.bytes[8] = 0x80;
    id.bytes[11] = kind;
    for (std::size_t i = 0; i < 4; ++i)
        id.bytes[15 - i] = static_cast<std::uint8_t>(n >> (8 * i));
    return id;
}

// Runs a call that may not fail here.
template <typename T>
T must(Result<T> result) {
    EXPECT_TRUE(result) << (result ? "" : result.error().message);
    return result ? *std::move(result) : T{};
}

void must(const Status& status) {
    EXPECT_TRUE(status) << (status ? "" : status.error().message);
}

}  // namespace

SchemaPointer company(std::uint32_t number) {
    Collection account;
    account.id = kAccount;
    account.name = "account";
    account.fields = {
        field(kName, "name", FieldKind::text), field(kOwner, "owner", FieldKind::reference),
        field(kPool, "pool", FieldKind::text), field(kNote, "note", FieldKind::text),
        field(kTags, "tags", FieldKind::set),  field(kCalls, "calls", FieldKind::counter)};
    account.fields[0].max_bytes = 100;
    account.scope.owner = kOwner;
    account.scope.pool = kPool;
    Collection contact;
    contact.id = kContact;
    contact.name = "contact";
    contact.fields = {field(kName, "name", FieldKind::text),
                      field(kParent, "account", FieldKind::reference)};
    contact.fields[1].refers_to = kAccount;
    contact.scope.parents = {kParent};
    Collection product;
    product.id = kProduct;
    product.name = "product";
    product.fields = {field(kName, "name", FieldKind::text)};
    product.scope.everyone = true;
    product.write_right = WriteRight::head_office;
    Collection visit;
    visit.id = kVisit;
    visit.name = "visit";
    visit.fields = {field(kName, "name", FieldKind::text),
                    field(kOwner, "owner", FieldKind::reference)};
    visit.scope.owner = kOwner;
    visit.append_only = true;
    if (number > 1) product.fields.push_back(field(FieldId{9}, "price", FieldKind::integer));
    auto schema = must(Schema::build(number, {account, contact, product, visit}, {}));
    return std::make_shared<const Schema>(std::move(schema));
}

RecordId user_id(int n) {
    return numbered(1, n);
}
RecordId record_id(int n) {
    return numbered(2, n);
}

Operation create(CollectionId collection, const RecordId& id, std::vector<CellWrite> cells) {
    Operation operation;
    operation.collection = collection;
    operation.record = id;
    operation.cells = std::move(cells);
    return operation;
}

Operation account(int n, const RecordId& owner, std::string_view name) {
    return create(kAccount, record_id(n), {text(kName, name), reference(kOwner, owner)});
}

Operation contact(int n, const RecordId& parent, std::string_view name) {
    return create(kContact, record_id(n), {text(kName, name), reference(kParent, parent)});
}

Operation write(CollectionId collection, const RecordId& id, const VectorClock& seen,
                std::vector<CellWrite> cells) {
    Operation operation = create(collection, id, std::move(cells));
    operation.clock = seen;
    return operation;
}

CellWrite text(FieldId cell, std::string_view value) {
    return {cell, {Value::text(value)}};
}

CellWrite reference(FieldId cell, const RecordId& value) {
    return {cell, {Value::id(value)}};
}

namespace {

storage::ServerStoreOptions opening_company(bool create, bool restored) {
    storage::ServerStoreOptions opening;
    opening.create = create;
    if (create) opening.schema = company();
    opening.restored = restored;
    return opening;
}

}  // namespace

Head::Head(const std::string& path, bool create, bool restored)
    : Head(path, opening_company(create, restored)) {}

Head::Head(const std::string& path, storage::ServerStoreOptions opening) {
    opening.workspace = "test";
    opening.clock = &clock_source;
    opening.random = &random;
    auto opened = storage::SqliteServerStore::open(path, opening);
    EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    if (opened) store_ = *std::move(opened);
}

Result<Handled> Head::handle(const SyncRequest& request, const Caller& caller) {
    SATCHEL_TRY(store_->begin());
    auto handled =
        handle_sync(request, caller, *store_, store_->services(), clock_source.now, options);
    const Status committed = handled ? store_->commit() : Status{handled.error()};
    if (!committed) {
        store_->roll_back_all();
        return committed.error();
    }
    if (checks_sums) SATCHEL_TRY(store_->check_sums());
    return handled;
}

Verdict Head::write(std::vector<Operation> operations, Intent intent) {
    return must(store_->write_own(std::move(operations), intent, clock_source.now));
}

RecordState Head::state(CollectionId collection, const RecordId& id) {
    auto record = must(store_->load(collection, id));
    return record ? record->state : RecordState{};
}

std::vector<std::string> Head::scopes(CollectionId collection, const RecordId& id) {
    auto record = must(store_->load(collection, id));
    return record ? record->scopes : std::vector<std::string>{};
}

SmallDevice::SmallDevice(Head& office, std::uint64_t id, const RecordId& user)
    : head(office), replica{id, 1} {
    caller.replica = id;
    caller.user = user;
    caller.rank = 1;
    grant(kEveryoneScope);
    grant(user_scope(user));
    acked_hash = chain_start(head.store().services().hash, replica);
}

void SmallDevice::grant(std::string scope) {
    caller.scopes.push_back(std::move(scope));
    std::sort(caller.scopes.begin(), caller.scopes.end());
}

std::uint64_t SmallDevice::write(std::vector<Operation> operations, Intent intent,
                                 const ChangeId* change) {
    Changeset changeset;
    changeset.header.id = change != nullptr ? *change : make_change_id(head.random);
    changeset.header.replica = replica;
    changeset.header.first_counter = counter + 1;
    changeset.header.stamp = Stamp::at(head.clock_source.now + device_clock_ahead);
    changeset.header.committed_at = head.clock_source.now + device_clock_ahead;
    changeset.header.intent = intent;
    changeset.operations = std::move(operations);
    return write_bytes(encode(changeset), changeset.operations.size());
}

std::uint64_t SmallDevice::write_bytes(Bytes bytes, std::size_t operations) {
    const std::uint64_t first = counter + 1;
    counter += operations;
    journal.push_back({first, counter, std::move(bytes)});
    return first;
}

SyncRequest SmallDevice::request() const {
    SyncRequest request;
    request.replica = replica;
    request.epoch = epoch;
    request.device_now = head.clock_source.now + device_clock_ahead;
    request.last_counter = counter;
    request.base_counter = acked;
    request.base_hash = acked_hash;
    for (const UploadedChangeset& one : journal)
        if (one.first_counter > acked) request.changesets.push_back(one);
    request.cursor = cursor;
    request.position = position;
    request.scopes_hash = scopes_hash(scopes);
    request.lists_scopes = list_scopes || scopes.empty();
    if (request.lists_scopes) request.scopes = scopes;
    request.loading = loading;
    request.whole_states_only = whole_states_only;
    return request;
}

SyncReply SmallDevice::exchange() {
    auto handled = head.handle(request(), caller);
    EXPECT_TRUE(handled) << (handled ? "" : handled.error().message);
    if (!handled) return {};
    take(handled->reply);
    return handled->reply;
}

void SmallDevice::take(const SyncReply& reply) {
    epoch = reply.epoch;
    list_scopes = reply.status == ReplyStatus::list_scopes;
    if (reply.status != ReplyStatus::ok) return;
    for (const Verdict& verdict : reply.verdicts)
        verdicts[verdict.first_counter] = verdict;
    for (const UploadedChangeset& one : journal)
        if (one.first_counter > acked && one.last_counter <= reply.acked_counter)
            acked_hash = chain_link(head.store().services().hash, acked_hash, one.bytes);
    acked = reply.acked_counter;
    for (const std::string& scope : reply.lost) {
        std::erase(scopes, scope);
        std::erase(loading, scope);
        for (auto& [id, record] : records)
            record.scopes.erase(scope);
        std::erase_if(records, [](const auto& one) { return one.second.scopes.empty(); });
    }
    for (const std::string& scope : reply.gained) {
        scopes.push_back(scope);
        loading.push_back(scope);
    }
    std::sort(scopes.begin(), scopes.end());
    std::sort(loading.begin(), loading.end());
    last_rows.clear();
    for (const Bytes& bytes : reply.pages) {
        const PageReader page = must(PageReader::open(bytes));
        must(page.visit([&](const PageRow& row) -> Status {
            take_row(row, page);
            return {};
        }));
        for (const Departure& departure : page.departures()) {
            ++departures;
            const auto at = records.find(departure.id);
            if (at == records.end() || at->second.seq > departure.seq) continue;
            at->second.scopes.erase(departure.scope);
            if (at->second.scopes.empty()) records.erase(at);
        }
    }
    position = reply.position;
    checkpoint = reply.checkpoint;
    if (!reply.checkpoint) return;
    cursor = reply.checkpoint->seq;
    loading.clear();
}

RecordState SmallDevice::with_own(const RecordId& id, RecordState state, Sequence up_to) const {
    for (const UploadedChangeset& one : journal) {
        const auto verdict = verdicts.find(one.first_counter);
        if (verdict == verdicts.end() || verdict->second.kind != VerdictKind::accepted ||
            verdict->second.seq > up_to)
            continue;
        const Changeset changeset = must(decode_changeset(one.bytes));
        for (std::size_t i = 0; i < changeset.operations.size(); ++i) {
            const Operation& operation = changeset.operations[i];
            if (operation.record != id || state.clock.covers(changeset.dot(i))) continue;
            must(apply(state, operation,
                       {changeset.dot(i), verdict->second.effective, verdict->second.rank,
                        changeset.header.intent, verdict->second.late}));
        }
    }
    return state;
}

void SmallDevice::take_row(const PageRow& row, const PageReader& page) {
    HeldRecord& record = records[row.id];
    last_rows[row.id] = row.kind;
    record.collection = row.collection;
    record.seq = row.seq;
    const auto& keys = page.scope_sets()[row.scope_set];
    record.scopes = {keys.begin(), keys.end()};
    if (row.kind == RowKind::whole)
        record.state = must(decode_meta(row.meta, *row.layout, row.values));
    else if (row.kind == RowKind::patch)
        record.state = must(patched(std::move(record.state), row));
    else
        record.state = with_own(row.id, std::move(record.state), row.seq);
}

void SmallDevice::sync() {
    for (int round = 0; round < 1'000; ++round) {
        exchange();
        if (checkpoint && acked == counter && !list_scopes) return;
    }
    FAIL() << "no checkpoint after 1,000 rounds";
}

void SmallDevice::expect_equal_to_head() {
    ASSERT_TRUE(checkpoint);
    for (const auto& [id, record] : records) {
        EXPECT_EQ(record.state, head.state(record.collection, id)) << id.text();
        EXPECT_TRUE(intersect_with(record.scopes)) << id.text();
    }
    for (const ScopeSum& theirs : checkpoint->scopes) {
        ScopeSum ours{theirs.scope, 0, 0};
        for (const auto& [id, record] : records) {
            if (!record.scopes.contains(theirs.scope)) continue;
            ++ours.count;
            ours.checksum += checksum_part(id, record.seq);
        }
        EXPECT_EQ(ours.count, theirs.count) << theirs.scope;
        EXPECT_EQ(ours.checksum, theirs.checksum) << theirs.scope;
    }
}

bool SmallDevice::intersect_with(const std::set<std::string>& keys) const {
    return std::any_of(keys.begin(), keys.end(), [this](const std::string& key) {
        return std::find(caller.scopes.begin(), caller.scopes.end(), key) != caller.scopes.end();
    });
}

}  // namespace satchel::test
