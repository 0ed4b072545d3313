// A DeviceSession over a ScriptedStore, and the answers of a server made up by the test.
#pragma once

#include <gtest/gtest.h>

#include <memory>

#include "tests/sync/scripted_store.hpp"

namespace satchel::testing {

constexpr std::int64_t kNow = 1732233600000;

class Session : public ::testing::Test {
  protected:
    ScriptedStore store;
    SessionOptions options;
    std::unique_ptr<DeviceSession> session;

    DeviceSession& running() {
        if (!session) session = std::make_unique<DeviceSession>(store, real_services(), options);
        return *session;
    }

    // The next request, decoded; a failure when there is none.
    SyncRequest ask() {
        auto bytes = running().next_request(kNow);
        EXPECT_TRUE(bytes) << bytes.error().message;
        if (!bytes || !*bytes) {
            ADD_FAILURE() << "no request";
            return {};
        }
        auto request = decode_request(**bytes, real_services());
        EXPECT_TRUE(request) << request.error().message;
        return request ? *std::move(request) : SyncRequest{};
    }

    bool is_silent() {
        const auto bytes = running().next_request(kNow);
        return bytes && !bytes->has_value();
    }

    // What a server that knows everything asked answers, with nothing new.
    static SyncReply answer(const SyncRequest& request) {
        SyncReply reply;
        reply.tag = request.tag;
        reply.epoch = request.epoch == 0 ? 7 : request.epoch;
        reply.server_now = kNow;
        reply.acked_counter = request.changesets.empty() ? request.base_counter
                                                         : request.changesets.back().last_counter;
        std::uint64_t seq = number(request.cursor);
        for (const UploadedChangeset& changeset : request.changesets) {
            Verdict& verdict = reply.verdicts.emplace_back();
            verdict.incarnation = request.replica.incarnation;
            verdict.first_counter = changeset.first_counter;
            verdict.seq = Sequence{++seq};
        }
        reply.unknown = request.wanted;
        reply.checkpoint = Checkpoint{Sequence{seq}, {}};
        reply.position = {Sequence{seq}, {}};
        return reply;
    }

    Status give(const SyncReply& reply) {
        return running().take_reply(encode(reply, real_services()), kNow);
    }

    // Answers by `answer`, changed by `change`.
    template <typename Change>
    Status give_changed(const SyncRequest& request, Change change) {
        SyncReply reply = answer(request);
        change(reply);
        return give(reply);
    }

    void give_nothing_new() { EXPECT_TRUE(give(answer(ask()))); }
};

inline Bytes page_with(std::size_t rows, std::size_t departures) {
    PageWriter writer;
    for (std::size_t i = 0; i < rows; ++i)
        writer.add(CollectionId{100}, RowKind::confirm, {}, sample_id(1), Sequence{1}, {"*"}, {},
                   {});
    for (std::size_t i = 0; i < departures; ++i)
        writer.add_departure({"*", CollectionId{100}, sample_id(2), Sequence{1}});
    return writer.finish();
}

}  // namespace satchel::testing
