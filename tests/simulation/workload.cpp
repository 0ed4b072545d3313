#include "tests/simulation/workload.hpp"

#include <algorithm>

#include "sync/rules.hpp"
#include "tests/simulation/server_node.hpp"

namespace satchel::simulation {

using storage::FieldValues;
using storage::LocalTransaction;

Result<std::vector<RecordId>> ids_of(storage::Replica& replica, const std::string& table) {
    SATCHEL_ASSIGN(storage::Statement rows,
                   replica.database().prepare("SELECT id FROM " + table + " ORDER BY id"));
    std::vector<RecordId> found;
    while (true) {
        SATCHEL_ASSIGN(const bool more, rows.step());
        if (!more) return found;
        SATCHEL_ASSIGN(const RecordId id, RecordId::from_bytes(rows.blob(0)));
        found.push_back(id);
    }
}

void Workload::readable(const Error* error, const std::string& what) {
    if (error == nullptr) return;
    if (error->code == ErrorCode::io || error->code == ErrorCode::disk_full) throw DiskFailed{};
    throw Violation{"device reads", what + ": " + error->message};
}

std::vector<RecordId> Workload::ids_here(DeviceNode& device, const std::string& table) {
    auto found = ids_of(device.replica(), table);
    readable(found, table);
    return *std::move(found);
}

Value Workload::unique_text(DeviceNode& device) {
    static const std::vector<std::string> kTails{
        "", "", "", " 上海", " 🦊", " a\nb", " '\"%;--", std::string(300, 'x')};
    return Value::text("v" + std::to_string(++values_) + device.random.pick(kTails));
}

Value Workload::unique_number(DeviceNode& device) {
    const auto base = static_cast<std::int64_t>(++values_);
    const auto sign = device.random.chance(500) ? 1 : -1;
    return Value(sign * (device.random.between(0, 9'000'000'000) * 100'000 + base));
}

Value Workload::stage(DeviceNode& device) {
    return Value::text(device.random.pick(kStages));
}

FieldValues Workload::some_cells(DeviceNode& device) {
    FieldValues values;
    const auto maybe = [&](const char* field, auto&& value) {
        if (device.random.chance(250)) values.emplace_back(field, value());
    };
    const auto words = [&] { return unique_text(device); };
    const auto figure = [&] { return unique_number(device); };
    maybe("title", words);
    maybe("origin", words);
    maybe("best", figure);
    maybe("floor", figure);
    maybe("stage", [&] { return stage(device); });
    maybe("judgement", words);
    maybe("notes", words);
    maybe("choice", words);
    maybe("amount", figure);
    maybe("currency", words);
    for (const Field& each : device.replica().schema()->find(ids::kDeal)->fields)
        if (number(each.id) > number(ids::kExtra)) maybe(each.name.c_str(), words);
    if (values.empty()) values.emplace_back("title", words());
    return values;
}

FieldValues Workload::new_deal(DeviceNode& device) {
    FieldValues values = some_cells(device);
    std::erase_if(values, [](const auto& each) { return each.first == "title"; });
    values.emplace_back("title", unique_text(device));
    const Person& self = company_.person(device.person);
    if (device.random.chance(850)) values.emplace_back("owner", Value::id(self.id));
    if (device.random.chance(300))
        values.emplace_back("pool", Value::text(device.random.pick(kPools)));
    return values;
}

bool Workload::in_pair(const RecordId& id) const {
    return std::any_of(history_.pairs.begin(), history_.pairs.end(),
                       [&id](const auto& pair) { return pair.first == id || pair.second == id; });
}

Workload::Target Workload::look(DeviceNode& device, const char* collection, const RecordId& id) {
    auto view = device.replica().record(collection, id);
    readable(view, "record " + id.text());
    Target found{id, *std::move(view), {}};
    found.seen = history_.visible(id, found.view.state, device.index);
    return found;
}

std::optional<Workload::Target> Workload::target(DeviceNode& device, const char* collection) {
    const std::vector<RecordId> all = ids_here(device, collection);
    if (all.empty()) return std::nullopt;
    return look(device, collection, device.random.pick(all));
}

std::string Workload::refused(const Error& error, const std::string& what) {
    const bool disk = error.code == ErrorCode::io || error.code == ErrorCode::disk_full;
    failed_ = failed_ || disk;
    if (!disk && error.code != ErrorCode::limit)
        throw Violation{"device writes", what + " was refused: " + error.message};
    return what + " failed: " + std::string(name(error.code));
}

// Some are automatic writes.
Result<LocalTransaction> Workload::begin(DeviceNode& device) {
    const bool system = plan_.system != 0 && device.random.chance(plan_.system);
    if (system) probes_.hit(Probe::system_write);
    return device.replica().begin(system ? Intent::system : Intent::person);
}

std::string Workload::commit(DeviceNode& device, LocalTransaction& transaction, Seens seen,
                             const std::string& what) {
    device.writing = std::move(seen);
    const auto id = transaction.commit();
    if (!id) return refused(id.error(), what);
    device.disk.heal();
    read_journal(device);
    if (*id != ChangeId{} && !history_.knows(*id))
        throw Violation{"I-2 no lost write", what + " is committed and not in the journal"};
    return what + " " + id->text().substr(0, 8);
}

// What was appended since the last look, in that order: of two names the later one is the newer.
std::vector<storage::JournalEntry> Workload::unread(DeviceNode& device) {
    for (std::size_t limit = 4;; limit *= 8) {
        auto newest = device.replica().journal(limit);
        require(newest, "device reads", "journal");
        const auto known =
            std::find_if(newest->begin(), newest->end(), [&device](const auto& entry) {
                return std::pair(entry.number, entry.id) == device.read_to;
            });
        if (known == newest->end() && newest->size() == limit) continue;
        if (!newest->empty()) device.read_to = {newest->front().number, newest->front().id};
        newest->erase(known, newest->end());
        std::reverse(newest->begin(), newest->end());
        return *std::move(newest);
    }
}

void Workload::read_journal(DeviceNode& device) {
    for (const storage::JournalEntry& entry : unread(device)) {
        const Dot first{entry.replica, entry.first_counter};
        if (!history_.knows(entry.id)) {
            const auto changeset = device.replica().changeset(entry.number);
            require(changeset, "device reads", "journal entry");
            history_.record(*changeset, device.index, device.writing);
        }
        history_.learn(device.index, entry.id, first);
    }
    device.writing.clear();
}

std::string Workload::make(DeviceNode& device) {
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), "make");
    const auto deal = transaction->create("deal", new_deal(device));
    if (!deal) return refused(deal.error(), "make");
    if (device.random.chance(300)) {
        const auto visit = transaction->create(
            "visit", {{"title", unique_text(device)}, {"deal", Value::id(*deal)}});
        if (!visit) return refused(visit.error(), "make");
    }
    if (device.random.chance(300)) {
        const Status counted = transaction->count("deal", *deal, "visits", 1);
        if (!counted) return refused(counted.error(), "make");
    }
    return commit(device, *transaction, {}, "make " + deal->text());
}

