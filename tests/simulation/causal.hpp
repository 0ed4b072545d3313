// The session guarantees (I-9), judged from outside the engine: from what each device's screens
// showed, in order, and from which write every value on them is. Values and authors come from the
// history, never from a cursor or a clock of the engine's.
//
//     read your writes      what a session wrote is on its screen, or something that had seen it
//     monotonic reads       what a session has been shown stays, or something that had seen it
//     monotonic writes      who is shown a write is shown what its session had written before
//     writes follow reads   ... and what that session had been shown before
//
// A session is one device's life from its first screen on, over restarts, crashes of the program
// and all its syncs. What ends it, and what is not judged, each for one reason:
//
//   - The device is put back to an older image, or its disk has lost a sync that it had said was
//     done and then the power: another session, which knows nothing yet.
//   - Power loss: the session goes back to what it knew when something last left the device, which
//     is what the engine promises to keep (what was shown since may have been taken back).
//   - Head office is restored: what only it had is lost, and said to be. A device that has not met
//     the new epoch is not looked at; once it has, and doubts nothing any more, another session
//     begins. Across two epochs nothing is judged, and nobody is asked for what others had known of
//     before: it may be on its way back to head office.
//   - A copy of a device begins with what the original knew.
//   - A record that is not on the device (right lost, evicted, pruned) shows nothing; one that head
//     office has not confirmed there shows only what was just written on that device.
//   - A write that head office has not merged (refused, held, not there yet) may go from its
//     author's screen, and nobody else need be shown it.
//   - In the middle of a walk a device shows records as they come: it is asked for its own, and for
//     what others had known when the walk has come to its end.
//   - What head office has let wait, after a restore, it may merge after what was written later;
//     its author still reads it.
//   - What a restored head office had lost and has again may be missing where a device knew it only
//     by a write of its own that was refused since.
//   - What was refused to its author, and a restored head office has taken from a copy since: what
//     the author wrote meanwhile replaces it, though it was not on his screen any more.
//   - Of a dot that two branches of one device have used, nobody can tell after a restore which of
//     the two a clock means (docs/decisions/0013).
//   - While the device doubts what it holds (a scope does not add up) its screen is not looked at;
//     while it is loading a scope, it is not asked for what others had known.
//   - Who had seen what was refused has seen the copy of it that head office adopted.
//   - A cell that shows a value which head office adopted, or once showed one and now shows what
//     its first author wrote later: which of the two replaced the other depends on that author's
//     screen in between (oracle.cpp).
//   - A field that an attacker has written: its clock claims to have seen what it likes.
//
// Threads: one. Errors: throws a Violation of I-9.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/device_node.hpp"
#include "tests/simulation/history.hpp"

namespace satchel::simulation {

// What a device shows of each record: the writes on the screen and all that these had seen.
using Screen = std::map<RecordId, Seen>;

// All that is confirmed on the device now, with what is pending, dead records included.
Screen screen_of(DeviceNode& device, const History& history);

class CausalChecker {
  public:
    // `merged`: whether head office has accepted the change.
    CausalChecker(const History& history, std::function<bool(const KnownChange&)> merged)
        : history_(history), merged_(std::move(merged)) {}

    // The device shows this. `complete`: every record of its scopes, up to one moment.
    void look(std::size_t device, std::uint64_t epoch, const Screen& screen, bool complete);
    // Something leaves the device: what it has shown so far survives power loss.
    void leaves(std::size_t device);
    void power_lost(std::size_t device);
    void put_back(std::size_t device);
    void copied(std::size_t from, std::size_t to);
    void office_restored();

    std::uint64_t judged() const { return judged_; }  // how often something known was looked for

  private:
    struct Known {
        FieldId field{};
        Index operation = 0;

        auto operator<=>(const Known&) const = default;
    };
    struct Session {
        std::size_t device = 0;
        std::uint64_t epoch = 0;   // 0: it has never met head office
        std::vector<Known> known;  // in the order in which it was written or shown
        std::set<Known> there;     // the same
        std::size_t safe = 0;      // so many of it survive power loss

        void learn(const Known& known_now);
    };
    struct Place {
        std::size_t session = 0;
        std::size_t before = 0;  // so many of the session's known came before the write
    };

    std::size_t session_of(std::size_t device);
    void start(std::size_t device, Session session);
    void take_in_writes();
    void check_own(const Session& session, const Screen& screen);
    void check_others(const Session& viewer, const Screen& screen);
    void expect(const Session& viewer, const Known& known, const Screen& screen,
                const std::string& guarantee);
    bool removed(const Known& known) const;
    bool is_by_author_of(Index refused, Index later) const;
    bool adopted_there(const Seen& seen, const Known& known) const;
    bool twin_there(const Seen& seen, const Known& known) const;
    bool named_there(const Seen& seen, const Known& known) const;
    bool went_with_refused(const Session& viewer, const Known& known) const;
    bool attacked_there(const Seen& seen, FieldId field) const;
    bool wrote_there(Index index, FieldId field) const;
    bool wrote(const Session& session, Index operation) const;

    const History& history_;
    const std::function<bool(const KnownChange&)> merged_;
    std::vector<Session> sessions_;
    std::map<std::size_t, std::size_t> current_;  // by device
    std::map<Index, Place> writes_;
    std::size_t next_change_ = 0;    // of the history, not yet taken in
    std::size_t since_restore_ = 0;  // the first change that was made after the last restore
    std::uint64_t judged_ = 0;
};

}  // namespace satchel::simulation
