#include "tests/fuzz/pull_world.hpp"

#include <cstdlib>

#include "storage/services.hpp"
#include "sync/device_session.hpp"
#include "sync/meta.hpp"

namespace satchel::fuzz {
namespace {

using namespace test;

constexpr const char* kFile = "replica.satchel";
constexpr std::size_t kRounds = 50;

void require(bool holds, const char* what, const Error* error = nullptr) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s %s\n", what, error == nullptr ? "" : error->message.c_str());
    std::abort();
}

template <typename T>
void require(const Result<T>& result, const char* what) {
    require(static_cast<bool>(result), what, result ? nullptr : &result.error());
}

// Uncompressed, so that a changed byte is a changed byte of what is in it.
const Services& plain() {
    static const Services services{&storage::blake2b, [](ByteView bytes) { return Bytes(bytes); },
                                   &storage::inflate};
    return services;
}

// What take_reply() may say of an answer.
bool is_answers_fault(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::limit || code == ErrorCode::bad_reply ||
           code == ErrorCode::upgrade_needed || code == ErrorCode::newer_format;
}

}  // namespace

PullWorld::PullWorld()
    : author_(head_, 0xA1, user_id(1)), disk_("fuzz-phone", random_, head_.clock_source) {
    GTEST_FLAG_SET(break_on_failure, true);  // what the fixture finds ends the program
    prepare();
}

PullWorld::Open PullWorld::open(bool create) {
    storage::ReplicaOptions options;
    options.create = create;
    if (create) options.schema = company();
    options.clock = &head_.clock_source;
    options.random = &random_;
    options.vfs = disk_.name();
    options.exclusive = true;
    auto opened = storage::Replica::open(kFile, options);
    require(opened, "opening the replica");
    return *std::move(opened);
}

void PullWorld::write(storage::Replica& replica, const char* name) {
    auto transaction = replica.begin();
    require(transaction, "a local write");
    require(transaction->create("account",
                                {{"name", Value::text(name)}, {"owner", Value::id(user_id(1))}}),
            "a new record");
    const auto change = transaction->commit();
    require(change, "a commit");
    waiting_.insert(*change);
}

void PullWorld::prepare() {
    author_.write({account(1, user_id(1)), contact(2, record_id(1)), account(3, user_id(1))});
    author_.sync();
    const Open replica = open(true);
    const auto state = replica->sync_state();
    require(state, "the replica's state");
    caller_.replica = state->replica.id;
    caller_.user = user_id(1);
    caller_.rank = 1;
    caller_.scopes = author_.caller.scopes;
    write(*replica, "sent");
    require(head_.store().begin(), "a transaction");
    require(sync(*replica), "the first sync");
    require(head_.store().commit(), "a commit of head office");
    author_.sync();
    author_.write({test::write(kAccount, record_id(1), head_.clock(kAccount, record_id(1)),
                               {text(kNote, "news")})});
    author_.write({account(4, user_id(1), "more")});
    author_.sync();
    waiting_.clear();
    write(*replica, "waits");
    write(*replica, "waits, too");
    require(replica->database().checkpoint(), "a checkpoint");
    file_ = disk_.snapshot();
}

Result<SyncReply> PullWorld::reply_to(const Bytes& bytes) {
    SATCHEL_ASSIGN(const SyncRequest request, decode_request(bytes, plain()));
    SATCHEL_ASSIGN(Handled handled, handle_sync(request, caller_, head_.store(),
                                                head_.store().services(), head_.clock_source.now));
    return std::move(handled.reply);
}

Status PullWorld::sync(storage::Replica& replica, std::vector<Frame>* answers) {
    SessionOptions options;
    options.max_rounds = kRounds;
    DeviceSession session(replica, plain(), options);
    while (true) {
        SATCHEL_ASSIGN(const auto request, session.next_request(kNow));
        if (!request) return {};
        SATCHEL_ASSIGN(const SyncReply reply, reply_to(*request));
        const Bytes answer = encode(reply, plain());
        if (answers != nullptr) answers->push_back({kFits, answer});
        SATCHEL_TRY(session.take_reply(answer, kNow));
    }
}

