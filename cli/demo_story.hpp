// The demo's story in acts: a head office opens, devices take its data home, work without a
// connection, contradict each other, crash, come back and agree (`satchel demo`).
//
// Threads: one. Errors: the first step that could not be done; what came out other than it should
// is no error but a check that failed, and the exit status says so.
#pragma once

#include <string>
#include <vector>

#include "cli/demo_data.hpp"
#include "cli/demo_device.hpp"
#include "cli/demo_office.hpp"

namespace satchel::cli {

struct DemoOptions {
    std::string data;
    bool keep = false;
    bool no_window = false;
    bool small = false;
};

// Who plays, and with which records. Ids are texts.
struct DemoCast {
    std::string rep, manager, colleague, successor;  // logins; the successor is of another team
    std::string account;                             // the one that is handed over
    std::string account_title;
    std::vector<std::string> deals;  // opportunities of `rep`, not of that account
    std::string product;
};

// As SQL's hex() writes the id.
std::string hex_of_id(const std::string& id);

class Demo {
  public:
    Demo(Console& console, DemoOptions options, std::string folder)
        : console_(console),
          options_(std::move(options)),
          folder_(std::move(folder)),
          office_(folder_) {}

    Status play();
    bool all_as_it_should() const { return failed_checks_ == 0; }
    const Json& figures() const { return figures_; }
    const std::string& window_file() const { return phone().file(); }

  private:
    // demo_opening.cpp
    Status open_office();
    Status import_data();
    Status choose_cast();
    Status log_devices_in();
    // demo_offline.cpp
    Status work_offline();
    Status contradict();
    Status write_new();
    Status write_much(const DemoDevice& device, const std::string& word);
    Status hand_over();
    // demo_return.cpp
    Status crash_a_device();
    Status crash_the_server();
    Status come_back();
    Status tell_conflicts();
    Status resolve_one();
    Status tell_what_became();
    Status tell_handover();
    Status verify();

    DemoDevice device(const std::string& name, const std::string& login) const;
    Status sync(const DemoDevice& device, const char* act);
    void tell_sync(const DemoDevice& device, const char* act, const Json& answer);
    // Starts a sync of the device and returns when the server has begun to write.
    Result<Child> sync_until_it_writes(const DemoDevice& device,
                                       const std::vector<std::string>& arguments, bool& ended);
    void say(const std::string& text) {
        if (!console_.json) console_.line(text);
    }
    void chapter(const std::string& title) { say("\n" + title); }
    void check(const std::string& text, bool as_it_should);

    const DemoDevice& phone() const { return devices_[0]; }
    const DemoDevice& laptop() const { return devices_[1]; }
    const DemoDevice& manager() const { return devices_[2]; }
    const DemoDevice& colleague() const { return devices_[3]; }
    const DemoDevice& successor() const { return devices_[4]; }

    Console& console_;
    DemoOptions options_;
    std::string folder_;
    DemoOffice office_;
    DemoData data_;
    DemoCast cast_;
    std::vector<DemoDevice> devices_;
    std::vector<DemoDevice> importer_;  // head office's own device; one or none
    std::size_t notes_written_ = 0;     // activities that devices wrote offline
    std::size_t failed_checks_ = 0;
    Json figures_ = Json::object();
};

}  // namespace satchel::cli
