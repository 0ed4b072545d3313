// What a device issues again after a fork or a restore, under new dots: in the order in which it
// was written, and with all that it had seen. Each of these was first a seed of the simulation.
#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

class Reissue : public Trouble {
  protected:
    // Head office has lost what it builds on.
    RecordId write_a_note_that_waits() {
        const RecordId id = a_->create("Acme");
        everybody_syncs({a_.get(), b_.get()});
        back_up();
        b_->set(id, "name", "of b");
        everybody_syncs({b_.get(), a_.get()});
        a_->set(id, "note", "first");
        a_->sync(*head_);
        restore();
        a_->sync(*head_);
        return id;
    }
    // Three copies, of which `a` and the one that it gives wrote the note before they parted: that
    // one has it under a name of its own, under the first one's, and under head office's. `form`:
    // what its person was shown before that.
    std::unique_ptr<Phone> parted_copy(const RecordId& id, const char* note,
                                       VectorClock* form = nullptr) {
        const auto first = a_->copied(file("first"));
        a_->set(id, "note", note);
        auto last = a_->copied(file("last"));
        if (form != nullptr) *form = last->record(id).token();
        first->set(id, "name", "of the first");
        first->sync(*head_);
        EXPECT_TRUE(a_->sync(*head_).forked);
        EXPECT_TRUE(last->sync(*head_).forked);
        return last;
    }
};

// Seed 3016 of the simulation: what waits at head office for another device's change is lost there,
// and here its chain is gone with a log-out, so it gets new dots; and so does what was written
// after it. Within an incarnation the later counter replaces the earlier one.
TEST_F(Reissue, WhatWaitedKeepsItsPlaceBeforeWhatWasWrittenLater) {
    const RecordId id = write_a_note_that_waits();
    ASSERT_EQ(a_->replica().status()->held, 1U);
    a_->set(id, "note", "second");
    restore();
    ASSERT_TRUE(a_->replica().wipe(true));
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().status()->held, 2U);
    everybody_syncs({b_.get(), a_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
    EXPECT_EQ(a_->replica().status()->held, 0U);
}

// Seed 7317 of the simulation: what waited goes up again, and behind it is nothing any more; the
// place of what the log-out took was read as damage, and the device never synced again.
TEST_F(Reissue, WhatWaitedGoesUpAlsoBeforeAHoleThatALogOutLeft) {
    const RecordId id = write_a_note_that_waits();
    a_->set(id, "note", "second");
    a_->create("Other");
    a_->sync(*head_);
    ASSERT_EQ(a_->replica().status()->held, 2U);
    ASSERT_TRUE(a_->replica().wipe(true));
    restore();
    everybody_syncs({a_.get(), b_.get(), a_.get()});
    EXPECT_EQ(a_->replica().status()->held, 0U);
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
}

// What goes up next is less than what is here: a device that is shut out now would lose the rest if
// it took the end of that for the end of everything.
TEST_F(Reissue, WhatAwaitsANewIncarnationIsNotTakenForHandedOver) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    back_up();
    a_->set(id, "note", "sent");
    a_->sync(*head_);
    a_->set(id, "name", "never sent");
    restore();
    DeviceSession session(a_->replica(), head_->store().services(), {});
    const SyncReply restored = answer(session);
    ASSERT_EQ(restored.status, ReplyStatus::restored);
    ASSERT_TRUE(session.take_reply(encode(restored, head_->store().services()), kNow));
    const auto state = a_->replica().sync_state();
    ASSERT_TRUE(state);
    EXPECT_EQ(state->last_counter, 2U);
    EXPECT_FALSE(*a_->replica().is_handed_over(state->replica, 2));
    EXPECT_TRUE(*a_->replica().is_handed_over(state->replica, 3));
}

// Seeds 7324 and 11172 of the simulation: head office knows the note under a dot that the original
// of this copy has got. What is written before that dot has come down counts as having seen it.
TEST_F(Reissue, AnAliasStaysOnTheScreenUntilItsOriginalHasCome) {
    const RecordId id = a_->create("Acme");
    everybody_syncs({a_.get(), b_.get()});
    back_up();
    a_->set(id, "note", "first");
    const auto twin = a_->copied(file("twin"));
    twin->sync(*head_);
    restore();
    for (int i = 0; i < 4; ++i)
        b_->create("Other");
    b_->sync(*head_);
    a_->sync(*head_);
    head_->options.max_rows = 1;
    const Services& services = head_->store().services();
    DeviceSession session(twin->replica(), services, {});
    for (auto request = session.next_request(kNow); request && *request;
         request = session.next_request(kNow)) {
        const auto asked = decode_request(**request, services);
        const auto handled = head_->handle(*asked, *a_->caller());
        ASSERT_TRUE(handled);
        ASSERT_TRUE(session.take_reply(encode(handled->reply, services), kNow));
        EXPECT_EQ(twin->values(id, kNote), Texts{"first"}) << session.report().rounds;
    }
    EXPECT_GT(session.report().rounds, 4U);
    EXPECT_EQ(twin->replica().status()->held, 0U);
}