bool PullWorld::try_answer(DeviceSession& session, const SyncRequest& request, const Frame& frame) {
    Bytes answer = frame.message;
    if ((frame.flags & kFits) != 0) {
        auto reply = decode_reply(answer, plain());
        if (!reply) return false;
        reply->tag = request.tag;
        if (request.epoch != 0 && reply->status == ReplyStatus::ok) reply->epoch = request.epoch;
        answer = encode(*reply, plain());
    }
    const Status taken = session.take_reply(answer, kNow);
    if (taken) return true;
    require(is_answers_fault(taken.error().code),
            "an answer made the device fail:", &taken.error());
    return false;
}

void PullWorld::check_readable(storage::Replica& replica) {
    const auto journal = replica.journal(1'000);
    require(journal, "the journal");
    std::set<ChangeId> here;
    for (const storage::JournalEntry& entry : *journal) {
        here.insert(entry.id);
        require(replica.changeset(entry.number), "a change in the journal");
    }
    for (const ChangeId& change : waiting_)
        require(here.contains(change), "what a person wrote is gone");
    require(replica.status(), "the status");
    require(replica.conflicts(), "the conflicts");
    require(replica.sums(), "the sums");
}

void PullWorld::check_equal(storage::Replica& replica) {
    const auto status = replica.status();
    require(status, "the status");
    require(status->pending + status->held + status->parked == 0 && !status->loading,
            "a good sync leaves something undone");
    for (const auto& [collection, name] : {std::pair(kAccount, "account"), {kContact, "contact"}}) {
        const auto ids = head_.store().record_ids(collection);
        require(ids, "head office's records");
        for (const RecordId& id : *ids) {
            const auto view = replica.record(name, id);
            require(view, "a record is missing after a good sync");
            require(encode_state(view->state) == encode_state(head_.state(collection, id)),
                    "a record differs after a good sync");
        }
    }
}

void PullWorld::try_answers(const std::vector<Frame>& frames) {
    disk_.restore(file_);
    const Open replica = open(false);
    require(head_.store().begin(), "a transaction");
    bool taken = false;
    {
        DeviceSession session(*replica, plain(), {});
        for (const Frame& frame : frames) {
            const auto bytes = session.next_request(kNow);
            // A device that was led astray may say so.
            if (!bytes || !*bytes) break;
            const auto request = decode_request(**bytes, plain());
            require(request, "a server cannot read the request");
            taken = try_answer(session, *request, frame) || taken;
        }
    }
    check_readable(*replica);
    const Status synced = sync(*replica);
    if (!taken) {
        require(synced, "a good sync:");
        check_equal(*replica);
    } else if (!synced) {
        const ErrorCode code = synced.error().code;
        require(code != ErrorCode::internal && code != ErrorCode::io, "a sync:", &synced.error());
    }
    check_readable(*replica);
    head_.store().roll_back_all();
}

std::vector<std::pair<std::string, Bytes>> PullWorld::seeds() {
    std::vector<std::pair<std::string, Bytes>> seeds;
    std::vector<Frame> answers;
    disk_.restore(file_);
    const Open replica = open(false);
    require(head_.store().begin(), "a transaction");
    require(sync(*replica, &answers), "a sync");
    head_.store().roll_back_all();
    seeds.emplace_back("session", input_of(answers));
    SyncReply reply = *decode_reply(answers.front().message, plain());
    const auto changed = [&](const char* name, const std::function<void(SyncReply&)>& change) {
        SyncReply other = reply;
        change(other);
        seeds.emplace_back(name, input_of({{kFits, encode(other, plain())}, answers.back()}));
    };
    changed("refused", [](SyncReply& other) {
        for (Verdict& verdict : other.verdicts) {
            verdict.kind = VerdictKind::quarantined;
            verdict.reason = Reason::not_allowed;
            verdict.seq = {};
        }
    });
    changed("lost", [](SyncReply& other) { other.lost = {kEveryoneScope}; });
    changed("list", [](SyncReply& other) {
        other = SyncReply{};
        other.status = ReplyStatus::list_scopes;
    });
    changed("fork", [](SyncReply& other) {
        other = SyncReply{};
        other.status = ReplyStatus::fork;
        other.new_incarnation = 2;
    });
    changed("restored", [&reply](SyncReply& other) {
        other = SyncReply{};
        other.status = ReplyStatus::restored;
        other.epoch = reply.epoch + 1;
    });
    seeds.emplace_back("portal", input_of({{0, "<html>Welcome</html>"}, {0, answers[0].message}}));
    return seeds;
}

}  // namespace satchel::fuzz
