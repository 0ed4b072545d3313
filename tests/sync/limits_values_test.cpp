// The limits of what is not a count in a message: of values, operations, states and schemas, which
// the local commit and head office check alike, and of whole messages. At the limit and one above.
// Counts in messages: limits_table_test.cpp.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sync/bundle.hpp"
#include "sync/limits.hpp"
#include "sync/merge.hpp"
#include "sync/protocol_format.hpp"
#include "sync/reply_check.hpp"
#include "sync/validate.hpp"
#include "tests/sync/limits_table.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

constexpr CollectionId kDeals{100};
constexpr FieldId kNote{1}, kOwner{2}, kTags{3}, kVisits{4};

Field plain_field(FieldId number, const char* name, FieldKind kind) {
    Field made;
    made.id = number;
    made.name = name;
    made.kind = kind;
    made.cell = number;
    return made;
}

Collection deals() {
    Collection made;
    made.id = kDeals;
    made.name = "deal";
    made.fields = {plain_field(kNote, "note", FieldKind::text),
                   plain_field(kOwner, "owner", FieldKind::reference),
                   plain_field(kTags, "tags", FieldKind::set),
                   plain_field(kVisits, "visits", FieldKind::counter)};
    return made;
}

// What is said of a note of so many bytes.
ErrorCode note_code(const Collection& collection, std::uint64_t bytes) {
    const Bytes note(bytes, 'x');
    return code_of(
        validate_value(collection, collection.fields.front(), {ValueType::text, 0, note}, nullptr));
}

ErrorCode pool_code(std::uint64_t bytes) {
    Collection collection = deals();
    collection.scope.pool = kNote;
    return note_code(collection, bytes);
}

ErrorCode set_writes_code(std::uint64_t count) {
    Operation operation;
    operation.collection = kDeals;
    for (std::uint64_t i = 0; i < count; ++i)
        operation.sets.push_back({kTags, Value::text(std::to_string(i)), true});
    return code_of(validate(operation, *Schema::build(1, {deals()}, {}), nullptr));
}

// Of devices that write one cell and have not heard of each other.
ErrorCode siblings_code(std::uint64_t count, bool waits) {
    RecordState state;
    for (std::uint64_t i = 1; i <= count; ++i) {
        Operation operation;
        operation.cells = {{kNote, {Value(1)}}};
        WriteContext write;
        write.dot = {{i, 1}, 1};
        write.waits = waits;
        const Status taken = apply(state, operation, write);
        if (!taken) return taken.error().code;
    }
    return ErrorCode::ok;
}

ErrorCode step_code(std::int64_t step) {
    RecordState state;
    Operation operation;
    operation.counters = {{kVisits, step}};
    WriteContext write;
    write.dot = {{1, 1}, 1};
    return code_of(apply(state, operation, write));
}

ErrorCode record_code(std::uint64_t bytes) {
    Sibling sibling;
    while (bytes > 0) {
        const std::uint64_t size = std::min<std::uint64_t>(bytes, kMaxTextBytes);
        sibling.values.push_back(Value::bytes(Bytes(size, 'x')));
        bytes -= size;
    }
    RecordState state;
    state.cell_or_new(kNote).siblings.push_back(std::move(sibling));
    return code_of(check_size(state));
}

ErrorCode build_code(const Collection& collection, const std::vector<CellRule>& rules = {}) {
    return code_of(Schema::build(1, {collection}, {{kDeals, rules}}));
}

ErrorCode allowed_bytes_code(std::uint64_t bytes) {
    Collection collection = deals();
    collection.fields.front().max_bytes = static_cast<std::uint32_t>(bytes);
    return build_code(collection);
}

ErrorCode parents_code(std::uint64_t count) {
    Collection collection = deals();
    collection.scope.parents.assign(count, kOwner);
    return build_code(collection);
}

ErrorCode order_code(std::uint64_t count) {
    const std::vector<std::string> order(count, "Won");
    return build_code(deals(), {{kNote, ConflictRule::furthest, order}});
}

// A schema of so many bytes, built and, if it can be, read again.
ErrorCode schema_size_code(std::uint64_t bytes) {
    constexpr std::size_t kLong = 1U << 16;  // from here on, a length takes as much as the longest
    Collection collection = deals();
    collection.label_en = Bytes(kLong, 'x');
    const std::size_t rest = Schema::build(1, {collection}, {})->encode().size() - kLong;
    collection.label_en = Bytes(bytes - rest, 'x');
    const auto built = Schema::build(1, {collection}, {});
    if (!built) return built.error().code;
    EXPECT_EQ(built->encode().size(), bytes);
    return code_of(Schema::decode(built->encode()));
}

ErrorCode server_clock_code(std::int64_t shown_ms) {
    SyncReply reply;
    reply.epoch = 1;
    reply.server_now = shown_ms;
    return code_of(check_reply(SyncRequest{}, reply));
}

ErrorCode stamp_code(std::uint64_t ms) {
    return code_of(Stamp::parse(std::to_string(ms) + ".0"));
}

struct ValueLimit {
    const char* name;
    std::uint64_t most;
    ErrorCode (*code)(std::uint64_t count);
    ErrorCode above = ErrorCode::limit;
};

void PrintTo(const ValueLimit& limit, std::ostream* out) {
    *out << limit.name;
}

