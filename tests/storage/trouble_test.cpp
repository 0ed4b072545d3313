// Copies, roll-backs and restores, with real replicas and a real store on files. Each of these was
// first a seed of the simulation.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

#include "storage/seal.hpp"
#include "storage/services.hpp"
#include "tests/storage/trouble_scene.hpp"

namespace satchel::test {
namespace {

namespace fs = std::filesystem;

Bytes fresh_meta() {
    Writer out;
    encode_fresh_meta(out, *Dot::parse("7:1"), Stamp::at(kNow), 0, false);
    return out.take();
}

Bytes product_page(const RecordId& id, ByteView meta) {
    PageWriter page;
    page.add(kProduct, RowKind::whole, layout_of(*company()->find(kProduct)), id, Sequence{1},
             {kEveryoneScope}, meta, {Value::text("x").view()});
    return page.finish();
}

// The company's schema with another rule for notes.
SchemaPointer other_rule() {
    std::vector<Collection> collections;
    const SchemaPointer before = company();
    for (const Collection& collection : before->collections())
        if (number(collection.id) >= system_ids::kFirstFree) collections.push_back(collection);
    auto schema = Schema::build(2, std::move(collections),
                                {{kAccount, {{kNote, ConflictRule::first_writer, {}}}}});
    EXPECT_TRUE(schema) << (schema ? "" : schema.error().message);
    return schema ? std::make_shared<const Schema>(*std::move(schema)) : nullptr;
}

TEST_F(Trouble, WhatARestoredServerLostComesBackUnderTheNamesThatOthersKnow) {
    a_->sync(*head_);
    b_->sync(*head_);
    back_up();
    const RecordId id = a_->create("Acme");
    a_->set(id, "note", "first");
    a_->sync(*head_);
    b_->sync(*head_);
    b_->set(id, "note", "second");  // has seen the first
    b_->sync(*head_);
    restore();
    EXPECT_TRUE(b_->sync(*head_).restored);  // waits: the record is not there yet
    EXPECT_EQ(b_->replica().status()->held, 1U);
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(a_->values(id, kNote), Texts{"second"});
    EXPECT_EQ(b_->values(id, kNote), Texts{"second"});
    EXPECT_EQ(b_->replica().status()->held, 0U);
}

TEST_F(Trouble, AfterARestoreACopyDoesNotTakeTheNamesThatItsTwinHadUsed) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    back_up();
    a_->set(id, "note", "of the original");
    a_->sync(*head_);
    b_->sync(*head_);
    b_->set(id, "note", "has seen it");
    twin->set(id, "name", "of the twin");  // the same counter
    restore();
    twin->sync(*head_);
    EXPECT_NE(twin->replica().sync_state()->replica.incarnation, 1U);
    everybody_syncs({b_.get(), a_.get(), twin.get()});
    EXPECT_EQ(b_->values(id, kNote), Texts{"has seen it"});
    EXPECT_EQ(b_->values(id, kName), Texts{"of the twin"});
    EXPECT_EQ(b_->replica().status()->not_accepted, 0U);
}

TEST_F(Trouble, BothCopiesOfADeviceKeepWhatTheyWrote) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    twin->set(id, "note", "of the twin");
    twin->sync(*head_);
    a_->set(id, "name", "of the original");
    a_->set(id, "note", "of the original");
    EXPECT_TRUE(a_->sync(*head_).forked);
    everybody_syncs({a_.get(), twin.get()});
    EXPECT_EQ(a_->values(id, kNote), (Texts{"of the original", "of the twin"}));
    EXPECT_EQ(a_->values(id, kName), Texts{"of the original"});
    EXPECT_EQ(twin->values(id, kNote), a_->values(id, kNote));
}

