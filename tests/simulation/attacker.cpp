#include "tests/simulation/attacker.hpp"

#include <algorithm>

#include "sync/limits.hpp"
#include "tests/simulation/oracle.hpp"

namespace satchel::simulation {

Attacker::Attacker(std::size_t who, const Company& company, const History& history,
                   ServerNode& server, Prng random)
    : person(who),
      replica_id(random.next()),
      company_(company),
      history_(history),
      server_(server),
      random_(random),
      self_{replica_id, 1} {
    chain_[0] = chain_start(server_.services().hash, self_);
}

const std::vector<Attacker::Trick>& Attacker::tricks() {
    static const std::vector<Trick> kTricks{
        {"writes what it may", &Attacker::honest_looking},
        {"writes what it may", &Attacker::honest_looking},
        {"writes another person's record", &Attacker::foreign_record},
        {"hides another person's record among its own", &Attacker::two_records_one_foreign},
        {"gives a record to others", &Attacker::foreign_owner},
        {"hangs a record under another person's", &Attacker::foreign_parent},
        {"hangs records under each other", &Attacker::ring_of_parents},
        {"stamps with another age", &Attacker::stamp_of_another_age},
        {"has seen what is not written yet", &Attacker::clock_of_the_future},
        {"has seen what nobody wrote", &Attacker::clock_of_nobody},
        {"has seen everybody", &Attacker::giant_clock},
        {"writes a cell that is not there", &Attacker::unknown_cell},
        {"writes a value that is none", &Attacker::wrong_value},
        {"counts to the end", &Attacker::giant_step},
        {"writes a record of the system", &Attacker::system_record},
        {"writes under another's dots", &Attacker::dots_of_another},
        {"writes the same dot again", &Attacker::same_dot_again},
        {"takes the id of another's change", &Attacker::stolen_change_id},
        {"says it is another device", &Attacker::replica_of_another},
        {"sends what it overheard as its own", &Attacker::overheard_as_own},
        {"says it holds other scopes", &Attacker::foreign_scopes},
        {"wishes for other people's records", &Attacker::foreign_wishes},
        {"asks after other people's changes", &Attacker::foreign_questions},
        {"compares other people's scopes", &Attacker::foreign_comparison},
        {"counts impossibly", &Attacker::impossible_counters},
        {"stands nowhere", &Attacker::impossible_place},
        {"wants another name", &Attacker::another_name},
    };
    return kTricks;
}

SyncRequest Attacker::request_at_rest() {
    SyncRequest request;
    request.replica = self_;
    request.epoch = epoch_;
    request.device_now = server_.now();
    request.base_counter = request.last_counter = counter_;
    request.base_hash = chain_.at(counter_);
    request.lists_scopes = true;
    request.scopes = company_.scopes(person);
    request.tag = random_.next() >> 16;
    return request;
}

Attacker::Message Attacker::next(const std::vector<Bytes>& overheard) {
    overheard_ = overheard;
    const std::uint64_t kind = overheard.empty() ? 9 : random_.below(20);
    if (kind == 0) return {"replays another device's message", random_.pick(overheard)};
    if (kind == 1) return {"damages another device's message", damaged(random_.pick(overheard))};
    const Trick& trick = random_.pick(tricks());
    SyncRequest request = request_at_rest();
    (this->*trick.play)(request);
    Bytes bytes = encode(request, server_.services());
    if (random_.chance(50)) bytes = damaged(std::move(bytes));
    return {trick.what, std::move(bytes)};
}

Attacker::Message Attacker::question() {
    SyncRequest request = request_at_rest();
    request.questions = {{self_.incarnation, 1, make_change_id(random_)}};
    return {"asks after its own", encode(request, server_.services())};
}

// As a device would: what was taken is taken, a new name is used, a new epoch believed.
void Attacker::take(const Answer& answer) {
    if (!answer.reply || answer.request->replica != self_) return;
    const SyncReply& reply = *answer.reply;
    epoch_ = reply.epoch;
    if (reply.status == ReplyStatus::fork && reply.new_incarnation != 0) {
        self_.incarnation = reply.new_incarnation;
        counter_ = 0;
        chain_ = {{0, chain_start(server_.services().hash, self_)}};
        return;
    }
    Digest hash = answer.request->base_hash;
    for (const UploadedChangeset& sent : answer.request->changesets) {
        hash = chain_link(server_.services().hash, hash, sent.bytes);
        chain_[sent.last_counter] = hash;
    }
    if (chain_.contains(reply.acked_counter)) counter_ = reply.acked_counter;
}

Bytes Attacker::damaged(Bytes bytes) {
    if (bytes.empty()) return bytes;
    if (random_.chance(300)) bytes.resize(random_.below(bytes.size()));
    for (std::uint64_t i = random_.below(4); i > 0 && !bytes.empty(); --i)
        bytes[random_.below(bytes.size())] ^= static_cast<char>(1U << random_.below(8));
    return bytes;
}

bool Attacker::in_pair(const RecordId& id) const {
    return std::any_of(history_.pairs.begin(), history_.pairs.end(),
                       [&id](const auto& pair) { return pair.first == id || pair.second == id; });
}

const ServerRow* Attacker::some_row(bool own) {
    const std::vector<std::string> scopes = company_.scopes(person);
    std::vector<const ServerRow*> fitting;
    for (const ServerRow& row : server_.rows())
        if (number(row.collection) >= system_ids::kFirstFree && !in_pair(row.id) &&
            meet(row.record.scopes, scopes) == own)
            fitting.push_back(&row);
    return fitting.empty() ? nullptr : random_.pick(fitting);
}

const KnownChange* Attacker::somebodys_change() {
    const std::vector<KnownChange>& all = history_.changes();
    const KnownChange* change = all.empty() ? nullptr : &random_.pick(all);
    return change == nullptr || change->hostile ? nullptr : change;
}

void Attacker::replica_of_another(SyncRequest& request) {
    const auto replicas = history_.replicas();
    const std::vector<ReplicaId> all(replicas.begin(), replicas.end());
    honest_looking(request);
    if (!all.empty()) request.replica = random_.pick(all);
}

void Attacker::overheard_as_own(SyncRequest& request) {
    if (overheard_.empty()) return honest_looking(request);
    auto heard = decode_request(random_.pick(overheard_), server_.services());
    if (!heard) return;
    request = *std::move(heard);
    request.replica = self_;
}

void Attacker::foreign_scopes(SyncRequest& request) {
    for (const Person& other : company_.people())
        request.scopes.push_back(user_scope(other.id));
    for (const std::string& pool : kPools)
        request.scopes.push_back(pool_scope(pool));
    request.scopes.push_back(kHeadOfficeScope);
    std::sort(request.scopes.begin(), request.scopes.end());
    request.scopes.erase(std::unique(request.scopes.begin(), request.scopes.end()),
                         request.scopes.end());
    if (random_.chance(500)) request.loading = request.scopes;
}

void Attacker::foreign_wishes(SyncRequest& request) {
    for (int i = 0; i < 5; ++i)
        if (const ServerRow* row = some_row(false)) request.wanted.push_back(row->id);
    request.whole_states_only = random_.chance(500);
}

void Attacker::foreign_questions(SyncRequest& request) {
    for (int i = 0; i < 5; ++i)
        if (const KnownChange* change = somebodys_change())
            request.questions.push_back({1, 1 + random_.below(50), change->id});
}

void Attacker::foreign_comparison(SyncRequest& request) {
    request.repair_scope = user_scope(random_.pick(company_.people()).id);
    if (random_.chance(200)) request.repair_scope = kHeadOfficeScope;
    request.repair.resize(kRepairBuckets);
}

// A request names the first counter only; the others follow from how many operations it says.
void Attacker::impossible_counters(SyncRequest& request) {
    const std::vector<std::uint64_t> numbers{
        0, 1, UINT64_C(1) << 32, UINT64_C(1) << 53, INT64_MAX, UINT64_C(1) << 63};
    honest_looking(request);
    request.last_counter = random_.chance(200) ? UINT64_MAX : random_.pick(numbers);
    if (random_.chance(500)) request.base_counter = random_.pick(numbers);
    std::uint64_t counter = request.base_counter;
    for (UploadedChangeset& sent : request.changesets) {
        sent.first_counter = counter + 1;
        sent.last_counter = counter += 1 + random_.below(3);
    }
}

void Attacker::impossible_place(SyncRequest& request) {
    request.cursor = Sequence{random_.chance(500) ? random_.below(1000) : INT64_MAX};
    request.position.seq = Sequence{random_.below(1000)};
    request.position.id = ids_.next(server_.now(), random_);
    if (random_.chance(500))
        request.position.load = {random_.below(9), Sequence{random_.below(1000)},
                                 static_cast<std::uint32_t>(random_.below(kNewsStage + 1)),
                                 user_scope(random_.pick(company_.people()).id)};
    request.max_reply_bytes = random_.below(100);
}

void Attacker::another_name(SyncRequest& request) {
    request.wants_incarnation = random_.chance(500);
    request.closed = random_.chance(300);
    if (random_.chance(300)) request.epoch = random_.next() >> random_.below(64);
    if (random_.chance(300))
        request.replica.incarnation = 1 + static_cast<std::uint32_t>(random_.below(9));
    honest_looking(request);
}

}  // namespace satchel::simulation
