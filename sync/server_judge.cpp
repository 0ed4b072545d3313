// Judging a changeset: what it is, and what its operations need.
#include "sync/server_judge.hpp"

#include <algorithm>

#include "sync/limits.hpp"
#include "sync/merge.hpp"
#include "sync/mutants.hpp"
#include "sync/validate.hpp"

namespace satchel {

bool intersect(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    auto at = a.begin();
    for (const std::string& key : b) {
        at = std::lower_bound(at, a.end(), key);
        if (at == a.end()) return false;
        if (*at == key) return true;
    }
    return false;
}

Status Judge::judge(LoggedChangeset& entry, Reason refused_before) {
    schema_ = store_.schema();
    new_schema_ = nullptr;
    works_.clear();
    named_.clear();
    look_ups_ = 0;
    searched_before_ = search_bytes_;
    late_ = false;
    Verdict& verdict = entry.verdict;
    verdict = {};
    verdict.incarnation = entry.replica.incarnation;
    verdict.first_counter = entry.first_counter;
    SATCHEL_ASSIGN(auto refusal, check(entry, refused_before));
    if (!refusal) {
        SATCHEL_TRY(merge(entry));
    } else {
        verdict.kind = refusal->kind;
        verdict.reason = refusal->reason;
        verdict.detail = std::move(refusal->detail);
        if (verdict.kind == VerdictKind::held) verdict.original = refusal->waits_for;
    }
    note_verdict(entry);
    return {};
}

// For those that are judged after it.
void Judge::note_verdict(const LoggedChangeset& entry) {
    if (entry.verdict.kind == VerdictKind::quarantined) note_refused(entry);
    if (!decoded_) return;  // nobody knows its records
    if (entry.verdict.kind == VerdictKind::held)
        context_.held.note(changeset_);
    else
        context_.held.forget(changeset_);
}

std::size_t Judge::search_bytes() const {
    return search_bytes_ + scoping_.visited() * kLeastSearchBytes;
}

Judge::Check Judge::check(LoggedChangeset& entry, Reason refused_before) {
    SATCHEL_ASSIGN(auto refusal, decode(entry));
    if (refusal) return refusal;
    if (context_.caller.revoked) return refuse(Reason::revoked, "the device was revoked");
    SATCHEL_ASSIGN(refusal, find_original(entry));
    if (refusal) return refusal;
    if (refused_before != Reason::none)
        return refuse(refused_before, "it was not accepted before head office was restored");
    SATCHEL_ASSIGN(refusal, check_schema_records());
    if (refusal) return refusal;
    SATCHEL_ASSIGN(refusal, prepare());
    if (refusal) return refusal;
    SATCHEL_ASSIGN(refusal, apply_all(entry));
    if (refusal) return refusal;
    return find_scopes();
}

Judge::Check Judge::decode(LoggedChangeset& entry) {
    decoded_ = false;
    auto decoded = decode_changeset(entry.bytes);
    if (!decoded) return refuse(Reason::malformed, decoded.error().message);
    changeset_ = *std::move(decoded);
    entry.id = changeset_.header.id;
    decoded_ = changeset_.header.replica == entry.replica &&
               changeset_.header.first_counter == entry.first_counter &&
               changeset_.last_counter() == entry.last_counter;
    if (!decoded_) return refuse(Reason::malformed, "its dots are not those it was sent under");
    return Check(std::nullopt);
}

// The same change under other dots: issued again after a fork. It counts once, and its first
// verdict is its verdict.
Judge::Check Judge::find_original(LoggedChangeset& entry) {
    if (entry.id == ChangeId{}) return refuse(Reason::malformed, "it has no id");
    SATCHEL_ASSIGN(const auto original, store_.log_entry(entry.replica.id, entry.id));
    const bool other = original && (original->replica != entry.replica ||
                                    original->first_counter != entry.first_counter);
    if (!other || broken(Mutant::known_id_counts_again)) return Check(std::nullopt);
    const Dot first{original->replica, original->first_counter};
    const Verdict& verdict = original->verdict;
    if (verdict.kind == VerdictKind::held) return wait_for(first);
    Refusal refusal{verdict.kind, verdict.reason, verdict.detail, {}};
    if (verdict.kind != VerdictKind::accepted) return std::optional(std::move(refusal));
    SATCHEL_ASSIGN(auto different, append_aliases(entry, first));
    if (different) return different;
    refusal.kind = VerdictKind::alias;
    entry.verdict.seq = verdict.seq;
    entry.verdict.effective = verdict.effective;
    entry.verdict.rank = verdict.rank;
    entry.verdict.late = verdict.late;
    entry.verdict.original = first;
    return std::optional(std::move(refusal));
}

// A schema's record brings the schema that everything beside it is read with.
Judge::Check Judge::check_schema_records() {
    for (const Operation& operation : changeset_.operations) {
        if (operation.collection != system_ids::kSchema || !context_.caller.head_office) continue;
        if (operation.kind != OperationKind::write || operation.cells.size() != 2 ||
            operation.cells[1].values.size() != 1)
            return refuse(Reason::invalid_value, "a schema is written whole and never deleted");
        auto schema = Schema::decode(operation.cells[1].values[0].as_bytes());
        if (!schema) return refuse(Reason::invalid_value, schema.error().message);
        if (operation.cells[0].values != std::vector<Value>{Value(schema->number())} ||
            schema->number() <= schema_->number())
            return refuse(Reason::invalid_value, "the number of a new schema is above the last");
        const Status successor = check_successor(*schema_, *schema);
        if (!successor) return refuse(Reason::invalid_value, successor.error().message);
        new_schema_ = std::make_shared<const Schema>(*std::move(schema));
        schema_ = new_schema_;
    }
    return Check(std::nullopt);
}

Judge::Check Judge::prepare() {
    works_.resize(changeset_.operations.size());
    for (std::size_t i = 0; i < works_.size(); ++i) {
        Work& work = works_[i];
        work.operation = &changeset_.operations[i];
        work.dot = changeset_.dot(i);
        const Status valid =
            validate(*work.operation, *schema_, context_.services.is_canonical_text);
        if (!valid)
            return refuse(valid.error().code == ErrorCode::not_found ? Reason::schema_unknown
                                                                     : Reason::invalid_value,
                          valid.error().message);
        work.collection = schema_->find(work.operation->collection);
        SATCHEL_ASSIGN(auto refusal, prepare_one(work));
        if (refusal) return refusal;
    }
    return Check(std::nullopt);
}

Judge::Check Judge::prepare_one(Work& work) {
    const Operation& operation = *work.operation;
    const RecordId& id = operation.record;
    SATCHEL_ASSIGN(const bool pruned, store_.in_grave(id));
    if (pruned)
        return refuse(Reason::pruned, "record " + id.text() + " was deleted and removed for good");
    SATCHEL_ASSIGN(work.before, store_.load(operation.collection, id));
    if (!work.before) {
        SATCHEL_ASSIGN(const auto other, store_.collection_of(id));
        if (other)
            return refuse(Reason::false_claim,
                          "record id " + id.text() + " belongs to another collection");
    }
    SATCHEL_ASSIGN(auto refusal, check_clock(work));
    if (refusal) return refusal;
    return check_rights_before(work);
}

}  // namespace satchel
