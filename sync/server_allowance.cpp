#include "sync/server_allowance.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel {
namespace {

std::string mebibytes(std::size_t bytes) {
    return std::to_string(bytes >> 20) + " MiB";
}

// A day begins with the first thing that counts. A clock that was put back begins another.
bool is_over(const DeviceDay& day, std::int64_t now_ms) {
    return now_ms < day.began || now_ms - day.began >= kDayMs;
}

std::string hours_left(const DeviceDay& day, std::int64_t now_ms) {
    constexpr std::int64_t kHourMs = kDayMs / 24;
    const std::int64_t hours = (day.began + kDayMs - now_ms + kHourMs - 1) / kHourMs;
    return std::to_string(hours) + (hours == 1 ? " hour" : " hours");
}

}  // namespace

Result<DeviceDay> Allowance::today() {
    SATCHEL_ASSIGN(DeviceDay day, store_.device_day(replica_));
    if (is_over(day, now_ms_)) day = {now_ms_, 0, 0};
    return day;
}

Status Allowance::admit(const LoggedChangeset& entry) {
    const VerdictKind kind = entry.verdict.kind;
    if (kind != VerdictKind::quarantined && kind != VerdictKind::held) return {};
    const std::uint64_t bytes = std::max(entry.bytes.size(), kLeastKeptBytes);
    SATCHEL_ASSIGN(DeviceDay day, today());
    if (day.refused_bytes + bytes > kMaxRefusedBytes)
        return Error{ErrorCode::limit,
                     "head office keeps at most " + mebibytes(kMaxRefusedBytes) +
                         " a day of changes of one device that it cannot accept, or that wait, "
                         "and this device has sent as much: 'satchel rejected' shows them; "
                         "nothing is lost, and the rest is taken in " +
                         hours_left(day, now_ms_)};
    if (kind == VerdictKind::held) SATCHEL_TRY(admit_held(bytes));
    day.refused_bytes += bytes;
    return store_.save_device_day(replica_, day);
}

Status Allowance::admit_held(std::uint64_t bytes) {
    if (!held_bytes_) {
        SATCHEL_ASSIGN(held_bytes_, store_.held_bytes(replica_));
    }
    if (*held_bytes_ + bytes > kMaxHeldBytes)
        return Error{ErrorCode::limit,
                     "head office keeps at most " + mebibytes(kMaxHeldBytes) +
                         " of changes of one device that wait for changes of other devices; "
                         "nothing is lost, and the rest is taken when those devices have synced"};
    *held_bytes_ += bytes;
    return {};
}

Status Allowance::admit_incarnation() {
    SATCHEL_ASSIGN(DeviceDay day, today());
    if (day.incarnations >= kMaxIncarnations)
        return Error{ErrorCode::limit,
                     "this replica file was copied or put back " +
                         std::to_string(kMaxIncarnations) +
                         " times in a day; give every copy a file of its own (satchel init); "
                         "nothing is lost, and this one may sync again in " +
                         hours_left(day, now_ms_)};
    ++day.incarnations;
    return store_.save_device_day(replica_, day);
}

}  // namespace satchel
