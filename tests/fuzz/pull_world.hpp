// PullWorld: a real replica on a disk in memory, and something that answers its requests in place
// of head office. Every try begins from the same file.
//
// What must hold whatever came: an answer is taken in, or refused with a code that says whose fault
// it was; what the person wrote and nobody has judged stays in the journal; everything stays
// readable; and after answers that were all refused one sync with head office puts everything
// right. (An answer without a fault that lies in every number is head office itself, and can set a
// device back as it likes; that device must still sync, or say why not.)
//
// Threads: one.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/replica.hpp"
#include "tests/fuzz/frames.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::fuzz {

class PullWorld {
  public:
    PullWorld();

    void try_answers(const std::vector<Frame>& frames);
    // Real answers of head office: name of the kept input, and the input.
    std::vector<std::pair<std::string, Bytes>> seeds();

  private:
    using Open = std::unique_ptr<storage::Replica>;
    Open open(bool create);
    void prepare();
    void write(storage::Replica& replica, const char* name);
    // Syncs with head office; nothing more to be done. `answers` collects what it said.
    Status sync(storage::Replica& replica, std::vector<Frame>* answers = nullptr);
    Result<SyncReply> reply_to(const Bytes& request);
    // Whether it was taken in.
    bool try_answer(DeviceSession& session, const SyncRequest& request, const Frame& frame);
    void check_readable(storage::Replica& replica);
    void check_equal(storage::Replica& replica);

    test::Head head_;
    test::SmallDevice author_;
    Caller caller_;
    test::FixedRandom random_;
    simulation::Disk disk_;
    simulation::Disk::Snapshot file_;
    std::set<ChangeId> waiting_;  // changes that head office has not judged
};

}  // namespace satchel::fuzz
