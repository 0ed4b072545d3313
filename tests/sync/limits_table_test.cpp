// Each limit that a count, a length or a number in a message could exceed, in one table: as much as
// it says is read, one more is refused, and a claim of 2^31, 2^32 or 2^63 is refused before
// anything is kept for it. The rows of formats that are stored, too, are in limits_of_formats.cpp,
// limits of values, states and whole messages in limits_values_test.cpp.
#include <gtest/gtest.h>

#include "sync/bundle.hpp"
#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "sync/protocol_format.hpp"
#include "tests/sync/allocation_meter.hpp"
#include "tests/sync/limits_table.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

// What a decoder may take, as in lying_sizes_test.cpp.
constexpr std::size_t kTimesTheInput = 16;
constexpr std::size_t kInAnyCase = 32U << 10;

// Pages (docs/protocol.md, "Page").

ErrorCode page_code(ByteView message) {
    const auto reader = PageReader::open(message);
    if (!reader) return reader.error().code;
    return code_of(reader->visit([](const PageRow&) -> Status { return {}; }));
}

struct PageParts {
    Bytes scope_sets = numbers(1, 0);
    Bytes sections = numbers(0);
    Bytes departures = numbers(0);
};

Bytes page(Bytes PageParts::*part, const Bytes& bytes) {
    PageParts parts;
    parts.*part = bytes;
    return numbers(1) + parts.scope_sets + parts.sections + parts.departures;
}

Bytes confirmed_rows(Count rows) {
    return numbers(100, 2, 0, 0, rows.said) + bin(items(rows.there, &id)) +
           bin(Bytes(rows.there, '\1')) + bin(Bytes(rows.there, '\0'));
}
Bytes confirmed_row(std::size_t) {
    return confirmed_rows(exactly(1));
}

Bytes layout_number(std::size_t i) {
    return numbers(i);
}

// One row; its fields are one group.
Bytes page_of_fields(Count fields) {
    const Bytes head = numbers(1, 100, 0) + list(fields, &layout_number);
    const Bytes group = numbers(1, 1) + list(exactly(fields.there), &layout_number);
    const Bytes row = numbers(1) + bin(id(0)) + bin(numbers(1)) + bin(numbers(0)) + bin(bin("m"));
    return page(&PageParts::sections, head + group + row + items(fields.there, &null_column));
}

Bytes departure_from(const Bytes& scope) {
    return scope + numbers(100) + bin(id(0)) + numbers(1);
}
Bytes departure(std::size_t) {
    return departure_from(text("*"));
}

std::vector<Limit> limits_of_pages() {
    return read_by(
        &page_code,
        {{"SetsOfScopesOfAPage", kMaxPageRecords,
          [](Count n) { return page(&PageParts::scope_sets, list(n, &zero)); }},
         {"ScopesOfASet", kMaxScopes,
          [](Count n) { return page(&PageParts::scope_sets, numbers(1) + list(n, &scope_name)); }},
         {"NameOfAScopeOfASet", kMaxScopeBytes,
          [](Count n) { return page(&PageParts::scope_sets, numbers(1, 1) + text_of(n)); }},
         {"SectionsOfAPage", kMaxPageRecords,
          [](Count n) { return page(&PageParts::sections, list(n, &confirmed_row)); }},
         {"RowsOfASection", kMaxPageRecords,
          [](Count n) { return page(&PageParts::sections, numbers(1) + confirmed_rows(n)); }},
         {"FieldsOfASection", kMaxFields, &page_of_fields},
         {"DeparturesOfAPage", kMaxPageRecords,
          [](Count n) { return page(&PageParts::departures, list(n, &departure)); }},
         {"NameOfAScopeThatARecordLeft", kMaxScopeBytes, [](Count n) {
              return page(&PageParts::departures, numbers(1) + departure_from(text_of(n)));
          }}});
}

// Requests (docs/protocol.md, "Request"). Nothing is compressed.

ErrorCode request_code(ByteView message) {
    return code_of(decode_request(message, plain_services()));
}

Bytes place(const Bytes& load) {
    return numbers(0) + bin(id(0)) + load;
}

struct RequestParts {
    Bytes changesets = numbers(0);
    Bytes questions = numbers(0);
    Bytes position = place(numbers(0));
    Bytes scopes = numbers(0);
    Bytes loading = numbers(0);
    Bytes wanted = bin("");
    Bytes repair = text("");
};

