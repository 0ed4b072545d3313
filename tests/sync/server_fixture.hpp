// A head office in memory and small devices for it, for the tests of the server's side. A device
// here keeps states in a map and applies whatever comes at once; the real one is storage/replica.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/server_store.hpp"
#include "sync/changeset.hpp"
#include "sync/merge.hpp"
#include "sync/page.hpp"
#include "sync/server_session.hpp"

namespace satchel::test {

constexpr CollectionId kAccount{100};
constexpr CollectionId kContact{101};
constexpr CollectionId kProduct{102};
constexpr CollectionId kVisit{103};
constexpr FieldId kName{1};
constexpr FieldId kOwner{2};   // of account and visit
constexpr FieldId kPool{3};    // of account
constexpr FieldId kNote{4};    // of account
constexpr FieldId kTags{5};    // of account, a set
constexpr FieldId kCalls{6};   // of account, a counter
constexpr FieldId kParent{2};  // of contact: its account

constexpr std::int64_t kNow = 1'800'000'000'000;

SchemaPointer company(std::uint32_t number = 1);
RecordId user_id(int n);
RecordId record_id(int n);

// Operations.
Operation create(CollectionId collection, const RecordId& id, std::vector<CellWrite> cells);
Operation account(int n, const RecordId& owner, std::string_view name = "Acme");
Operation contact(int n, const RecordId& parent, std::string_view name = "Li");
Operation write(CollectionId collection, const RecordId& id, const VectorClock& seen,
                std::vector<CellWrite> cells);
CellWrite text(FieldId cell, std::string_view value);
CellWrite reference(FieldId cell, const RecordId& value);

class FixedRandom : public Random {
  public:
    std::uint64_t next() override { return state_ = state_ * 6364136223846793005ULL + 1442695; }

  private:
    std::uint64_t state_ = 42;
};

class FixedClock : public WallClock {
  public:
    std::int64_t now_ms() override { return now; }
    std::int64_t now = kNow;
};

class Head {
  public:
    explicit Head(const std::string& path = ":memory:", bool create = true, bool restored = false);
    // Name, clock and chance are the fixture's.
    Head(const std::string& path, storage::ServerStoreOptions opening);

    storage::SqliteServerStore& store() { return *store_; }
    // One request in a transaction of its own.
    Result<Handled> handle(const SyncRequest& request, const Caller& caller);
    Verdict write(std::vector<Operation> operations, Intent intent = Intent::person);
    RecordState state(CollectionId collection, const RecordId& id);
    std::vector<std::string> scopes(CollectionId collection, const RecordId& id);
    VectorClock clock(CollectionId collection, const RecordId& id) {
        return state(collection, id).clock;
    }

    bool checks_sums = true;  // of all scopes, after each request
    FixedClock clock_source;
    FixedRandom random;
    ServerOptions options;

  private:
    std::unique_ptr<storage::SqliteServerStore> store_;
};

// What a device holds of one record.
struct HeldRecord {
    CollectionId collection{};
    RecordState state;
    Sequence seq{};
    std::set<std::string> scopes;
};

struct SmallDevice {
    SmallDevice(Head& office, std::uint64_t id, const RecordId& user);

    // The user's rights give one more scope.
    void grant(std::string scope);
    // Writes a changeset into the journal; gives its first counter.
    std::uint64_t write(std::vector<Operation> operations, Intent intent = Intent::person,
                        const ChangeId* change = nullptr);
    std::uint64_t write_bytes(Bytes bytes, std::size_t operations);
    SyncRequest request() const;
    SyncReply exchange();  // one request, its answer taken in
    void take(const SyncReply& reply);
    void sync();  // up to a checkpoint with nothing left to send
    const Verdict& verdict(std::uint64_t first) const { return verdicts.at(first); }
    bool has(const RecordId& id) const { return records.contains(id); }
    // Every record here is as head office has it; the sums of the last checkpoint agree.
    void expect_equal_to_head();

    Head& head;
    Caller caller;
    ReplicaId replica;
    std::uint64_t counter = 0;
    std::uint64_t acked = 0;
    Digest acked_hash{};
    std::vector<UploadedChangeset> journal;  // all of them
    std::uint64_t epoch = 0;
    Sequence cursor{};
    WalkPosition position;
    std::vector<std::string> scopes;
    std::vector<std::string> loading;
    bool list_scopes = false;
    bool whole_states_only = false;
    std::map<std::uint64_t, Verdict> verdicts;
    std::map<RecordId, HeldRecord> records;
    std::map<RecordId, RowKind> last_rows;  // of the last reply
    std::size_t departures = 0;
    std::optional<Checkpoint> checkpoint;
    std::int64_t device_clock_ahead = 0;

  private:
    void take_row(const PageRow& row, const PageReader& page);
    bool intersect_with(const std::set<std::string>& keys) const;
    RecordState with_own(const RecordId& id, RecordState state, Sequence up_to) const;
};

}  // namespace satchel::test
