// What a broken line and a restored head office leave on a device. Each of these was first a seed
// of the simulation.
#include "sync/limits.hpp"
#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

class Restored : public Trouble {
  protected:
    // `a` and a copy of it in its second incarnation; of the first one head office lacks something.
    std::unique_ptr<Phone> forked_copy(RecordId& id) {
        id = a_->create("Acme");
        a_->sync(*head_);
        back_up();
        a_->set(id, "name", "lost there");
        a_->sync(*head_);
        const auto first = a_->copied(file("first"));
        first->create("Other");
        first->sync(*head_);
        a_->set(id, "pool", "");
        EXPECT_TRUE(a_->sync(*head_).forked);
        return a_->copied(file("twin"));
    }
    Result<SyncRequest> next(DeviceSession& session) {
        const auto request = session.next_request(kNow);
        if (!request || !*request) return Error{ErrorCode::not_found, "the session has ended"};
        return decode_request(**request, services());
    }
    const Services& services() { return head_->store().services(); }
    void take(DeviceSession& session, const SyncReply& reply) {
        ASSERT_TRUE(session.take_reply(encode(reply, services()), kNow));
    }
    // The clock of what is shown names all that is shown, and both head office and the device go on
    // from there.
    void expect_sound(const RecordId& id) {
        const RecordState shown = a_->record(id).state;
        for (const CellState& cell : shown.cells)
            for (const Sibling& sibling : cell.siblings)
                EXPECT_TRUE(shown.clock.covers(sibling.dot)) << sibling.dot.text();
        a_->set(id, "note", "later");
        everybody_syncs({a_.get(), b_.get()});
        EXPECT_EQ(a_->values(id, kNote), Texts{"later"});
        EXPECT_EQ(a_->record(id).state, head_->state(kAccount, id));
        EXPECT_EQ(b_->record(id).state, head_->state(kAccount, id));
    }
    // By another device's tag, after its deletion here.
    RecordId revived_account() {
        const RecordId id = a_->create("Acme");
        everybody_syncs({a_.get(), b_.get()});
        auto removal = *a_->replica().begin();
        EXPECT_TRUE(removal.remove("account", id, nullptr));
        EXPECT_TRUE(removal.commit());
        auto tagging = *b_->replica().begin();
        EXPECT_TRUE(tagging.add_to_set("account", id, "tags", "hot"));
        EXPECT_TRUE(tagging.commit());
        everybody_syncs({a_.get(), b_.get()});
        return id;
    }
};

// Seeds 84294 and, with --mix restores, 3303: of two changes on one record head office refuses the
// first, and the row that should confirm the second is lost.
TEST_F(Restored, WhatSettlesWithoutItsRowStaysUnderWhatIsTakenBack) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
    a_->set(id, "pool", "nowhere");
    a_->set(id, "note", "kept");
    DeviceSession session(a_->replica(), services(), {});
    SyncReply reply = answer(session);
    ASSERT_EQ(reply.verdicts.size(), 2U);
    ASSERT_TRUE(reply.checkpoint);
    reply.pages.clear();
    take(session, reply);
    EXPECT_EQ(a_->replica().status()->not_accepted, 1U);
    EXPECT_EQ(a_->values(id, kPool), Texts{});
    EXPECT_EQ(a_->values(id, kNote), Texts{"kept"});
    expect_sound(id);
}

// Seeds 51879 and 84: the row that came is older than what settles, and newer than other changes.
TEST_F(Restored, WhatSettlesAboveTheRowThatCameStaysOnIt) {
    const RecordId id = a_->create("Acme");
    everybody_syncs({a_.get(), b_.get()});
    a_->set(id, "note", "in the row");
    const auto twin = a_->copied(file("twin"));
    b_->set(id, "name", "of b");
    b_->sync(*head_);
    DeviceSession twins(twin->replica(), services(), {});
    const SyncReply older = answer(twins);
    ASSERT_FALSE(older.pages.empty());
    a_->set(id, "note", "above it");
    DeviceSession session(a_->replica(), services(), {});
    SyncReply reply = answer(session);
    ASSERT_TRUE(reply.checkpoint);
    reply.pages = older.pages;
    take(session, reply);
    EXPECT_EQ(a_->values(id, kName), Texts{"of b"});
    EXPECT_EQ(a_->values(id, kNote), Texts{"above it"});
    expect_sound(id);
}