// Seed 1281 of the simulation: both copies have the first note; head office, restored, gets it from
// the original under a new name. What the twin wrote on top has seen it under that name, too.
TEST_F(Reissue, WhatIsIssuedAgainHasSeenWhatHeadOfficeKnowsUnderTheNamesOfACopy) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    back_up();
    a_->set(id, "note", "first");
    const auto twin = a_->copied(file("twin"));
    twin->sync(*head_);
    twin->set(id, "note", "second");
    restore();
    a_->sync(*head_);
    everybody_syncs({twin.get(), a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
}

// Seed 2638 of the simulation: head office, restored, does not have yet what the copy has seen.
TEST_F(Reissue, WhatIsIssuedAgainHasSeenWhatACopyWroteInAnIncarnationOfItsOwn) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    back_up();
    const auto twin = a_->copied(file("twin"));
    twin->set(id, "name", "of the twin");
    twin->sync(*head_);
    a_->set(id, "note", "first");
    ASSERT_TRUE(a_->sync(*head_).forked);
    twin->sync(*head_);
    twin->set(id, "note", "second");
    restore();
    twin->sync(*head_);
    everybody_syncs({a_.get(), twin.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
}

// Seed 7357 of the simulation: the twin's own change had that name too, until head office took the
// original's under it. When the twin has seen that one, the name means it.
TEST_F(Reissue, WhatIsIssuedAgainHasSeenWhatACopyWroteUnderANameThatBothHad) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    back_up();
    const auto twin = a_->copied(file("twin"));
    a_->set(id, "note", "first");
    a_->sync(*head_);
    twin->set(id, "name", "of the twin");
    ASSERT_TRUE(twin->sync(*head_).forked);
    twin->set(id, "note", "second");
    restore();
    everybody_syncs({twin.get(), a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
}

// Seed 5918 of the simulation.
TEST_F(Reissue, AReadTokenIsGoodWhereAChangeHasThreeNames) {
    const RecordId id = a_->create("Acme");
    const auto last = parted_copy(id, "first");
    const auto shown = last->replica().record("account", id);
    ASSERT_TRUE(shown);
    auto transaction = *last->replica().begin();
    const Status written =
        transaction.set("account", id, {{"note", Value::text("second")}}, &shown->token());
    ASSERT_TRUE(written) << written.error().message;
    ASSERT_TRUE(transaction.commit());
    everybody_syncs({last.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
    EXPECT_EQ(b_->values(id, kName), Texts{"of the first"});
}

// Seed 6631 of the simulation: the restored head office has lost both names of the note, and until
// the walk has come by its record the copy has it twice.
TEST_F(Reissue, WhatARestoredServerLostIsShownOnce) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    back_up();
    const auto last = parted_copy(id, "once");
    restore();
    DeviceSession session(last->replica(), head_->store().services(), {});
    const SyncReply restored = answer(session);
    ASSERT_EQ(restored.status, ReplyStatus::restored);
    ASSERT_TRUE(session.take_reply(encode(restored, head_->store().services()), kNow));
    EXPECT_EQ(last->values(id, kNote), Texts{"once"});
}

// Seed 112 of the mix `restores`: under new dots the entry got a new hash, and nobody could tell.
TEST_F(Reissue, WhatWasDamagedInTheJournalIsNotIssuedAgain) {
    a_->create("before");
    a_->sync(*head_);
    a_->create("Acme");
    ASSERT_TRUE(a_->replica().database().execute(
        "UPDATE entry SET bytes = CAST(replace(bytes, 'Acme', 'Acne') AS BLOB)"));
    const auto state = a_->replica().sync_state();
    ASSERT_TRUE(state);
    const Status issued = a_->replica().take_incarnation({state->replica, 9, 1, {}});
    ASSERT_FALSE(issued);
    EXPECT_EQ(issued.error().code, ErrorCode::corrupt);
    EXPECT_EQ(a_->replica().sync_state()->replica, state->replica);
}

// Seed 18360 of the simulation: what was refused was sent again twice, so two entries without a
// verdict lie before what goes up, and before them nothing is kept. Head office has the first one.
TEST_F(Reissue, AChainGoesUpFromTheFarthestPlaceThatIsKept) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto send_again_in_vain = [&] {
        head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
        a_->sync(*head_);
        ASSERT_EQ(a_->replica().status()->not_accepted, 1U);
        head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return true; });
    };
    a_->set(id, "pool", "nowhere");
    send_again_in_vain();
    back_up();
    ASSERT_TRUE(a_->replica().resend(a_->replica().journal(1)->front().number));
    send_again_in_vain();
    ASSERT_TRUE(a_->replica().resend(a_->replica().journal(1)->front().number));
    a_->sync(*head_);
    restore();
    back_up();  // the next epoch is a later one
    a_->create("Other");
    a_->sync(*head_);
    restore();
    ASSERT_TRUE(a_->replica().database().execute("DELETE FROM entry WHERE number = 1"));
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().status()->pending, 0U);
    EXPECT_EQ(a_->replica().status()->held, 0U);
}

