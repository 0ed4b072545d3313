// Oracle: judges a run by correctness.md's invariants, from the history of what everybody wrote and
// from what the company's rights say, never from the engine's own bookkeeping of the same.
//
// Threads: one. Errors: every check throws a Violation that names the invariant.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/company.hpp"
#include "tests/simulation/device_node.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/probes.hpp"
#include "tests/simulation/server_node.hpp"

namespace satchel::simulation {

class Oracle {
  public:
    Oracle(const Company& company, const History& history, ServerNode& server, Probes& probes)
        : company_(company), history_(history), server_(server), probes_(probes) {}

    // After a session that ended well, at any time: I-7, I-10, I-11, and the confirmed states.
    void check_session(DeviceNode& device);
    // I-10 alone: after every step of a device.
    void check_pairs(DeviceNode& device);
    // I-7 for one reply on its way down.
    void check_reply(const SyncReply& reply, const std::vector<std::string>& caller_scopes);

    // I-14: what plain SQL and records show, against the rules.
    void check_views(DeviceNode& device);
    // I-16: of every message, of what devices and head office keep.
    static void check_request(const Plan& plan, const SyncRequest& request, ByteView bytes);
    static void check_sizes(const Plan& plan, const SyncReply& reply, ByteView bytes);
    void check_head_office_sizes();
    void check_journal_size(DeviceNode& device);

    // I-7, on the bytes of its files; after a session that ended well.
    void check_nothing_left(DeviceNode& device);

    // At the end, when everything is quiet.
    void check_server();
    void check_device(DeviceNode& device);

    // The scopes of a record, by the schema's rule and from its values (worked out anew).
    // A ring of parents, which an attacker can make, has those that it has.
    std::vector<std::string> scopes_of(const ServerRow& row, std::size_t depth = 0);

  private:
    void check_kept(const KnownChange& change);
    void check_operation_kept(Index index);
    enum class Seeing { no, perhaps, yes };
    struct Replaced {
        Seeing seeing;
        Index by;
    };
    Replaced replaced(Index index, FieldId field,
                      const std::function<bool(const Operation&)>& writes);
    std::uint64_t author(Index index);
    bool names_may_have_moved(Index by, Index seen);
    bool built_on_lost(Index index);
    void check_record(const ServerRow& row);
    void check_stamps(const ServerRow& row);
    void check_no_false_conflict(const ServerRow& row);
    void check_counters(const ServerRow& row);
    void check_sets(const ServerRow& row);
    std::vector<Index> last_marks(const RecordId& record);
    void check_life(const ServerRow& row);
    void check_chains();
    void check_chain(ReplicaId replica);
    void check_audit();
    void check_confirmed(DeviceNode& device, const ServerRow& row, bool exactly);
    void check_nothing_else(DeviceNode& device, const SyncState& state);
    using Marks = std::map<Value, Index>;  // who wrote which
    bool is_other_half(const Marks& a, const Marks& b, const RecordId& other) const;
    static void check_state_sizes(const RecordState& state, const std::string& who);
    bool accepted(std::size_t change) const { return accepted_.contains(change); }
    void read_verdicts();
    std::string waits_of(LoggedChangeset held);
    bool is_declared_lost(const Dot& dot);

    const Company& company_;
    const History& history_;
    ServerNode& server_;
    Probes& probes_;
    std::set<std::size_t> accepted_;  // changes that the server's log says it merged
    std::set<RecordId> graves_;
};

bool meet(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace satchel::simulation