// Seed 65683: an image of before the first sync gives a second change the dot of one that head
// office has lost, and that others have seen.
TEST_F(Restored, WhoNeverSyncedGoesByANewNameAtARestoredServer) {
    const RecordId id = a_->create("Acme");
    a_->image(file("image"));
    head_->write({create(kProduct, record_id(7), {text(kName, "Pump")})});
    back_up();
    a_->set(id, "note", "first");
    everybody_syncs({a_.get(), b_.get()});
    b_->set(id, "note", "has seen the first");
    restore();
    a_->go_back_to(file("image"));
    a_->set(id, "note", "another");
    a_->sync(*head_);
    EXPECT_GT(a_->replica().sync_state()->replica.incarnation, 1U);
    everybody_syncs({b_.get(), a_.get()});
    EXPECT_EQ(b_->replica().status()->held, 1U);
    const Caller caller = *b_->caller();
    head_->store().look_up_callers(
        [&caller](std::uint64_t, const RecordId&) -> Result<std::optional<Caller>> {
            return std::optional(caller);
        });
    ASSERT_TRUE(head_->store().sweep_held(kNow + kHoldDeadlineMs + 1));
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(a_->values(id, kNote), (Texts{"another", "has seen the first"}));
    EXPECT_EQ(a_->record(id).state, b_->record(id).state);
}

// Seed 46291: nothing is left that the deleter had not seen.
TEST_F(Restored, WhoTakesOutWhatBroughtARecordBackSeesItGoAtOnce) {
    const RecordId id = revived_account();
    ASSERT_FALSE(a_->record(id).dead);
    auto transaction = *a_->replica().begin();
    ASSERT_TRUE(transaction.remove_from_set("account", id, "tags", "hot"));
    ASSERT_TRUE(transaction.commit());
    EXPECT_TRUE(a_->record(id).dead);
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_TRUE(a_->record(id).dead);
    EXPECT_TRUE(b_->record(id).dead);
}

// Seed 93285: head office, restored, does not know the record; the change that waits for it went
// into the table of another collection, whose sums never added up again.
TEST_F(Restored, ADeletedRecordIsOneOfItsOwnCollection) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    auto transaction = *a_->replica().begin();
    ASSERT_TRUE(transaction.remove("account", id, nullptr));
    ASSERT_TRUE(transaction.commit());
    EXPECT_TRUE(a_->replica().record("account", id)->dead);
    const auto elsewhere = a_->replica().record("product", id);
    ASSERT_FALSE(elsewhere);
    EXPECT_EQ(elsewhere.error().code, ErrorCode::not_found);
}

// Seed 88536: what the file says of sets of scopes is not what its index says.
TEST_F(Restored, ADamagedTableOfScopesIsSaidToBeDamaged) {
    a_->sync(*head_);
    ASSERT_TRUE(a_->replica().database().execute(
        ("INSERT INTO scope_set (keys) VALUES ('" + user_scope(user_id(1)) + "')").c_str()));
    a_->create("Acme");
    const auto synced = a_->try_sync(*head_);
    ASSERT_FALSE(synced);
    EXPECT_EQ(synced.error().code, ErrorCode::corrupt) << synced.error().message;
}

// Seed 24588: the second change had seen the note, under the number of the first one, whose form
// was older than the note. Which changes of the record there had been went with the log-out.
TEST_F(Restored, WhatIsIssuedAgainAfterALogOutHasSeenWhatTheRecordHeld) {
    const RecordId id = a_->create("Acme");
    const VectorClock form = a_->record(id).token();
    a_->set(id, "note", "first");
    everybody_syncs({a_.get(), b_.get()});
    back_up();
    a_->set(id, "note", "of an old form", &form);
    a_->set(id, "note", "has seen both");
    restore();
    ASSERT_TRUE(a_->replica().wipe(true));
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"has seen both"});
}

// Seed 3921 of --mix restores: the copy made something else under the number that the note has.
TEST_F(Restored, AReadTokenMeansTheRecordsOwnChangeWhateverACopyCountedSince) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    back_up();
    const auto twin = a_->copied(file("twin"));
    a_->set(id, "note", "of the original");
    a_->sync(*head_);
    twin->create("Other");
    ASSERT_TRUE(twin->sync(*head_).forked);
    ASSERT_EQ(twin->values(id, kNote), Texts{"of the original"});
    const VectorClock form = twin->record(id).token();
    restore();
    twin->sync(*head_);
    ASSERT_EQ(twin->values(id, kNote), Texts{});
    twin->set(id, "note", "later", &form);
    everybody_syncs({twin.get(), a_.get(), twin.get()});
    EXPECT_EQ(a_->values(id, kNote), Texts{"later"});
}

