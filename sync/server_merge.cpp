// Merging an accepted changeset: one seq, all its records, and the children that follow.
#include <algorithm>

#include "sync/merge.hpp"
#include "sync/mutants.hpp"
#include "sync/server_judge.hpp"

namespace satchel {
namespace {

// A mistake in the data or of ours, and not a disk that failed.
bool is_of_the_changeset(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::not_found ||
           code == ErrorCode::limit || code == ErrorCode::internal;
}

// New and only registers: encode_fresh_meta says it all. Cells of nulls count as not written.
bool is_plain_creation(const Operation& operation) {
    if (!operation.clock.empty() || !operation.sets.empty() || !operation.counters.empty())
        return false;
    return std::any_of(operation.cells.begin(), operation.cells.end(), [](const CellWrite& cell) {
        return std::any_of(cell.values.begin(), cell.values.end(),
                           [](const Value& value) { return !value.is_null(); });
    });
}

void set_cell_seq(std::vector<std::pair<FieldId, Sequence>>& seqs, FieldId cell, Sequence seq) {
    const auto at = std::lower_bound(
        seqs.begin(), seqs.end(), cell,
        [](const std::pair<FieldId, Sequence>& one, FieldId wanted) { return one.first < wanted; });
    if (at != seqs.end() && at->first == cell)
        at->second = seq;
    else
        seqs.emplace(at, cell, seq);
}

}  // namespace

const Layout& Judge::layout(const Collection& collection) {
    const auto at = layouts_.find(collection.id);
    if (at != layouts_.end()) return at->second;
    return layouts_.emplace(collection.id, layout_of(collection)).first->second;
}

Judge::Check Judge::apply_all(const LoggedChangeset& entry) {
    const ChangesetHeader& header = changeset_.header;
    effective_ =
        effective_stamp(header.stamp, entry.receipt, entry.device_now, header.committed_at);
    for (Work& work : works_) {
        work.fresh = !work.before && !late_ && is_plain_creation(*work.operation);
        if (work.fresh) continue;
        if (work.before) work.after = *work.before;
        const WriteContext write{.dot = work.dot,
                                 .stamp = effective_,
                                 .rank = context_.caller.rank,
                                 .intent = header.intent,
                                 .late = late_,
                                 .also_seen = work.also_seen};
        Status applied = apply(work.after.state, *work.operation, write);
        if (applied) applied = check_size(work.after.state);
        if (!applied)
            return refuse(Reason::invalid_value, work.collection->name + " " +
                                                     work.operation->record.text() + ": " +
                                                     applied.error().message);
    }
    return Check(std::nullopt);
}

Status Judge::merge(LoggedChangeset& entry) {
    SATCHEL_TRY(store_.savepoint());
    Verdict& verdict = entry.verdict;
    const auto seq = store_.next_seq();
    const Status merged = seq ? merge_all(*seq) : Status{seq.error()};
    if (!merged) {
        const Error error = merged.error();
        const Status undone = store_.roll_back();
        scoping_.forget();
        // A disk that failed may have ended the transaction too: the first error says what it was.
        if (!is_of_the_changeset(error.code)) return error;
        SATCHEL_TRY(undone);
        verdict.kind = VerdictKind::quarantined;
        verdict.reason = Reason::malformed;
        verdict.detail = "head office could not store it: " + error.message;
        return {};
    }
    SATCHEL_TRY(store_.release());
    for (const Work& work : works_)
        touch(work, *seq);
    verdict.kind = VerdictKind::accepted;
    verdict.seq = *seq;
    verdict.effective = effective_;
    verdict.rank = context_.caller.rank;
    verdict.late = late_;
    return {};
}

Status Judge::merge_all(Sequence seq) {
    rescoped_.clear();
    if (new_schema_) SATCHEL_TRY(use_new_schema(seq));
    for (Work& work : works_)
        SATCHEL_TRY(merge_one(work, seq));
    if (!rescoped_.empty()) SATCHEL_TRY(scoping_.follow(rescoped_, seq, context_.now_ms));
    return {};
}

Status Judge::merge_one(Work& work, Sequence seq) {
    const Operation& operation = *work.operation;
    const CollectionId collection = operation.collection;
    if (!work.before) {
        SATCHEL_ASSIGN(const bool awaited, store_.take_dangling(operation.record));
        if (awaited) rescoped_.push_back(operation.record);
    } else if (work.before->scopes != work.after.scopes) {
        rescoped_.push_back(operation.record);
    }
    if (work.fresh) return store_fresh(work, seq);
    work.after.seq = seq;
    if (!work.before)
        work.after.created = seq;
    else if (!broken(Mutant::patch_misses_cells))
        for (const CellWrite& cell : operation.cells)
            set_cell_seq(work.after.cell_seqs, cell.cell, seq);
    return store_.store(collection, operation.record, work.after, work.before, context_.now_ms);
}

Status Judge::store_fresh(const Work& work, Sequence seq) {
    const Layout& columns = layout(*work.collection);
    FreshRow row;
    row.registers.resize(columns.fields.size());
    for (const CellWrite& cell : work.operation->cells) {
        const LayoutCell* known = columns.cell(cell.cell);
        for (std::size_t i = 0; i < known->columns.size(); ++i)
            row.registers[known->columns[i]] = cell.values[i].view();
    }
    Writer meta;
    encode_fresh_meta(meta, work.dot, effective_, context_.caller.rank,
                      changeset_.header.intent == Intent::system);
    row.meta = meta.out();
    row.seq = seq;
    row.scopes = &work.after.scopes;
    return store_.store_fresh(work.operation->collection, work.operation->record, row);
}

// Collections whose scopes follow another rule now are gone through once.
Status Judge::use_new_schema(Sequence seq) {
    const SchemaPointer old = store_.schema();
    SATCHEL_TRY(store_.use_schema(new_schema_));
    layouts_.clear();
    scoping_.forget();
    for (const Collection& collection : new_schema_->collections()) {
        const Collection* before = old->find(collection.id);
        if (before == nullptr || same_scoping(*before, collection)) continue;
        SATCHEL_ASSIGN(const auto ids, store_.record_ids(collection.id));
        for (const RecordId& id : ids) {
            SATCHEL_ASSIGN(const bool moved,
                           scoping_.rescope(collection.id, id, seq, context_.now_ms));
            if (moved) rescoped_.push_back(id);
        }
    }
    return {};
}

void Judge::touch(const Work& work, Sequence seq) {
    if (context_.touched == nullptr) return;
    const bool known =
        !work.before || work.before->seq <= context_.cursor || broken(Mutant::confirmed_unmerged);
    const auto at =
        context_.touched->try_emplace(work.operation->record, Touched{seq, !work.before, known})
            .first;
    at->second.seq = seq;
    if (!work.also_seen.empty() || !context_.confirms) at->second.confirmable = false;
}

}  // namespace satchel
