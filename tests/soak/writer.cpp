#include "tests/soak/writer.hpp"

#include <unistd.h>

#include <chrono>
#include <thread>

#include "client/account.hpp"

namespace satchel::soak {
namespace {

using storage::FieldValues;
using storage::LocalTransaction;
using storage::RecordView;

constexpr std::size_t kEverything = 1'000'000;  // entries of a journal

// What a form can show at once: half of all work is done on so many records.
constexpr std::uint64_t kBusyRecords = 8;

std::vector<std::string> shown(const RecordView& view, FieldId cell) {
    std::vector<std::string> texts;
    if (const CellState* known = view.state.cell(cell))
        for (const Sibling& sibling : known->siblings)
            texts.push_back(text_of(sibling.values));
    return texts;
}

}  // namespace

const std::vector<Writer::Kind> Writer::kKinds = {{"account", "name", "tags", "visits"},
                                                  {"opportunity", "name", "tags", "calls"}};

Writer::Writer(storage::Replica& replica, Ledger& ledger, Prng& random, std::string name)
    : replica_(replica), ledger_(ledger), random_(random), name_(std::move(name)) {
    for (const Attempt& attempt : ledger_.attempts())
        if (attempt.outcome == Outcome::done) known_.insert(attempt.change);
}

Result<std::string> Writer::unknown_change() {
    SATCHEL_ASSIGN(const auto journal, replica_.journal(kEverything));
    for (const storage::JournalEntry& entry : journal)
        if (!known_.contains(entry.id.text())) return entry.id.text();
    return std::string();
}

Status Writer::settle() {
    const std::vector<Attempt>& all = ledger_.attempts();
    SATCHEL_ASSIGN(const std::string change, unknown_change());
    const bool open = !all.empty() && all.back().outcome == Outcome::open;
    if (!change.empty() && !open)
        return {ErrorCode::internal,
                "the journal has the change " + change + ", which nobody tried"};
    if (change.empty()) return open ? ledger_.none(all.back().number) : Status();
    known_.insert(change);
    return ledger_.done(all.back().number, change);
}

Status Writer::commit(LocalTransaction& transaction, const std::vector<Deed>& deeds) {
    SATCHEL_ASSIGN(const std::uint64_t number, ledger_.attempt(deeds));
    const auto change = transaction.commit();
    if (change) {
        known_.insert(change->text());
        return ledger_.done(number, change->text());
    }
    // The disk may have said no after it had taken everything. Reading may fail, too: then the end
    // of the attempt stays open until the next start.
    const auto found = unknown_change();
    if (!found) return found.error();
    if (!found->empty()) known_.insert(*found);
    SATCHEL_TRY(found->empty() ? ledger_.none(number) : ledger_.done(number, *found));
    return change.error();
}

std::string Writer::unique(const char* what) {
    static const std::vector<std::string> kTails{"",      "",         " 上海",
                                                 " 🦊", " '\"%;--", " " + std::string(300, 'x')};
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::string(what) + " " + name_ + " " + std::to_string(::getpid()) + "." +
           std::to_string(now.count()) + "." + std::to_string(++values_) + random_.pick(kTails);
}

FieldValues Writer::some_cells(const Kind& kind) {
    FieldValues values;
    if (random_.chance(500)) values.emplace_back(kind.title, Value::text(unique("name")));
    if (random_.chance(300)) values.emplace_back("notes", Value::text(unique("note")));
    if (random_.chance(300)) {  // two fields of one cell; the currency makes the pair unique
        const bool account = std::string_view(kind.collection) == "account";
        values.emplace_back(account ? "revenue" : "amount",
                            Value(random_.between(-1'000'000'000, 1'000'000'000)));
        values.emplace_back(account ? "revenue_currency" : "currency",
                            Value::text(unique("money")));
    }
    if (values.empty()) values.emplace_back(kind.title, Value::text(unique("name")));
    return values;
}

FieldId Writer::field(const Kind& kind, const char* name) const {
    return replica_.schema()->find(kind.collection)->find(name)->id;
}

Result<std::vector<RecordId>> Writer::ids(const std::string& sql) {
    SATCHEL_ASSIGN(storage::Statement rows, replica_.database().prepare(sql));
    std::vector<RecordId> found;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return found;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
        found.push_back(id);
    }
}

Result<std::vector<Writer::Target>> Writer::target() {
    const Kind& kind = random_.pick(kKinds);
    const std::string table = kind.collection;
    SATCHEL_ASSIGN(std::int64_t count,
                   replica_.database().integer("SELECT count(*) FROM " + table));
    if (count == 0) return std::vector<Target>();
    auto among = static_cast<std::uint64_t>(count);
    if (random_.chance(500)) among = std::min(among, kBusyRecords);
    SATCHEL_ASSIGN(const auto found,
                   ids("SELECT id FROM " + table + " ORDER BY id LIMIT 1 OFFSET " +
                       std::to_string(random_.below(among))));
    if (found.empty()) return std::vector<Target>();
    return std::vector<Target>{{&kind, found.front()}};
}

// Cell by cell: what is written, and what its author was shown there.
std::vector<Deed> Writer::deeds_of(const Target& target, const RecordView& view,
                                   const FieldValues& values) const {
    const Collection* collection = replica_.schema()->find(target.kind->collection);
    std::vector<Deed> deeds;
    for (const auto& [name, value] : values) {
        const FieldId cell = collection->find(name)->cell;
        if (!deeds.empty() && deeds.back().field == cell)
            deeds.back().value += " " + value.text_form();
        else
            deeds.push_back({DeedKind::write, target.kind->collection, target.id, cell,
                             value.text_form(), shown(view, cell)});
    }
    return deeds;
}