// What the server has beyond may be of a copy, under the same names.
TEST_F(Trouble, NoStateComesDownBeforeTheDeviceHasProvedWhatTheServerKnowsOfIt) {
    const RecordId id = a_->create("Acme");
    a_->set(id, "note", "second");
    a_->image(file("image"));
    a_->sync(*head_);
    a_->go_back_to(file("image"));  // as if the answer had been lost
    const Caller caller = *a_->caller();
    SessionOptions one_by_one;
    one_by_one.upload_bytes = 1;
    DeviceSession session(a_->replica(), head_->store().services(), one_by_one);
    for (const bool proved : {false, true}) {
        const auto request = session.next_request(kNow);
        const auto asked = decode_request(**request, head_->store().services());
        ASSERT_EQ(asked->changesets.size(), 1U);
        const SyncReply reply = head_->handle(*asked, caller)->reply;
        EXPECT_EQ(reply.verdicts.size(), 1U);
        EXPECT_EQ(reply.checkpoint.has_value(), proved);
        EXPECT_EQ(reply.pages.empty(), !proved);
        ASSERT_TRUE(session.take_reply(encode(reply, head_->store().services()), kNow));
    }
    EXPECT_TRUE(session.done());
    EXPECT_EQ(a_->values(id, kNote), Texts{"second"});
}

TEST_F(Trouble, AFormThatWasOpenAcrossAForkReplacesWhatItShowed) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    a_->image(file("image"));
    a_->set(id, "note", "lost with the roll-back");
    a_->sync(*head_);
    a_->go_back_to(file("image"));
    a_->set(id, "note", "shown in the form");
    const VectorClock token = a_->record(id).token();
    EXPECT_TRUE(a_->sync(*head_).forked);
    a_->set(id, "note", "saved", &token);
    a_->sync(*head_);
    EXPECT_EQ(a_->values(id, kNote), (Texts{"lost with the roll-back", "saved"}));
}

TEST_F(Trouble, ARecordThatCannotBeReadIsParkedOnceAndHoldsNothingUp) {
    a_->sync(*head_);
    const auto damaged = [](SyncReply& reply) {
        reply.pages.push_back(product_page(record_id(7), "damaged"));
    };
    take(damaged);
    take(damaged);
    EXPECT_EQ(a_->replica().status()->parked, 1U);
    a_->sync(*head_);
}

TEST_F(Trouble, WhatWasParkedGoesWhenItCanBeReadOrAScopeIsLost) {
    a_->sync(*head_);
    take([](SyncReply& reply) {
        reply.pages.push_back(product_page(record_id(7), "damaged"));
        reply.pages.push_back(product_page(record_id(8), "damaged, too"));
    });
    EXPECT_EQ(a_->replica().status()->parked, 2U);
    take([](SyncReply& reply) { reply.pages.push_back(product_page(record_id(7), fresh_meta())); });
    EXPECT_EQ(a_->replica().status()->parked, 1U);
    EXPECT_TRUE(a_->replica().record("product", record_id(7)));
    take([](SyncReply& reply) { reply.lost.push_back(user_scope(user_id(1))); });
    EXPECT_EQ(a_->replica().status()->parked, 0U);
}

TEST_F(Trouble, AClockThatFellBackWritesAfterWhatHeadOfficeHadSaid) {
    FixedClock clock;
    clock.now = kNow;
    PhoneOptions options;
    options.clock = &clock;
    Phone phone(file("flat-battery"), options);
    const RecordId id = phone.create("before");
    phone.sync(*head_);
    clock.now = 0;
    phone.set(id, "name", "after");
    const storage::RecordView view = phone.record(id);
    EXPECT_GE(view.state.cell(kName)->siblings.front().stamp.ms(), head_->clock_source.now);
}

// Asked for the time it finds no memory.
class ClockWithoutMemory : public FixedClock {
  public:
    std::int64_t now_ms() override {
        if (fails) throw std::bad_alloc();
        return now;
    }
    bool fails = false;
};

