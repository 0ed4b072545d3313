// Deleting, handing over, resolving, sending again, and which of all that comes next.
#include <algorithm>

#include "sync/rules.hpp"
#include "tests/simulation/server_node.hpp"
#include "tests/simulation/workload.hpp"

namespace satchel::simulation {

using storage::FieldValues;

std::string Workload::remove(DeviceNode& device) {
    const char* collection = device.random.chance(600) ? "deal" : "visit";
    const auto record = target(device, collection);
    if (!record || in_pair(record->id)) return edit(device);
    const std::string what = "delete " + record->id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status done = transaction->remove(collection, record->id);
    if (!done) return refused(done.error(), what);
    return commit(device, *transaction, {{record->id, record->seen}}, what);
}

std::string Workload::undelete(DeviceNode& device) {
    const std::vector<RecordId> dead = ids_here(device, "_dead WHERE collection = 100");
    if (dead.empty()) return edit(device);
    const Target record = look(device, "deal", device.random.pick(dead));
    const std::string what = "undelete " + record.id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status done = transaction->undelete("deal", record.id);
    if (!done) return refused(done.error(), what);
    probes_.hit(Probe::undeleted);
    return commit(device, *transaction, {{record.id, record.seen}}, what);
}

std::string Workload::hand_over(DeviceNode& device) {
    const auto deal = target(device, "deal");
    if (!deal || in_pair(deal->id)) return edit(device);
    FieldValues values;
    if (device.random.chance(700))
        values.emplace_back("owner", Value::id(device.random.pick(company_.people()).id));
    if (values.empty() || device.random.chance(300))
        values.emplace_back(
            "pool", device.random.chance(300) ? Value() : Value::text(device.random.pick(kPools)));
    const std::string what = "hand over " + deal->id.text();
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const Status set = transaction->set("deal", deal->id, values);
    if (!set) return refused(set.error(), what);
    probes_.hit(Probe::handover_by_device);
    return commit(device, *transaction, {{deal->id, deal->seen}}, what);
}

std::string Workload::resolve(DeviceNode& device) {
    const auto open = device.replica().conflicts();
    readable(open, "conflicts");
    std::vector<storage::OpenConflict> deals;
    for (const storage::OpenConflict& each : *open)
        if (each.collection == ids::kDeal && each.cell != ids::kOwner && each.cell != ids::kPool &&
            each.cell != ids::kMark)
            deals.push_back(each);
    if (deals.empty()) return edit(device);
    const storage::OpenConflict conflict = device.random.pick(deals);
    const Target record = look(device, "deal", conflict.record);
    if (record.view.dead) return edit(device);
    const SchemaPointer schema = device.replica().schema();  // begin() may read a newer one
    const Field* field = schema->find(ids::kDeal)->find(conflict.cell);
    const std::string what = "resolve " + record.id.text() + " " + field->name;
    const Value value = conflict.cell == ids::kStage        ? stage(device)
                        : field->kind == FieldKind::integer ? unique_number(device)
                                                            : unique_text(device);
    auto transaction = begin(device);
    if (!transaction) return refused(transaction.error(), what);
    const VectorClock token = record.view.token();
    const Status set = transaction->set("deal", record.id, {{field->name, value}}, &token);
    if (!set) return refused(set.error(), what);
    probes_.hit(Probe::resolved);
    return commit(device, *transaction, {{record.id, record.seen}}, what);
}

std::string Workload::send_again(DeviceNode& device) {
    const auto journal = device.replica().journal(1000, true);
    readable(journal, "journal");
    std::vector<storage::JournalEntry> refused_ones;
    for (const storage::JournalEntry& entry : *journal)
        if (entry.state == storage::ChangesetState::quarantined) refused_ones.push_back(entry);
    if (refused_ones.empty()) return edit(device);
    const storage::JournalEntry entry = device.random.pick(refused_ones);
    const std::string what = "send again " + entry.id.text().substr(0, 8);
    const auto content = device.replica().changeset(entry.number);
    readable(content, "journal entry");
    device.writing.clear();
    for (const Operation& operation : content->operations) {
        const Collection* collection = device.replica().schema()->find(operation.collection);
        const auto view = device.replica().record(collection->name, operation.record);
        if (!view) continue;
        device.writing[operation.record] =
            history_.visible(operation.record, view->state, device.index);
    }
    const auto again = device.replica().resend(entry.number);
    if (!again) {
        const ErrorCode code = again.error().code;
        if (code == ErrorCode::io || code == ErrorCode::disk_full)
            return refused(again.error(), what);
        return what + ": " + again.error().message;
    }
    device.disk.heal();
    probes_.hit(Probe::resent);
    history_.mark_sent_again(entry.id);
    read_journal(device);
    return what + " as " + again->text().substr(0, 8);
}

std::string Workload::chosen(DeviceNode& device) {
    struct Choice {
        unsigned weight;
        std::string (Workload::*what)(DeviceNode&);
    };
    const std::vector<Choice> choices{
        {60, &Workload::make},
        {60, &Workload::make_visit},
        {200, &Workload::edit},
        {60, &Workload::edit_visit},
        {80, &Workload::tag},
        {60, &Workload::step_counter},
        {60, &Workload::resolve},
        {40, &Workload::send_again},
        {plan_.stale, &Workload::open_form},
        {plan_.stale, &Workload::edit_stale},
        {plan_.deletes, &Workload::remove},
        {plan_.deletes / 3, &Workload::undelete},
        {plan_.handovers, &Workload::hand_over},
        {plan_.pairs, &Workload::write_pair},
        {plan_.pairs / 6, &Workload::make_pair},
    };
    unsigned total = 0;
    for (const Choice& choice : choices)
        total += choice.weight;
    std::uint64_t drawn = device.random.below(total);
    for (const Choice& choice : choices) {
        if (drawn < choice.weight) return (this->*choice.what)(device);
        drawn -= choice.weight;
    }
    return "nothing";
}

std::string Workload::act(DeviceNode& device, bool& failed) {
    failed_ = false;
    std::string what;
    try {
        what = chosen(device);
    } catch (const DiskFailed&) {
        what = "the disk cannot be read";
        failed_ = true;
    }
    failed = failed_;
    return what;
}

}  // namespace satchel::simulation
