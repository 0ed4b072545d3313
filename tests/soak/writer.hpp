// Writer: the person at one device: makes, edits, tags, counts, deletes and hands over records,
// through the public face of Replica, and keeps the ledger. Every value is written once only, so
// that what stands at head office says who wrote it.
//
// Threads: that of the replica. Errors: those of the replica (nothing was written, or the ledger
// says what was) and of the ledger.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "storage/replica.hpp"
#include "tests/simulation/prng.hpp"
#include "tests/soak/ledger.hpp"

namespace satchel::soak {

using simulation::Prng;

class Writer {
  public:
    // `name`: of the device, unique.
    Writer(storage::Replica& replica, Ledger& ledger, Prng& random, std::string name);

    // Ends in the ledger what a killed process left open there. First of all.
    Status settle();
    // One thing that a person does.
    Status act();

  private:
    struct Kind {
        const char* collection;
        const char* title;
        const char* set;
        const char* counter;
    };
    static const std::vector<Kind> kKinds;
    struct Target {
        const Kind* kind;
        RecordId id;
    };

    Status make();
    Status edit();
    Status edit_what_was_shown_before();
    Status tag();
    Status untag();
    Status count();
    Status remove();
    Status undelete();
    Status hand_over();

    Result<std::vector<RecordId>> ids(const std::string& sql);
    Result<std::vector<Target>> target();  // one or none
    std::string unique(const char* what);
    storage::FieldValues some_cells(const Kind& kind);
    std::vector<Deed> deeds_of(const Target& target, const storage::RecordView& view,
                               const storage::FieldValues& values) const;
    FieldId field(const Kind& kind, const char* name) const;
    Status commit(storage::LocalTransaction& transaction, const std::vector<Deed>& deeds);
    // What the journal has and the ledger has not; "": nothing.
    Result<std::string> unknown_change();

    storage::Replica& replica_;
    Ledger& ledger_;
    Prng& random_;
    std::string name_;
    std::set<std::string> known_;  // changes that the ledger has
    std::uint64_t values_ = 0;
};

}  // namespace satchel::soak
