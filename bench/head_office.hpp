// A real satcheld as a process of its own, for the workloads that sync: its memory is not ours.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>

#include "storage/replica.hpp"
#include "sync/device_session.hpp"

namespace satchel::bench {

// A replica that is logged in at a head office that runs at `url`, and has nothing yet.
std::unique_ptr<storage::Replica> device_at(const std::string& url, const std::string& path,
                                            const char* name);

class HeadOffice {
  public:
    // Starts the satcheld of this build in `folder` with the benchmark's schema and waits until it
    // listens. Ends the program when it does not.
    explicit HeadOffice(std::string folder);
    ~HeadOffice();
    HeadOffice(const HeadOffice&) = delete;
    HeadOffice& operator=(const HeadOffice&) = delete;

    std::unique_ptr<storage::Replica> device(const std::string& path, const char* name) const {
        return device_at(url_, path, name);
    }
    const std::string& url() const { return url_; }
    pid_t process() const { return process_; }
    std::string database() const { return folder_ + "/data/office.satchel-server"; }
    // Ends the process; `start` starts it again, at another address.
    void stop();
    void start();

  private:
    std::string folder_;
    pid_t process_ = -1;
    std::string url_;
};

// One sync over HTTP to its end; ends the program when it fails.
SessionReport sync(storage::Replica& replica);

}  // namespace satchel::bench
