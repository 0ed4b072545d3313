// Which scopes a record has, and its children after it.
#include <algorithm>
#include <set>

#include "sync/limits.hpp"
#include "sync/mutants.hpp"
#include "sync/rules.hpp"
#include "sync/server_judge.hpp"

namespace satchel {
namespace {

void add_unique(std::vector<std::string>& scopes, std::string scope) {
    const auto at = std::lower_bound(scopes.begin(), scopes.end(), scope);
    if (at == scopes.end() || *at != scope) scopes.insert(at, std::move(scope));
}

std::optional<RecordId> reference(const ValueView& value) {
    if (value.type != ValueType::bytes) return std::nullopt;
    const auto id = RecordId::from_bytes(value.bytes);
    return id ? std::optional(*id) : std::nullopt;
}

}  // namespace

bool same_scoping(const Collection& a, const Collection& b) {
    if (a.scope.everyone != b.scope.everyone || a.scope.owner != b.scope.owner ||
        a.scope.pool != b.scope.pool || a.scope.parents != b.scope.parents)
        return false;
    std::vector<FieldId> fields = a.scope.parents;
    fields.push_back(a.scope.owner);
    fields.push_back(a.scope.pool);
    return std::all_of(fields.begin(), fields.end(), [&](FieldId id) {
        const Field* field = number(id) == 0 ? nullptr : a.find(id);
        const Cell* before = field == nullptr ? nullptr : a.cell(field->cell);
        const Cell* after = field == nullptr ? nullptr : b.cell(field->cell);
        return before == nullptr || after == nullptr ||
               (before->rule == after->rule && before->order == after->order);
    });
}

Value shown_field(const Collection& collection, const RecordState& state, FieldId field) {
    const std::size_t position = collection.position(field);
    if (position == collection.fields.size()) return {};
    const Cell* cell = collection.cell(collection.fields[position].cell);
    const CellState* held = cell == nullptr ? nullptr : state.cell(cell->id);
    if (held == nullptr) return {};
    const std::vector<Value> shown = shown_values(*cell, *held);
    for (std::size_t i = 0; i < cell->fields.size() && i < shown.size(); ++i)
        if (cell->fields[i] == position) return shown[i];
    return {};
}

Result<std::vector<std::string>> scopes_from(const Collection& collection, const FieldReader& read,
                                             const ParentScopes& parent_scopes) {
    const ScopeRule& rule = collection.scope;
    if (rule.everyone) return std::vector<std::string>{kEveryoneScope};
    std::vector<std::string> scopes;
    if (number(rule.owner) != 0)
        if (const auto owner = reference(read(rule.owner))) scopes.push_back(user_scope(*owner));
    if (number(rule.pool) != 0) {
        const ValueView pool = read(rule.pool);
        if (pool.type == ValueType::text && !pool.bytes.empty())
            add_unique(scopes, pool_scope(pool.bytes));
    }
    for (const FieldId field : rule.parents) {
        const auto parent = reference(read(field));
        if (!parent) continue;
        SATCHEL_ASSIGN(const std::vector<std::string> inherited, parent_scopes(*parent));
        for (const std::string& scope : inherited)
            if (scope != kHeadOfficeScope) add_unique(scopes, scope);
    }
    if (scopes.empty()) scopes.emplace_back(kHeadOfficeScope);
    return scopes;
}

Result<std::vector<std::string>> scopes_of(
    const Collection& collection, const RecordState& state,
    const std::function<Result<std::vector<std::string>>(const RecordId&)>& parent_scopes) {
    Value shown;  // lives while its view is looked at
    const FieldReader read = [&](FieldId field) {
        shown = shown_field(collection, state, field);
        return shown.view();
    };
    return scopes_from(collection, read, parent_scopes);
}

// A parent's scopes: those kept with it where it has no parents itself; otherwise worked out anew,
// because two records that name each other would keep each other's scopes for ever.
Result<std::vector<std::string>> Scoping::of_record(const RecordId& id, std::size_t depth) {
    const auto known = known_.find(id);
    if (depth == 1 && known != known_.end()) return known->second;
    std::vector<std::string> scopes;
    if (depth > kMaxScopeDepth) return scopes;
    SATCHEL_ASSIGN(const auto its, store_.collection_of(id));
    if (!its) {
        SATCHEL_TRY(store_.note_dangling(id));
        return scopes;
    }
    const Collection* collection = store_.schema()->find(*its);
    if (collection->scope.parents.empty()) {
        SATCHEL_ASSIGN(auto kept, store_.scopes_of_record(*its, id));
        if (kept) scopes = *std::move(kept);
    } else {
        SATCHEL_ASSIGN(scopes, of_row(*collection, id, depth));
    }
    if (depth > 1) return scopes;  // from fewer parents than of a record that names it itself
    if (known_.size() >= kMaxKnown) known_.clear();
    known_.emplace(id, scopes);
    return scopes;
}

Result<std::vector<std::string>> Scoping::of_row(const Collection& collection, const RecordId& id,
                                                 std::size_t depth) {
    std::vector<std::string> scopes;
    std::vector<Value> shown;  // of the fields that scope it
    std::vector<FieldId> fields = collection.scope.parents;
    fields.push_back(collection.scope.owner);
    fields.push_back(collection.scope.pool);
    const auto take = [&](const RowView& row) -> Status {
        RecordState dead;
        if (row.dead) {
            SATCHEL_ASSIGN(dead, decode_state(row.meta));
        }
        for (const FieldId field : fields) {
            const auto at = std::find(row.layout->fields.begin(), row.layout->fields.end(), field);
            if (row.dead)
                shown.push_back(shown_field(collection, dead, field));
            else if (at == row.layout->fields.end())
                shown.emplace_back();
            else
                shown.emplace_back(
                    row.registers[static_cast<std::size_t>(at - row.layout->fields.begin())]);
        }
        return {};
    };
    SATCHEL_ASSIGN(const bool found, store_.visit_row(collection.id, id, take));
    if (!found) return scopes;
    const FieldReader read = [&](FieldId field) {
        const auto at = std::find(fields.begin(), fields.end(), field);
        return shown[static_cast<std::size_t>(at - fields.begin())].view();
    };
    return scopes_from(collection, read, [this, depth](const RecordId& parent) {
        return of_record(parent, depth + 1);
    });
}

// The children of records whose scopes changed get the same seq and follow, level by level, until
// none changes: what is too deep to inherit has nothing to follow. One set-based statement per
// level would do the same on a store that has it.
Status Scoping::follow(std::vector<RecordId> changed, Sequence seq, std::int64_t now_ms) {
    if (broken(Mutant::children_left_behind)) return {};
    while (!changed.empty()) {
        known_.clear();
        std::set<RecordId> next;
        for (const RecordId& id : changed) {
            SATCHEL_ASSIGN(const auto children, store_.children(id));
            visited_ += children.size();
            for (const auto& child : children) {
                SATCHEL_ASSIGN(const bool moved, rescope(child.first, child.second, seq, now_ms));
                if (moved) next.insert(child.second);
            }
        }
        changed.assign(next.begin(), next.end());
    }
    known_.clear();
    return {};
}

Result<bool> Scoping::rescope(CollectionId id, const RecordId& record, Sequence seq,
                              std::int64_t now_ms) {
    const Collection* collection = store_.schema()->find(id);
    if (collection == nullptr) return false;
    SATCHEL_ASSIGN(const auto scopes, of_row(*collection, record, 0));
    SATCHEL_ASSIGN(const auto kept, store_.scopes_of_record(id, record));
    if (!kept || *kept == scopes) return false;
    SATCHEL_TRY(store_.rescope(id, record, seq, scopes, now_ms));
    return true;
}

}  // namespace satchel