Status Writer::make() {
    const Kind& kind = random_.pick(kKinds);
    SATCHEL_ASSIGN(const client::Account account, client::account(replica_));
    SATCHEL_ASSIGN(const RecordId owner, RecordId::parse(account.user));
    const FieldValues values = some_cells(kind);
    FieldValues all = values;
    all.emplace_back("owner", Value::id(owner));
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_ASSIGN(const RecordId id, transaction.create(kind.collection, all));
    return commit(transaction, deeds_of({&kind, id}, {}, values));
}

Status Writer::edit() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const Target& record = chosen.front();
    const FieldValues values = some_cells(*record.kind);
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_ASSIGN(const RecordView view, replica_.record(record.kind->collection, record.id));
    SATCHEL_TRY(transaction.set(record.kind->collection, record.id, values));
    return commit(transaction, deeds_of(record, view, values));
}

// A form that was open for a while: what has arrived since is not overwritten.
Status Writer::edit_what_was_shown_before() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const Target& record = chosen.front();
    const FieldValues values = some_cells(*record.kind);
    SATCHEL_ASSIGN(const RecordView view, replica_.record(record.kind->collection, record.id));
    std::this_thread::sleep_for(std::chrono::milliseconds(random_.below(800)));
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_TRY(transaction.set(record.kind->collection, record.id, values, &view.token()));
    return commit(transaction, deeds_of(record, view, values));
}

Status Writer::tag() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const auto& [kind, id] = chosen.front();
    const std::string element = unique("tag");
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_TRY(transaction.add_to_set(kind->collection, id, kind->set, element));
    return commit(transaction, {{DeedKind::add, kind->collection, id, field(*kind, kind->set),
                                 Value::text(element).text_form()}});
}

Status Writer::untag() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const auto& [kind, id] = chosen.front();
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_ASSIGN(const RecordView view, replica_.record(kind->collection, id));
    const SetState* tags = view.state.set(field(*kind, kind->set));
    if (tags == nullptr) return {};
    const Value element = random_.pick(tags->elements).element;
    SATCHEL_TRY(transaction.remove_from_set(kind->collection, id, kind->set, element.as_bytes()));
    return commit(transaction, {{DeedKind::drop, kind->collection, id, field(*kind, kind->set),
                                 element.text_form()}});
}

Status Writer::count() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const auto& [kind, id] = chosen.front();
    const std::int64_t step =
        random_.chance(700) ? random_.between(1, 100) : random_.between(-100, -1);
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_TRY(transaction.count(kind->collection, id, kind->counter, step));
    Deed deed{DeedKind::count, kind->collection, id, field(*kind, kind->counter), "", {}, step};
    return commit(transaction, {deed});
}

Status Writer::remove() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const auto& [kind, id] = chosen.front();
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_TRY(transaction.remove(kind->collection, id));
    return commit(transaction, {{DeedKind::remove, kind->collection, id}});
}

Status Writer::undelete() {
    const Kind& kind = kKinds.front();
    const Collection* collection = replica_.schema()->find(kind.collection);
    SATCHEL_ASSIGN(const auto dead, ids("SELECT id FROM _dead WHERE collection = " +
                                        std::to_string(number(collection->id))));
    if (dead.empty()) return edit();
    const RecordId id = random_.pick(dead);
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_TRY(transaction.undelete(kind.collection, id));
    return commit(transaction, {{DeedKind::undelete, kind.collection, id}});
}

// To any colleague; together with a value that can be told apart.
Status Writer::hand_over() {
    SATCHEL_ASSIGN(const auto chosen, target());
    if (chosen.empty()) return make();
    const Target& record = chosen.front();
    SATCHEL_ASSIGN(const auto people, ids("SELECT id FROM _user WHERE login <> 'admin'"));
    if (people.empty()) return {};
    const FieldValues values = {{record.kind->title, Value::text(unique("handed over"))}};
    FieldValues all = values;
    all.emplace_back("owner", Value::id(random_.pick(people)));
    SATCHEL_ASSIGN(LocalTransaction transaction, replica_.begin());
    SATCHEL_ASSIGN(const RecordView view, replica_.record(record.kind->collection, record.id));
    SATCHEL_TRY(transaction.set(record.kind->collection, record.id, all));
    return commit(transaction, deeds_of(record, view, values));
}

Status Writer::act() {
    struct Choice {
        unsigned weight;
        Status (Writer::*what)();
    };
    static constexpr Choice kChoices[] = {
        {100, &Writer::make},  {350, &Writer::edit},    {150, &Writer::edit_what_was_shown_before},
        {100, &Writer::tag},   {40, &Writer::untag},    {150, &Writer::count},
        {30, &Writer::remove}, {10, &Writer::undelete}, {30, &Writer::hand_over},
    };
    unsigned total = 0;
    for (const Choice& choice : kChoices)
        total += choice.weight;
    std::uint64_t drawn = random_.below(total);
    for (const Choice& choice : kChoices) {
        if (drawn < choice.weight) return (this->*choice.what)();
        drawn -= choice.weight;
    }
    return {};
}

}  // namespace satchel::soak