// As behind the guard of the C API.
TEST_F(Trouble, WhenMemoryEndsInTheMiddleOfAReplyNothingOfItHasHappened) {
    ClockWithoutMemory clock;
    PhoneOptions options;
    options.clock = &clock;
    Phone phone(file("small"), options);
    phone.sync(*head_);
    back_up();
    const RecordId id = phone.create("Acme");
    phone.sync(*head_);
    restore();
    const auto before = phone.replica().sync_state();
    clock.fails = true;
    EXPECT_THROW(static_cast<void>(phone.try_sync(*head_)), std::bad_alloc);
    clock.fails = false;
    EXPECT_EQ(phone.replica().sync_state()->acked_counter, before->acked_counter);
    everybody_syncs({&phone, b_.get()});
    EXPECT_EQ(b_->values(id, kName), Texts{"Acme"});
}

TEST_F(Trouble, WhatIsNeverEditedIsRefusedAtOnceButMadeInSeveralSteps) {
    auto transaction = *a_->replica().begin();
    const auto id = transaction.create("visit", {{"owner", Value::id(user_id(1))}});
    ASSERT_TRUE(id);
    EXPECT_TRUE(transaction.set("visit", *id, {{"name", Value::text("first")}}));
    ASSERT_TRUE(transaction.commit());
    auto later = *a_->replica().begin();
    EXPECT_EQ(later.set("visit", *id, {{"name", Value::text("second")}}).error().code,
              ErrorCode::invalid_argument);
    EXPECT_TRUE(later.remove("visit", *id));
    ASSERT_TRUE(later.commit());
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().status()->not_accepted, 0U);
}

TEST_F(Trouble, WhatIsKeptWhenADeviceIsWipedStillGoesUp) {
    const RecordId first = a_->create("settled");
    a_->sync(*head_);
    const RecordId second = a_->create("pending");
    ASSERT_TRUE(a_->replica().wipe(true));
    EXPECT_FALSE(a_->replica().record("account", first));
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().status()->pending, 0U);
    EXPECT_TRUE(head_->state(kAccount, second).exists());
    EXPECT_TRUE(a_->replica().record("account", first));
    EXPECT_TRUE(a_->replica().record("account", second));
}

// Seeds 35 and 111 of the simulation.
TEST_F(Trouble, ASealedWipeHidesWhatHeadOfficeSaidUntilTheLogIn) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    write_what_is_refused(id);
    const std::string said = a_->replica().journal(1)->front().detail;
    ASSERT_NE(said, "");
    const storage::SealKey key = storage::SealKey::make();
    ASSERT_TRUE(a_->replica().wipe(true, &key));
    const auto in_clear = [this](ByteView text) {
        std::ifstream bytes(file("a"), std::ios::binary);
        const std::string all{std::istreambuf_iterator<char>(bytes), {}};
        return all.find(text) != std::string::npos;
    };
    EXPECT_FALSE(in_clear(said));
    EXPECT_FALSE(in_clear(id.view()));
    EXPECT_EQ(a_->replica().journal(1)->front().detail, "");
    ASSERT_TRUE(a_->replica().unseal({key}));
    EXPECT_EQ(a_->replica().journal(1)->front().detail, said);
}

TEST_F(Trouble, WhatAWipeKeptGoesUpToARestoredServerToo) {
    back_up();
    a_->create("settled");
    a_->create("settled as well");
    a_->sync(*head_);
    const RecordId kept = a_->create("kept");
    a_->set(kept, "note", "and edited");
    ASSERT_TRUE(a_->replica().wipe(true));
    restore();
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(kept, kNote), Texts{"and edited"});
    EXPECT_EQ(a_->replica().status()->pending, 0U);
}