std::string Workload::make_visit(DeviceNode& device) {
    const auto deal = target(device, "deal");
    if (!deal) return make(device);
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), "make a visit");
    const auto visit = transaction->create(
        "visit", {{"title", unique_text(device)}, {"deal", Value::id(deal->id)}});
    if (!visit) return refused(visit.error(), "make a visit");
    return commit(device, *transaction, {}, "make visit " + visit->text());
}

std::string Workload::make_pair(DeviceNode& device) {
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), "make a pair");
    const Value owner = Value::id(company_.person(device.person).id);
    const Value mark = unique_text(device);
    std::vector<RecordId> made;
    for (int i = 0; i < 2; ++i) {
        const auto deal = transaction->create(
            "deal", {{"title", unique_text(device)}, {"owner", owner}, {"mark", mark}});
        if (!deal) return refused(deal.error(), "make a pair");
        made.push_back(*deal);
    }
    history_.pairs.emplace_back(made[0], made[1]);
    return commit(device, *transaction, {}, "make a pair " + made[0].text());
}

std::string Workload::write_pair(DeviceNode& device) {
    std::vector<std::pair<RecordId, RecordId>> here;
    const std::vector<RecordId> all = ids_here(device, "deal");
    for (const auto& pair : history_.pairs)
        if (std::binary_search(all.begin(), all.end(), pair.first) &&
            std::binary_search(all.begin(), all.end(), pair.second))
            here.push_back(pair);
    // While a scope is loading, what is here is marked incomplete: halves of a pair may differ.
    const auto status = device.replica().status();
    readable(status, "status");
    if (here.empty() || status->loading) return make_pair(device);
    const auto [first, second] = device.random.pick(here);
    const Target a = look(device, "deal", first);
    const Target b = look(device, "deal", second);
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), "write a pair");
    const FieldValues mark{{"mark", unique_text(device)}};
    for (const RecordId& id : {first, second}) {
        const Status set = transaction->set("deal", id, mark);
        if (!set) return refused(set.error(), "write a pair");
    }
    return commit(device, *transaction, {{first, a.seen}, {second, b.seen}}, "write a pair");
}

