// What stands behind the handles of satchel.h. Private to bindings/c.
//
// Handles share a Shared by shared_ptr, so they can be closed in any order. Its turn
// (bindings/c/turn.hpp) must be held to use the replica.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "bindings/c/satchel.h"
#include "bindings/c/turn.hpp"
#include "client/agent.hpp"
#include "client/hand_in.hpp"
#include "client/sync_client.hpp"
#include "storage/read_connection.hpp"
#include "storage/replica.hpp"
#include "sync/device_session.hpp"

struct satchel_error {
    satchel::Error error;
};

namespace satchel::c_api {

struct Shared {
    std::string path;
    std::string key;
    std::unique_ptr<storage::Replica> replica;
    Turn turn;
    std::mutex talking;                      // over the next one
    std::set<client::CancelToken*> talks{};  // log-ins and syncs under way
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
    satchel::c_api::SharedPointer shared;  // before what uses its replica
    satchel::storage::SyncLease lease;
    std::string url;  // of the server, for the words of errors
    satchel::DeviceSession session;
    satchel::Bytes request;                          // borrowed out
    std::optional<satchel::client::HandIn> hand_in;  // once head office has shut the device out
    std::optional<satchel::Error> end;               // how that ended: every later call's error
};

struct satchel_agent {
    satchel::c_api::SharedPointer shared;
    satchel::client::CancelToken stopping;
    std::unique_ptr<satchel::client::Agent> agent;  // last: its thread uses the others
};
