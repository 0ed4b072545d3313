#include "client-imgui/desk.hpp"

#include "client-imgui/form_reader.hpp"
#include "client-imgui/inbox_reader.hpp"
#include "client-imgui/record_writer.hpp"
#include "client-imgui/table_query.hpp"
#include "client/account.hpp"
#include "client/new_record.hpp"
#include "client/record_titles.hpp"
#include "storage/record_tables.hpp"

namespace satchel::window {
namespace {

constexpr std::int64_t kMaxFound = 50;  // of a picker: more is for typing on

Status find_references(storage::ReadConnection& reader, const Schema& schema, PickerView& picker) {
    const Collection* collection = schema.find(picker.collection);
    if (collection == nullptr)
        return Error{ErrorCode::not_found, "what this field refers to is not on this device"};
    const std::string title = client::title_sql(*collection, "t");
    SATCHEL_ASSIGN(auto rows,
                   reader.query("SELECT t.id, " + title + " AS title FROM " +
                                    storage::quoted(collection->name) +
                                    " AS t WHERE title LIKE ?1 ESCAPE '\\'"
                                    " ORDER BY title COLLATE NOCASE LIMIT ?2",
                                {Value::text(like_pattern(picker.filter)), Value(kMaxFound)}));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.next());
        if (!more) return {};
        FoundRecord found;
        SATCHEL_ASSIGN(found.id, RecordId::from_bytes(rows.value(0).bytes));
        found.title = rows.value(1).bytes;
        picker.found.push_back(std::move(found));
    }
}

Result<std::int64_t> count_rows(storage::ReadConnection& reader, const Collection& collection) {
    SATCHEL_ASSIGN(auto rows,
                   reader.query("SELECT count(*) FROM " + storage::quoted(collection.name)));
    SATCHEL_TRY(rows.next());
    return rows.value(0).integer;
}

Result<std::unique_ptr<client::Transport>> transport_by(const DeskOptions& options,
                                                        const client::CurlOptions& connection) {
    if (options.make_transport) return options.make_transport(connection);
    SATCHEL_ASSIGN(auto transport, client::CurlTransport::make(connection));
    return std::unique_ptr<client::Transport>(std::move(transport));
}

Status log_in(storage::Replica& replica, const DeskOptions& options, const LogIn& intent,
              client::CancelToken& cancel) {
    SATCHEL_ASSIGN(const client::CurlOptions connection, client::connection(replica));
    SATCHEL_ASSIGN(const auto transport, transport_by(options, connection));
    const auto account =
        client::login(replica, *transport,
                      {intent.url, intent.login, intent.password, client::machine_name()}, &cancel);
    return account ? Status() : account.error();
}

// An agent speaks whenever it has looked around; mostly nothing has changed. Who is logged in the
// desk reads by itself: an agent in the middle of a sync tells it late.
bool says_the_same(const client::AgentStatus& a, const client::AgentStatus& b) {
    const auto error_of = [](const client::AgentStatus& status) {
        return status.last_error ? status.last_error->message : std::string();
    };
    return a.running == b.running && a.stopped == b.stopped && a.waits_for == b.waits_for &&
           a.next_try_at / 1000 == b.next_try_at / 1000 && a.last_error_at == b.last_error_at &&
           error_of(a) == error_of(b) && a.syncs == b.syncs && a.news == b.news &&
           a.progress.waiting == b.progress.waiting && a.progress.rows == b.progress.rows &&
           a.progress.received_bytes == b.progress.received_bytes &&
           a.progress.sent_bytes == b.progress.sent_bytes;
}

}  // namespace

Desk::Desk(DeskOptions options) : options_(std::move(options)) {
    now_.path = options_.path;
}

void Desk::open() {
    const Status opened = try_to_open();
    now_.opening = false;
    now_.file_error.reset();
    if (opened) {
        reload();
        return;
    }
    reader_.reset();
    replica_.reset();
    now_.file_error = opened.error();
}

Status Desk::try_to_open() {
    reader_.reset();
    replica_.reset();
    SATCHEL_ASSIGN(replica_, storage::Replica::open(options_.path, options_.replica));
    SATCHEL_ASSIGN(auto reader, storage::ReadConnection::open(options_.path, options_.replica.key));
    reader_.emplace(std::move(reader));
    return {};
}

void Desk::carry_out(const Intent& intent) {
    if (!is_open() && !std::holds_alternative<OpenFileAgain>(intent)) return;
    std::visit([this](const auto& wish) { carry(wish); }, intent);
}

bool Desk::look() {
    if (!is_open()) return false;
    const auto changed = replica_->poll();
    if (!changed || !*changed) return false;
    reload();
    return true;
}

bool Desk::take_sync_status(const client::AgentStatus& status) {
    if (says_the_same(status, now_.sync)) return look();
    const bool news = status.news != now_.sync.news;
    now_.sync = status;
    if (!is_open()) return true;
    read_login();
    if (news)
        reload();
    else if (auto read = replica_->status(); read)
        now_.replica = *std::move(read);
    return true;
}

