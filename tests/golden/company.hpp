// The people, devices and head office of the golden files: real replicas and a real store on files,
// with a clock and chance of their own, so that the same story writes the same bytes.
//
// Whatever fails ends the program: a golden file is whole or not there.
// Threads: one.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "storage/replica.hpp"
#include "storage/server_store.hpp"

namespace satchel::golden {

constexpr CollectionId kAccount{100};
constexpr std::int64_t kBegin = 1'790'000'000'000;
constexpr const char* kReplicaKept = "replica-1.satchel";
constexpr const char* kStoreKept = "store-1.workspace";

// Ends the program with a message when it is an error.
void must(const Status& status, const char* what);
template <typename T>
T must(Result<T> result, const char* what) {
    must(result ? Status{} : Status{result.error()}, what);
    return *std::move(result);
}

class Dice final : public Random {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override;

  private:
    std::uint64_t state_;
};

class Clock final : public WallClock {
  public:
    std::int64_t now_ms() override { return now; }
    std::int64_t now = kBegin;
};

SchemaPointer schema();
RecordId li();
RecordId wang();
RecordId nobody();  // a parent that never comes
Caller caller_of(const RecordId& user, std::uint64_t replica, bool with_south);
Services services();

// One request and its answer; false when the device had nothing to ask. `edit` changes the answer
// on its way: what a newer or a damaged head office says.
using Edit = std::function<void(SyncReply&)>;
bool exchange(DeviceSession& session, storage::SqliteServerStore& store, const Caller& caller,
              std::int64_t now_ms, const ServerOptions& options = {}, const Edit& edit = {});

class Device {
  public:
    // `schema`: of a new file; none: the file is there.
    Device(std::string path, const RecordId& user, std::uint64_t seed, Clock& clock,
           SchemaPointer schema);

    storage::Replica& replica() { return *replica_; }
    Caller caller(bool with_south = false);
    void sync(storage::SqliteServerStore& store);
    // The file as it is now, for a device of its own.
    void copy_to(const std::string& path);

    // One transaction each; a minute passes.
    RecordId create(const char* collection, const storage::FieldValues& values);
    void set(const RecordId& account, const storage::FieldValues& values,
             const VectorClock* token = nullptr);
    void remove(const char* collection, const RecordId& id);
    void change(const std::function<Status(storage::LocalTransaction&)>& work);

  private:
    std::string path_;
    RecordId user_;
    Dice dice_;
    Clock& clock_;
    std::unique_ptr<storage::Replica> replica_;
};

// Copies of the golden files, in a folder of their own that goes with the object; opened some hours
// after the story.
class Copies {
  public:
    explicit Copies(const std::string& golden_folder);
    ~Copies();
    Copies(const Copies&) = delete;
    Copies& operator=(const Copies&) = delete;

    std::string replica_path() const { return folder_ + "/" + kReplicaKept; }
    std::string store_path() const { return folder_ + "/" + kStoreKept; }
    std::unique_ptr<storage::Replica> replica();
    std::unique_ptr<storage::SqliteServerStore> store();

    Clock clock;

  private:
    Dice dice_{5};
    std::string folder_;
};

}  // namespace satchel::golden
