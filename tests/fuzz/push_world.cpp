#include "tests/fuzz/push_world.hpp"

#include <cstdlib>

#include "storage/services.hpp"
#include "sync/meta.hpp"

namespace satchel::fuzz {
namespace {

using namespace test;

constexpr int kRounds = 50;
constexpr std::uint64_t kHostile = 0x666;

void require(bool holds, const char* what) {
    if (holds) return;
    std::fprintf(stderr, "broken: %s\n", what);
    std::abort();
}

// Uncompressed, so that a changed byte is a changed byte of what is in it.
const Services& plain() {
    static const Services services{&storage::blake2b, [](ByteView bytes) { return Bytes(bytes); },
                                   &storage::inflate};
    return services;
}

Bytes bytes_of(const SyncRequest& request) {
    return encode(request, plain());
}

// What the server says to a request that contradicts itself, is not the caller's, or is beyond what
// it lets one device do.
bool is_refusal(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::forbidden ||
           code == ErrorCode::limit || code == ErrorCode::corrupt;
}

}  // namespace

PushWorld::PushWorld()
    : author_(head_, 0xA1, user_id(1)),
      reader_(head_, 0xA2, user_id(1)),
      hostile_(head_, kHostile, user_id(2)) {
    GTEST_FLAG_SET(break_on_failure, true);  // what the fixture finds ends the program
    prepare();
}

void PushWorld::prepare() {
    for (SmallDevice* device : {&author_, &reader_, &hostile_})
        device->grant(pool_scope("x"));
    author_.write({account(1, user_id(1)), contact(2, record_id(1))});
    author_.write({create(kAccount, record_id(3), {text(kName, "shared"), text(kPool, "x")})});
    author_.sync();
    reader_.sync();
    hostile_.sync();
    hostile_.write({account(4, user_id(2), "mine")});
    hostile_.sync();
    author_.sync();
    for (const auto& [collection, id] : {std::pair(kAccount, 1), std::pair(kContact, 2)})
        private_[record_id(id)] = encode_state(head_.state(collection, record_id(id)));
    author_.write({write(kAccount, record_id(1), head_.clock(kAccount, record_id(1)),
                         {text(kNote, "to be sent")})});
}

SyncRequest PushWorld::fitted(SyncRequest request) const {
    request.replica = hostile_.replica;
    request.epoch = hostile_.epoch;
    request.base_counter = hostile_.acked;
    request.base_hash = hostile_.acked_hash;
    request.last_counter = std::max(request.last_counter, hostile_.acked);
    return request;
}

void PushWorld::check_reply(const SyncReply& reply) {
    const auto again = decode_reply(encode(reply, plain()), plain());
    require(static_cast<bool>(again), "a device cannot read the reply");
    for (const Bytes& bytes : reply.pages) {
        const auto page = PageReader::open(bytes);
        require(static_cast<bool>(page), "a device cannot read the page");
        const Status visited = page->visit([&](const PageRow& row) -> Status {
            require(!private_.contains(row.id), "somebody else's record was sent");
            return {};
        });
        require(static_cast<bool>(visited), "a device cannot read the rows");
    }
    for (const RepairItem& item : reply.repair_items)
        require(!private_.contains(item.id), "somebody else's record was named");
}

void PushWorld::try_message(const Frame& frame) {
    auto request = decode_request(frame.message, plain());
    if (!request) return;
    if ((frame.flags & kFits) != 0) *request = fitted(*std::move(request));
    require(static_cast<bool>(head_.store().savepoint()), "a savepoint");
    const auto handled = handle_sync(*request, hostile_.caller, head_.store(),
                                     head_.store().services(), head_.clock_source.now);
    const Status ended = handled ? head_.store().release() : head_.store().roll_back();
    require(static_cast<bool>(ended), "the end of a savepoint");
    if (handled) return check_reply(handled->reply);
    if (!is_refusal(handled.error().code))
        std::fprintf(stderr, "%s\n", handled.error().message.c_str());
    require(is_refusal(handled.error().code), "the server failed");
}

// Everybody else goes on as if nothing had been.
void PushWorld::check_others() {
    require(static_cast<bool>(head_.store().check_sums()), "the sums of head office");
    for (const auto& [id, before] : private_) {
        const CollectionId collection = id == record_id(1) ? kAccount : kContact;
        require(encode_state(head_.state(collection, id)) == before, "somebody else's record");
    }
    SmallDevice author = author_, reader = reader_;
    for (SmallDevice* device : {&author, &reader}) {
        bool quiet = false;
        for (int round = 0; round < kRounds && !quiet; ++round) {
            const auto handled = handle_sync(device->request(), device->caller, head_.store(),
                                             head_.store().services(), head_.clock_source.now);
            require(static_cast<bool>(handled), "another device cannot sync");
            device->take(handled->reply);
            quiet = device->checkpoint && device->acked == device->counter && !device->list_scopes;
        }
        require(quiet, "another device comes to no end");
        device->expect_equal_to_head();
    }
    require(author.verdicts.at(author.counter).kind == VerdictKind::accepted,
            "another person's write");
}

void PushWorld::try_messages(const std::vector<Frame>& frames) {
    require(static_cast<bool>(head_.store().begin()), "a transaction");
    for (const Frame& frame : frames)
        try_message(frame);
    check_others();
    head_.store().roll_back_all();
}

std::vector<std::pair<std::string, Bytes>> PushWorld::seeds() {
    const VectorClock shared = head_.clock(kAccount, record_id(3));
    const auto sends = [&](std::vector<Operation> operations) {
        SmallDevice device = hostile_;
        device.write(std::move(operations));
        return bytes_of(device.request());
    };
    Operation busy =
        write(kAccount, record_id(3), shared, {text(kName, "theirs"), text(kNote, "n")});
    busy.sets = {{kTags, Value::text("tag"), true}};
    busy.counters = {{kCalls, 3}};
    Operation removal = write(kAccount, record_id(3), shared, {});
    removal.kind = OperationKind::remove;
    const Bytes edit = sends({busy}),
                makes = sends({account(5, user_id(2)), contact(6, record_id(5))});
    const Bytes forbidden =
        sends({write(kAccount, record_id(1), VectorClock{}, {text(kName, "stolen")})});
    SyncRequest asks = hostile_.request();
    asks.questions = {{1, 1, {}}};
    asks.wanted = {record_id(1), record_id(3)};
    asks.whole_states_only = true;
    asks.repair_scope = kEveryoneScope;
    asks.repair.resize(kRepairBuckets);
    SyncRequest first = hostile_.request();
    first.cursor = {};
    first.position = {};
    first.scopes = {};
    first.lists_scopes = true;
    first.scopes_hash = scopes_hash({});
    const auto one = [](const Bytes& message) { return input_of({{kFits, message}}); };
    return {{"edit", one(edit)},
            {"makes", one(makes)},
            {"forbidden", one(forbidden)},
            {"removes", one(sends({removal}))},
            {"asks", one(bytes_of(asks))},
            {"first", one(bytes_of(first))},
            {"twice", input_of({{0, edit}, {0, edit}, {kFits, makes}})}};
}

}  // namespace satchel::fuzz
