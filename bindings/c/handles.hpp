// What stands behind the handles of satchel.h. Private to bindings/c.
//
// Handles share a Shared by shared_ptr, so they can be closed in any order. `mutex` gives calls on
// one replica their turns; a satchel_write keeps it from begin to commit or rollback.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "bindings/c/satchel.h"
#include "client/agent.hpp"
#include "client/sync_client.hpp"
#include "storage/read_connection.hpp"
#include "storage/replica.hpp"
#include "sync/device_session.hpp"

struct satchel_error {
    satchel::Error error;
};

namespace satchel::c_api {

// A lock that one thread takes and another may give back: a write is begun and closed by handles.
class Turn {
  public:
    void take() {
        std::unique_lock lock(mutex_);
        free_.wait(lock, [this] { return !taken_; });
        taken_ = true;
    }
    void give_back() {
        {
            const std::lock_guard lock(mutex_);
            taken_ = false;
        }
        free_.notify_one();
    }

  private:
    std::mutex mutex_;
    std::condition_variable free_;
    bool taken_ = false;
};

// Holds the turn for one call.
class TurnGuard {
  public:
    explicit TurnGuard(Turn& turn) : turn_(turn) { turn_.take(); }
    ~TurnGuard() { turn_.give_back(); }
    TurnGuard(const TurnGuard&) = delete;
    TurnGuard& operator=(const TurnGuard&) = delete;

  private:
    Turn& turn_;
};

struct Shared {
    std::string path;
    std::string key;
    std::unique_ptr<storage::Replica> replica;
    Turn turn;
};
using SharedPointer = std::shared_ptr<Shared>;

// Hands `error` to the caller; gives its code.
satchel_code fail(const Error& error, satchel_error** out);
// The one guard: nothing of a library's leaves through the C boundary.
template <typename Work>
satchel_code guarded(satchel_error** out, Work&& work) {
    try {
        const Status status = work();
        return status ? SATCHEL_OK : fail(status.error(), out);
    } catch (const std::bad_alloc&) {
        return fail({ErrorCode::limit, "not enough memory"}, out);
    } catch (const std::exception& exception) {
        return fail({ErrorCode::internal, exception.what()}, out);
    }
}

satchel_value to_c(const ValueView& value);
Result<Value> from_c(const satchel_value& value);
Result<storage::FieldValues> from_c(const satchel_field* fields, std::size_t count);
RecordId from_c(const satchel_id& id);
satchel_id to_c(const RecordId& id);
inline Error missing(const char* what) {
    return {ErrorCode::invalid_argument, std::string(what) + " must not be NULL"};
}

}  // namespace satchel::c_api

struct satchel_replica {
    satchel::c_api::SharedPointer shared;
    std::string token;  // borrowed out by satchel_read_token
    std::string url;    // and by satchel_server
    std::string bearer;
};

struct satchel_write {
    satchel::c_api::SharedPointer shared;
    std::optional<satchel::storage::LocalTransaction> transaction;
};

struct satchel_rows {
    std::optional<satchel::storage::ReadConnection> connection;  // before the rows that use it
    std::optional<satchel::storage::Rows> rows;
    std::string name;
};

struct satchel_siblings {
    struct Item {
        satchel::Value value;
        std::int64_t time = 0;
        std::string dot;
    };
    std::vector<Item> items;
    std::string token;
};

struct satchel_observer {
    satchel::c_api::SharedPointer shared;
    std::int64_t number = 0;
};

struct satchel_session {
    satchel::c_api::SharedPointer shared;
    std::optional<satchel::DeviceSession> session;
    satchel::Bytes request;
};

struct satchel_agent {
    std::unique_ptr<satchel::client::Agent> agent;
};