TEST_F(Trouble, AServerThatIsRestoredAfterTheWipeGetsWhatCameSince) {
    back_up();
    a_->create("settled");
    a_->sync(*head_);
    const RecordId kept = a_->create("kept");
    ASSERT_TRUE(a_->replica().wipe(true));
    a_->sync(*head_);
    a_->set(kept, "note", "later");
    restore();
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(kept, kNote), Texts{"later"});
    const auto entries = a_->replica().journal(100);
    ASSERT_TRUE(entries);
    for (const storage::JournalEntry& entry : *entries)
        EXPECT_TRUE(a_->replica().changeset(entry.number)) << entry.number;
}

// Seed 102 of the simulation: it looked for its first change for ever.
TEST_F(Trouble, AServerThatIsRestoredMeetsADeviceThatAWipeLeftNothingOf) {
    back_up();
    a_->create("gone with the server");
    a_->sync(*head_);
    ASSERT_TRUE(a_->replica().wipe(true));
    a_->sync(*head_);
    restore();
    const RecordId id = a_->create("after");
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kName), Texts{"after"});
    EXPECT_EQ(a_->replica().status()->pending, 0U);
}

TEST_F(Trouble, ACopyOfAWipedFileKeepsWhatBothWrote) {
    a_->create("settled");
    a_->sync(*head_);
    const RecordId kept = a_->create("kept");
    ASSERT_TRUE(a_->replica().wipe(true));
    const auto twin = a_->copied(file("twin"));
    const RecordId mine = a_->create("of the first");
    const RecordId theirs = twin->create("of the twin");
    everybody_syncs({a_.get(), twin.get(), b_.get()});
    for (const RecordId& id : {kept, mine, theirs})
        EXPECT_EQ(b_->values(id, kName).size(), 1U) << id.text();
}

TEST_F(Trouble, AWipeLeavesNothingOfWhatHeadOfficeHas) {
    a_->create("settled-and-secret");
    a_->sync(*head_);
    a_->create("pending");
    ASSERT_TRUE(a_->replica().wipe(true));
    a_->image(file("image"));
    std::ifstream in(file("image"), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(in), {});
    EXPECT_EQ(bytes.find("settled-and-secret"), std::string::npos);
    EXPECT_NE(bytes.find("pending"), std::string::npos);
}

TEST_F(Trouble, AnotherRuleShowsAnotherValueOnTheDeviceToo) {
    b_->sync(*head_);
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    a_->set(id, "note", "first");
    b_->set(id, "note", "second");
    everybody_syncs({a_.get(), b_.get()});
    const auto shown = [&] {
        return *a_->replica().database().integer("SELECT note = 'first' FROM account");
    };
    const std::int64_t before = shown();
    ASSERT_TRUE(head_->store().install_schema(*other_rule(), kNow));
    everybody_syncs({a_.get()});
    EXPECT_NE(shown(), before);
}

TEST_F(Trouble, SendingAgainAnEditOfADeletedRecordShowsIt) {
    const RecordId id = record_id(7);
    head_->write({create(kProduct, id, {text(kName, "Pump")})});
    a_->sync(*head_);
    auto transaction = *a_->replica().begin();
    ASSERT_TRUE(transaction.set("product", id, {{"name", Value::text("Mine")}}));
    ASSERT_TRUE(transaction.commit());
    a_->sync(*head_);  // only head office writes products
    Operation removal = write(kProduct, id, {}, {});
    removal.kind = OperationKind::remove;
    head_->write({removal});
    a_->sync(*head_);
    const auto rejected = a_->replica().journal(10, true);
    ASSERT_EQ(rejected->size(), 1U);
    ASSERT_TRUE(a_->replica().resend(rejected->front().number));
    EXPECT_EQ(*a_->replica().database().integer("SELECT count(*) FROM product WHERE name = 'Mine'"),
              1);
    const auto again = a_->replica().changeset(a_->replica().journal(1)->front().number);
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->operations[0].clock.covers(
        {rejected->front().replica, rejected->front().first_counter}));
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().status()->not_accepted, 1U);
}

