#include "tests/simulation/server_node.hpp"

#include <algorithm>
#include <atomic>

#include "storage/services.hpp"
#include "storage/text.hpp"
#include "tests/simulation/company.hpp"

namespace satchel::simulation {
namespace {

constexpr const char* kFile = "head-office.db";
constexpr const char* kNotOpen = "I-12 durable ack";

std::string unique_name(const char* name) {
    static std::atomic<std::uint64_t> count{0};
    return name + std::to_string(count++);
}

}  // namespace

Services real_services() {
    Services services;
    services.hash = &storage::blake2b;
    services.compress = &storage::compress;
    services.inflate = &storage::inflate;
    services.is_canonical_text = &storage::is_canonical_text;
    return services;
}

ServerNode::ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random, std::nullptr_t)
    : random_(random),
      clock_(true_now),
      disk_(unique_name("sim-server-"), random_, clock_),
      services_(real_services()) {
    options_.page_bytes = plan.page_bytes;
    options_.max_rows = plan.max_rows;
}

ServerNode::ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random)
    : ServerNode(plan, true_now, random, nullptr) {
    open(true, false);
}

ServerNode::ServerNode(const Plan& plan, const std::int64_t& true_now, Prng random,
                       Disk::Snapshot files)
    : ServerNode(plan, true_now, random, nullptr) {
    disk_.restore(std::move(files));
}

ServerNode::~ServerNode() {
    store_.reset();
}

void ServerNode::look_up_callers(storage::SqliteServerStore::CallerLookup lookup) {
    callers_ = std::move(lookup);
    store_->look_up_callers(callers_);
}

void ServerNode::open(bool create, bool restored) {
    require(try_open(create, restored), kNotOpen, "head office cannot be opened");
}

Status ServerNode::try_open(bool create, bool restored) {
    storage::ServerStoreOptions options;
    options.create = create;
    options.restored = restored;
    if (create) options.schema = company_schema(1);
    options.workspace = "simulation";
    options.clock = &clock_;
    options.random = &random_;
    options.vfs = disk_.name();
    options.exclusive = true;
    options.cache_kib = 512;
    SATCHEL_ASSIGN(store_, storage::SqliteServerStore::open(kFile, options));
    store_->look_up_callers(callers_);
    rows_known_ = false;
    return {};
}

Answer ServerNode::handle(ByteView bytes, const Caller& caller) {
    Answer answer;
    auto request = decode_request(bytes, services_);
    if (!request) {
        answer.bytes = "400 " + std::string(name(request.error().code));
        answer.refusal = request.error();
        return answer;
    }
    answer.request = *request;
    const Status begun = store_->begin();
    if (!begun) {
        answer.bytes = "503 " + begun.error().message;
        return answer;
    }
    const Sequence head = store_->head();
    auto handled = handle_sync(*request, caller, *store_, services_, now(), options_);
    Status committed;
    if (handled) committed = store_->commit();
    if (!committed || store_->head() != head) rows_known_ = false;
    if (!handled || !committed) {
        store_->roll_back_all();
        answer.refusal = handled ? committed.error() : handled.error();
        answer.bytes = "503 " + answer.refusal->message;
        return answer;
    }
    note_audit_head();
    answer.bytes = encode(handled->reply, services_);
    answer.reply = std::move(handled->reply);
    return answer;
}

storage::AuditHead ServerNode::audit_head() {
    const auto head = store_->audit_head();
    require(head, "head office reads", "the audit log's head");
    return *head;
}

void ServerNode::note_audit_head() {
    const storage::AuditHead head = audit_head();
    if (!anchors_.empty() && anchors_.back().head == head) return;
    anchors_.push_back({head, 0});
    standing_heads_.push_back(head);
}

void ServerNode::power_loss() {
    disk_.heal();
    disk_.power_loss(random_);
    store_.reset();
    open(false, false);
}

Status ServerNode::back_up() {
    storage::OpenOptions how;
    how.vfs = disk_.name();
    how.exclusive = true;
    SATCHEL_ASSIGN(const storage::WorkspaceCopy copy,
                   storage::copy_workspace(store_->database(), "copy.db", how));
    SATCHEL_TRY(store_->note_backup(copy));
    unconfirmed_.reset();
    if (auto file = disk_.read("copy.db")) unconfirmed_ = Backup{*std::move(file), audit_head()};
    for (const char* rest : {"copy.db", "copy.db-wal", "copy.db-journal"})
        disk_.remove(rest);
    return {};
}

Status ServerNode::confirm_backup() {
    if (!unconfirmed_) return {};
    SATCHEL_TRY(store_->confirm_backup());
    backup_ = std::move(unconfirmed_);
    unconfirmed_.reset();
    return {};
}

void ServerNode::restore() {
    disk_.heal();
    disk_.kill();
    store_.reset();
    disk_.restore({{kFile, backup_->file}});
    unconfirmed_.reset();
    std::erase_if(standing_heads_, [this](const storage::AuditHead& head) {
        return head.count > backup_->audit.count;
    });
    open(false, true);
    note_audit_head();
}

Result<std::vector<ServerRow>> ServerNode::read_rows() {
    std::vector<ServerRow> rows;
    SATCHEL_TRY(store_->begin_read());
    for (const Collection& collection : store_->schema()->collections()) {
        SATCHEL_ASSIGN(const std::vector<RecordId> found, store_->record_ids(collection.id));
        for (const RecordId& id : found) {
            SATCHEL_ASSIGN(auto record, store_->load(collection.id, id));
            if (!record) return Error{ErrorCode::not_found, "no record " + id.text()};
            const bool dead = is_dead(record->state, collection.delete_policy);
            rows.push_back({collection.id, id, *std::move(record), dead});
        }
    }
    SATCHEL_TRY(store_->commit());
    std::sort(rows.begin(), rows.end(),
              [](const ServerRow& a, const ServerRow& b) { return a.id < b.id; });
    return rows;
}

const std::vector<ServerRow>& ServerNode::rows() {
    if (rows_known_) return rows_;
    auto read = read_rows();
    require(read, "head office reads", "its records");
    rows_ = *std::move(read);
    rows_known_ = true;
    return rows_;
}

bool ServerNode::has_merged(std::uint64_t replica, const ChangeId& id) {
    require(store_->begin_read(), "head office reads", "begin");
    const auto entry = store_->log_entry(replica, id);
    require(entry, "head office reads", "log");
    require(store_->commit(), "head office reads", "commit");
    return *entry && (*entry)->verdict.kind == VerdictKind::accepted;
}

const ServerRow* ServerNode::row(const RecordId& id) {
    const std::vector<ServerRow>& all = rows();
    const auto at = std::lower_bound(
        all.begin(), all.end(), id,
        [](const ServerRow& row, const RecordId& wanted) { return row.id < wanted; });
    return at != all.end() && at->id == id ? &*at : nullptr;
}

}  // namespace satchel::simulation
