// The walk over a device's scopes: a merge of one range scan per scope that has news.
#include <algorithm>
#include <tuple>

#include "storage/server_scopes.hpp"

namespace satchel::storage {
namespace {

constexpr const char* kWalk =
    "SELECT seq, id, collection, entered, gone_at FROM _scope_entry"
    " WHERE scope = ?1 AND (seq, id) > (?2, ?3) ORDER BY seq, id";

// Beyond every record of that seq.
RecordPlace after(Sequence seq) {
    RecordPlace position{seq, {}};
    position.id.bytes.fill(0xFF);
    return position;
}

}  // namespace

// One scope's scan; `position` is that of the row it stands on.
struct ServerScopes::Source {
    const Scope* scope = nullptr;
    Statement* rows = nullptr;
    bool loading = false;
    Sequence load_head{};
    RecordPlace position;
    RecordPlace start;  // outlives the bindings
    bool done = false;

    bool gone() const { return !rows->is_null(4); }

    // Steps to the next row that is news.
    Status next() {
        while (true) {
            SATCHEL_ASSIGN(const bool row, rows->step());
            done = !row;
            if (done) return {};
            position.seq = Sequence{static_cast<std::uint64_t>(rows->integer(0))};
            SATCHEL_ASSIGN(position.id, RecordId::from_bytes(rows->blob(1)));
            if (!loading || !gone() || position.seq > load_head) return {};
        }
    }
};

Result<Statement*> ServerScopes::walker(std::size_t index) {
    while (walkers_.size() <= index) {
        SATCHEL_ASSIGN(Statement statement, database_.prepare(kWalk));
        walkers_.push_back(std::move(statement));
    }
    walkers_[index].reset();
    return &walkers_[index];
}

Status ServerScopes::open_sources(const WalkQuery& query, std::vector<Source>& sources) {
    const auto add = [&](const std::string& key, const RecordPlace& start, bool loading) {
        const Scope* scope = find(key);
        if (scope == nullptr || Sequence{scope->last} < start.seq) return;
        sources.push_back({scope, nullptr, loading, query.load_head, {}, start, false});
    };
    for (const std::string& key : query.established)
        add(key, std::max(query.from, after(query.cursor)), false);
    for (const std::string& key : query.loading)
        add(key, std::max(query.from, after(query.loaded)), true);
    walkers_.reserve(sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
        SATCHEL_ASSIGN(sources[i].rows, walker(i));
        sources[i].rows->bind(1, static_cast<std::int64_t>(sources[i].scope - scopes_.data()) + 1);
        sources[i].rows->bind(2, stored(sources[i].start.seq));
        sources[i].rows->bind_blob(3, sources[i].start.id.view());
        SATCHEL_TRY(sources[i].next());
    }
    return {};
}

Result<std::vector<WalkItem>> ServerScopes::walk(const WalkQuery& query, std::size_t limit) {
    std::vector<Source> sources;
    const Status opened = open_sources(query, sources);
    const auto later = [&sources](std::size_t a, std::size_t b) {
        return std::tie(sources[a].position, sources[a].scope->key) >
               std::tie(sources[b].position, sources[b].scope->key);
    };
    std::vector<std::size_t> heap;
    for (std::size_t i = 0; opened && i < sources.size(); ++i)
        if (!sources[i].done) heap.push_back(i);
    std::make_heap(heap.begin(), heap.end(), later);
    std::vector<WalkItem> items;
    Status status = opened;
    while (status && !heap.empty()) {
        std::pop_heap(heap.begin(), heap.end(), later);
        Source& source = sources[heap.back()];
        if (items.empty() || items.back().position != source.position) {
            if (items.size() == limit) break;
            items.push_back({source.position, {}, {}, {}, {}});
        }
        WalkItem& item = items.back();
        item.collection = CollectionId{static_cast<std::uint32_t>(source.rows->integer(2))};
        const Sequence entered{static_cast<std::uint64_t>(source.rows->integer(3))};
        if (source.gone())
            item.left.push_back(source.scope->key);
        else
            item.held.push_back(source.scope->key);
        if (!source.gone() && !source.loading &&
            (item.entered == Sequence{} || entered < item.entered))
            item.entered = entered;
        status = source.next();
        if (source.done)
            heap.pop_back();
        else
            std::push_heap(heap.begin(), heap.end(), later);
    }
    for (std::size_t i = 0; i < sources.size() && i < walkers_.size(); ++i)
        walkers_[i].reset();
    if (!status) return status.error();
    return items;
}

Result<std::vector<ScopeItem>> ServerScopes::items(const ScopeQuery& query, std::size_t limit) {
    std::vector<ScopeItem> items;
    const auto known = scope_of_.find(query.scope);
    if (known == scope_of_.end()) return items;
    SATCHEL_ASSIGN(Statement * rows,
                   database_.cached("SELECT seq, id, collection FROM _scope_entry WHERE scope = ?1"
                                    " AND (seq, id) > (?2, ?3) AND seq <= ?4 AND gone_at IS NULL"
                                    " ORDER BY seq, id"));
    rows->bind(1, static_cast<std::int64_t>(known->second) + 1);
    rows->bind(2, stored(query.from.seq));
    rows->bind_blob(3, query.from.id.view());
    rows->bind(4, stored(query.until));
    while (items.size() < limit) {
        SATCHEL_ASSIGN(const bool more, rows->step());
        if (!more) break;
        const CollectionId collection{static_cast<std::uint32_t>(rows->integer(2))};
        if (!std::binary_search(query.collections.begin(), query.collections.end(), collection))
            continue;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows->blob(1)));
        items.push_back({{Sequence{static_cast<std::uint64_t>(rows->integer(0))}, id}, collection});
    }
    rows->reset();
    return items;
}

Sequence ServerScopes::last_change(const std::string& key) const {
    const Scope* scope = find(key);
    return scope == nullptr ? Sequence{} : Sequence{scope->last};
}

}  // namespace satchel::storage
