// The model of merging (tests/sync/model.hpp) against the whole engine: real replicas write, lose
// replies, say things twice and sync with a real head office; after each step what a phone holds,
// and at the end what everybody holds and shows, must be what the model works out from the sets of
// operations that everybody had seen.
#include "sync/rules.hpp"
#include "tests/storage/phone.hpp"
#include "tests/sync/generators.hpp"
#include "tests/sync/model.hpp"

namespace satchel::testing {
namespace {

using storage::FieldValues;
using storage::RecordView;
using test::Fate;
using test::Head;
using test::Phone;
using test::PhoneOptions;

constexpr std::size_t kPhones = 3;

struct Rules {
    DeletePolicy policy = DeletePolicy::update_wins;
    ConflictRule amount = ConflictRule::last_writer;
    ConflictRule price = ConflictRule::last_writer;
    ConflictRule stage = ConflictRule::last_writer;
};

Field field(FieldId id, const char* name, FieldKind kind, FieldId cell) {
    Field made;
    made.id = id;
    made.name = name;
    made.kind = kind;
    made.cell = cell;
    return made;
}

// The record of tests/sync/history.hpp as a collection that everyone holds.
SchemaPointer schema_of_histories(const Rules& rules) {
    Collection deal;
    deal.id = CollectionId{100};
    deal.name = "deal";
    deal.delete_policy = rules.policy;
    deal.scope.everyone = true;
    deal.fields = {field(kAmount, "amount", FieldKind::integer, kAmount),
                   field(kPrice, "price", FieldKind::integer, kPrice),
                   field(FieldId{3}, "currency", FieldKind::text, kPrice),
                   field(kStage, "stage", FieldKind::text, kStage),
                   field(kTags, "tags", FieldKind::set, kTags),
                   field(kHelpers, "helpers", FieldKind::set, kHelpers),
                   field(kVisits, "visits", FieldKind::counter, kVisits),
                   field(kCalls, "calls", FieldKind::counter, kCalls)};
    auto schema = Schema::build(1, {deal},
                                {{deal.id,
                                  {{kAmount, rules.amount, {}},
                                   {kPrice, rules.price, {}},
                                   {kStage, rules.stage, {"a", "b|Won"}}}}});
    RC_ASSERT(static_cast<bool>(schema));
    return std::make_shared<const Schema>(*std::move(schema));
}

template <typename T>
T must(Result<T> result) {
    if (!result) RC_FAIL(result.error().message);
    return *std::move(result);
}

void must(const Status& status) {
    if (!status) RC_FAIL(status.error().message);
}

storage::ServerStoreOptions office_with(SchemaPointer schema) {
    storage::ServerStoreOptions options;
    options.create = true;
    options.schema = std::move(schema);
    return options;
}

// The state without what head office decides when it accepts.
RecordState without_estimates(RecordState state) {
    for (CellState& cell : state.cells)
        for (Sibling& sibling : cell.siblings) {
            sibling.stamp = {};
            sibling.rank = 0;
        }
    return state;
}

std::string json(const std::vector<Value>& elements) {
    std::string text;
    for (const Value& element : elements)
        text += (text.empty() ? "[" : ",") + element.text_form();
    return text + "]";
}

// A few phones, their head office, and beside them the sets of operations that each has seen.
class Company {
  public:
    explicit Company(const Rules& rules)
        : rules_(rules),
          schema_(schema_of_histories(rules)),
          head_(":memory:", office_with(schema_)) {
        for (std::size_t i = 0; i < kPhones; ++i) {
            PhoneOptions options;
            options.rank = static_cast<std::uint8_t>(i);
            options.schema = schema_;
            options.clock = &clock_;
            phones_.push_back(std::make_unique<Phone>(":memory:", options));
        }
        auto transaction = must(phones_[0]->replica().begin());
        record_ = must(transaction.create("deal", {{"amount", Value(7)}}));
        must(transaction.commit());
        learn(0, {});
        views_[0] = {events_[0].write.dot};
        everybody_syncs();
        for (std::size_t i = 0; i < kPhones; ++i)
            open_form(i);
    }