std::string Workload::open_form(DeviceNode& device) {
    const auto deal = target(device, "deal");
    if (!deal) return make(device);
    device.forms.push_back({ids::kDeal, deal->id, deal->view.token(), deal->seen});
    if (device.forms.size() > 5) device.forms.erase(device.forms.begin());
    return "open " + deal->id.text();
}

std::string Workload::edit_stale(DeviceNode& device) {
    if (device.forms.empty()) return open_form(device);
    const Form form = device.forms.front();
    device.forms.erase(device.forms.begin());
    const std::string what = "save the form of " + form.id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status set = transaction->set("deal", form.id, some_cells(device), &form.token);
    const bool gone = !set && (set.error().code == ErrorCode::not_found ||
                               set.error().code == ErrorCode::invalid_argument);
    if (gone) return what + ": not there any more";
    if (!set) return refused(set.error(), what);
    probes_.hit(Probe::stale_token);
    return commit(device, *transaction, {{form.id, form.seen}}, what);
}

std::string Workload::edit(DeviceNode& device) {
    const auto deal = target(device, "deal");
    if (!deal) return make(device);
    const std::string what = "edit " + deal->id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status set = transaction->set("deal", deal->id, some_cells(device));
    if (!set) return refused(set.error(), what);
    return commit(device, *transaction, {{deal->id, deal->seen}}, what);
}

std::string Workload::edit_visit(DeviceNode& device) {
    const auto visit = target(device, "visit");
    if (!visit) return make_visit(device);
    const std::string what = "edit visit " + visit->id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status set = transaction->set("visit", visit->id, {{"title", unique_text(device)}});
    if (!set) return refused(set.error(), what);
    return commit(device, *transaction, {{visit->id, visit->seen}}, what);
}

std::string Workload::tag(DeviceNode& device) {
    const char* collection = device.random.chance(700) ? "deal" : "visit";
    const auto record = target(device, collection);
    if (!record) return make(device);
    static const std::vector<std::string> kTags{"red", "green", "蓝"};
    const std::string& element = device.random.pick(kTags);
    const bool add = device.random.chance(650);
    const std::string what = (add ? "tag " : "untag ") + record->id.text() + " " + element;
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status done = add ? transaction->add_to_set(collection, record->id, "tags", element)
                            : transaction->remove_from_set(collection, record->id, "tags", element);
    if (!done) return refused(done.error(), what);
    return commit(device, *transaction, {{record->id, record->seen}}, what);
}

std::string Workload::step_counter(DeviceNode& device) {
    const char* collection = device.random.chance(700) ? "deal" : "visit";
    const auto record = target(device, collection);
    if (!record) return make(device);
    std::int64_t step = device.random.between(-50, 50);
    if (step == 0) step = 1;
    const std::string what = "count " + record->id.text() + " " + std::to_string(step);
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status done = transaction->count(collection, record->id, "visits", step);
    if (!done) return refused(done.error(), what);
    return commit(device, *transaction, {{record->id, record->seen}}, what);
}

}  // namespace satchel::simulation
