// Failure loops: a procedure is done again and again from one fixed scene, and each time another
// call fails: the first, the second, and so on, until a run ends without reaching the failure.
//
//     Procedure push{"push", [](Scene& scene) { scene.phone().create("Acme"); },
//                    [](Scene& scene) { return scene.sync(); }};
//     EXPECT_GT(fail_disk_everywhere(push, Where::phone, How::disk_once), 20U);
//
// After every failure: the error is a clear one or the procedure had succeeded all the same, what
// the journal and the log held before is still there, the procedure succeeds when it is done again,
// and then both files hold, row for row, what they hold after a run without failures.
//
// Threads: one. Errors: fails the running test.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <string>

#include "tests/simulation/disk.hpp"
#include "tests/storage/phone.hpp"

namespace satchel::test {

// What must be the same in the end. A session that learned of a restore or of a fork and was cut
// short has changed what is said next: which changes left under their old names, and the number of
// the next incarnation, which is never given twice. Then the values count, and that nothing waits.
enum class Same { every_row, meaning };

// A phone and a head office on disks in memory, which can go back to an earlier moment.
class Scene {
  public:
    struct Moment {
        simulation::Disk::Snapshot phone, office;
    };

    // Both have their files, nothing more.
    Scene();
    ~Scene();

    Phone& phone() { return *phone_; }
    Head& head() { return *head_; }
    storage::Replica& replica() { return phone_->replica(); }
    simulation::Disk& phone_disk() { return phone_disk_; }
    simulation::Disk& office_disk() { return office_disk_; }

    // A session to its end, however many requests it takes, over `line`.
    Status sync();
    // Opens both files as at a start of the programs; they are closed afterwards.
    Status open_and_close();
    bool is_open() const { return phone_ != nullptr; }

    Moment moment();
    void back_to(const Moment& moment);
    // Both programs end and start again.
    void restart();
    // A try of a procedure: what it draws is what the first one drew, and its time is its own.
    void begin_try(int number);
    // Power fails on that disk, now.
    void lose_power(simulation::Disk& disk);
    // Head office's file becomes the one of that moment, as from a backup.
    void restore_office(const Moment& moment);
    // The phone's file becomes the one of that moment.
    void restore_phone(const Moment& moment);

    // What both files hold, after a restart.
    std::string contents(Same same);
    // Ids of the changes in the journal and in the log.
    std::set<Bytes> kept();

    std::size_t max_rows = 20'000;  // of a reply
    Line line = always_arrives;

  private:
    void open(bool create);
    void close();

    FixedClock clock_;
    FixedRandom chance_, disk_chance_;
    simulation::Disk phone_disk_, office_disk_;
    bool restored_ = false;  // the office's file is a backup that has not been opened yet
    std::unique_ptr<Head> head_;
    std::unique_ptr<Phone> phone_;
};

struct Procedure {
    const char* name;
    std::function<void(Scene&)> prepare;
    // May be done again after it failed, and after it succeeded in spite of an error.
    std::function<Status(Scene&)> run;
    bool keeps = true;  // what the journal and the log held before is there afterwards
    Same same = Same::every_row;
};

enum class Where { phone, office };
enum class How {
    disk_once,   // one call fails; the program goes on
    disk_full,   // from a call on nothing can be written; the program goes on
    power_loss,  // at a call the machine stops
};

// Each prints and gives how many positions failed: so many calls the procedure makes.
std::size_t fail_disk_everywhere(const Procedure& procedure, Where where, How how);
// Of SQLite's allocations, each fails once.
std::size_t fail_memory_everywhere(const Procedure& procedure);
// Each request and each reply is lost once, and each request comes twice once.
std::size_t fail_line_everywhere(const Procedure& procedure);

}  // namespace satchel::test