    void take(const Step& step) {
        clock_.now = test::kNow + step.ms;
        const std::size_t who = step.who % kPhones;
        switch (step.kind) {
            case Step::Kind::sync:
                sync(who);
                break;
            case Step::Kind::hear:
                sync_badly(who, step.part);
                break;
            case Step::Kind::open_form:
                open_form(who);
                break;
            case Step::Kind::write:
            case Step::Kind::remove:
            case Step::Kind::undelete:
                write(who, step);
        }
        expect_held_is_expected(who);
    }

    void expect_everybody_agrees_with_the_model() {
        everybody_syncs();
        take_decisions();
        const RecordState expected = expected_state(events_);
        RC_ASSERT(head_.state(CollectionId{100}, record_) == expected);
        for (const auto& phone : phones_) {
            const RecordView view = must(phone->replica().record("deal", record_));
            RC_ASSERT(!view.pending);
            RC_ASSERT(view.state == expected);
            RC_ASSERT(view.dead == expected_dead(events_, rules_.policy));
            expect_shown(view);
        }
    }

    const Events& events() const { return events_; }

  private:
    void sync(std::size_t who) {
        phones_[who]->sync(head_);
        arrive(views_[who], at_head_);
        views_[who] = at_head_;
    }

    // Head office hears it, and perhaps the phone hears nothing; or all of it is said twice.
    void sync_badly(std::size_t who, std::size_t part) {
        const Fate fate = part % 3 == 0   ? Fate::request_lost
                          : part % 3 == 1 ? Fate::reply_lost
                                          : Fate::request_twice;
        const auto report = phones_[who]->try_sync(head_, [fate](std::size_t) { return fate; });
        if (!report) RC_ASSERT(report.error().code == ErrorCode::offline);
        if (fate == Fate::request_lost) return;
        arrive(views_[who], at_head_);
        if (report) views_[who] = at_head_;
    }

    static void arrive(const std::set<Dot>& dots, std::set<Dot>& where) {
        where.insert(dots.begin(), dots.end());
    }

    void open_form(std::size_t who) {
        tokens_[who] = must(phones_[who]->replica().record("deal", record_)).token();
        forms_[who] = views_[who];
    }

    void write(std::size_t who, const Step& step) {
        storage::Replica& replica = phones_[who]->replica();
        const bool dead = must(replica.record("deal", record_)).dead;
        if (dead != (step.kind == Step::Kind::undelete)) return;
        // Elements and steps go on what is here now.
        const bool extras = !step.sets.empty() || !step.counters.empty();
        const bool from_form = step.from_form && !extras && step.kind != Step::Kind::undelete;
        const VectorClock* token = from_form ? &tokens_[who] : nullptr;
        auto transaction = must(replica.begin(step.person ? Intent::person : Intent::system));
        if (step.kind == Step::Kind::remove) must(transaction.remove("deal", record_, token));
        if (step.kind == Step::Kind::undelete) must(transaction.undelete("deal", record_));
        if (step.kind == Step::Kind::write) write_fields(transaction, step, token);
        must(transaction.commit());
        learn(who, from_form ? forms_[who] : views_[who]);
        RC_ASSERT(events_.back().operation.cells == step.cells);
        RC_ASSERT(events_.back().operation.counters == step.counters);
        views_[who].insert(events_.back().write.dot);
    }

    void write_fields(storage::LocalTransaction& transaction, const Step& step,
                      const VectorClock* token) {
        FieldValues values;
        for (const CellWrite& cell : step.cells) {
            values.emplace_back(name_of(cell.cell), cell.values[0]);
            if (cell.cell == kPrice) values.emplace_back("currency", cell.values[1]);
        }
        if (!values.empty()) must(transaction.set("deal", record_, values, token));
        for (const SetWrite& set : step.sets) {
            const Bytes& element = set.element.as_bytes();
            must(set.add
                     ? transaction.add_to_set("deal", record_, name_of(set.field), element)
                     : transaction.remove_from_set("deal", record_, name_of(set.field), element));
        }
        for (const CounterStep& counter : step.counters)
            must(transaction.count("deal", record_, name_of(counter.field), counter.step));
    }

    const std::string& name_of(FieldId id) const {
        return schema_->find(CollectionId{100})->find(id)->name;
    }

