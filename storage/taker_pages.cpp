// The Taker's way with pages: rows, departures, checkpoints, repair answers.
#include <algorithm>
#include <optional>

#include "storage/taker.hpp"

#include "sync/mutants.hpp"

namespace satchel::storage {
namespace {

std::vector<std::string> united(std::vector<std::string> a, const std::vector<std::string>& b) {
    a.insert(a.end(), b.begin(), b.end());
    std::sort(a.begin(), a.end());
    a.erase(std::unique(a.begin(), a.end()), a.end());
    return a;
}

// States of a row in `wanted`.
constexpr std::int64_t kWantedStaged = 1;
constexpr std::int64_t kWantedUnknown = 2;

RecordId last_id() {
    RecordId id;
    id.bytes.fill(0xFF);
    return id;
}

// The row has fields that the table has no columns for.
bool is_ahead(const TableInfo& table, const PageRow& row, const RecordState& state) {
    const auto lacks = [&table](FieldId field) { return table.collection->find(field) == nullptr; };
    if (row.layout != nullptr && row.layout->fields != table.layout.fields &&
        std::any_of(row.layout->fields.begin(), row.layout->fields.end(), lacks))
        return true;
    return std::any_of(state.sets.begin(), state.sets.end(),
                       [&](const SetState& set) { return lacks(set.field); }) ||
           std::any_of(state.counters.begin(), state.counters.end(),
                       [&](const CounterState& counter) { return lacks(counter.field); });
}

}  // namespace

Status Taker::take_pages() {
    if (!core_.loads_first()) return put_pages(false);
    SATCHEL_ASSIGN(SmallCache small, SmallCache::begin(core_.database));
    SATCHEL_TRY(put_pages(true));
    return small.end();
}

// Rows of scopes that are still loading go in place, page by page: none of them is newer than the
// cursor, where there is one. Rows that change what the device already shows wait until the
// checkpoint, so that it moves from one consistent state to the next.
Status Taker::put_pages(bool first_load) {
    ReplicaRow& row = core_.row;
    for (const RecordId& id : reply_.unknown)
        if (wanted_.contains(id)) SATCHEL_TRY(mark_wanted(id, kWantedUnknown));
    const bool is_old = reply_.position.in_load() && number(row.cursor) != 0;
    const bool in_place =
        first_load || (is_old && wanted_.empty()) || broken(Mutant::page_shown_early);
    row.position = reply_.position;
    if (reply_.checkpoint) return take_checkpoint();
    if (!in_place) return stage();
    std::vector<ByteView> pages(reply_.pages.begin(), reply_.pages.end());
    SATCHEL_TRY(take_schema(pages));
    if (first_load) SATCHEL_TRY(core_.tables.drop_indexes());
    for (const Bytes& page : reply_.pages)
        SATCHEL_TRY(apply_page(page));
    return {};
}

// What was asked for waits for the checkpoint with the rest; it is not asked for again.
Status Taker::stage() {
    for (const Bytes& bytes : reply_.pages) {
        SATCHEL_ASSIGN(Statement * insert,
                       core_.database.cached("INSERT INTO staged (page) VALUES (?1)"));
        insert->bind_blob(1, bytes);
        SATCHEL_TRY(insert->run());
        if (wanted_.empty()) continue;
        SATCHEL_ASSIGN(const PageReader page, PageReader::open(bytes));
        SATCHEL_TRY(page.visit([this](const PageRow& row) -> Status {
            return wanted_.contains(row.id) ? mark_wanted(row.id, kWantedStaged) : Status{};
        }));
    }
    return {};
}

Status Taker::mark_wanted(const RecordId& id, std::int64_t state) {
    SATCHEL_ASSIGN(Statement * update,
                   core_.database.cached("UPDATE wanted SET state = ?2 WHERE id = ?1"));
    update->bind_blob(1, id.view());
    update->bind(2, state);
    return update->run();
}

Status Taker::forget_all_unknown() {
    std::vector<RecordId> gone;
    {
        SATCHEL_ASSIGN(Statement rows, core_.database.prepare("SELECT id FROM wanted"
                                                              " WHERE state = ?1 ORDER BY id"));
        rows.bind(1, kWantedUnknown);
        while (true) {
            SATCHEL_ASSIGN(const bool more, rows.step());
            if (!more) break;
            SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
            gone.push_back(id);
        }
    }
    for (const RecordId& id : gone)
        SATCHEL_TRY(forget_unknown(id));
    return {};
}

Status Taker::take_checkpoint() {
    ReplicaRow& row = core_.row;
    settle_to_ = reply_.checkpoint->seq;
    std::vector<Bytes> staged;
    {
        SATCHEL_ASSIGN(Statement rows,
                       core_.database.prepare("SELECT page FROM staged ORDER BY number"));
        while (true) {
            SATCHEL_ASSIGN(const bool more, rows.step());
            if (!more) break;
            staged.emplace_back(rows.blob(0));
        }
    }
    if (!staged.empty()) SATCHEL_TRY(core_.database.execute("DELETE FROM staged"));
    std::vector<ByteView> pages(staged.begin(), staged.end());
    pages.insert(pages.end(), reply_.pages.begin(), reply_.pages.end());
    SATCHEL_TRY(take_schema(pages));
    SATCHEL_TRY(forget_all_unknown());
    for (const ByteView page : pages)
        SATCHEL_TRY(apply_page(page));
    SATCHEL_TRY(flush_images());
    SATCHEL_TRY(settle());
    if (!core_.scopes.loading().empty()) SATCHEL_TRY(core_.tables.build_indexes());
    core_.scopes.set_complete();
    row.cursor = reply_.checkpoint->seq;
    row.position = {row.cursor, last_id(), {}};
    return {};
}

// Schema records come first, so that everything after them is read with the newest schema.
Status Taker::take_schema(const std::vector<ByteView>& pages) {
    SchemaPointer newest = core_.tables.schema();
    for (const ByteView bytes : pages) {
        SATCHEL_ASSIGN(const PageReader page, PageReader::open(bytes));
        SATCHEL_TRY(page.visit(system_ids::kSchema, [&newest](const PageRow& row) -> Status {
            if (row.values.size() < 2) return {};
            auto read = Schema::decode(row.values[1].bytes);
            if (!read && broken(Mutant::schema_passed_over)) return {};
            SATCHEL_ASSIGN(Schema schema, std::move(read));
            if (schema.number() > newest->number())
                newest = std::make_shared<const Schema>(std::move(schema));
            return {};
        }));
    }
    if (newest == core_.tables.schema()) return {};
    return core_.install_schema(std::move(newest));
}

Status Taker::apply_page(ByteView bytes) {
    SATCHEL_ASSIGN(const PageReader page, PageReader::open(bytes));
    std::vector<std::int64_t> sets;  // the page's sets of scopes, as they are numbered here
    for (const std::vector<std::string>& scopes : page.scope_sets()) {
        SATCHEL_ASSIGN(const std::int64_t set, core_.scopes.intern(scopes));
        sets.push_back(set);
    }
    SATCHEL_TRY(page.visit([&](const PageRow& row) {
        return apply_row(row, page.scope_sets()[row.scope_set], sets[row.scope_set]);
    }));
    for (const Departure& departure : page.departures())
        SATCHEL_TRY(apply_departure(departure));
    return {};
}

Status Taker::apply_row(const PageRow& row, const std::vector<std::string>& scopes,
                        std::int64_t set) {
    if (set == 0) {  // staged for scopes that were given up since
        core_.purge_due = true;
        return wanted_.contains(row.id) ? forget_wanted(row.id) : Status{};
    }
    if (any_parked_) SATCHEL_TRY(forget_parked(row.collection, row.id));
    const TableInfo* table = core_.tables.table(row.collection);
    if (table == nullptr)
        return park(row, {ErrorCode::upgrade_needed, "this release does not know the collection"});
    SATCHEL_ASSIGN(const bool done, row.kind == RowKind::confirm
                                        ? confirm_in_place(*table, row, set)
                                        : apply_new_row(*table, row, set));
    if (done) return {};
    return apply_known_row(*table, row, scopes);
}

// The usual row of a first sync: not here yet, plain, nothing pending on it. Its columns and
// metadata are bound as they came.
Result<bool> Taker::apply_new_row(const TableInfo& table, const PageRow& row,
                                  std::int64_t scope_set) {
    if (row.kind != RowKind::whole || row.layout->fields != table.layout.fields ||
        !meta_is_plain(row.meta) || !no_dead_ || !core_.journal.pending(row.id).empty())
        return false;
    SATCHEL_ASSIGN(
        const bool inserted,
        core_.tables.insert_plain(table, row.id, row.values, row.meta, row.seq, scope_set, {}));
    if (!inserted) return false;
    core_.scopes.add(scope_set, row.id, row.seq);
    changes_.add(table.collection->id, row.id);
    return true;
}

Result<std::optional<RecordState>> Taker::confirmed_by(const PageRow& row,
                                                       const std::optional<StoredRecord>& stored) {
    if (row.kind == RowKind::whole) {
        SATCHEL_ASSIGN(RecordState whole, decode_meta(row.meta, *row.layout, row.values));
        return std::optional(std::move(whole));
    }
    RecordState base;
    if (stored) {
        SATCHEL_ASSIGN(base, base_of(row.id, stored->state, stored->seq));
    }
    Result<RecordState> known = row.kind == RowKind::patch
                                    ? patched(std::move(base), row)
                                    : with_own(row.id, std::move(base), row.seq);
    const bool misfit =
        known ? row.kind == RowKind::confirm && !known->exists()
              : row.kind == RowKind::patch && known.error().code == ErrorCode::corrupt;
    if (misfit) return std::optional<RecordState>{};
    if (!known) return known.error();
    return std::optional(*std::move(known));
}

Status Taker::apply_known_row(const TableInfo& table, const PageRow& row,
                              const std::vector<std::string>& scopes) {
    SATCHEL_ASSIGN(const auto stored, core_.tables.load(table, row.id));
    // A scope that was loading may bring a state that the device is ahead of; its place still
    // counts for that scope.
    const bool wanted = wanted_.contains(row.id);
    if (stored && stored->seq > row.seq && !wanted) return {};
    const bool same = stored && stored->seq == row.seq && stored->scope != 0 && !wanted;
    const std::vector<std::string> keys =
        same ? united(core_.scopes.keys_of(stored->scope), scopes) : scopes;
    SATCHEL_ASSIGN(const std::int64_t set, core_.scopes.intern(keys));
    auto known = confirmed_by(row, stored);
    if (!known && row.kind == RowKind::whole) {
        if (wanted) SATCHEL_TRY(forget_wanted(row.id));
        return park(row, known.error());
    }
    if (!known) return known.error();
    // What should be here is not: it is asked for whole, and holds nothing else up.
    if (!*known) return broken(Mutant::misfit_not_wanted) ? Status{} : core_.want(row.id);
    RecordState confirmed = **std::move(known);
    if (is_ahead(table, row, confirmed)) SATCHEL_TRY(core_.note_rows_ahead());
    if (wanted) SATCHEL_TRY(forget_wanted(row.id));
    return place(table, row.id, stored, std::move(confirmed), row.seq, set);
}

Status Taker::load_wanted() {
    SATCHEL_ASSIGN(Statement * rows, core_.database.cached("SELECT id FROM wanted"));
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows->blob(0)));
        wanted_.insert(id);
    }
    rows->reset();
    return {};
}

