// DeviceSession: the device's side of a sync as a state machine without I/O.
//
//     DeviceSession session(store, services, options);
//     while (true) {
//         auto request = session.next_request(now_ms);      // bytes to send, or nothing: done
//         if (!request || !*request) break;
//         auto reply_bytes = send(**request);               // libcurl, a phone's HTTP, a file
//         session.take_reply(*reply_bytes, now_ms);         // may be called again after an error
//     }
//
// Every step leaves the replica consistent and durable, so the session can be dropped between any
// two calls and a new one goes on where it stood. A lost reply costs a repetition, nothing else.
//
// Threads: one at a time, the one that owns the store's writer.
#pragma once

#include <memory>
#include <optional>

#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "sync/protocol.hpp"

namespace satchel {

// Where a replica stands towards its server.
struct SyncState {
    // The incarnation whose changesets are to go up next: the present one, or an earlier one of
    // which a restored server lacks something (`closed`).
    ReplicaId replica;
    bool closed = false;
    std::uint64_t last_counter = 0;   // of this incarnation: what may go up
    std::uint64_t acked_counter = 0;  // the server has everything up to here
    Digest acked_hash{};              // the chain there
    std::uint64_t sent_counter = 0;   // of the present incarnation: what ever left the device
    bool wants_incarnation = false;   // after a restore, once the server has again what it had
    std::uint64_t epoch = 0;
    Sequence cursor{};
    WalkPosition position;
    std::vector<std::string> scopes;   // held, ascending
    std::vector<std::string> loading;  // of these, not complete
    bool doubts_states = false;        // after a server restore, until the wanted have come
};

// A request of a replica that stands there: it brings nothing and asks for nothing.
SyncRequest request_at(const SyncState& state, std::int64_t now_ms);

// A server that was restored from a backup, as it told.
struct RestoredServer {
    std::uint64_t epoch = 0;
    Sequence head{};          // it lost what came after it
    ReplicaId asked;          // by a request of this incarnation,
    std::uint64_t acked = 0;  // ... of which it has what lies up to here.
    std::uint64_t sent = 0;   // what of the present incarnation had left before that request
};

// The device's history of the incarnation `left` and the server's part after `common`: what the
// server lacks after it is issued again under the new incarnation, together with what it does not
// know by its answers to the request's questions, all in the order in which it was written.
struct NewIncarnation {
    ReplicaId left;
    std::uint32_t incarnation = 0;
    std::uint64_t common = 0;
    std::vector<Verdict> answers;
};

// What a replica must be able to do to be synced. Each method is one transaction: after an error
// nothing of it has happened.
class DeviceStore {
  public:
    virtual ~DeviceStore() = default;

    // What is sent next, and from where.
    virtual Result<SyncState> sync_state() = 0;
    // Where the present incarnation stands, when nothing may be sent.
    virtual Result<SyncState> present_state() = 0;
    // Whole changesets of an incarnation after `counter` in order, cut after `max_bytes` (at least
    // one if any).
    virtual Result<std::vector<UploadedChangeset>> upload(ReplicaId replica, std::uint64_t counter,
                                                          std::size_t max_bytes) = 0;
    virtual Result<std::vector<VerdictQuestion>> questions() = 0;
    virtual Result<std::vector<RecordId>> wanted(std::size_t limit) = 0;
    // Everything committed so far survives a power cut, and that the changesets of `replica` up to
    // `counter` left the device. Called before they do.
    virtual Status make_durable(ReplicaId replica, std::uint64_t counter) = 0;