std::vector<ValueLimit> value_limits() {
    constexpr ErrorCode kInvalid = ErrorCode::invalid_argument;
    return {
        {"BytesOfAText", kMaxTextBytes, [](std::uint64_t n) { return note_code(deals(), n); }},
        {"BytesOfAPoolsName", kMaxScopeBytes - 2, &pool_code},
        {"SetWritesOfAnOperation", kMaxSetElements, &set_writes_code},
        {"SiblingsOfACell", kMaxSiblings, [](std::uint64_t n) { return siblings_code(n, false); }},
        {"SiblingsBesideWhatWaits", kMaxShownSiblings,
         [](std::uint64_t n) { return siblings_code(n, true); }},
        {"StepOfACounter", kMaxCounter,
         [](std::uint64_t n) { return step_code(static_cast<std::int64_t>(n)); }},
        {"StepBackOfACounter", kMaxCounter,
         [](std::uint64_t n) { return step_code(-static_cast<std::int64_t>(n)); }},
        {"BytesOfARecord", kMaxRecordBytes, &record_code},
        {"BytesThatAFieldAllows", kMaxTextBytes, &allowed_bytes_code, kInvalid},
        {"ParentsOfACollection", kMaxFields, &parents_code, kInvalid},
        {"OrderOfARule", kMaxFields, &order_code, kInvalid},
        {"BytesOfASchema", kMaxSchemaBytes, &schema_size_code, kInvalid},
        {"ClockOfHeadOffice", kMaxTimeMs,
         [](std::uint64_t n) { return server_clock_code(static_cast<std::int64_t>(n)); },
         ErrorCode::bad_reply},
        {"TimeOfAStamp", kMaxTimeMs, &stamp_code, kInvalid}};
}

class ValueLimits : public ::testing::TestWithParam<ValueLimit> {};

TEST_P(ValueLimits, AreReachedAndNotPassed) {
    const ValueLimit& limit = GetParam();
    EXPECT_EQ(limit.code(limit.most), ErrorCode::ok);
    EXPECT_EQ(limit.code(limit.most + 1), limit.above);
}

std::string limit_name(const ::testing::TestParamInfo<ValueLimit>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Of, ValueLimits, ::testing::ValuesIn(value_limits()), limit_name);

TEST(ServerClock, ThatShowsNoTimeIsRefused) {
    for (const std::int64_t shown : {INT64_C(-1), INT64_MIN, INT64_MAX})
        EXPECT_EQ(server_clock_code(shown), ErrorCode::bad_reply) << shown;
}

// Zeros that nobody wrote: the system gives them as they are read, and decoders stop early.
struct Free {
    void operator()(char* bytes) const { std::free(bytes); }
};

struct Whole {
    const char* name;
    std::size_t most;
    Bytes begins;
    ErrorCode (*decode)(ByteView message);
};

std::vector<Whole> whole_messages() {
    const Bytes reply_begins = text(protocol_format::kReplyMagic) + numbers(1);
    return {{"changeset", kMaxChangesetBytes, numbers(1),
             [](ByteView message) { return code_of(decode_changeset(message)); }},
            {"schema", kMaxSchemaBytes, numbers(1),
             [](ByteView message) { return code_of(Schema::decode(message)); }},
            {"request", kMaxRequestBytes, "",
             [](ByteView message) { return code_of(decode_request(message, plain_services())); }},
            {"reply", kMaxReplyBytes, reply_begins,
             [](ByteView message) { return code_of(decode_reply(message, plain_services())); }},
            {"bundle", kMaxBundleBytes, "",
             [](ByteView message) { return code_of(decode_bundle(message)); }}};
}

// What is in them is damage, and that shows only up to the limit.
TEST(WholeMessages, AreLookedIntoUpToTheirLimit) {
    for (const Whole& whole : whole_messages()) {
        const std::unique_ptr<char, Free> zeros(static_cast<char*>(std::calloc(whole.most + 1, 1)));
        ASSERT_TRUE(zeros != nullptr);
        std::copy(whole.begins.begin(), whole.begins.end(), zeros.get());
        EXPECT_EQ(whole.decode({zeros.get(), whole.most}), ErrorCode::corrupt) << whole.name;
        EXPECT_EQ(whole.decode({zeros.get(), whole.most + 1}), ErrorCode::limit) << whole.name;
    }
}

// Services whose inflating only shows that it came to that.
Services stopping_services() {
    Services services = plain_services();
    services.inflate = [](ByteView, std::size_t) -> Result<Bytes> {
        return Error{ErrorCode::cancelled, "it would have been inflated"};
    };
    return services;
}

// A message with one block of one byte that says what it inflates to.
Bytes request_growing_to(std::uint64_t said) {
    SyncRequest request;
    request.last_counter = 1;
    const Bytes whole = encode(request, plain_services());
    const std::size_t at = whole.find(view(Digest{})) + Digest{}.size();
    return whole.substr(0, at) + numbers(1, said) + bin("x") + whole.substr(at + 1);
}

Bytes reply_growing_to(std::uint64_t said) {
    const Bytes head = text(protocol_format::kReplyMagic) + numbers(1, 1, 0, 0, 7, 0, 0, 0, 0);
    return head + numbers(1, said) + bin("x");
}

struct Growing {
    Bytes (*message)(std::uint64_t said);
    std::size_t most;
    ErrorCode (*decode)(ByteView message);
};

TEST(WholeMessages, MayGrowUpToTheirLimit) {
    const Growing messages[] = {
        {&request_growing_to, kMaxRequestBytes,
         [](ByteView message) { return code_of(decode_request(message, stopping_services())); }},
        {&reply_growing_to, kMaxReplyBytes,
         [](ByteView message) { return code_of(decode_reply(message, stopping_services())); }}};
    for (const Growing& each : messages) {
        const std::size_t sent = each.message(1U << 20).size();  // as long with all larger sizes
        const std::size_t room = each.most - sent;
        EXPECT_EQ(each.decode(each.message(room + 1)), ErrorCode::cancelled) << each.most;
        EXPECT_EQ(each.decode(each.message(room + 2)), ErrorCode::limit) << each.most;
    }
}

}  // namespace
}  // namespace satchel::testing