// The note waits when the form is opened, and is not accepted before the form is saved.
TEST_F(Restored, AFormThatShowedWhatWasRefusedSinceIsSaved) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
    a_->set(id, "pool", "nowhere");
    const VectorClock form = a_->record(id).token();
    a_->sync(*head_);
    ASSERT_EQ(a_->replica().status()->not_accepted, 1U);
    a_->set(id, "note", "saved", &form);
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(a_->replica().status()->not_accepted, 1U);
    EXPECT_EQ(b_->values(id, kNote), Texts{"saved"});
}

// Seed 4052 of --mix restores: what a request about an earlier incarnation shows does not prove
// that the changes under the names of the present one are this device's.
TEST_F(Restored, AboutAnEarlierIncarnationNoStateComesDown) {
    RecordId id;
    const auto twin = forked_copy(id);
    twin->set(id, "note", "of the twin");
    a_->set(id, "note", "of a");
    restore();
    twin->sync(*head_);
    DeviceSession session(a_->replica(), services(), {});
    std::size_t earlier = 0;
    for (auto asked = next(session); asked; asked = next(session)) {
        const auto handled = head_->handle(*asked, *a_->caller());
        ASSERT_TRUE(handled);
        if (asked->closed && handled->reply.status == ReplyStatus::ok) {
            ++earlier;
            EXPECT_TRUE(handled->reply.pages.empty());
            EXPECT_FALSE(handled->reply.checkpoint);
        }
        take(session, handled->reply);
        EXPECT_FALSE(a_->values(id, kNote).empty());
    }
    EXPECT_GT(earlier, 0U);
    everybody_syncs({twin.get(), a_.get()});
    EXPECT_EQ(a_->values(id, kNote), (Texts{"of a", "of the twin"}));
}

// What comes down does not stop for what head office does not take now.
TEST_F(Restored, WhereAnEarlierIncarnationIsNotTakenThePresentOneHasItsNews) {
    RecordId id;
    forked_copy(id);
    restore();
    const RecordId news = b_->create("News");
    b_->sync(*head_);
    DeviceSession session(a_->replica(), services(), {});
    bool was_refused = false;
    for (auto asked = next(session); asked; asked = next(session)) {
        ASSERT_TRUE(!was_refused || asked->changesets.empty());
        auto handled = head_->handle(*asked, *a_->caller());
        ASSERT_TRUE(handled);
        SyncReply& reply = handled->reply;
        if (asked->closed && reply.status == ReplyStatus::ok) {
            was_refused = true;
            reply.refusal = "there is no room";
            reply.verdicts.clear();
            reply.acked_counter = asked->base_counter;
        }
        take(session, reply);
    }
    EXPECT_TRUE(was_refused);
    EXPECT_TRUE(session.done());
    EXPECT_EQ(session.report().refusal, "there is no room");
    EXPECT_TRUE(a_->replica().record("account", news));
}

// Seeds 36185 and 71655: the note went up under the names of two copies, and the journal no longer
// keeps the second of them.
TEST_F(Restored, WhatIsIssuedAgainHasSeenAnAliasThatTheJournalHasDropped) {
    const RecordId id = a_->create("Acme");
    everybody_syncs({a_.get(), b_.get()});
    const auto first = a_->copied(file("first"));
    a_->set(id, "note", "of both");
    const auto last = a_->copied(file("last"));
    first->set(id, "pool", "");
    first->sync(*head_);
    ASSERT_TRUE(a_->sync(*head_).forked);

    SessionOptions one_at_a_time;
    one_at_a_time.upload_bytes = 1;
    DeviceSession session(last->replica(), services(), one_at_a_time);
    take(session, answer(session));
    ASSERT_TRUE(session.report().forked);
    last->create("Other");
    last->set(id, "name", "of the last");
    last->set(id, "note", "later");
    const SyncReply alias = answer(session);
    ASSERT_EQ(alias.verdicts.size(), 1U);
    ASSERT_EQ(alias.verdicts[0].kind, VerdictKind::alias);
    take(session, alias);
    take(session, answer(session));
    ASSERT_TRUE(last->replica().database().execute(
        "DELETE FROM entry WHERE number IN (SELECT number FROM verdict WHERE state = 5)"));
    const ReplicaId left = last->replica().sync_state()->replica;
    ASSERT_TRUE(last->replica().take_incarnation({left, left.incarnation + 5, 2, {}}));
    everybody_syncs({last.get(), a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kName), Texts{"of the last"});
    EXPECT_EQ(b_->values(id, kNote), Texts{"later"});
}

}  // namespace
}  // namespace satchel::test
