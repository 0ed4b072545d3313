// What head office's answers show, and what head office itself does.
#include <algorithm>
#include <deque>
#include <optional>

#include "sync/page.hpp"
#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

constexpr const char* kSaidBefore = "before head office was restored";
constexpr const char* kFullCell = "values side by side in one cell";

// What an honest device's change may be refused for, as this plan goes.
std::optional<Probe> excused(const Verdict& verdict, const Plan& plan, bool schema_was_lost) {
    const bool cell_is_full = verdict.detail.find(kFullCell) != std::string::npos;
    switch (verdict.reason) {
        case Reason::not_allowed:
            return Probe::quarantined_not_allowed;
        case Reason::depends_on:
            return Probe::quarantined_depends_on;
        case Reason::revoked:
            return Probe::quarantined_revoked;
        case Reason::pruned:
            return Probe::quarantined_pruned;
        case Reason::schema_unknown:
            if (schema_was_lost) return Probe::quarantined_schema_unknown;
            break;
        case Reason::invalid_value:
            if (plan.crowd != 0 && cell_is_full) return Probe::quarantined_cell_full;
            break;
        default:
            break;
    }
    return std::nullopt;
}

}  // namespace

void World::note_request(const DeviceNode& device, const Answer& answer) {
    const SyncRequest& request = *answer.request;
    const SyncReply& reply = *answer.reply;
    log("head office answers " + device.name() + ": status " +
        std::to_string(static_cast<int>(reply.status)) + ", cursor " +
        std::to_string(number(request.cursor)) + ", took " +
        std::to_string(request.changesets.size()) + ", verdicts " +
        std::to_string(reply.verdicts.size()) + ", pages " + std::to_string(reply.pages.size()) +
        (reply.checkpoint ? ", checkpoint " + std::to_string(number(reply.checkpoint->seq)) : ""));
    note_reply(device, request, reply);
    note_rows(device, reply);
}

void World::note_reply(const DeviceNode& device, const SyncRequest& request,
                       const SyncReply& reply) {
    if (reply.status == ReplyStatus::list_scopes) probes_.hit(Probe::listed_scopes);
    if (reply.status == ReplyStatus::restored) probes_.hit(Probe::restored);
    if (!reply.gained.empty()) probes_.hit(Probe::gained_scope);
    for (const std::string& scope : reply.gained)
        if (given_up_.erase({device.index, scope}) != 0) probes_.hit(Probe::scope_regained);
    if (!reply.lost.empty()) probes_.hit(Probe::lost_scope);
    for (const std::string& scope : reply.lost)
        given_up_.emplace(device.index, scope);
    const bool goes_on = request.position.seq != request.cursor;
    if (reply.checkpoint && goes_on) probes_.hit(Probe::paged_checkpoint);
    note_load(request, reply);
    for (const Verdict& verdict : reply.verdicts) {
        const std::string what = device.name() + "'s " + std::to_string(verdict.incarnation) + ":" +
                                 std::to_string(verdict.first_counter);
        const Dot first{{device.replica_id, verdict.incarnation}, verdict.first_counter};
        if (verdict.kind == VerdictKind::alias) probes_.hit(Probe::alias);
        if (verdict.kind == VerdictKind::accepted && held_.erase(first) != 0)
            probes_.hit(Probe::released);
        if (verdict.kind == VerdictKind::held) {
            probes_.hit(Probe::held);
            held_.insert(first);
            history_.mark_held(first);
            log(what + " is held: " + verdict.detail);
        }
        if (verdict.kind == VerdictKind::accepted) note_merged(request, verdict, first);
        if (verdict.late) probes_.hit(Probe::late_edit);
        if (verdict.kind != VerdictKind::quarantined) continue;
        history_.mark_refused(first);
        log(what + " is not accepted: " + std::string(name(verdict.reason)) + " " + verdict.detail);
        if (verdict.reason == Reason::dependency_lost) continue;  // a lost server had its creation
        const bool said_before = verdict.detail.find(kSaidBefore) != std::string::npos;
        if (said_before) probes_.hit(Probe::quarantined_before_restore);
        if (said_before && server_.store().epoch() > 1) continue;  // and was looked at then
        const auto excuse = excused(verdict, plan_, schema_was_lost_);
        if (!excuse)
            throw Violation{"I-8 authority", what + " of an honest device is quarantined: " +
                                                 std::string(name(verdict.reason)) + " " +
                                                 verdict.detail};
        probes_.hit(*excuse);
    }
}

void World::note_merged(const SyncRequest& request, const Verdict& verdict, const Dot& first) {
    if (verdict.incarnation != request.replica.incarnation) return;
    for (const UploadedChangeset& sent : request.changesets) {
        if (sent.first_counter != verdict.first_counter) continue;
        const auto header = decode_changeset_header(sent.bytes);
        if (header) history_.mark_merged(header->id, first);
    }
}

