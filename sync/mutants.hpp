// Mutants: single rules of the engine that a careless commit could break. In the product none can
// be broken: broken() is a constant, and costs nothing. The simulation compiles the files that ask
// it a second time with SATCHEL_MUTANTS, breaks one rule after the other, and has to notice each.
//
//     if (logged->hash != hash && !broken(Mutant::duplicate_by_dot)) return false;
//
// Where another rule stands in for one, the two are broken together: mutant_campaign.cpp, in
// tests/simulation, has the list.
#pragma once

#include <cstdint>

namespace satchel {

enum class Mutant : std::uint8_t {
    // Merging.
    eager_last_writer,     // values that lose against a later stamp are thrown away
    delete_clears,         // a deletion takes the values that its author saw with it
    removal_takes_unseen,  // removing an element takes addings that its author had not seen
    counter_twice,         // a step counts twice
    system_write_revives,  // an automatic write counts as a person's edit
    clock_over_claimed,    // an operation claims to have seen what its form did not show
    stamp_repeats,         // a device whose clock goes back gives old stamps again
    stamp_unbounded,       // the effective time of a clock that runs ahead is not bounded
    // Who is there.
    chain_not_compared,  // a device that was rolled back or copied is not recognized
    duplicate_by_dot,    // a known dot is a repetition, whatever its bytes
    epoch_ignored,       // nobody notices that the server was restored
    unverified_states,   // states go to a device that may be a rolled-back copy
    // Taking changes.
    verdict_not_repeated,    // a repeated changeset gets no verdict
    known_id_counts_again,   // a change that was issued again counts again
    aliases_not_expanded,    // who has seen a change's new name has not seen the change
    nothing_held,            // what a change builds on need not be here
    rights_not_judged,       // everybody may write what is not theirs
    every_edit_late,         // an edit after a handover is accepted however late it was made
    refused_not_kept,        // what is not accepted is thrown away
    children_left_behind,    // children of a record keep their scopes when it moves
    pruned_without_grave,    // a pruned record leaves no grave
    acknowledged_too_early,  // the server answers before its commit is on the disk
    decision_not_audited,    // what was held is decided without an entry in the audit log
    // What goes down.
    sequence_gap,        // a change becomes visible after a later one
    entry_unnoticed,     // a record new to the device's scopes comes as a patch
    departure_not_sent,  // a device is not told that a record has left its scopes
    confirmed_unmerged,  // a state that holds others' changes is confirmed as the device's own
    patch_misses_cells,  // a cell that changed is not in the patch
    horizon_ignored,     // a device may forget what no backup of the server has
    // After a restore of head office.
    refusal_forgotten,  // what an earlier head office refused is judged anew
    copy_forgotten,     // who saw what head office knows from a copy of the device has not seen it
    unknown_at_once,    // what head office lost is issued again behind what was written later
    // On the device.
    sent_too_early,        // a changeset leaves before it is on the disk
    cursor_before_rows,    // the cursor moves in a transaction before the rows
    page_shown_early,      // half of a checkpoint is shown
    evict_kept,            // what has left the device's scopes stays
    refused_still_shown,   // what was not accepted stays in what is shown
    pending_not_replayed,  // an answer overwrites what waits to be sent
    full_cell_blocks,      // what waits and has no room in a full cell stops every answer
    schema_passed_over,    // a schema that cannot be read is left out, and what comes with it taken
    damaged_entry_sent,    // what was damaged in the journal goes up as it is
    values_unlimited,      // a cell takes any number of values side by side
    // Safety nets, which hide others.
    misfit_not_wanted,  // a patch on what is not there is passed over
    sums_not_compared,  // the checksums of scopes are not looked at
    kCount,
};

#ifdef SATCHEL_MUTANTS
bool broken(Mutant mutant);
#else
constexpr bool broken(Mutant) {
    return false;
}
#endif

}  // namespace satchel
