// A DeviceStore that answers from plain members and notes every call, for the session's tests.
#pragma once

#include <algorithm>
#include <map>

#include "sync/device_session.hpp"
#include "sync/limits.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {

class ScriptedStore : public DeviceStore {
  public:
    SyncState state;
    std::vector<UploadedChangeset> journal;  // of this incarnation
    std::vector<VerdictQuestion> open_questions;
    std::vector<RecordId> wanted_ids;
    std::vector<std::string> unequal_scopes;
    std::map<std::uint64_t, Digest> chain;
    std::vector<RepairBucket> buckets = std::vector<RepairBucket>(kRepairBuckets);

    std::vector<std::string> calls;
    std::vector<SyncReply> taken;
    std::vector<RoundTrip> trips;  // of these
    std::optional<Error> failure;  // of the next writing call

    ScriptedStore() { state.replica = {0x1f3a, 1}; }

    // A local transaction of so many operations.
    void write(std::uint64_t operations, Bytes bytes = "changeset") {
        const std::uint64_t first = state.last_counter + 1;
        state.last_counter += operations;
        journal.push_back({first, state.last_counter, std::move(bytes)});
    }

    Result<SyncState> sync_state() override { return state; }
    Result<SyncState> present_state() override { return state; }

    Result<std::vector<UploadedChangeset>> upload(ReplicaId, std::uint64_t counter,
                                                  std::size_t max_bytes) override {
        std::vector<UploadedChangeset> part;
        std::size_t bytes = 0;
        for (const UploadedChangeset& changeset : journal) {
            if (changeset.first_counter <= counter) continue;
            if (!part.empty() && bytes + changeset.bytes.size() > max_bytes) break;
            bytes += changeset.bytes.size();
            part.push_back(changeset);
        }
        return part;
    }

    Result<std::vector<VerdictQuestion>> questions() override { return open_questions; }

    Result<std::vector<RecordId>> wanted(std::size_t limit) override {
        return std::vector<RecordId>(
            wanted_ids.begin(),
            wanted_ids.begin() + static_cast<std::ptrdiff_t>(std::min(limit, wanted_ids.size())));
    }

    Status make_durable(ReplicaId, std::uint64_t counter) override {
        return note("make_durable " + std::to_string(counter));
    }

    Status take(const SyncReply& reply, const RoundTrip& trip) override {
        SATCHEL_TRY(note("take"));
        taken.push_back(reply);
        trips.push_back(trip);
        state.epoch = reply.epoch;
        state.acked_counter = std::max(state.acked_counter, reply.acked_counter);
        for (const std::string& scope : reply.gained) {
            state.scopes.push_back(scope);
            state.loading.push_back(scope);
        }
        std::sort(state.scopes.begin(), state.scopes.end());
        for (const std::string& scope : reply.lost)
            std::erase(state.scopes, scope);
        state.position = reply.position;
        for (const RecordId& id : reply.unknown)
            std::erase(wanted_ids, id);
        if (!reply.checkpoint) return {};
        state.cursor = reply.checkpoint->seq;
        state.position = {state.cursor, {}};
        state.loading.clear();
        return {};
    }

    Status take_incarnation(const NewIncarnation& issued) override {
        SATCHEL_TRY(note("take_incarnation " + std::to_string(issued.incarnation) + " from " +
                         std::to_string(issued.common)));
        state.replica.incarnation = issued.incarnation;
        state.acked_counter = 0;
        return {};
    }

    Status take_restored(const RestoredServer& server) override {
        SATCHEL_TRY(note("take_restored " + std::to_string(server.epoch) + " head " +
                         std::to_string(number(server.head)) + " acked " +
                         std::to_string(server.acked)));
        state.epoch = server.epoch;
        state.cursor = std::min(state.cursor, server.head);
        state.position = {state.cursor, {}};
        state.acked_counter = server.acked;
        state.doubts_states = true;
        return {};
    }

    Result<std::optional<Digest>> chain_hash(ReplicaId, std::uint64_t counter) override {
        const auto at = chain.find(counter);
        return at == chain.end() ? std::optional<Digest>{} : at->second;
    }

    Result<std::vector<std::string>> scopes_to_repair() override { return unequal_scopes; }
    Result<std::vector<RepairBucket>> repair_buckets(const std::string&) override {
        return buckets;
    }

  private:
    Status note(std::string call) {
        if (failure) return *std::exchange(failure, std::nullopt);
        calls.push_back(std::move(call));
        return {};
    }
};

}  // namespace satchel::testing
