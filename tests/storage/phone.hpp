// A phone for tests: a real Replica in a file of its own (or ":memory:"), which real sessions sync
// with a real head office (tests/sync/server_fixture.hpp), over a line that may lose messages.
//
//     Head head;
//     Phone phone(":memory:");
//     const RecordId id = phone.create("Acme");
//     phone.sync(head);
//
// Errors: fails the running test where nothing may fail; try_sync() gives them back.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/replica.hpp"
#include "sync/device_session.hpp"
#include "tests/sync/server_fixture.hpp"

namespace satchel::test {

// What becomes of a request and its reply.
enum class Fate { arrives, request_lost, reply_lost, request_twice };
// By the number of the request in its session, from 0.
using Line = std::function<Fate(std::size_t)>;
Fate always_arrives(std::size_t message);

struct PhoneOptions {
    RecordId user = user_id(1);
    std::uint8_t rank = 1;
    bool create = true;
    SchemaPointer schema = company();
    WallClock* clock = nullptr;  // null: the system's
    Random* random = nullptr;    // null: the system's
    std::string vfs;             // "": the system's files
};

class Phone {
  public:
    explicit Phone(std::string path, PhoneOptions options = {});
    // Takes its files with it, where they are the system's.
    ~Phone();
    Phone(const Phone&) = delete;
    Phone& operator=(const Phone&) = delete;

    // Another phone with this one's file as it is now.
    std::unique_ptr<Phone> copied(const std::string& path);
    void image(const std::string& path);
    void go_back_to(const std::string& image);
    // The program ends and starts again.
    void reopen();
    void close() { replica_.reset(); }

    RecordId create(const std::string& name);
    void set(const RecordId& id, const char* field, const std::string& value,
             const VectorClock* token = nullptr);
    storage::RecordView record(const RecordId& id);
    // What stands side by side in a cell of an account, ascending.
    std::vector<std::string> values(const RecordId& id, FieldId cell);

    Result<Caller> caller();
    SessionReport sync(Head& head);
    // Fails with offline where the line lost a message, else with what stopped the session.
    Result<SessionReport> try_sync(Head& head, const Line& line = always_arrives);
    storage::Replica& replica() { return *replica_; }

    SessionOptions session_options;

  private:
    void open(bool create);

    std::string path_;
    PhoneOptions options_;
    std::unique_ptr<storage::Replica> replica_;
};

}  // namespace satchel::test