Bytes request(Bytes RequestParts::*part, const Bytes& bytes) {
    RequestParts parts;
    parts.*part = bytes;
    return text(protocol_format::kRequestMagic) + numbers(1, 1, 1, 0, 7, 1, 0, 0, 1'000'000, 0) +
           bin(Bytes(32, 'h')) + parts.changesets + parts.questions + numbers(0) + parts.position +
           numbers(0, 1) + parts.scopes + parts.loading + parts.wanted + parts.repair +
           numbers(0, 0);
}

Bytes upload(std::uint64_t count, const Bytes& joined) {
    return request(&RequestParts::changesets, numbers(count, joined.size()) + bin(joined));
}
Bytes small_changeset(std::size_t) {
    return numbers(1) + bin("a");
}

Bytes question(std::size_t) {
    return numbers(1, 1) + bin(id(0));
}

Bytes comparison(const Bytes& scope, std::size_t buckets) {
    return request(&RequestParts::repair, scope + items(2 * buckets, &zero));
}

Bytes request_in_load(const Bytes& stage_and_scope) {
    return request(&RequestParts::position, place(numbers(1, 0) + stage_and_scope));
}

std::vector<Limit> limits_of_requests() {
    return read_by(&request_code,
                   {{"ChangesetsOfARequest", kMaxVerdicts,
                     [](Count n) { return upload(n.said, items(n.there, &small_changeset)); }},
                    {"OperationsThatAChangesetIsSaidToHave", kMaxOperations,
                     [](Count n) { return upload(1, numbers(n.said) + bin("a")); }},
                    {"QuestionsOfARequest", kMaxVerdicts,
                     [](Count n) { return request(&RequestParts::questions, list(n, &question)); }},
                    {"ScopesHeld", kMaxScopes,
                     [](Count n) { return request(&RequestParts::scopes, list(n, &scope_name)); }},
                    {"ScopesThatLoad", kMaxScopes,
                     [](Count n) { return request(&RequestParts::loading, list(n, &scope_name)); }},
                    {"StageOfALoad", kNewsStage,
                     [](Count n) { return request_in_load(numbers(n.said) + text("")); }},
                    {"NameOfAScopeThatLoads", kMaxScopeBytes,
                     [](Count n) { return request_in_load(numbers(0) + text_of(n)); }},
                    {"RecordsWanted", kMaxRepairIds,
                     [](Count n) { return request(&RequestParts::wanted, ids_of(n)); }},
                    {"NameOfAScopeToCompare", kMaxScopeBytes,
                     [](Count n) { return comparison(text_of(n), kRepairBuckets); }},
                    {"KeyRangesToCompare", kRepairBuckets,
                     [](Count n) { return comparison(text("*"), n.there); }}});
}

// Replies (docs/protocol.md, "Reply"), and the messages of a bundle.

ErrorCode reply_code(ByteView message) {
    return code_of(decode_reply(message, plain_services()));
}

struct ReplyParts {
    Bytes verdicts = numbers(0);
    Bytes pages = numbers(0);
    Bytes checkpoint = numbers(0);
    Bytes gained = numbers(0);
    Bytes lost = numbers(0);
    Bytes chain = numbers(0);
    Bytes unknown = bin("");
    Bytes repair = text("");
    Bytes refusal = text("");
};

Bytes reply(Bytes ReplyParts::*part, const Bytes& bytes) {
    ReplyParts parts;
    parts.*part = bytes;
    return text(protocol_format::kReplyMagic) + numbers(1, 1, 0, 0, 7, 0, 0, 0) + parts.verdicts +
           parts.pages + place(numbers(0)) + parts.checkpoint + parts.gained + parts.lost +
           numbers(0) + parts.chain + numbers(0) + parts.unknown + parts.repair + numbers(0) +
           parts.refusal;
}

Bytes verdict(std::size_t) {
    return numbers(1, 1, 0, 0, 0, 0, 0, 0) + text("");
}
Bytes one_byte(std::size_t) {
    return bin("b");
}
Bytes one_byte_page(std::size_t i) {
    return numbers(1) + one_byte(i);
}
Bytes scope_sum(std::size_t i) {
    return scope_name(i) + numbers(0, 0);
}
Bytes chain_point(std::size_t i) {
    return numbers(kMaxChainPoints + 1 - i) + bin(Bytes(32, 'h'));
}