// Seed 19210 of the simulation: what the twin had written under that name was refused; now it is
// the original's note, and the form was opened on that.
TEST_F(Reissue, AReadTokenOfWhatIsShownNowMeansWhatIsShown) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    a_->set(id, "note", "of the original");
    a_->sync(*head_);
    twin->set(id, "pool", "nowhere");
    head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
    ASSERT_TRUE(twin->sync(*head_).forked);
    ASSERT_EQ(twin->replica().status()->not_accepted, 1U);
    const VectorClock form = twin->record(id).token();
    twin->set(id, "note", "of the twin", &form);
    twin->sync(*head_);
    EXPECT_EQ(twin->values(id, kNote), Texts{"of the twin"});
}

// Seed 304 of the simulation, with --mix restores: what the twin had been shown of the original is
// lost at head office when it saves its form, and comes back.
TEST_F(Reissue, AReadTokenStillMeansWhatAnotherCopyWroteAndHeadOfficeLost) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    back_up();
    a_->set(id, "name", "of the original");
    a_->set(id, "note", "of the original");
    a_->sync(*head_);
    twin->create("Other");
    ASSERT_TRUE(twin->sync(*head_).forked);
    const VectorClock form = twin->record(id).token();
    restore();
    twin->sync(*head_);
    ASSERT_EQ(twin->values(id, kNote), Texts{});
    twin->set(id, "note", "of the twin", &form);
    everybody_syncs({twin.get(), a_.get(), twin.get()});
    EXPECT_EQ(twin->values(id, kNote), Texts{"of the twin"});
}

// Seed 566 of the simulation, with --mix restores: the form knows the note by its first name, and a
// restored head office takes it under the second, which was an alias of a third.
TEST_F(Reissue, AReadTokenFollowsANameThatHeadOfficeTakesAfterARestore) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    back_up();
    VectorClock form;
    const auto last = parted_copy(id, "of both", &form);
    restore();
    last->sync(*head_);
    last->set(id, "note", "later", &form);
    everybody_syncs({last.get(), a_.get(), last.get()});
    EXPECT_EQ(last->values(id, kNote), Texts{"later"});
}

// Seeds 1726 and 1871 of the simulation, with --mix restores: the form knows only what was written
// here, under a number past that of what the twin wrote.
TEST_F(Reissue, AReadTokenOfBeforeAForkMeansNothingOfTheTwin) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    a_->create("Other");
    a_->set(id, "note", "of the original");
    const VectorClock form = a_->record(id).token();
    twin->set(id, "note", "of the twin");
    twin->sync(*head_);
    ASSERT_TRUE(a_->sync(*head_).forked);
    a_->set(id, "note", "later", &form);
    a_->sync(*head_);
    EXPECT_EQ(a_->values(id, kNote), (Texts{"later", "of the twin"}));
}

// Seed 2238 of the simulation, with --mix restores: what was written last had seen the note under
// the name that head office had for it, and has lost.
TEST_F(Reissue, WhatIsIssuedAgainHasSeenWhatWasKnownUnderALostName) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    back_up();
    const auto last = parted_copy(id, "of both");
    last->set(id, "note", "later");
    restore();
    DeviceSession session(last->replica(), head_->store().services(), {});
    const Bytes restored = encode(answer(session), head_->store().services());
    ASSERT_TRUE(session.take_reply(restored, kNow));
    const ReplicaId left = last->replica().sync_state()->replica;
    ASSERT_TRUE(last->replica().take_incarnation({left, 1'000'000'000, 0, {}}));
    const auto written = *last->replica().journal(2);
    const auto later = last->replica().changeset(written[0].number);
    const auto note = last->replica().changeset(written[1].number);
    ASSERT_EQ(note->header.replica, later->header.replica);
    EXPECT_TRUE(later->operations[0].clock.covers(note->dot(0)));
}

}  // namespace
}  // namespace satchel::test
