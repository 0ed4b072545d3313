#include "tests/ui/office.hpp"

#include <algorithm>

#include "storage/record_tables.hpp"
#include "storage/services.hpp"
#include "sync/page.hpp"

namespace satchel::window {
namespace {

std::int64_t now_ms() {
    return storage::SystemClock().now_ms();
}

Verdict verdict_on(const storage::JournalEntry& entry, VerdictKind kind) {
    Verdict verdict;
    verdict.incarnation = entry.replica.incarnation;
    verdict.first_counter = entry.first_counter;
    verdict.kind = kind;
    verdict.effective = Stamp::at(entry.committed_at);
    return verdict;
}

}  // namespace

Office::Office(storage::Replica& replica) : replica_(replica) {
    const auto status = replica.status();
    EXPECT_TRUE(status) << status.error().message;
    if (status) seq_ = number(status->cursor);
}

SyncReply Office::reply() {
    SyncReply reply;
    reply.epoch = 1;
    reply.server_now = now_ms();
    if (seq_ == 0) reply.gained = {"*"};
    reply.checkpoint = Checkpoint{Sequence{++seq_}, {}};
    reply.position.seq = Sequence{seq_};
    return reply;
}

void Office::send(SyncReply reply) {
    const Status taken = replica_.take(reply, {reply.server_now, now_ms()});
    ASSERT_TRUE(taken) << taken.error().message;
}

void Office::accept_everything() {
    SyncReply answer = reply();
    const auto entries = replica_.journal(1'000, true);
    ASSERT_TRUE(entries) << entries.error().message;
    for (const storage::JournalEntry& entry : *entries) {
        answer.verdicts.push_back(verdict_on(entry, VerdictKind::accepted));
        answer.verdicts.back().seq = Sequence{seq_};
        answer.acked_counter = std::max(answer.acked_counter, entry.last_counter);
    }
    PageWriter page;
    for (const Collection& collection : replica_.schema()->collections()) {
        auto rows =
            replica_.database().prepare("SELECT id FROM " + storage::quoted(collection.name));
        ASSERT_TRUE(rows) << rows.error().message;
        while (*rows->step())
            page.add(collection.id, RowKind::confirm, {}, *RecordId::from_bytes(rows->blob(0)),
                     Sequence{seq_}, {"*"}, "", {});
    }
    answer.pages.push_back(page.finish());
    send(answer);
}

void Office::reject_oldest(Reason reason, const std::string& detail) {
    SyncReply answer = reply();
    const auto entries = replica_.journal(1'000, true);
    ASSERT_TRUE(entries);
    const storage::JournalEntry* oldest = nullptr;
    for (const storage::JournalEntry& entry : *entries)
        if (entry.state == storage::ChangesetState::pending) oldest = &entry;
    ASSERT_NE(oldest, nullptr) << "nothing is pending";
    answer.verdicts = {verdict_on(*oldest, VerdictKind::quarantined)};
    answer.verdicts[0].reason = reason;
    answer.verdicts[0].detail = detail;
    send(answer);
}

void Office::colleague_wrote(const std::string& collection, const RecordId& id, ReplicaId colleague,
                             const std::string& cell_field, const std::vector<Value>& values,
                             std::int64_t at_ms) {
    SyncReply answer = reply();
    const auto view = replica_.record(collection, id);
    ASSERT_TRUE(view) << view.error().message;
    const Collection& known = *replica_.schema()->find(collection);
    RecordState state = view->confirmed;
    Sibling sibling;
    sibling.dot = {colleague, ++colleague_counter_};
    sibling.stamp = Stamp::at(at_ms);
    sibling.values = values;
    state.cell_or_new(known.find(cell_field)->cell).siblings = {sibling};
    state.clock.advance(sibling.dot);
    PageWriter page;
    page.add(known.id, RowKind::whole, {}, id, Sequence{seq_}, {"*"}, encode_state(state), {});
    answer.pages.push_back(page.finish());
    send(answer);
}

}  // namespace satchel::window