Status Taker::forget_wanted(const RecordId& id) {
    wanted_.erase(id);
    if (wanted_.empty()) core_.row.doubts_states = false;
    SATCHEL_ASSIGN(Statement * remove, core_.database.cached("DELETE FROM wanted WHERE id = ?1"));
    remove->bind_blob(1, id.view());
    return remove->run();
}

// The server does not have the record, or not for this device: no confirmed state is left of it.
Status Taker::forget_unknown(const RecordId& id) {
    if (!wanted_.contains(id)) return {};
    SATCHEL_TRY(forget_wanted(id));
    for (const Collection& collection : core_.tables.schema()->collections()) {
        const TableInfo* table = core_.tables.table(collection.id);
        SATCHEL_ASSIGN(const auto stored, core_.tables.load(*table, id));
        if (!stored) continue;
        return place(*table, id, stored, RecordState{}, Sequence{0}, 0);
    }
    return {};
}

// Answers to a comparison by key ranges: what is here and not there leaves the scope, what is
// different or missing is asked for as whole states.
Status Taker::take_repair() {
    if (reply_.repair_scope.empty()) return {};
    std::set<std::size_t> buckets(reply_.repair_buckets.begin(), reply_.repair_buckets.end());
    std::map<RecordId, Sequence> theirs;
    for (const RepairItem& item : reply_.repair_items)
        theirs.emplace(item.id, item.seq);
    std::vector<std::pair<const TableInfo*, RecordId>> strangers;
    SATCHEL_TRY(core_.visit_scope(reply_.repair_scope,
                                  [&](const TableInfo& table, const RecordId& id, Sequence seq) {
                                      if (!buckets.contains(repair_bucket(id))) return;
                                      const auto item = theirs.find(id);
                                      if (item == theirs.end())
                                          strangers.emplace_back(&table, id);
                                      else if (item->second == seq)
                                          theirs.erase(item);
                                  }));
    for (const auto& [table, id] : strangers)
        SATCHEL_TRY(leave_scope(*table, id, reply_.repair_scope));
    for (const auto& [id, seq] : theirs)
        SATCHEL_TRY(core_.want(id));
    SATCHEL_ASSIGN(Statement * done, core_.database.cached("DELETE FROM repair WHERE scope = ?1"));
    done->bind_text(1, reply_.repair_scope);
    return done->run();
}

Status Taker::apply_departure(const Departure& departure) {
    core_.purge_due = true;  // its row may have been staged, or parked
    SATCHEL_TRY(forget_parked(departure.collection, departure.id));
    const TableInfo* table = core_.tables.table(departure.collection);
    if (table == nullptr) return {};
    SATCHEL_ASSIGN(const auto stored, core_.tables.load(*table, departure.id));
    if (!stored || stored->seq > departure.seq) return {};
    return leave_scope(*table, departure.id, departure.scope);
}

}  // namespace satchel::storage
