// History: what everybody wrote, and what each author had been shown, kept outside the engine. The
// oracle judges by it.
//
// An operation's `seen` follows the chain of each cell: the values that its author was shown in the
// cell, what their authors had been shown there, and so on. It is worked out from the values on the
// author's screen, never from the engine's clocks. (Across cells it does not follow: whoever saw a
// title whose author had once seen an amount has not seen the amount. A restored server can take
// the amount away in between.)
//
// Threads: one. Errors: throws Violation when a state shows what nobody wrote (I-3).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sync/changeset.hpp"
#include "tests/simulation/trace.hpp"

namespace satchel::simulation {

using Index = std::size_t;  // of an operation in the history
// By cell, set or counter; kLife: life marks; element_key: who added that element to the set.
using Seen = std::map<FieldId, std::set<Index>>;

constexpr FieldId kLife{0};
// No field has an id like this.
FieldId element_key(FieldId set, const Value& element);
bool is_element_key(FieldId field);

// Whether `seen` holds the operation under the field.
bool saw(const Seen& seen, FieldId field, Index operation);
// ... or under any.
bool saw(const Seen& seen, Index operation);
// ... or under all that it wrote. Who saw a part of it may lack the rest: a restored head office
// loses what others have written on, and shows that without it until its author brings it again.
bool saw_whole(const Seen& seen, Index index, const Operation& operation);

constexpr std::size_t kHeadOffice = static_cast<std::size_t>(-1);  // author without a device

struct KnownOperation {
    std::size_t change = 0;
    Operation operation;
    Seen seen;
    bool person = true;
    std::optional<Index> original;  // of what head office adopted
    // Its dot on each device that has it in its journal; issued again there: the new one.
    std::map<std::size_t, Dot> latest;
};

struct KnownChange {
    ChangeId id;
    std::size_t device = kHeadOffice;
    std::uint64_t replica = 0;
    std::vector<Index> operations;
    std::set<std::size_t> holders;   // devices that had it in their journal at the last look
    std::set<std::size_t> senders;   // devices that it left at least once
    bool sent_again = false;         // its author wrote the same anew after it was refused
    bool hostile = false;            // an attacker's, who names in its clocks what it likes
    Dot first;                       // as it was written
    bool was_held = false;           // head office has let it wait for what it builds on
    bool was_refused = false;        // a device was told that it is not accepted
    bool was_judged_before = false;  // and head office has been restored since
};

class History {
  public:
    // A durable write. `seen`: per record of it, what the author was shown.
    void record(const Changeset& changeset, std::size_t device,
                const std::map<RecordId, Seen>& seen);
    // What an attacker may write counts as written: it replaces what its clock names, as if it had
    // seen that. True for what is new; what it has overheard word for word is its author's.
    bool record_hostile(const Changeset& changeset);
    // What attackers claimed before it was there.
    void take_claims_as_seen();
    bool is_hostile(ReplicaId replica) const { return hostile_.contains(replica.id); }
    // The last change recorded is head office's copy of this one.
    void mark_as_copy_of(const KnownChange& original);
    bool knows(const ChangeId& id) const { return by_id_.contains(id); }
    // Whether somebody wrote this under its id; what it had seen and its names may have moved.
    bool has_written(const Changeset& changeset) const;
    // The change is known on the device under dots from this one on (it was issued again).
    void learn(std::size_t device, const ChangeId& id, const Dot& first);
    // What is in a device's journal after a disaster. Gives how many known changes it lost.
    std::size_t survey(std::size_t device, const std::set<ChangeId>& journal,
                       std::size_t* lost_after_sending);
    // A new device that is a copy of another one.
    void copy_holder(std::size_t from, std::size_t to);
    void mark_sent(const ChangeId& id, std::size_t device);
    void mark_sent_again(const ChangeId& id) { changes_[by_id_.at(id)].sent_again = true; }

