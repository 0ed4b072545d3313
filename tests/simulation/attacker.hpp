// Attacker: a registered device of a real user whose program is not ours. It sends whatever might
// hurt somebody, through the real decode_request and handle_sync: dots that are not its own, the
// same dot with other content, clocks that name what nobody made or what its author never saw,
// stamps of other ages, other people's records, messages overheard from others, giant and damaged
// ones.
//
//     Attacker::Message message = attacker.next(overheard);
//     Answer answer = server.handle(message.bytes, caller);
//     attacker.take(answer);  // it wants to go on, so it keeps its own chain in order
//
// What it may write under its own name counts as written (History::record_hostile); everything
// else must leave no trace, except in quarantine.
//
// Threads: one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/simulation/company.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/server_node.hpp"

namespace satchel::simulation {

class Attacker {
  public:
    Attacker(std::size_t person, const Company& company, const History& history, ServerNode& server,
             Prng random);

    struct Message {
        std::string what;
        Bytes bytes;
    };
    // `overheard`: requests of honest devices, as bytes.
    Message next(const std::vector<Bytes>& overheard);
    // Nothing but a question, as every device asks that has something held.
    Message question();
    void take(const Answer& answer);

    const std::size_t person;
    const std::uint64_t replica_id;

  private:
    struct Trick {
        const char* what;
        void (Attacker::*play)(SyncRequest& request);
    };
    static const std::vector<Trick>& tricks();

    // attacker_tricks.cpp: lies in changesets.
    void honest_looking(SyncRequest& request);
    void foreign_record(SyncRequest& request);
    void two_records_one_foreign(SyncRequest& request);
    void foreign_owner(SyncRequest& request);
    void foreign_parent(SyncRequest& request);
    void ring_of_parents(SyncRequest& request);
    void stamp_of_another_age(SyncRequest& request);
    void clock_of_the_future(SyncRequest& request);
    void clock_of_nobody(SyncRequest& request);
    void giant_clock(SyncRequest& request);
    void unknown_cell(SyncRequest& request);
    void wrong_value(SyncRequest& request);
    void giant_step(SyncRequest& request);
    void system_record(SyncRequest& request);
    void dots_of_another(SyncRequest& request);
    void same_dot_again(SyncRequest& request);
    void stolen_change_id(SyncRequest& request);
    // attacker.cpp: lies in the request around them.
    void replica_of_another(SyncRequest& request);
    void overheard_as_own(SyncRequest& request);
    void foreign_scopes(SyncRequest& request);
    void foreign_wishes(SyncRequest& request);
    void foreign_questions(SyncRequest& request);
    void foreign_comparison(SyncRequest& request);
    void impossible_counters(SyncRequest& request);
    void impossible_place(SyncRequest& request);
    void another_name(SyncRequest& request);

    SyncRequest request_at_rest();
    Changeset draft();
    void add(SyncRequest& request, Changeset changeset, ChangeId id);
    void add(SyncRequest& request, std::vector<Operation> operations);
    Operation edit_of(const ServerRow& row);
    Operation new_deal();
    Operation new_visit(const RecordId& parent);
    CellWrite text_cell(FieldId cell);
    Value unique_text();
    bool in_pair(const RecordId& id) const;
    // A record that its person may write, or one that he may not; null when there is none.
    const ServerRow* some_row(bool own);
    const KnownChange* somebodys_change();
    Bytes damaged(Bytes bytes);

    const Company& company_;
    const History& history_;
    ServerNode& server_;
    Prng random_;
    RecordIdMaker ids_;
    std::uint64_t values_ = 0;

    ReplicaId self_;
    std::uint64_t epoch_ = 0;
    std::uint64_t counter_ = 0;  // head office has its chain up to here
    std::map<std::uint64_t, Digest> chain_;
    std::vector<Bytes> overheard_;
};

}  // namespace satchel::simulation