// Seed 34722 of the simulation: the note waits while the record's making is refused and sent again.
// Head office adopts the first making and takes the note too, and a note that the author wrote
// without being shown it covered it.
TEST_F(Trouble, WhatWaitsIsShownWhenItsRecordIsSentAgain) {
    auto transaction = *a_->replica().begin();
    const auto id = transaction.create("account", {{"name", Value::text("Acme")},
                                                   {"owner", Value::id(user_id(1))},
                                                   {"pool", Value::text("nowhere")}});
    ASSERT_TRUE(id);
    ASSERT_TRUE(transaction.commit());
    const std::int64_t making = a_->replica().journal(1)->front().number;
    a_->set(*id, "note", "waits");
    head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return false; });
    SessionOptions one_at_a_time;
    one_at_a_time.upload_bytes = 1;
    DeviceSession session(a_->replica(), head_->store().services(), one_at_a_time);
    const SyncReply refused = answer(session);
    ASSERT_EQ(refused.verdicts.size(), 1U);
    ASSERT_TRUE(session.take_reply(encode(refused, head_->store().services()), kNow));
    ASSERT_EQ(a_->replica().status()->not_accepted, 1U);
    ASSERT_FALSE(a_->replica().record("account", *id));

    head_->store().look_up_scopes([](const std::string&) -> Result<bool> { return true; });
    ASSERT_TRUE(a_->replica().resend(making));
    EXPECT_EQ(a_->values(*id, kNote), Texts{"waits"});
    ASSERT_TRUE(
        head_->store().adopt(head_->store().quarantine(1)->front().number, user_id(1), kNow));
    a_->set(*id, "note", "later");
    everybody_syncs({a_.get()});
    EXPECT_EQ(a_->replica().status()->not_accepted, 0U);
    EXPECT_EQ(a_->values(*id, kNote), Texts{"later"});
}

// Seed 647 of the simulation.
TEST_F(Trouble, WhatWasDismissedInAnEarlierIncarnationHoldsNothingUpAfterARestore) {
    RecordId id;
    dismiss_and_part_from_a_twin(id);
    restore();
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kName), Texts{"later"});
    EXPECT_EQ(a_->replica().status()->pending, 0U);
}

// The chain goes up whole, with what the person has given up; this head office would have no reason
// of its own to refuse it.
TEST_F(Trouble, WhatWasDismissedStaysSoAtARestoredServer) {
    a_->session_options.upload_bytes = 1;  // one changeset in a request
    a_->sync(*head_);
    back_up();
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    write_what_is_refused(id);
    ASSERT_EQ(a_->replica().status()->not_accepted, 1U);
    ASSERT_TRUE(a_->replica().dismiss(a_->replica().journal(1)->front().number));
    a_->set(id, "name", "Acme Ltd");
    a_->sync(*head_);
    EXPECT_EQ(a_->values(id, kPool), Texts{});
    restore();
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(head_->state(kAccount, id).cell(kName)->siblings[0].values[0],
              Value::text("Acme Ltd"));
    EXPECT_EQ(head_->state(kAccount, id).cell(kPool), nullptr);
    EXPECT_EQ(a_->record(id).state, head_->state(kAccount, id));
    EXPECT_EQ(b_->record(id).state, head_->state(kAccount, id));
    EXPECT_EQ(a_->replica().status()->not_accepted, 0U);
}

// Seed 1185 of the simulation: b's value had seen all of a's up to its name, and so, by the number,
// the refused one. Accepted now, that one would be gone without anybody having replaced it.
TEST_F(Trouble, WhatWasRefusedStaysSoAtARestoredServer) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    b_->sync(*head_);
    back_up();
    write_what_is_refused(id);
    a_->set(id, "name", "Acme Ltd");
    a_->sync(*head_);
    b_->sync(*head_);
    b_->set(id, "pool", "north");
    b_->sync(*head_);
    restore();
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(a_->values(id, kPool), Texts{"north"});
    EXPECT_EQ(a_->values(id, kName), Texts{"Acme Ltd"});
    ASSERT_EQ(a_->replica().status()->not_accepted, 1U);
    EXPECT_EQ(a_->replica().journal(9, true)->front().reason, Reason::invalid_value);
    const auto kept = head_->store().quarantine(9, false);
    ASSERT_TRUE(kept);
    ASSERT_EQ(kept->size(), 1U);
    EXPECT_EQ(kept->front().entry.verdict.reason, Reason::invalid_value);
    EXPECT_NE(kept->front().entry.verdict.detail.find("before head office was restored"),
              std::string::npos);
}