void World::note_load(const SyncRequest& request, const SyncReply& reply) {
    const WalkPosition& from = request.position;
    if (from.in_load() && reply.position.load.order != 0) probes_.hit(Probe::paged_load);
    if (from.in_load() && number(from.load.until) < number(server_.store().head()))
        probes_.hit(Probe::changed_during_load);
    if (server_.store().snapshot_pages().found() > 0) probes_.hit(Probe::page_reused);
}

void World::note_rows(const DeviceNode& device, const SyncReply& reply) {
    for (const Bytes& page : reply.pages) {
        const auto reader = PageReader::open(page);
        require(reader, "I-3 no invention", "a page cannot be read");
        for (const Departure& departure : reader->departures()) {
            probes_.hit(Probe::departure);
            departed_.emplace(device.index, departure.id);
        }
        const Status visited = reader->visit([&](const PageRow& row) -> Status {
            probes_.hit(row.kind == RowKind::whole   ? Probe::whole_row
                        : row.kind == RowKind::patch ? Probe::patch_row
                                                     : Probe::confirm_row);
            if (departed_.erase({device.index, row.id}) != 0) probes_.hit(Probe::reentry);
            return {};
        });
        require(visited, "I-3 no invention", "a page cannot be read");
    }
}

void World::note_given(const Answer& answer) {
    if (!answer.reply->checkpoint || answer.reply->pages.empty()) return;
    Sequence& last = given_[answer.request->replica];
    last = std::max(last, answer.reply->checkpoint->seq);
}

// I-8: what was merged, its author was allowed to write as head office stood; or it is a late edit,
// of a record that has changed since the device was last told anything.
void World::check_authority(const DeviceNode& device, const Answer& answer,
                            const std::vector<ServerRow>& before) {
    const Caller author = caller(device);
    if (author.head_office) return;
    for (const Verdict& verdict : answer.reply->verdicts) {
        const bool of_sent = verdict.incarnation == answer.request->replica.incarnation;
        if (verdict.kind != VerdictKind::accepted || !of_sent) continue;
        for (const UploadedChangeset& sent : answer.request->changesets) {
            if (sent.first_counter != verdict.first_counter) continue;
            const auto changeset = decode_changeset(sent.bytes);
            if (!changeset) throw Violation{"I-8 authority", "damaged bytes were accepted"};
            for (const Operation& operation : changeset->operations) {
                const auto at =
                    std::find_if(before.begin(), before.end(),
                                 [&](const ServerRow& row) { return row.id == operation.record; });
                if (at == before.end() || at->record.state.clock.covers(changeset->dot(0)))
                    continue;  // made in this very request, or merged long ago
                const bool sole = answer.request->changesets.size() == 1;
                const bool owns = meet(at->record.scopes, author.scopes);
                const bool was_told = at->record.seq <= given_[answer.request->replica];
                if (sole && number(verdict.seq) > number(at->record.seq) && !owns &&
                    (!verdict.late || was_told))
                    throw Violation{"I-8 authority", device.name() + " changed the record " +
                                                         operation.record.text() +
                                                         ", which its person may not write"};
            }
        }
    }
}

namespace {

// The page without its last row.
std::optional<Bytes> without_a_row(const Bytes& page) {
    const auto reader = PageReader::open(page);
    if (!reader || reader->rows() < 2) return std::nullopt;
    PageWriter writer;
    std::size_t count = 0;
    const Status visited = reader->visit([&](const PageRow& row) -> Status {
        if (++count == reader->rows()) return {};
        writer.add(row.collection, row.kind, row.layout != nullptr ? *row.layout : Layout{}, row.id,
                   row.seq, reader->scope_sets()[row.scope_set], row.meta, row.values);
        return {};
    });
    if (!visited) return std::nullopt;
    for (const Departure& departure : reader->departures())
        writer.add_departure(departure);
    return writer.finish();
}

// The page with every text of a row made longer: the checksums cannot see that.
std::optional<Bytes> with_other_values(const Bytes& page) {
    const auto reader = PageReader::open(page);
    if (!reader) return std::nullopt;
    PageWriter writer;
    std::deque<Bytes> texts;
    const Status visited = reader->visit([&](const PageRow& row) -> Status {
        std::vector<ValueView> values = row.values;
        for (ValueView& value : values)
            if (value.type == ValueType::text && number(row.collection) >= 100)
                value.bytes = texts.emplace_back(Bytes(value.bytes) + "?");
        writer.add(row.collection, row.kind, row.layout != nullptr ? *row.layout : Layout{}, row.id,
                   row.seq, reader->scope_sets()[row.scope_set], row.meta, values);
        return {};
    });
    if (!visited) return std::nullopt;
    for (const Departure& departure : reader->departures())
        writer.add_departure(departure);
    return writer.finish();
}

}  // namespace

// What leaves head office when something in between is broken: a row missing (the checksums have
// to notice), or the canary (the oracle has to); or when head office is of a newer release.
Bytes World::as_received(const DeviceNode& device, const Answer& answer) {
    SyncReply reply = *answer.reply;
    reply.packed.clear();
    bool changed = false;
    const bool drops = faults_ && random_.chance(plan_.page_damage);
    for (Bytes& page : reply.pages) {
        std::optional<Bytes> other;
        if (drops) other = without_a_row(page);
        if (canary_ == Canary::altered_value) other = with_other_values(page);
        if (!device.reads_newer_schema) other = as_newer_release(other.value_or(page));
        if (other) page = std::move(*other);
        changed = changed || other;
    }
    return changed ? encode(reply, server_.services()) : answer.bytes;
}

