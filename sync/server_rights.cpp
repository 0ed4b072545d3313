// Who may write what, in the server's order at the time of merging.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/server_judge.hpp"

namespace satchel {

// The value that the operation itself writes into a field; null when it writes none.
ValueView Judge::written(const Work& work, FieldId field) {
    const std::size_t position = work.collection->position(field);
    if (position == work.collection->fields.size()) return {};
    const FieldId cell_id = work.collection->fields[position].cell;
    for (const CellWrite& write : work.operation->cells) {
        if (write.cell != cell_id) continue;
        const Cell* cell = work.collection->cell(cell_id);
        for (std::size_t i = 0; i < cell->fields.size(); ++i)
            if (cell->fields[i] == position) return write.values[i].view();
    }
    return {};
}

bool Judge::writes_scope_field(const Work& work) {
    const ScopeRule& rule = work.collection->scope;
    const auto writes = [&work](FieldId id) {
        const Field* field = number(id) == 0 ? nullptr : work.collection->find(id);
        return field != nullptr &&
               std::any_of(work.operation->cells.begin(), work.operation->cells.end(),
                           [field](const CellWrite& write) { return write.cell == field->cell; });
    };
    return writes(rule.owner) || writes(rule.pool) ||
           std::any_of(rule.parents.begin(), rule.parents.end(), writes);
}

Judge::Check Judge::check_rights_before(const Work& work) {
    if (context_.caller.head_office || broken(Mutant::rights_not_judged))
        return Check(std::nullopt);
    const std::string what = work.collection->name + " " + work.operation->record.text();
    if (work.collection->write_right == WriteRight::head_office)
        return refuse(Reason::not_allowed, what + ": only head office writes here");
    if (!work.before) return Check(std::nullopt);
    if (work.collection->append_only && work.operation->kind == OperationKind::write)
        return refuse(Reason::not_allowed, what + ": records of this kind are never edited");
    if (intersect(work.before->scopes, context_.caller.scopes)) return Check(std::nullopt);
    return check_late(work);
}

// Made before a handover that the device provably could not know of: accepted, and flagged.
Judge::Check Judge::check_late(const Work& work) {
    const RecordId& id = work.operation->record;
    const std::string what = work.collection->name + " " + id.text();
    // Only what the device had been given, or had made, can it have edited in good faith.
    const std::vector<Dot>& writers = work.before->state.clock.entries();
    const bool had_it = context_.loads || work.before->created <= context_.cursor_given ||
                        std::any_of(writers.begin(), writers.end(), [this](const Dot& dot) {
                            return dot.replica.id == changeset_.header.replica.id;
                        });
    bool late = false;
    for (const std::string& scope : context_.caller.scopes) {
        SATCHEL_ASSIGN(const auto left, store_.departure(scope, id));
        late = late || (had_it && left && left->seq > context_.cursor_given &&
                        context_.now_ms - left->at <= kLateEditWindowMs);
    }
    if (!late && !broken(Mutant::every_edit_late))
        return refuse(Reason::not_allowed, what + ": it is not among the author's records");
    if (writes_scope_field(work))
        return refuse(Reason::not_allowed, what + ": it was handed over meanwhile");
    late_ = true;
    return Check(std::nullopt);
}

Judge::Check Judge::find_scopes() {
    const bool any_parents = std::any_of(works_.begin(), works_.end(), [](const Work& work) {
        return !work.collection->scope.parents.empty();
    });
    work_of_.clear();
    if (any_parents)
        for (const Work& work : works_)
            work_of_.emplace(work.operation->record, &work);
    for (Work& work : works_) {
        if (work.before && !writes_scope_field(work))
            work.after.scopes = work.before->scopes;
        else {
            SATCHEL_ASSIGN(work.after.scopes, scopes_of_work(work, 0));
        }
        SATCHEL_ASSIGN(auto refusal, check_rights_after(work));
        if (refusal) {
            SATCHEL_ASSIGN(auto parent, check_parents());
            return parent ? parent : refusal;
        }
        SATCHEL_ASSIGN(refusal, check_new_scopes(work));
        if (refusal) return refusal;
    }
    return Check(std::nullopt);
}

Result<std::vector<std::string>> Judge::scopes_of_work(const Work& work, std::size_t depth) {
    if (depth > kMaxScopeDepth) return std::vector<std::string>{};
    return scopes_by(work,
                     [this, depth](const RecordId& parent) -> Result<std::vector<std::string>> {
                         const auto at = work_of_.find(parent);
                         if (at != work_of_.end()) return scopes_of_work(*at->second, depth + 1);
                         return scoping_.of_record(parent, depth + 1);
                     });
}

Result<std::vector<std::string>> Judge::scopes_by(const Work& work,
                                                  const ParentScopes& parent_scopes) {
    Value shown;  // lives while its view is looked at
    const FieldReader read = [&](FieldId field) {
        if (work.fresh) return written(work, field);
        shown = shown_field(*work.collection, work.after.state, field);
        return shown.view();
    };
    return scopes_from(*work.collection, read, parent_scopes);
}

Judge::Check Judge::check_rights_after(const Work& work) const {
    if (context_.caller.head_office) return Check(std::nullopt);
    const bool unchanged = work.before && work.before->scopes == work.after.scopes;
    if (unchanged || intersect(work.after.scopes, context_.caller.scopes))
        return Check(std::nullopt);
    return refuse(Reason::not_allowed,
                  work.collection->name + " " + work.operation->record.text() +
                      ": it would belong to nobody whose records the author may write; "
                      "send it again with an owner");
}

// An owner or a pool that nobody knows would be a scope for ever, and no device would show the
// record.
Judge::Check Judge::check_new_scopes(const Work& work) {
    if (context_.caller.head_office) return Check(std::nullopt);
    const std::vector<std::string>& own = context_.caller.scopes;
    for (const std::string& scope : work.after.scopes) {
        if (std::binary_search(own.begin(), own.end(), scope)) continue;
        SATCHEL_ASSIGN(const bool known, store_.knows_scope(scope));
        if (known) continue;
        return refuse(Reason::invalid_value,
                      work.collection->name + " " + work.operation->record.text() +
                          ": it names an owner or a pool that head office does not know");
    }
    return Check(std::nullopt);
}

}  // namespace satchel
