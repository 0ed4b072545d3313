// What a changeset builds on: clocks name only what is here, was answered, or is on its way.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/server_judge.hpp"

namespace satchel {
namespace {

constexpr std::size_t kMaxNamed = 64;                           // kept while judging one
constexpr std::size_t kMaxLookUps = 1'024;                      // while judging one
constexpr std::size_t kAliasBytes = 256;                        // what reading one counts as
constexpr std::size_t kMaxRefusedSearch = kMaxSearchBytes / 2;  // of refused ones, for a request

}  // namespace

Judge::Check Judge::check_clock(Work& work) {
    const Operation& operation = *work.operation;
    const RecordId& id = operation.record;
    if (work.before && work.before->state.clock.covers(work.dot))
        return refuse(Reason::false_claim, "record " + id.text() + " has taken in a later change");
    SATCHEL_ASSIGN(auto waits, check_own_held(work));
    if (waits) return waits;
    if (operation.clock.empty()) return Check(std::nullopt);
    SATCHEL_ASSIGN(auto too_many, expand(work));
    if (too_many) return too_many;
    Missing missing;
    for (const Dot& seen : operation.clock.entries()) {
        if (work.before && work.before->state.clock.covers(seen)) continue;
        SATCHEL_ASSIGN(auto refusal, check_entry(work, seen, missing));
        if (refusal) return refusal;
    }
    if (work.before) return Check(std::nullopt);
    if (missing.refused)
        return refuse(Reason::depends_on,
                      "the creation of record " + id.text() + " was not accepted");
    if (missing.lost)
        return refuse(Reason::dependency_lost,
                      "the creation of record " + id.text() + " was declared lost");
    return refuse(Reason::false_claim, "there is no record " + id.text());
}

Judge::Check Judge::check_entry(const Work& work, const Dot& seen, Missing& missing) {
    const std::string what = "record " + work.operation->record.text() + ", change " + seen.text();
    if (seen.replica == changeset_.header.replica &&
        seen.counter >= changeset_.header.first_counter)
        return refuse(Reason::false_claim, what + ": it was not yet made");
    SATCHEL_ASSIGN(const bool lost, store_.is_declared_lost(seen));
    if (lost) {
        missing.lost = true;
        return Check(std::nullopt);
    }
    const bool searches_on = !has_searched_enough();
    SATCHEL_ASSIGN(const Named* found, named(seen));
    if (found == nullptr && !searches_on)
        return refuse(Reason::false_claim, "it names too many changes that are not here");
    if (found == nullptr) return check_absent(seen);
    const std::size_t index = seen.counter - found->first;
    const bool on_record = found->readable ? index < found->records.size() &&
                                                 found->records[index] == work.operation->record
                                           : found->replica.id == changeset_.header.replica.id;
    if (!on_record || found->kind == VerdictKind::accepted) {
        // Two copies of one device may have used the dot in turns, one before a restore and one
        // after.
        if (store_.epoch() > 1) return wait_for(seen);
        return refuse(Reason::false_claim, what + ": it is not of this record");
    }
    if (found->kind == VerdictKind::held) return wait_for(seen);
    missing.refused = missing.refused || found->kind == VerdictKind::quarantined;
    return check_held_below(work, seen);
}

// What was refused waits for nothing, and may have passed a change that still waits: both were
// seen.
Judge::Check Judge::check_held_below(const Work& work, const Dot& seen) {
    Dot below{seen.replica, 0};
    while (true) {
        SATCHEL_ASSIGN(below.counter,
                       context_.held.first(seen.replica, work.operation->record, below.counter));
        if (below.counter == 0 || below.counter > seen.counter) return Check(std::nullopt);
        SATCHEL_ASSIGN(const bool lost, store_.is_declared_lost(below));
        if (!lost) return wait_for(below);
    }
}

// A record takes in a replica's changes in their order: its clock could not say that an earlier one
// is still missing. (A form opened before that one was written does not name it.)
Judge::Check Judge::check_own_held(const Work& work) {
    const ChangesetHeader& header = changeset_.header;
    SATCHEL_ASSIGN(const std::uint64_t first,
                   context_.held.first(header.replica, work.operation->record));
    if (first == 0 || first >= header.first_counter) return Check(std::nullopt);
    return wait_for({header.replica, first});
}

// What belongs to nobody because the record that it would belong to waits or was not accepted.
Judge::Check Judge::check_parents() {
    std::vector<RecordId> parents;
    for (const Work& work : works_) {
        const auto named =
            scopes_by(work, [&](const RecordId& parent) -> Result<std::vector<std::string>> {
                parents.push_back(parent);
                return std::vector<std::string>{};
            });
        SATCHEL_TRY(named);
    }
    const ChangesetHeader& header = changeset_.header;
    for (const RecordId& parent : parents) {
        SATCHEL_ASSIGN(const auto here, store_.collection_of(parent));
        if (here || work_of_.contains(parent)) continue;
        SATCHEL_ASSIGN(const std::uint64_t first, context_.held.first(header.replica, parent));
        if (first != 0 && first < header.first_counter) return wait_for({header.replica, first});
        SATCHEL_TRY(load_refused());
        if (refused_->contains(parent))
            return refuse(Reason::depends_on,
                          "the creation of record " + parent.text() + " was not accepted");
    }
    return Check(std::nullopt);
}

// The newest of all the device's incarnations: older ones have been looked at long ago.
Status Judge::load_refused() {
    if (refused_) return {};
    refused_.emplace();
    SATCHEL_ASSIGN(const auto entries,
                   store_.refused_of(changeset_.header.replica.id, kMaxRefusedSearch));
    for (const LoggedChangeset& entry : entries) {
        search_bytes_ += std::max(entry.bytes.size(), kLeastSearchBytes);
        note_refused(entry);
    }
    return {};
}

// Of one that cannot be read nobody knows its records.
void Judge::note_refused(const LoggedChangeset& entry) {
    if (!refused_) return;
    const Status read = visit_records(
        entry.bytes, [this](CollectionId, const RecordId& record) { refused_->insert(record); });
    static_cast<void>(read);
}

// The log has not got it. A server that was restored knows less than its devices.
Judge::Check Judge::check_absent(const Dot& seen) {
    SATCHEL_ASSIGN(const auto known, store_.replica(seen.replica));
    if (!known && store_.epoch() == 1)
        return refuse(Reason::false_claim, "nobody has made the change " + seen.text());
    if (known && seen.counter <= known->high)
        return refuse(Reason::false_claim, "the change " + seen.text() + " does not exist");
    if (broken(Mutant::nothing_held)) return Check(std::nullopt);
    return wait_for(seen);
}

// This changeset has made it look up as much as one may.
bool Judge::has_searched_enough() const {
    return look_ups_ >= kMaxLookUps || search_bytes_ - searched_before_ > kMaxSearchBytes;
}

// The changeset of the log that holds the dot; null when there is none.
Result<const Judge::Named*> Judge::named(const Dot& dot) {
    const auto at = std::find_if(named_.begin(), named_.end(), [&dot](const Named& one) {
        return one.replica == dot.replica && one.first <= dot.counter && dot.counter <= one.last;
    });
    if (at != named_.end()) return &*at;
    if (has_searched_enough()) return static_cast<const Named*>(nullptr);
    ++look_ups_;
    SATCHEL_ASSIGN(const auto logged, store_.logged(dot.replica, dot.counter));
    search_bytes_ += std::max(logged ? logged->bytes.size() : 0, kLeastSearchBytes);
    if (!logged) return static_cast<const Named*>(nullptr);
    Named one{logged->replica,
              logged->first_counter,
              logged->last_counter,
              logged->verdict.kind,
              false,
              {}};
    const Status read = visit_records(logged->bytes, [&one](CollectionId, const RecordId& record) {
        one.records.push_back(record);
    });
    one.readable = static_cast<bool>(read);
    if (named_.size() >= kMaxNamed) named_.clear();
    named_.push_back(std::move(one));
    return &named_.back();
}

// Who has seen an alias has seen what it stands for. An adopted copy stands for a refused
// change that only its own device ever showed: there alone it was seen.
Judge::Check Judge::expand(Work& work) {
    if (broken(Mutant::aliases_not_expanded)) return Check(std::nullopt);
    for (const Dot& seen : work.operation->clock.entries()) {
        SATCHEL_ASSIGN(const auto originals, store_.aliased(work.operation->record, seen));
        search_bytes_ += originals.size() * kAliasBytes;
        if (!originals.empty() && has_searched_enough())
            return refuse(Reason::false_claim, "its changes are known under too many names");
        for (const Dot& original : originals) {
            const bool adopted = original.replica.id != seen.replica.id;
            const bool its_own = changeset_.header.replica.id == seen.replica.id ||
                                 context_.caller.speaks_for == seen.replica.id;
            if (adopted && !its_own) continue;
            work.also_seen.push_back(original);
        }
    }
    std::sort(work.also_seen.begin(), work.also_seen.end());
    work.also_seen.erase(std::unique(work.also_seen.begin(), work.also_seen.end()),
                         work.also_seen.end());
    return Check(std::nullopt);
}

// A change that was issued again writes the records that it wrote.
Judge::Check Judge::append_aliases(const LoggedChangeset& entry, const Dot& first) {
    SATCHEL_ASSIGN(const auto original, store_.logged(first.replica, first.counter));
    if (!original) return Error{ErrorCode::corrupt, "an original is not in the log"};
    search_bytes_ += std::max(original->bytes.size(), kLeastSearchBytes);
    std::map<RecordId, std::uint64_t> counter_of;
    std::uint64_t counter = original->first_counter;
    SATCHEL_TRY(visit_records(original->bytes, [&](CollectionId, const RecordId& record) {
        counter_of.emplace(record, counter++);
    }));
    for (const Operation& operation : changeset_.operations)
        if (!counter_of.contains(operation.record))
            return refuse(Reason::false_claim, "record " + operation.record.text() +
                                                   " is not in the change that it has the id of");
    for (std::size_t i = 0; i < changeset_.operations.size(); ++i) {
        const RecordId& record = changeset_.operations[i].record;
        SATCHEL_TRY(store_.append_alias(record, {entry.replica, entry.first_counter + i},
                                        {original->replica, counter_of.at(record)}));
    }
    return Check(std::nullopt);
}

}  // namespace satchel