void World::head_office_acts() {
    if (random_.chance(plan_.handover + plan_.there_and_back)) hand_over();
    if (random_.chance(plan_.adopt)) adopt();
    if (random_.chance(plan_.prune)) prune();
    if (random_.chance(plan_.schema)) grow_schema();
    if (random_.chance(plan_.rights)) {
        probes_.hit(Probe::rights_changed);
        company_.change_rights(random_);
        log("rights change");
    }
    if (random_.chance(plan_.revoke)) {
        DeviceNode& device = any_device();
        if (!device.revoked && device.index != 0) {
            probes_.hit(Probe::revoked);
            log(device.name() + " is revoked");
            for (const auto& each : devices_)
                if (each->replica_id == device.replica_id) each->revoked = true;
        }
    }
}

// What is new in head office's own chain goes into the history.
void World::learn_own_write(const std::map<RecordId, Seen>& seen) {
    storage::SqliteServerStore& store = server_.store();
    server_.forget_rows();
    const ReplicaId own = store.own_replica();
    require(store.begin_read(), "head office reads", "begin");
    for (std::uint64_t counter = 1;;) {
        const auto entry = store.logged(own, counter);
        require(entry, "head office reads", "own log");
        if (!*entry) break;
        counter = (*entry)->last_counter + 1;
        if (history_.knows((*entry)->id)) continue;
        const auto changeset = decode_changeset((*entry)->bytes);
        require(changeset, "head office reads", "own log");
        history_.record(*changeset, kHeadOffice, seen);
    }
    require(store.commit(), "head office reads", "commit");
}

void World::hand_over() {
    std::vector<const ServerRow*> deals;
    for (const ServerRow& row : server_.rows()) {
        const bool in_pair = std::any_of(
            history_.pairs.begin(), history_.pairs.end(),
            [&row](const auto& pair) { return pair.first == row.id || pair.second == row.id; });
        if (row.collection == ids::kDeal && !row.dead && !in_pair) deals.push_back(&row);
    }
    if (deals.empty()) return;
    const ServerRow row = *random_.pick(deals);
    give(row.id, random_.pick(company_.people()).id);
    if (plan_.there_and_back == 0 || !random_.chance(400)) return;
    for (const Person& person : company_.people())
        if (meet(row.record.scopes, {user_scope(person.id)})) {
            give(row.id, person.id);
            probes_.hit(Probe::there_and_back);
        }
}

void World::give(const RecordId& deal, const RecordId& owner) {
    const Seen seen = history_.visible(deal, server_.row(deal)->record.state);
    const auto verdict = server_.store().handover(ids::kDeal, deal, owner, server_.now());
    require(verdict, "head office writes", "handover");
    probes_.hit(Probe::handover_by_server);
    log("head office gives " + deal.text() + " to " + owner.text());
    learn_own_write({{deal, seen}});
}

void World::adopt() {
    const auto waiting = server_.store().quarantine(100);
    require(waiting, "head office reads", "quarantine");
    if (waiting->empty()) return;
    const storage::QuarantinedChangeset& item = random_.pick(*waiting);
    if (!history_.knows(item.entry.id) || history_.is_hostile(item.entry.replica)) return;
    std::map<RecordId, Seen> seen;
    const KnownChange& change = history_.change(item.entry.id);
    for (const Index index : change.operations) {
        const KnownOperation& known = history_.operations()[index];
        seen[known.operation.record] = known.seen;
    }
    const auto verdict = server_.store().adopt(item.number, company_.person(0).id, server_.now());
    server_.forget_rows();
    if (!verdict) {
        log("head office cannot adopt " + item.entry.id.text() + ": " + verdict.error().message);
        return;
    }
    probes_.hit(Probe::adopted);
    log("head office adopts " + item.entry.id.text());
    const std::size_t before = history_.changes().size();
    learn_own_write(seen);
    if (history_.changes().size() > before)
        history_.mark_as_copy_of(history_.change(item.entry.id));
}

void World::prune() {
    std::vector<std::uint64_t> active;
    for (const auto& device : devices_)
        if (!device->revoked && random_.chance(800)) active.push_back(device->replica_id);
    const auto pruned = server_.store().prune(active, 100, server_.now());
    require(pruned, "head office writes", "prune");
    server_.forget_rows();
    if (*pruned != 0) log("head office prunes " + std::to_string(*pruned));
    probes_.hit(Probe::pruned, *pruned);
}

void World::grow_schema() {
    if (schema_ >= 4) return;
    const Status installed =
        server_.store().install_schema(*company_schema(schema_ + 1), server_.now());
    require(installed, "head office writes", "schema");
    ++schema_;
    probes_.hit(Probe::schema_grown);
    log("schema " + std::to_string(schema_));
    learn_own_write({});
}

}  // namespace satchel::simulation
