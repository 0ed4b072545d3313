// Judging one changeset: private to the server's side (sync/server_*.cpp); the public face is
// sync/server_session.hpp.
//
// Everything is decided before anything is written, so a changeset is merged whole or not at all.
// Threads: one at a time. Errors: only the store's.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sync/server_held.hpp"
#include "sync/server_session.hpp"

namespace satchel {

using FieldReader = std::function<ValueView(FieldId)>;
using ParentScopes = std::function<Result<std::vector<std::string>>(const RecordId&)>;

Result<std::vector<std::string>> scopes_from(const Collection& collection, const FieldReader& read,
                                             const ParentScopes& parent_scopes);

// Two forms of a collection put every record into the same scopes.
bool same_scoping(const Collection& a, const Collection& b);

// Of two ascending lists.
bool intersect(const std::vector<std::string>& a, const std::vector<std::string>& b);

// Scopes of records that are stored, and of their children after a change.
class Scoping {
  public:
    explicit Scoping(ServerStore& store) : store_(store) {}

    // Of a parent, so many levels above the record whose scopes are asked for.
    Result<std::vector<std::string>> of_record(const RecordId& id, std::size_t depth);
    Status follow(std::vector<RecordId> changed, Sequence seq, std::int64_t now_ms);
    // True when its scopes were others; it then has that seq.
    Result<bool> rescope(CollectionId collection, const RecordId& record, Sequence seq,
                         std::int64_t now_ms);
    void forget() { known_.clear(); }
    // Children that it has looked at.
    std::size_t visited() const { return visited_; }

  private:
    static constexpr std::size_t kMaxKnown = 10'000;

    Result<std::vector<std::string>> of_row(const Collection& collection, const RecordId& id,
                                            std::size_t depth);

    ServerStore& store_;
    std::map<RecordId, std::vector<std::string>> known_;
    std::size_t visited_ = 0;
};

// A record that an accepted changeset of this session changed.
struct Touched {
    Sequence seq{};
    bool made = false;         // it is new
    bool confirmable = false;  // the device can work the new state out by itself
};
// Ordered, as all here that goes by ids which anybody may choose: hashes can be made to collide.
using TouchedRecords = std::map<RecordId, Touched>;

// Who judges: one session's caller, or the server for a held changeset of somebody absent.
struct JudgeContext {
    const Caller& caller;
    ServerStore& store;
    const Services& services;
    HeldRecords& held;  // all that are, without the one that is judged
    std::int64_t now_ms = 0;
    Sequence cursor_given{};            // highest ever given to the author's device
    bool loads = false;                 // it may hold records that no checkpoint has covered yet
    Sequence cursor{};                  // of the request; what the device has confirmed
    TouchedRecords* touched = nullptr;  // null: nobody is told
    bool confirms = true;               // false: the device must be sent what is touched here
};

class Judge {
  public:
    explicit Judge(const JudgeContext& context)
        : context_(context), store_(context.store), scoping_(context.store) {}

    // Decides and, when accepted, merges. `entry.verdict` and `entry.id` are filled; the log is
    // the caller's. The entry's replica must be saved. `refused_before`: why an earlier head office
    // did not accept it, which this one repeats.
    Status judge(LoggedChangeset& entry, Reason refused_before = Reason::none);

    // What all that it judged made it read beside the records: bytes of the log, and what else is
    // looked up counted as bytes.
    std::size_t search_bytes() const;

  private:
    // One operation on its way.
    struct Work {
        const Operation* operation = nullptr;
        const Collection* collection = nullptr;
        Dot dot;
        std::vector<Dot> also_seen;  // what the aliases that its clock covers stand for; ascending
        bool fresh = false;          // new, registers only: takes the fast way
        std::optional<ServerRecord> before;
        ServerRecord after;
    };
    // Why not.
    struct Refusal {
        VerdictKind kind = VerdictKind::quarantined;
        Reason reason = Reason::none;
        std::string detail;
        Dot waits_for;  // of held
    };
    using Check = Result<std::optional<Refusal>>;  // nothing: go on
    // What a clock's unknown entries turned out to be.
    struct Missing {
        bool refused = false;
        bool lost = false;
    };
    // A changeset of the log that clocks name.
    struct Named {
        ReplicaId replica;
        std::uint64_t first = 0;
        std::uint64_t last = 0;
        VerdictKind kind = VerdictKind::accepted;
        bool readable = false;
        std::vector<RecordId> records;
    };

    static Check refuse(Reason reason, std::string detail) {
        return std::optional(Refusal{VerdictKind::quarantined, reason, std::move(detail), {}});
    }

    static Check wait_for(const Dot& dot) {
        return std::optional(
            Refusal{VerdictKind::held, Reason::none, "waits for " + dot.text(), dot});
    }

    Check check(LoggedChangeset& entry, Reason refused_before);
    // server_judge.cpp: what needs no record
    Check decode(LoggedChangeset& entry);
    Check find_original(LoggedChangeset& entry);
    Check check_schema_records();
    Check prepare();
    Check prepare_one(Work& work);
    // server_dependencies.cpp
    Check check_clock(Work& work);
    Check check_entry(const Work& work, const Dot& seen, Missing& missing);
    Check check_held_below(const Work& work, const Dot& seen);
    Check check_absent(const Dot& seen);
    Check check_own_held(const Work& work);
    void note_verdict(const LoggedChangeset& entry);
    Status load_refused();
    void note_refused(const LoggedChangeset& entry);
    Check check_parents();
    Result<const Named*> named(const Dot& dot);
    bool has_searched_enough() const;
    Check expand(Work& work);
    Check append_aliases(const LoggedChangeset& entry, const Dot& first);
    // server_rights.cpp
    Check check_rights_before(const Work& work);
    Check check_late(const Work& work);
    Check find_scopes();
    Check check_rights_after(const Work& work) const;
    Check check_new_scopes(const Work& work);
    Result<std::vector<std::string>> scopes_of_work(const Work& work, std::size_t depth);
    static Result<std::vector<std::string>> scopes_by(const Work& work,
                                                      const ParentScopes& parent_scopes);
    static ValueView written(const Work& work, FieldId field);
    static bool writes_scope_field(const Work& work);
    // server_merge.cpp
    Check apply_all(const LoggedChangeset& entry);
    Status merge(LoggedChangeset& entry);
    Status merge_all(Sequence seq);
    Status merge_one(Work& work, Sequence seq);
    Status store_fresh(const Work& work, Sequence seq);
    Status use_new_schema(Sequence seq);
    void touch(const Work& work, Sequence seq);
    const Layout& layout(const Collection& collection);

    const JudgeContext context_;
    ServerStore& store_;
    Scoping scoping_;
    SchemaPointer schema_;
    SchemaPointer new_schema_;
    Changeset changeset_;
    std::vector<Work> works_;
    std::map<RecordId, const Work*> work_of_;  // while scopes are worked out
    std::vector<RecordId> rescoped_;
    std::map<CollectionId, Layout> layouts_;
    std::vector<Named> named_;
    // Records in changesets of this device that were not accepted.
    std::optional<std::set<RecordId>> refused_;
    bool decoded_ = false;  // changeset_ is the one that is judged
    std::size_t look_ups_ = 0;
    std::size_t search_bytes_ = 0;
    std::size_t searched_before_ = 0;  // by the changesets before this one
    bool late_ = false;
    Stamp effective_;
};

}  // namespace satchel
