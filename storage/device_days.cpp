#include "storage/device_days.hpp"

namespace satchel::storage {

const char* DeviceDays::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS _device_day (id INTEGER PRIMARY KEY, began INTEGER NOT NULL,"
           " refused INTEGER NOT NULL, incarnations INTEGER NOT NULL);";
}

Result<DeviceDay> DeviceDays::of(std::uint64_t replica) {
    SATCHEL_ASSIGN(Statement * select,
                   database_.cached("SELECT began, refused, incarnations FROM _device_day"
                                    " WHERE id = ?1"));
    select->bind(1, stored(replica));
    SATCHEL_ASSIGN(const bool found, select->step());
    DeviceDay day;
    if (found) day = {select->integer(0), loaded(select->integer(1)), loaded(select->integer(2))};
    select->reset();
    return day;
}

Status DeviceDays::save(std::uint64_t replica, const DeviceDay& day) {
    SATCHEL_ASSIGN(Statement * save, database_.cached("INSERT OR REPLACE INTO _device_day"
                                                      " VALUES (?1, ?2, ?3, ?4)"));
    save->bind(1, stored(replica));
    save->bind(2, day.began);
    save->bind(3, stored(day.refused_bytes));
    save->bind(4, stored(day.incarnations));
    return save->run();
}

}  // namespace satchel::storage