Bytes checkpoint(const Bytes& sums) {
    return reply(&ReplyParts::checkpoint, numbers(1, 1) + sums);
}
Bytes differences(const Bytes& ranges) {
    return reply(&ReplyParts::repair, text("*") + ranges + numbers(0));
}

std::vector<Limit> limits_of_replies() {
    return read_by(&reply_code,
                   {{"VerdictsOfAReply", kMaxVerdicts,
                     [](Count n) { return reply(&ReplyParts::verdicts, list(n, &verdict)); }},
                    {"PagesOfAReply", kMaxPages,
                     [](Count n) { return reply(&ReplyParts::pages, list(n, &one_byte_page)); }},
                    {"ScopesOfACheckpoint", kMaxScopes,
                     [](Count n) { return checkpoint(list(n, &scope_sum)); }},
                    {"NameOfAScopeOfACheckpoint", kMaxScopeBytes,
                     [](Count n) { return checkpoint(numbers(1) + text_of(n) + numbers(0, 0)); }},
                    {"ScopesGained", kMaxScopes,
                     [](Count n) { return reply(&ReplyParts::gained, list(n, &scope_name)); }},
                    {"ScopesLost", kMaxScopes,
                     [](Count n) { return reply(&ReplyParts::lost, list(n, &scope_name)); }},
                    {"NameOfAScopeLost", kMaxScopeBytes,
                     [](Count n) { return reply(&ReplyParts::lost, numbers(1) + text_of(n)); }},
                    {"PointsOfAChain", kMaxChainPoints,
                     [](Count n) { return reply(&ReplyParts::chain, list(n, &chain_point)); }},
                    {"RecordsUnknown", kMaxRepairIds,
                     [](Count n) { return reply(&ReplyParts::unknown, ids_of(n)); }},
                    {"KeyRangesThatDiffer", kRepairBuckets,
                     [](Count n) { return differences(list(n, &layout_number)); }},
                    {"NumberOfAKeyRange", kRepairBuckets - 1,
                     [](Count n) { return differences(numbers(1, n.said)); }},
                    {"SentenceOfARefusal", kMaxRefusalBytes,
                     [](Count n) { return reply(&ReplyParts::refusal, text_of(n)); }}});
}

std::vector<Limit> limits_of_bundles() {
    const auto decode = [](ByteView message) { return code_of(decode_messages(message)); };
    return read_by(decode, {{"MessagesOfABundle", kMaxBundleMessages,
                             [](Count n) { return list(n, &one_byte); }}});
}

std::vector<Limit> all_limits() {
    std::vector<Limit> all;
    for (const std::vector<Limit>& some :
         {limits_of_formats(), limits_of_pages(), limits_of_requests(), limits_of_replies(),
          limits_of_bundles()})
        all.insert(all.end(), some.begin(), some.end());
    return all;
}

class MessageLimits : public ::testing::TestWithParam<Limit> {};

TEST_P(MessageLimits, AreReachedAndNotPassed) {
    const Limit& limit = GetParam();
    const auto most = static_cast<std::size_t>(limit.most);
    EXPECT_EQ(limit.decode(limit.message(exactly(most))), ErrorCode::ok);
    EXPECT_EQ(limit.decode(limit.message(exactly(most + 1))), limit.above);
}

TEST_P(MessageLimits, TakeNoMemoryForWhatIsOnlyClaimed) {
    const Limit& limit = GetParam();
    for (const unsigned bits : {31U, 32U, 63U}) {
        const std::uint64_t claimed = std::uint64_t{1} << bits;
        if (claimed <= limit.most) continue;
        const Bytes message = limit.message({claimed, 1});
        const AllocationMeter meter;
        const ErrorCode code = limit.decode(message);
        EXPECT_LT(meter.peak_bytes(), kTimesTheInput * message.size() + kInAnyCase) << bits;
        EXPECT_EQ(code, ErrorCode::corrupt) << bits;
    }
}

std::string limit_name(const ::testing::TestParamInfo<Limit>& info) {
    return info.param.name;
}

INSTANTIATE_TEST_SUITE_P(Of, MessageLimits, ::testing::ValuesIn(all_limits()), limit_name);

}  // namespace
}  // namespace satchel::testing