    // What the phone wrote last becomes an event of the model.
    void learn(std::size_t who, const std::set<Dot>& saw) {
        storage::Replica& replica = phones_[who]->replica();
        const storage::JournalEntry entry = must(replica.journal(1)).front();
        const Changeset changeset = must(replica.changeset(entry.number));
        Event event;
        event.operation = changeset.operations.front();
        event.write.dot = changeset.dot(0);
        event.write.intent = changeset.header.intent;
        event.saw = saw;
        events_.push_back(std::move(event));
        ids_.push_back(entry.id);
    }

    // Time and role count as head office has fixed them.
    void take_decisions() {
        for (std::size_t i = 0; i < events_.size(); ++i) {
            const auto entry =
                must(head_.store().log_entry(events_[i].write.dot.replica.id, ids_[i]));
            RC_ASSERT(entry.has_value());
            RC_ASSERT(entry->verdict.kind == VerdictKind::accepted);
            events_[i].write.stamp = entry->verdict.effective;
            events_[i].write.rank = entry->verdict.rank;
        }
    }

    void everybody_syncs() {
        for (int round = 0; round < 2; ++round)
            for (std::size_t who = 0; who < kPhones; ++who)
                sync(who);
    }

    void expect_held_is_expected(std::size_t who) {
        Events seen;
        for (const Event& event : events_)
            if (views_[who].contains(event.write.dot)) seen.push_back(event);
        const RecordView view = must(phones_[who]->replica().record("deal", record_));
        RC_ASSERT(without_estimates(view.state) == without_estimates(expected_state(seen)));
        RC_ASSERT(view.dead == expected_dead(seen, rules_.policy));
    }

    void expect_shown(const RecordView& view) {
        const Collection& deal = *schema_->find(CollectionId{100});
        const auto shown = [&](FieldId id) { return view.shown[deal.position(id)]; };
        for (const Cell& cell : deal.cells) {
            std::vector<Value> expected = expected_shown(events_, cell);
            expected.resize(cell.fields.size());  // nobody wrote it: nulls
            for (std::size_t i = 0; i < cell.fields.size(); ++i)
                RC_ASSERT(view.shown[cell.fields[i]] == expected[i]);
            const CellState* state = view.state.cell(cell.id);
            RC_ASSERT((state != nullptr && is_conflict(*state)) ==
                      expected_conflict(events_, cell.id));
        }
        for (const FieldId set : {kTags, kHelpers}) {
            const std::vector<Value> elements = expected_elements(events_, set);
            RC_ASSERT(shown(set) == (elements.empty() ? Value{} : Value::text(json(elements))));
        }
        for (const FieldId counter : {kVisits, kCalls})
            if (!shown(counter).is_null())
                RC_ASSERT(shown(counter) == Value(expected_total(events_, counter)));
    }

    const Rules rules_;
    SchemaPointer schema_;
    test::FixedClock clock_;
    Head head_;
    std::vector<std::unique_ptr<Phone>> phones_;
    RecordId record_;
    Events events_;
    std::vector<ChangeId> ids_;  // of the events
    std::array<std::set<Dot>, kPhones> views_, forms_;
    std::array<VectorClock, kPhones> tokens_;
    std::set<Dot> at_head_;
};

ConflictRule any_rule(ConflictRule last) {
    return static_cast<ConflictRule>(*rc::gen::inRange(0, static_cast<int>(last) + 1));
}

RC_GTEST_PROP(ReferenceMerge, WhatPhonesAndHeadOfficeHoldAndShowIsWhatTheModelExpects, ()) {
    Rules rules;
    if (*rc::gen::arbitrary<bool>()) rules.policy = DeletePolicy::delete_wins;
    rules.amount = any_rule(ConflictRule::min);
    rules.price = *rc::gen::element(ConflictRule::rank, ConflictRule::manual, ConflictRule::max);
    rules.stage = any_rule(ConflictRule::manual);
    Company company(rules);
    for (const Step& step : *rc::gen::resize(40, rc::gen::container<std::vector<Step>>(any_step())))
        company.take(step);
    company.expect_everybody_agrees_with_the_model();
    RC_CLASSIFY(company.events().size() > 10, "more than ten operations");
}

}  // namespace
}  // namespace satchel::testing
