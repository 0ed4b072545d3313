#include "sync/server_held.hpp"

#include <algorithm>

#include "sync/limits.hpp"
#include "sync/server_judge.hpp"

namespace satchel {

Result<HeldRecords::Writes*> HeldRecords::writes_of(ReplicaId replica) {
    const auto [at, is_new] = writes_.try_emplace(replica);
    Writes& writes = at->second;
    if (!is_new || !store_.has_held()) return &writes;
    SATCHEL_ASSIGN(const auto entries, store_.held_of(replica));
    for (const LoggedChangeset& entry : entries) {
        search_bytes_ += std::max(entry.bytes.size(), kLeastKeptBytes);
        std::uint64_t counter = entry.first_counter;
        SATCHEL_TRY(visit_records(entry.bytes, [&](CollectionId, const RecordId& record) {
            writes.emplace(record, counter++);
        }));
    }
    return &writes;
}

Result<std::uint64_t> HeldRecords::first(ReplicaId replica, const RecordId& record) {
    SATCHEL_ASSIGN(const Writes* writes, writes_of(replica));
    const auto at = writes->lower_bound({record, 0});
    return at == writes->end() || at->first != record ? 0 : at->second;
}

void HeldRecords::note(const Changeset& changeset) {
    const auto at = writes_.find(changeset.header.replica);
    if (at == writes_.end()) return;
    for (std::size_t i = 0; i < changeset.operations.size(); ++i)
        at->second.emplace(changeset.operations[i].record, changeset.header.first_counter + i);
}

void HeldRecords::forget(const Changeset& changeset) {
    const auto at = writes_.find(changeset.header.replica);
    if (at == writes_.end()) return;
    for (std::size_t i = 0; i < changeset.operations.size(); ++i)
        at->second.erase({changeset.operations[i].record, changeset.header.first_counter + i});
}

Result<bool> still_waits(ServerStore& store, const LoggedChangeset& held) {
    const Dot& dot = held.verdict.original;
    if (dot.counter == 0 || store.is_declared_lost(dot)) return false;
    SATCHEL_ASSIGN(const auto decided, store.decided(dot));
    if (decided) return *decided == VerdictKind::held;
    SATCHEL_ASSIGN(const auto known, store.replica(dot.replica));
    return !known || dot.counter > known->high;
}

Result<LoggedChangeset> with_bytes(ServerStore& store, const LoggedChangeset& held) {
    SATCHEL_ASSIGN(auto whole, store.logged(held.replica, held.first_counter));
    if (whole) return *std::move(whole);
    return Error{ErrorCode::corrupt, "a held changeset is not in the log"};
}

namespace {

// One look over all that are held, in log order: a chain of waiting ones resolves in one.
class HeldRound {
  public:
    HeldRound(ServerStore& store, const Services& services, std::int64_t now_ms)
        : store_(store), services_(services), now_ms_(now_ms), records_(store) {}

    Status run() {
        SATCHEL_ASSIGN(const auto entries, store_.held());
        for (const LoggedChangeset& held : entries) {
            if (is_spent()) break;
            SATCHEL_TRY(look_at(held));
        }
        return {};
    }
    std::size_t decided() const { return decided_; }
    bool is_spent() const { return search_bytes_ + records_.search_bytes() > kMaxSearchBytes; }

  private:
    Status look_at(const LoggedChangeset& held) {
        SATCHEL_ASSIGN(const bool waits, still_waits(store_, held));
        if (waits) return {};
        SATCHEL_ASSIGN(const auto caller, store_.caller_of(held));
        if (!caller) return {};
        SATCHEL_ASSIGN(LoggedChangeset entry, with_bytes(store_, held));
        SATCHEL_ASSIGN(const auto known, store_.replica(entry.replica));
        Judge judge({*caller,
                     store_,
                     services_,
                     records_,
                     now_ms_,
                     known ? known->cursor_given : Sequence{},
                     known && number(known->load_head) != 0,
                     {},
                     nullptr,
                     false});
        SATCHEL_TRY(judge.judge(entry));
        search_bytes_ += judge.search_bytes() + std::max(entry.bytes.size(), kLeastSearchBytes);
        SATCHEL_TRY(store_.save_verdict(entry));
        decided_ += entry.verdict.kind == VerdictKind::held ? 0 : 1;
        return {};
    }

    ServerStore& store_;
    const Services& services_;
    std::int64_t now_ms_;
    HeldRecords records_;
    std::size_t search_bytes_ = 0;
    std::size_t decided_ = 0;
};

}  // namespace

Result<std::size_t> judge_held(ServerStore& store, const Services& services, std::int64_t now_ms) {
    constexpr std::size_t kMaxRounds = 8;
    std::size_t decided = 0;
    for (std::size_t i = 0; i < kMaxRounds && store.has_held(); ++i) {
        HeldRound round(store, services, now_ms);
        SATCHEL_TRY(round.run());
        decided += round.decided();
        if (round.decided() == 0 || round.is_spent()) break;
    }
    return decided;
}

}  // namespace satchel
