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

Result<std::uint64_t> HeldRecords::first(ReplicaId replica, const RecordId& record,
                                         std::uint64_t after) {
    SATCHEL_ASSIGN(const Writes* writes, writes_of(replica));
    const auto at = writes->upper_bound({record, after});
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

namespace {

constexpr std::size_t kLookBytes = 256;  // what looking at one that waits on counts as

// Nothing has happened to what it waits for: to judge it again is no use.
Result<bool> still_waits(ServerStore& store, const LoggedChangeset& held) {
    const Dot& dot = held.verdict.original;
    if (dot.counter == 0) return false;
    SATCHEL_ASSIGN(const bool lost, store.is_declared_lost(dot));
    if (lost) return false;
    SATCHEL_ASSIGN(const auto decided, store.decided(dot));
    if (decided) return *decided == VerdictKind::held;
    SATCHEL_ASSIGN(const auto known, store.replica(dot.replica));
    return !known || dot.counter > known->high;
}

// One pass over those that are ready now.
class ReadyPass {
  public:
    ReadyPass(ServerStore& store, const HeldJudge& judge) : store_(store), judge_(judge) {}

    Status run() {
        SATCHEL_ASSIGN(const auto ready, store_.ready_held());
        for (const LoggedChangeset& held : ready) {
            if (is_spent()) break;
            search_bytes_ += kLookBytes;
            SATCHEL_ASSIGN(const bool waits, still_waits(store_, held));
            SATCHEL_TRY(waits ? store_.keep_waiting(held) : look_at(held));
        }
        return {};
    }
    bool is_spent() const { return search_bytes_ > kMaxSearchBytes; }
    std::vector<Verdict> take() { return std::move(decided_); }
    std::size_t decided() const { return decided_.size(); }

  private:
    Status look_at(const LoggedChangeset& held) {
        SATCHEL_ASSIGN(const bool mine, judge_.may_judge(held));
        if (!mine) return {};
        SATCHEL_ASSIGN(auto entry, store_.logged(held.replica, held.first_counter));
        if (!entry) return Error{ErrorCode::corrupt, "a held changeset is not in the log"};
        SATCHEL_ASSIGN(const std::size_t searched, judge_.judge(*entry));
        search_bytes_ += searched + std::max(entry->bytes.size(), kLeastSearchBytes);
        const Verdict& verdict = entry->verdict;
        if (verdict.kind == VerdictKind::held && verdict.original == held.verdict.original)
            return store_.keep_waiting(held);
        SATCHEL_TRY(store_.save_verdict(*entry, judge_.now_ms));
        if (verdict.kind != VerdictKind::held) decided_.push_back(verdict);
        return {};
    }

    ServerStore& store_;
    const HeldJudge& judge_;
    std::vector<Verdict> decided_;
    std::size_t search_bytes_ = 0;
};

// Head office does not know its device, or its author, any more: nobody can say what they might
// write, so what has waited long enough is kept aside, as what a revoked device hands in.
Caller nobody(const LoggedChangeset& held) {
    Caller caller;
    caller.replica = held.replica.id;
    caller.user = held.author;
    caller.revoked = true;
    return caller;
}

}  // namespace

Result<std::vector<Verdict>> judge_ready(ServerStore& store, const HeldJudge& judge) {
    ReadyPass pass(store, judge);
    for (std::size_t before = 0; store.has_held() && !pass.is_spent(); before = pass.decided()) {
        SATCHEL_TRY(pass.run());
        if (pass.decided() == before) break;
    }
    return pass.take();
}

Result<std::size_t> judge_held(ServerStore& store, const Services& services, std::int64_t now_ms) {
    HeldRecords records(store);
    std::optional<Caller> caller;
    HeldJudge judge;
    judge.now_ms = now_ms;
    judge.may_judge = [&](const LoggedChangeset& held) -> Result<bool> {
        SATCHEL_ASSIGN(caller, store.caller_of(held));
        if (!caller && now_ms - held.receipt > kHoldDeadlineMs) caller = nobody(held);
        return caller.has_value();
    };
    judge.judge = [&](LoggedChangeset& held) -> Result<std::size_t> {
        SATCHEL_ASSIGN(const auto known, store.replica(held.replica));
        const std::size_t before = records.search_bytes();
        Judge one({*caller,
                   store,
                   services,
                   records,
                   now_ms,
                   known ? known->cursor_given : Sequence{},
                   known && number(known->load_head) != 0,
                   {},
                   nullptr,
                   false});
        SATCHEL_TRY(one.judge(held));
        return one.search_bytes() + records.search_bytes() - before;
    };
    SATCHEL_ASSIGN(const auto decided, judge_ready(store, judge));
    return decided.size();
}

}  // namespace satchel