    // Takes in an `ok` reply: verdicts, scopes, pages, checkpoint, wanted and repair answers.
    virtual Status take(const SyncReply& reply, const RoundTrip& trip) = 0;
    virtual Status take_incarnation(const NewIncarnation& issued) = 0;
    virtual Status take_restored(const RestoredServer& server) = 0;
    // The chain's hash after the changeset that ends at `counter`; nothing when not kept any more.
    virtual Result<std::optional<Digest>> chain_hash(ReplicaId replica, std::uint64_t counter) = 0;
    // Scopes whose count or checksum did not agree at the last checkpoint.
    virtual Result<std::vector<std::string>> scopes_to_repair() = 0;
    virtual Result<std::vector<RepairBucket>> repair_buckets(const std::string& scope) = 0;
};

struct SessionOptions {
    std::uint64_t wait_ms = 0;  // the last request waits for news this long
    // Of changesets in a request; up to `max_upload_bytes` while answers come within a second.
    std::size_t upload_bytes = kUploadBytes;
    std::size_t max_upload_bytes = 0;    // below `upload_bytes`: no more than those
    std::uint64_t max_reply_bytes = 0;   // 0: the server decides
    std::size_t max_rounds = 1'000'000;  // a session that needs more is stuck: an error
    // The request goes a long way and alone (a bundle): it says and asks everything at once.
    bool in_one_go = false;
};

// What one session did, for status lines and the demo.
struct SessionReport {
    std::size_t rounds = 0;
    std::size_t sent_changesets = 0;
    std::size_t sent_bytes = 0;      // of requests
    std::size_t received_bytes = 0;  // of replies
    std::size_t received_rows = 0;
    std::size_t departed = 0;
    std::size_t accepted = 0;
    std::size_t quarantined = 0;
    std::size_t held = 0;
    bool forked = false;
    bool restored = false;
    bool repaired = false;
    std::uint64_t back_off_ms = 0;
    std::string refusal;  // why the server takes no more changesets now; "": it took all
};

class DeviceSession {
  public:
    DeviceSession(DeviceStore& store, const Services& services, SessionOptions options = {});

    // The next request's bytes; nothing when device and server agree (for now), or when the server
    // asked for a pause (report().back_off_ms). Fails with server_error when the session makes no
    // progress, else with the store's error.
    Result<std::optional<Bytes>> next_request(std::int64_t now_ms);
    // Takes the answer to the last request in. Fails with corrupt, limit or bad_reply (nothing
    // taken in), upgrade_needed, or the store's error. Each request may arrive once: after a
    // failure send what next_request() gives then. Where one arrives twice, on both sides of a
    // restore, what it brought gets other names than those that others have seen.
    Status take_reply(ByteView reply, std::int64_t now_ms);
    // The next answer will be to `sent`, which an earlier session asked (a bundle).
    void expect(SyncRequest sent) {
        sent_ = std::move(sent);
        sent_before_ = UINT64_MAX;  // what had left before it is not known any more
    }

    bool done() const { return done_; }
    const SessionReport& report() const { return report_; }

  private:
    Result<SyncRequest> build_request(std::int64_t now_ms);
    Result<SyncState> place();
    Status go_on_in_closed(SyncState& state);
    Status fill_upload(SyncRequest& request);
    Status fill_questions(SyncRequest& request);
    Status fill_repair(SyncRequest& request);
    // The next scope to compare; "" when there is none.
    Result<std::string> scope_to_repair();
    // Whether the session would have something to say besides waiting.
    Result<bool> anything_left();
    Status take_by_status(SyncReply& reply, std::int64_t now_ms);
    Status take_ok(SyncReply& reply, std::int64_t now_ms);
    Status take_fork(SyncReply&& reply);
    void note_answer(const SyncReply& reply);
    void pace_uploads(std::int64_t answered_in_ms);

    DeviceStore& store_;
    const Services& services_;
    SessionOptions options_;
    SessionReport report_;
    std::size_t upload_bytes_;
    std::int64_t sent_at_ = 0;
    std::uint64_t sent_before_ = 0;      // SyncState::sent_counter before that request
    std::optional<SyncRequest> sent_;    // waits for its answer; without the changesets' bytes
    Dot judged_;                         // by answers in this session: all up to here
    std::vector<ChangeId> asked_;        // questions answered in this session, ascending
    std::vector<std::string> repaired_;  // scopes compared in this session already
    std::size_t idle_rounds_ = 0;        // answers in a row that changed nothing
    bool send_scope_list_ = false;
    bool at_checkpoint_ = false;  // the last answer had one
    bool waited_ = false;
    bool resting_ = false;  // the server asked for a pause
    bool done_ = false;
};

}  // namespace satchel
