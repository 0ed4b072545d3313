// Fleet: the real processes of a soak: one satcheld and several devices, each with a small disk of
// its own, and the relay between them. It does what it is told; Chaos decides what.
//
// In the folder of a soak: `disks/` (what may become full: the replicas, and head office), the
// ledgers and diaries of the devices, what they said on standard error, and satcheld's log.
//
// Threads: one (the children belong to it). Errors: what a process said, or io.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/child.hpp"
#include "cli/demo_device.hpp"
#include "cli/demo_office.hpp"
#include "tests/soak/relay.hpp"
#include "tests/soak/small_disk.hpp"

namespace satchel::soak {

using Tally = std::map<std::string, std::uint64_t>;

struct FleetOptions {
    std::string folder;
    std::string program;  // this one, for the devices
    std::string satchel;  // the command line tool
    std::string satcheld;
    std::size_t devices = 6;
    std::uint64_t seed = 1;
    int pace_ms = 150;
    DiskWay disks = DiskWay::write_limit;
};

struct Unit {
    cli::DemoDevice cli;
    SmallDisk disk;
    std::size_t line = 0;
    std::uint64_t starts = 0;
    std::optional<cli::Child> process{};
    Tally faults{};

    std::string name() const { return cli.name(); }
};

class Fleet {
  public:
    explicit Fleet(const FleetOptions& options) : options_(options), office_(options.folder) {}
    // Head office, accounts, devices with their first sync, and the processes.
    Status open();

    Status start_device(std::size_t index);
    void kill_device(std::size_t index);
    void signal_device(std::size_t index, int signal);
    // Runs the device once more, for its ledger only.
    Status settle_device(std::size_t index);

    Status start_office();
    void kill_office() { office_.kill(); }
    void signal_office(int signal) const;
    Status fill_office() { return office_disk_->fill(office_.process()); }
    Status clear_office() { return office_disk_->clear(office_.process()); }
    Status back_up(bool confirm);
    bool has_backup() const { return !backups_.empty(); }
    // From a backup that is not older than the one confirmed last; kills and starts head office.
    Status restore(std::size_t which);

    // What has ended without being told to: a violation.
    Status check_running(bool office_too);

    std::vector<Unit>& units() { return units_; }
    const std::vector<Unit>& units() const { return units_; }
    Relay& relay() { return relay_; }
    const std::string& folder() const { return options_.folder; }
    std::string ledger(std::size_t index) const { return path(index, ".ledger"); }
    std::string database() const { return office_.data() + "/office.satchel-server"; }
    // Lines of its diary, counted.
    Tally diary(std::size_t index) const;
    Tally office_faults;

    // Ends what still runs and the disks; `keep`: their files stay in `folder`/kept.
    void close(bool keep);

  private:
    Status add_people();
    Status add_device(std::size_t index);
    std::vector<std::string> device_command(std::size_t index, bool settle_only) const;
    std::string path(std::size_t index, const char* suffix) const {
        return options_.folder + "/" + units_[index].name() + suffix;
    }
    std::string errors_of(std::size_t index) const;

    FleetOptions options_;
    cli::DemoOffice office_;
    std::optional<SmallDisk> office_disk_;
    Relay relay_;
    std::vector<Unit> units_;
    std::vector<std::string> backups_;  // that may be restored, oldest first
};

}  // namespace satchel::soak
