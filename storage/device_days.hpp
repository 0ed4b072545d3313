// DeviceDays: what each device has used up of what it may leave behind at head office in a day
// (sync/server_allowance.hpp), in the table `_device_day`.
//
// Cost: one look-up by key. Threads: the owner's. Errors: the database's.
#pragma once

#include "storage/sqlite.hpp"
#include "sync/server_session.hpp"

namespace satchel::storage {

class DeviceDays {
  public:
    explicit DeviceDays(Database& database) : database_(database) {}

    static const char* tables_sql();
    Result<DeviceDay> of(std::uint64_t replica);
    Status save(std::uint64_t replica, const DeviceDay& day);

  private:
    Database& database_;
};

}  // namespace satchel::storage
