// Adopting: head office writes as its own what a device's refused changeset says.
#include <algorithm>

#include "storage/server_core.hpp"

namespace satchel::storage {
namespace {

// What of the author's clock an adopted operation can still say it had seen: what the record has
// taken in, and what stands for something refused.
Result<VectorClock> still_known(ServerLog& log, const Operation& operation,
                                const std::optional<ServerRecord>& record) {
    VectorClock known;
    for (const Dot& seen : operation.clock.entries()) {
        const std::uint64_t held = record ? record->state.clock.counter(seen.replica) : 0;
        known.advance({seen.replica, std::min(held, seen.counter)});
        if (held >= seen.counter) continue;
        SATCHEL_ASSIGN(const auto logged, log.logged(seen.replica, seen.counter, false));
        const bool refused = logged && (logged->verdict.kind == VerdictKind::quarantined ||
                                        logged->verdict.kind == VerdictKind::alias);
        if (refused) known.advance(seen);
    }
    return known;
}

// Takes out of `adopted`, once issued as `dot`, what its author has written anew since.
void drop_replaced(Operation& adopted, const Dot& dot, const Operation& later) {
    if (later.record != adopted.record || !later.clock.covers(dot)) return;
    std::erase_if(adopted.cells, [&later](const CellWrite& write) {
        return std::any_of(later.cells.begin(), later.cells.end(),
                           [&write](const CellWrite& each) { return each.cell == write.cell; });
    });
    std::erase_if(adopted.sets, [&later](const SetWrite& write) {
        return std::any_of(later.sets.begin(), later.sets.end(), [&write](const SetWrite& each) {
            return each.field == write.field && each.element == write.element;
        });
    });
    if (later.kind != OperationKind::write) adopted.kind = OperationKind::write;
}

bool says_nothing(const Operation& operation) {
    return operation.kind == OperationKind::write && operation.cells.empty() &&
           operation.sets.empty() && operation.counters.empty();
}

// Whose record is there was sent again by its author, who alone knew its id: it stays as it is.
bool is_made_again(const Operation& operation, const std::optional<ServerRecord>& record) {
    return operation.clock.empty() && record.has_value();
}

// The changeset's operations as head office can write them now; some may say nothing any more.
Result<std::vector<Operation>> adoptable(SqliteServerStore& store, ServerLog& log,
                                         const NumberedChangeset& refused,
                                         const Changeset& changeset) {
    std::vector<Operation> operations = changeset.operations;
    SATCHEL_ASSIGN(const auto since, log.effective_since(refused.entry.replica.id, refused.number));
    for (const LoggedChangeset& entry : since) {
        SATCHEL_ASSIGN(const Changeset later, decode_changeset(entry.bytes));
        for (const Operation& each : later.operations)
            for (std::size_t i = 0; i < operations.size(); ++i)
                drop_replaced(operations[i], changeset.dot(i), each);
    }
    for (Operation& operation : operations) {
        SATCHEL_ASSIGN(const auto record, store.load(operation.collection, operation.record));
        if (is_made_again(operation, record)) operation = Operation{};
        if (operation.clock.empty()) continue;
        SATCHEL_ASSIGN(VectorClock known, still_known(log, operation, record));
        if (known.empty() && record && operation.kind != OperationKind::write)
            known = record->state.clock;
        if (!known.empty() || record) operation.clock = std::move(known);
    }
    return operations;
}

}  // namespace

Result<Verdict> SqliteServerStore::adopt(std::int64_t log_number, const RecordId& by,
                                         std::int64_t now_ms) {
    SATCHEL_ASSIGN(AdminTransaction transaction, AdminTransaction::begin(*this));
    SATCHEL_ASSIGN(const auto found, core_->log.numbered(log_number));
    if (!found || found->entry.verdict.kind != VerdictKind::quarantined)
        return Error{ErrorCode::not_found, "there is no such changeset in quarantine"};
    if (found->adopted)
        return Error{ErrorCode::invalid_argument, "the changeset was adopted already"};
    SATCHEL_ASSIGN(const Changeset changeset, decode_changeset(found->entry.bytes));
    SATCHEL_ASSIGN(std::vector<Operation> operations,
                   adoptable(*this, core_->log, *found, changeset));
    std::vector<std::pair<RecordId, Dot>> adopted;
    for (std::size_t i = 0; i < operations.size(); ++i)
        if (!says_nothing(operations[i]))
            adopted.emplace_back(operations[i].record, changeset.dot(i));
    std::erase_if(operations, says_nothing);
    Verdict verdict;
    verdict.kind = VerdictKind::accepted;
    verdict.seq = head();
    if (!operations.empty()) {
        SATCHEL_ASSIGN(verdict, write(std::move(operations), changeset.header.intent, now_ms, by,
                                      changeset.header.replica.id));
    }
    if (verdict.kind != VerdictKind::accepted) return verdict;
    // What its author goes on to write had seen the quarantined values: and so the adopted ones.
    for (std::size_t i = 0; i < adopted.size(); ++i)
        SATCHEL_TRY(append_alias(adopted[i].first, adopted[i].second,
                                 {core_->own, verdict.first_counter + i}));
    SATCHEL_TRY(core_->log.mark_adopted(log_number, by, now_ms));
    SATCHEL_TRY(transaction.commit());
    return verdict;
}

}  // namespace satchel::storage