void Desk::reload() {
    if (!is_open()) return;
    now_.schema = replica_->schema();
    now_.status_error.reset();
    if (auto status = replica_->status(); status)
        now_.replica = *std::move(status);
    else
        now_.status_error = status.error();
    read_collections();
    read_table();
    read_form();
    read_inbox();
    read_login();
}

void Desk::read_collections() {
    now_.collections.clear();
    for (const Collection& collection : now_.schema->collections()) {
        if (number(collection.id) < system_ids::kFirstFree) continue;
        CollectionItem item;
        item.id = collection.id;
        item.name = collection.name;
        item.label = {collection.label_zh,
                      collection.label_en.empty() ? collection.name : collection.label_en};
        const auto count = count_rows(*reader_, collection);
        if (!count) now_.status_error = count.error();
        item.count = count ? *count : 0;
        now_.collections.push_back(std::move(item));
    }
}

void Desk::read_table() {
    if (!now_.table) return;
    const TableQuery query = now_.table->query;
    if (!query.deleted) {
        now_.table = std::make_shared<TableView>(window::read_table(*reader_, *now_.schema, query));
        return;
    }
    Titles titles(*reader_, *now_.schema);
    Reading reading{*replica_, *reader_, *now_.schema, titles, now_.replica.replica.id};
    now_.table = std::make_shared<TableView>(read_deleted(reading, query));
}

void Desk::read_form() {
    now_.form.reset();
    if (!form_) return;
    Titles titles(*reader_, *now_.schema);
    Reading reading{*replica_, *reader_, *now_.schema, titles, now_.replica.replica.id};
    auto form =
        std::make_shared<FormView>(window::read_form(reading, form_->collection, form_->id));
    form->opened = form_->number;
    now_.form = std::move(form);
}

void Desk::read_inbox() {
    Titles titles(*reader_, *now_.schema);
    Reading reading{*replica_, *reader_, *now_.schema, titles, now_.replica.replica.id};
    now_.conflicts = std::make_shared<ConflictList>(read_conflicts(reading));
    now_.rejected = std::make_shared<RejectedList>(read_rejected(reading));
}

void Desk::read_login() {
    const auto account = client::account(*replica_);
    now_.sync.logged_in = account && account->logged_in();
    now_.sync.user_name = account ? account->name : "";
    if (!options_.syncs || !account || account->logged_in()) {
        now_.login.reset();
        return;
    }
    if (!now_.login) now_.login.emplace();
    now_.login->url = account->url;
    now_.login->login = account->login;
}

void Desk::show_form(const std::string& collection, const std::optional<RecordId>& id) {
    form_ = OpenForm{++forms_, collection, id};
    read_form();
}

void Desk::conclude(const Status& status) {
    now_.failure.reset();
    if (!status) {
        now_.failure = status.error();
        ++now_.failures;
        return;
    }
    wrote_ = true;
    reload();
}

void Desk::carry(const ShowTable& intent) {
    auto table = std::make_shared<TableView>();
    table->query = intent.query;
    now_.table = std::move(table);
    read_table();
}

void Desk::carry(const OpenRecord& intent) {
    show_form(intent.collection, intent.id);
}

void Desk::carry(const NewRecord& intent) {
    show_form(intent.collection, std::nullopt);
}

void Desk::carry(const CloseRecord&) {
    form_.reset();
    now_.form.reset();
}

void Desk::carry(const SaveRecord& intent) {
    std::optional<RecordId> saved;
    now_.answer = save_record(*replica_, intent, saved);
    if (!saved) return;
    form_ = OpenForm{++forms_, intent.collection, saved};
    wrote_ = true;
    reload();
}

void Desk::carry(const DeleteRecord& intent) {
    conclude(delete_record(*replica_, intent));
}

void Desk::carry(const UndeleteRecord& intent) {
    conclude(undelete_record(*replica_, intent));
}

void Desk::carry(const Resolve& intent) {
    conclude(resolve_conflict(*replica_, intent));
}

void Desk::carry(const ResendRejected& intent) {
    const auto change = client::resend(*replica_, intent.number);
    conclude(change ? Status() : Status(change.error()));
}

void Desk::carry(const DismissRejected& intent) {
    conclude(replica_->dismiss(intent.number));
}

void Desk::show_logging_in() {
    if (!now_.login) return;
    now_.login->running = true;
    now_.login->error.reset();
}

void Desk::carry(const LogIn& intent) {
    if (!now_.login) return;
    now_.login->running = false;
    const Status done = log_in(*replica_, options_, intent, stop_);
    read_login();
    if (now_.login && !done) now_.login->error = done.error();
}

void Desk::carry(const FindReferences& intent) {
    auto picker = std::make_shared<PickerView>();
    picker->collection = intent.collection;
    picker->filter = intent.filter;
    const Status found = find_references(*reader_, *now_.schema, *picker);
    if (!found) picker->error = found.error();
    now_.picker = std::move(picker);
}

SnapshotPointer Desk::snapshot() {
    ++now_.number;
    return std::make_shared<const Snapshot>(now_);
}

}  // namespace satchel::window
