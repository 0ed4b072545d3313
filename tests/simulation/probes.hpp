// Probes: events that a campaign must meet, or it tests less than it says ("sometimes" assertions).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace satchel::simulation {

enum class Probe : std::uint8_t {
    conflict,
    resolved,
    resent,
    undeleted,
    revived,
    system_write,
    stale_token,
    fork,
    alias,
    held,
    released,
    quarantined_not_allowed,
    quarantined_depends_on,
    quarantined_revoked,
    quarantined_pruned,
    late_edit,
    adopted,
    whole_row,
    patch_row,
    confirm_row,
    departure,
    reentry,
    paged_checkpoint,
    paged_load,
    changed_during_load,
    page_reused,
    listed_scopes,
    gained_scope,
    lost_scope,
    restored,
    repaired,
    server_backup,
    server_power_loss,
    device_power_loss,
    power_loss_took_back,
    power_loss_took_back_sent,
    device_killed,
    device_restored,
    device_cloned,
    io_error,
    disk_full,
    message_lost,
    message_twice,
    old_message,
    cut_message,
    stale_reply_refused,
    clock_jump,
    handover_by_device,
    handover_by_server,
    rights_changed,
    revoked,
    pruned,
    declared_lost,
    schema_grown,
    pair_checked,
    attacked,
    attack_accepted,
    attack_held,
    attack_quarantined,
    attack_refused_whole,
    attack_not_readable,
    attack_forked,
    other_release,
    upgrade_needed,
    logged_out,
    logged_out_with_pending,
    clogged,
    half_open,
    asleep_in_session,
    back_after_a_year,
    sync_failed_once,
    lost_sync_took_back_sent,
    power_loss_in_a_step,
    there_and_back,
    scope_regained,
    clock_in_work,
    clock_of_1970,
    clock_of_2262,
    schema_lost,
    quarantined_schema_unknown,
    newer_schema_refused,
    storm,
    storm_in_the_quiet,
    office_clock_forward,
    office_clock_back,
    office_clock_in_work,
    cell_full,
    cell_above_full,
    quarantined_cell_full,
    quarantined_before_restore,
    view_checked,
    bit_rot,
    misdirected_page,
    rot_in_the_journal,
    rot_refused,
    rot_noticed,
    rot_harmless,
    office_rot_refused,
    office_rot_noticed,
    office_rot_harmless,
    kCount,
};
std::string_view name(Probe probe);

class Probes {
  public:
    void hit(Probe probe, std::uint64_t times = 1) {
        counts_[static_cast<std::size_t>(probe)] += times;
    }
    std::uint64_t count(Probe probe) const { return counts_[static_cast<std::size_t>(probe)]; }
    void add(const Probes& other);
    // "name: count" lines.
    std::string text() const;
    std::vector<std::string_view> never_hit() const;

  private:
    std::array<std::uint64_t, static_cast<std::size_t>(Probe::kCount)> counts_{};
};

}  // namespace satchel::simulation