// Its chain does not link up with what this head office has, so it goes up under other names.
TEST_F(Trouble, WhatWasRefusedStaysSoUnderOtherNamesToo) {
    const RecordId id = a_->create("Acme");
    a_->sync(*head_);
    const auto twin = a_->copied(file("twin"));
    back_up();
    write_what_is_refused(id);
    twin->set(id, "name", "of the twin");
    restore();
    twin->sync(*head_);
    everybody_syncs({a_.get(), b_.get(), twin.get()});
    EXPECT_EQ(b_->values(id, kPool), Texts{});
    EXPECT_EQ(b_->values(id, kName), Texts{"of the twin"});
    EXPECT_EQ(a_->replica().status()->not_accepted, 1U);
    EXPECT_EQ(a_->replica().status()->pending, 0U);
}

// Seed 242 of the simulation: a request that had room for the dismissed one alone was repeated for
// ever.
TEST_F(Trouble, WhatWasDismissedGoesUpOnceAlsoWhereARequestHasRoomForNothingElse) {
    RecordId id;
    dismiss_and_part_from_a_twin(id);
    restore();
    a_->session_options.upload_bytes = 1;
    a_->session_options.max_rounds = 50;
    everybody_syncs({a_.get(), b_.get()});
    EXPECT_EQ(b_->values(id, kName), Texts{"later"});
    EXPECT_EQ(a_->replica().status()->pending, 0U);
}

// A letter that the disk has changed: still a changeset, and not what the person wrote.
TEST_F(Trouble, WhatWasDamagedInTheJournalNeverGoesUp) {
    a_->create("before");
    a_->sync(*head_);
    const RecordId id = a_->create("Acme");
    a_->create("behind it");
    ASSERT_TRUE(a_->replica().database().execute(
        "UPDATE entry SET bytes = CAST(replace(bytes, 'Acme', 'Acne') AS BLOB)"));
    const auto synced = a_->try_sync(*head_);
    ASSERT_FALSE(synced);
    EXPECT_EQ(synced.error().code, ErrorCode::corrupt);
    EXPECT_NE(synced.error().message.find("journal"), std::string::npos);
    EXPECT_FALSE(head_->state(kAccount, id).exists());
}

TEST_F(Trouble, AReplyThatFailsAfterItBroughtASchemaLeavesTheOldOneInUse) {
    a_->sync(*head_);
    ASSERT_TRUE(head_->store().install_schema(*company(2), kNow));
    DeviceSession session(a_->replica(), head_->store().services());
    SyncReply reply = answer(session);
    // A column that ends too early: the page is damaged, and not a record.
    Bytes broken = product_page(record_id(7), fresh_meta());
    const std::size_t value = broken.rfind("\xa1x");
    ASSERT_NE(value, Bytes::npos);
    broken[value] = '\xa2';
    reply.pages.push_back(broken);
    const Status taken = session.take_reply(encode(reply, head_->store().services()), kNow);
    EXPECT_FALSE(taken);
    EXPECT_EQ(a_->replica().schema()->number(), 1U);
    EXPECT_FALSE(a_->replica().record("product", record_id(7)));
    a_->sync(*head_);
    EXPECT_EQ(a_->replica().schema()->number(), 2U);
}

}  // namespace
}  // namespace satchel::test
