#include "tests/soak/fleet.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/files.hpp"

namespace satchel::soak {
namespace {

using cli::Child;
using cli::DemoDevice;

constexpr const char* kPassword = "soak password";
constexpr std::chrono::seconds kSettleTime{60};

// Two teams; the first device of each team is its manager's, and every representative has two.
struct Member {
    const char* device;
    const char* login;
};
constexpr Member kMembers[] = {
    {"north-manager", "north"}, {"anna-phone", "anna"},  {"anna-laptop", "anna"},
    {"south-manager", "south"}, {"bela-phone", "bela"},  {"chen-phone", "chen"},
    {"chen-laptop", "chen"},    {"bela-laptop", "bela"}, {"dara-phone", "dara"},
    {"dara-laptop", "dara"},    {"eli-phone", "eli"},    {"eli-laptop", "eli"},
};

int port_of(const std::string& url) {
    return std::atoi(url.c_str() + url.rfind(':') + 1);
}

}  // namespace

Status Fleet::open() {
    SATCHEL_TRY(cli::write_secret(options_.folder + "/password.txt", kPassword));
    SATCHEL_ASSIGN(SmallDisk disk, SmallDisk::make(office_.data(), options_.disks));
    office_disk_ = std::move(disk);
    SATCHEL_TRY(start_office());
    SATCHEL_TRY(add_people());
    const std::size_t devices = std::min(options_.devices, std::size(kMembers));
    for (std::size_t i = 0; i < devices; ++i)
        relay_.add_line();
    relay_.serve(port_of(office_.url()));
    for (std::size_t i = 0; i < devices; ++i)
        SATCHEL_TRY(add_device(i));
    for (std::size_t i = 0; i < devices; ++i)
        SATCHEL_TRY(start_device(i));
    return {};
}

Status Fleet::add_people() {
    return office_.add_people({{"north", "North's manager", ""},
                               {"south", "South's manager", ""},
                               {"anna", "Anna", "north"},
                               {"bela", "Bela", "south"},
                               {"chen", "Chen", "north"},
                               {"dara", "Dara", "south"},
                               {"eli", "Eli", "north"}});
}

Status Fleet::add_device(std::size_t index) {
    const auto& [name, login] = kMembers[index];
    SATCHEL_ASSIGN(SmallDisk disk,
                   SmallDisk::make(options_.folder + "/disks/" + name, options_.disks));
    const DemoDevice device(disk.folder(), name, login, options_.folder + "/password.txt",
                            options_.satchel);
    SATCHEL_ASSIGN(const cli::Json made, device.run({"init", device.file()}));
    const std::string url = "http://127.0.0.1:" + std::to_string(relay_.port(index));
    SATCHEL_ASSIGN(const cli::Json known, device.run({"login", url, login, "--device-name", name}));
    SATCHEL_ASSIGN(const cli::Json first, device.run({"sync"}));
    units_.push_back({.cli = device, .disk = std::move(disk), .line = index});
    return {};
}

std::vector<std::string> Fleet::device_command(std::size_t index, bool settle_only) const {
    const Unit& unit = units_[index];
    std::vector<std::string> command = {
        options_.program,
        "--device",
        unit.name(),
        "--file",
        unit.cli.file(),
        "--ledger",
        ledger(index),
        "--diary",
        path(index, ".diary"),
        "--pace",
        std::to_string(options_.pace_ms),
        "--seed",
        std::to_string(options_.seed * 1'000'003 + unit.starts * 131 + index)};
    if (settle_only) command.emplace_back("--settle-only");
    return command;
}

Status Fleet::start_device(std::size_t index) {
    Unit& unit = units_[index];
    ++unit.starts;
    SATCHEL_ASSIGN(Child child,
                   Child::start(device_command(index, false), {.errors = path(index, ".err")}));
    unit.process.emplace(std::move(child));
    return {};
}

void Fleet::kill_device(std::size_t index) {
    Unit& unit = units_[index];
    if (unit.process) unit.process->kill();
    unit.process.reset();
}

void Fleet::signal_device(std::size_t index, int signal) {
    const auto& process = units_[index].process;
    if (process) ::kill(process->process(), signal);
}

Status Fleet::settle_device(std::size_t index) {
    SATCHEL_ASSIGN(Child child,
                   Child::start(device_command(index, true), {.errors = path(index, ".err")}));
    const auto status = child.wait_for(kSettleTime);
    if (status && *status == 0) return {};
    return {ErrorCode::internal,
            units_[index].name() + " cannot go on from its own file: " + errors_of(index)};
}

Status Fleet::start_office() {
    return office_.start();
}

void Fleet::signal_office(int signal) const {
    ::kill(office_.process(), signal);
}

Status Fleet::back_up(bool confirm) {
    SATCHEL_ASSIGN(const cli::Json made,
                   office_.administer("/v1/admin/backup", {{"confirm", confirm}}));
    if (confirm) {
        std::error_code ignored;
        for (const std::string& older : backups_)
            std::filesystem::remove(older, ignored);
        backups_.clear();
    }
    backups_.push_back(made["path"]);
    return {};
}

Status Fleet::restore(std::size_t which) {
    office_.kill();
    const std::string& backup = backups_[which % backups_.size()];
    const std::string errors = options_.folder + "/restore.err";
    SATCHEL_ASSIGN(Child child,
                   Child::start({options_.satcheld, "--data", office_.data(), "--restore", backup},
                                {.errors = errors}));
    const int status = child.wait();
    if (status != 0)
        return {ErrorCode::internal, "restoring " + backup + " ended with the status " +
                                         std::to_string(status) + "; see restore.err"};
    // What was before stays beside it; here it would only fill the disk.
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(office_.data(), ignored))
        if (entry.path().filename().string().find(".replaced-") != std::string::npos)
            std::filesystem::remove(entry.path(), ignored);
    // A backup that is newer than this one is of a history that never was.
    backups_.resize(which % backups_.size() + 1);
    return start_office();
}

std::string Fleet::errors_of(std::size_t index) const {
    const auto text = cli::read_file(path(index, ".err"), 1U << 20);
    return text ? text->substr(text->size() - std::min<std::size_t>(text->size(), 500)) : "";
}

Status Fleet::check_running(bool office_too) {
    if (office_too && !office_.running())
        return {ErrorCode::internal, "satcheld has ended by itself; see satcheld.log"};
    for (std::size_t i = 0; i < units_.size(); ++i) {
        const bool ended = units_[i].process && !units_[i].process->running();
        if (ended)
            return {ErrorCode::internal,
                    units_[i].name() + " has ended by itself with the status " +
                        std::to_string(units_[i].process->wait()) + ": " + errors_of(i)};
    }
    return {};
}

Tally Fleet::diary(std::size_t index) const {
    Tally tally;
    std::ifstream in(path(index, ".diary"));
    for (std::string line; std::getline(in, line);)
        ++tally[line];
    return tally;
}

void Fleet::close(bool keep) {
    if (!office_disk_) return;
    office_.kill();
    for (std::size_t i = 0; i < units_.size(); ++i)
        kill_device(i);
    if (keep) office_disk_->keep_in(options_.folder + "/kept/office");
    for (Unit& unit : units_) {
        if (keep) unit.disk.keep_in(options_.folder + "/kept/" + unit.name());
        unit.disk.remove();
    }
    office_disk_->remove();
}

}  // namespace satchel::soak