    // Head office has merged the change under the dots from this one on. Of copies of a device that
    // wrote the same under the same dot, others see this one.
    void mark_merged(const ChangeId& id, const Dot& first);
    // Both wrote the same into the field, or stepped the same counter, and may have done so under
    // one dot.
    bool look_alike(Index a, Index b, FieldId field) const;
    // The clock of `by` covers a dot of `missing` that two branches of a device have used: after a
    // restore of head office nobody can tell which of the two it means (docs/decisions/0013). Or
    // one that head office refused before a restore, of which its author had not heard: it is
    // judged anew, and who has seen a later change of that author seems to have seen it.
    bool may_name(Index by, Index missing) const;
    // The device was told that `missing` is refused before it wrote `by`: a restored head office
    // may take it from a copy, and what its author wrote next replaces it.
    bool wrote_on(Index by, Index missing) const;
    // A reply says that the change under these dots is held.
    void mark_held(const Dot& first);
    void mark_refused(const Dot& first);
    void office_restored();

    // The operations that a state shows, with all that they had seen. `viewer`: the device whose
    // screen it is; where a copy of the device has written the same under the same dot, it sees
    // its own.
    Seen visible(const RecordId& record, const RecordState& state,
                 std::size_t viewer = kHeadOffice) const;
    // Who wrote the cell of the record, in the order of the history: for a failure's report. Of
    // kLife: who wrote anything there.
    std::string account(const RecordId& record, FieldId cell) const;
    // Which operation put this there; throws I-3 when none did.
    Index writer(const RecordId& record, FieldId cell, const Sibling& sibling,
                 std::size_t viewer = kHeadOffice) const;
    Index adder(const RecordId& record, FieldId field, const Value& element, const Dot& dot,
                std::size_t viewer = kHeadOffice) const;

    const std::vector<KnownChange>& changes() const { return changes_; }
    const KnownChange& change(const ChangeId& id) const { return changes_[by_id_.at(id)]; }
    const KnownChange& change_of(Index operation) const {
        return changes_[operations_[operation].change];
    }
    const std::vector<KnownOperation>& operations() const { return operations_; }
    // Under which replicas anything was ever written.
    std::set<ReplicaId> replicas() const;
    const std::vector<Index>& of_record(const RecordId& record) const;

    // Two records whose field `mark` is always written together.
    std::vector<std::pair<RecordId, RecordId>> pairs;

  private:
    void add(const Changeset& changeset, KnownChange change, const std::map<RecordId, Seen>& seen);
    void take_claim_as_seen(KnownOperation& known);
    bool repeats_known(const Changeset& changeset) const;

    using Fits = std::function<bool(const KnownOperation&)>;
    // Of several that fit: what the viewer's journal has, else the merged one, else the newest.
    Index find(const RecordId& record, const Dot& dot, const std::string& what, const Fits& fits,
               std::size_t viewer = kHeadOffice) const;
    static Fits fits_cell(FieldId cell, const Sibling& sibling);
    static Fits fits_element(FieldId field, const Value& element);
    static Fits fits_counter(FieldId field);
    static Fits fits_life(const LifeMark& mark);

    std::vector<KnownOperation> operations_;
    std::vector<KnownChange> changes_;
    bool is_merged(Index operation, const Dot& dot) const;
    bool is_under(Index operation, const Dot& dot) const;
    std::vector<Index> under(const Dot& dot) const;

    std::map<ChangeId, std::size_t> by_id_;
    std::map<Dot, std::size_t> merged_;  // change, by its first dot there
    std::set<std::uint64_t> hostile_;    // replica ids
    std::set<std::pair<Dot, ChangeId>> hostile_changes_;
    std::map<Dot, std::vector<Index>> by_dot_;
    std::map<RecordId, std::vector<Index>> by_record_;
};

// What of an operation its author must find again on the screen, by field.
std::vector<FieldId> fields_of(const Operation& operation);

// What of a cell an operation writes; null when nothing.
const CellWrite* written(const Operation& operation, FieldId cell);

}  // namespace satchel::simulation
