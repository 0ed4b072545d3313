// docs/formats.md and docs/protocol.md say what the code does: their limits and format numbers are
// those of the headers, and their examples decode to what they are said to be.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "storage/replica.hpp"
#include "storage/server_store.hpp"
#include "sync/bundle.hpp"
#include "sync/changeset_format.hpp"
#include "sync/limits.hpp"
#include "sync/page_format.hpp"
#include "sync/protocol_format.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

using Numbers = std::map<std::string, std::uint64_t>;

std::string read_file(const std::string& path) {
    std::ifstream in(std::string(SATCHEL_SOURCE_DIR) + "/" + path, std::ios::binary);
    EXPECT_TRUE(in) << path;
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
}

const std::string& formats() {
    static const std::string text = read_file("docs/formats.md");
    return text;
}

const std::string& protocol() {
    static const std::string text = read_file("docs/protocol.md");
    return text;
}

// The bytes of the example that begins with ```hex NAME: on each line what stands before two
// spaces.
Bytes example(const std::string& page, const std::string& name) {
    const std::string head = "```hex " + name + "\n";
    const std::size_t from = page.find(head);
    EXPECT_NE(from, std::string::npos) << name;
    if (from == std::string::npos) return {};
    std::istringstream lines(page.substr(from + head.size()));
    Bytes bytes;
    for (std::string line; std::getline(lines, line) && line != "```";) {
        std::istringstream digits(line.substr(0, line.find("  ")));
        for (std::string byte; digits >> byte;)
            bytes += static_cast<char>(std::stoi(byte, nullptr, 16));
    }
    return bytes;
}

// Rows `| name | 1,234 |` of a table whose names match `pattern`.
Numbers table_rows(const std::string& page, const std::string& pattern) {
    Numbers rows;
    const std::regex row(R"(\n\| ()" + pattern + R"() \| ([0-9,]+) \|)");
    for (std::sregex_iterator at(page.begin(), page.end(), row); at != std::sregex_iterator();
         ++at) {
        std::string digits = (*at)[2];
        std::erase(digits, ',');
        rows[(*at)[1]] = std::stoull(digits);
    }
    return rows;
}

#define LIMIT(name) \
    { #name, static_cast < std::uint64_t>(name) }
const Numbers kLimits = {
    LIMIT(kMaxTextBytes),     LIMIT(kMaxChangesetBytes), LIMIT(kMaxOperations),
    LIMIT(kMaxFields),        LIMIT(kMaxCollections),    LIMIT(kMaxSiblings),
    LIMIT(kMaxSetElements),   LIMIT(kMaxClockEntries),   LIMIT(kMaxNameBytes),
    LIMIT(kMaxSchemaBytes),   LIMIT(kMaxRequestBytes),   LIMIT(kMaxReplyBytes),
    LIMIT(kMaxInflateRatio),  LIMIT(kPageBytes),         LIMIT(kUploadBytes),
    LIMIT(kMaxPageRecords),   LIMIT(kMaxPageColumns),    LIMIT(kMaxScopes),
    LIMIT(kMaxScopeDepth),    LIMIT(kMaxChangesetNodes), LIMIT(kMaxRecordBytes),
    LIMIT(kMaxScopeBytes),    LIMIT(kMaxVerdicts),       LIMIT(kMaxRepairIds),
    LIMIT(kRepairBuckets),    LIMIT(kMaxPages),          LIMIT(kMaxChainPoints),
    LIMIT(kMaxTimeMs),        LIMIT(kMaxCounter),        LIMIT(kSkewMs),
    LIMIT(kLateEditWindowMs), LIMIT(kHoldDeadlineMs),    LIMIT(kMaxBundleBytes),
    LIMIT(kBundleBytes),      LIMIT(kMaxBundleMessages), LIMIT(kMaxRefusedBytes),
    LIMIT(kMaxHeldBytes),     LIMIT(kLeastKeptBytes),    LIMIT(kMaxIncarnations),
    LIMIT(kMaxSearchBytes),   LIMIT(kLeastSearchBytes),  LIMIT(kDayMs),
    LIMIT(kMaxRefusalBytes),
};
#undef LIMIT

TEST(FormatsPage, RepeatsEveryLimitOfTheHeader) {
    EXPECT_EQ(table_rows(formats(), "k[A-Za-z]+"), kLimits);
    const std::string header = read_file("sync/limits.hpp") + read_file("sync/bundle.hpp");
    const std::regex constant(R"(constexpr std::(?:size_t|int64_t) (k\w+) =)");
    std::size_t constants = 0;
    for (std::sregex_iterator at(header.begin(), header.end(), constant);
         at != std::sregex_iterator(); ++at, ++constants)
        EXPECT_TRUE(kLimits.contains((*at)[1])) << (*at)[1] << " is missing in docs/formats.md";
    EXPECT_EQ(constants, kLimits.size());
}

TEST(FormatsPage, NamesTheFormatsOfTheCode) {
    const Numbers expected = {
        {"changeset", kChangesetFormat},
        {"schema", static_cast<unsigned char>(Schema::build(1, {}, {})->encode()[0])},
        {"page", kPageFormat},
        {"request", protocol_format::kRequestFormat},
        {"reply", protocol_format::kReplyFormat},
        {"bundle", kBundleFormat},
        {"replica", static_cast<std::uint64_t>(storage::kReplicaFormat)},
        {"server store", static_cast<std::uint64_t>(storage::kServerFormat)},
    };
    EXPECT_EQ(
        table_rows(formats(), "changeset|schema|page|request|reply|bundle|replica|server store"),
        expected);
    const Numbers versions = {{"lowest protocol version", kProtocolMin},
                              {"highest protocol version", kProtocolMax}};
    EXPECT_EQ(table_rows(protocol(), "[a-z]+est protocol version"), versions);
}

TEST(FormatsPage, ListsEveryReason) {
    for (int i = 0; i <= static_cast<int>(Reason::dependency_lost); ++i) {
        const std::string row =
            "\n| " + std::to_string(i) + " | " + std::string(name(static_cast<Reason>(i))) + " |";
        EXPECT_NE(protocol().find(row), std::string::npos) << row;
    }
}

TEST(FormatsExample, OfScalars) {
    const Bytes bytes = example(formats(), "scalars");
    Reader in(bytes);
    for (const std::int64_t expected : {INT64_C(0), INT64_C(127), INT64_C(128), INT64_C(7994),
                                        INT64_C(1732233600000), INT64_C(-1), INT64_C(-128)})
        EXPECT_EQ(in.integer(), expected);
    EXPECT_TRUE(in.value().is_null());
    EXPECT_EQ(in.text(), "上海");
    EXPECT_EQ(in.bytes(), "\x0a\xff");
    EXPECT_TRUE(in.finish("the example"));
}

Changeset example_changeset() {
    Changeset changeset;
    for (std::uint8_t i = 0; i < 16; ++i)
        changeset.header.id.bytes[i] = i;
    changeset.header.replica = {0x1f3a, 1};
    changeset.header.first_counter = 8;
    changeset.header.stamp = *Stamp::parse("1732233600000.3");
    changeset.header.committed_at = 1732233600000;
    changeset.header.schema = 2;
    Operation creation;
    creation.collection = CollectionId{100};
    creation.record = sample_id(1);
    creation.cells = {{FieldId{1}, {Value::text("Acme")}},
                      {FieldId{2}, {Value(12'000), Value::text("EUR")}}};
    Operation edit;
    edit.collection = CollectionId{100};
    edit.record = sample_id(2);
    edit.clock = "2b:1 1f3a:5"_clock;
    edit.cells = {{FieldId{1}, {Value::text("上海")}}};
    edit.sets = {{FieldId{8}, Value::text("vip"), true}};
    edit.counters = {{FieldId{9}, -2}};
    changeset.operations = {creation, edit};
    return changeset;
}

TEST(FormatsExample, OfAChangeset) {
    const Bytes bytes = example(formats(), "changeset");
    const auto changeset = decode_changeset(bytes);
    ASSERT_TRUE(changeset) << changeset.error().message;
    EXPECT_EQ(*changeset, example_changeset());
    EXPECT_EQ(encode(*changeset), bytes);
}

TEST(FormatsExample, OfAHashChain) {
    const HashFunction hash = real_services().hash;
    const Digest start = chain_start(hash, {0x1f3a, 1});
    const Digest next = chain_link(hash, start, example(formats(), "changeset"));
    EXPECT_EQ(example(formats(), "chain"), Bytes(view(start)) + Bytes(view(next)));
}

TEST(FormatsExample, OfASchema) {
    const Bytes bytes = example(formats(), "schema");
    const auto schema = Schema::decode(bytes);
    ASSERT_TRUE(schema) << schema.error().message;
    EXPECT_EQ(schema->encode(), bytes);
    EXPECT_EQ(schema->number(), 2U);
    const Collection* deal = schema->find("deal");
    ASSERT_NE(deal, nullptr);
    EXPECT_EQ(deal->label_zh, "商机");
    EXPECT_EQ(deal->scope.owner, FieldId{3});
    ASSERT_EQ(deal->fields.size(), 3U);
    EXPECT_TRUE(deal->fields[0].indexed);
    EXPECT_EQ(deal->fields[1].max_bytes, 64U);
    EXPECT_EQ(deal->fields[2].kind, FieldKind::reference);
    EXPECT_EQ(deal->fields[2].refers_to, system_ids::kUser);
    EXPECT_EQ(deal->cell(FieldId{2})->rule, ConflictRule::furthest);
    EXPECT_EQ(deal->cell(FieldId{2})->order, (std::vector<std::string>{"Open", "Won|Lost"}));
}

TEST(FormatsExample, OfFreshMetadata) {
    Writer out;
    encode_fresh_meta(out, *Dot::parse("1f3a:8"), Stamp::at(1732233600000), 2, false);
    EXPECT_EQ(example(formats(), "fresh metadata"), out.out());
}

Sibling sibling(const char* dot, std::int64_t ms, std::vector<Value> values) {
    return {*Dot::parse(dot), Stamp::at(1732233600000 + ms), 2, false, false, {},
            std::move(values)};
}

TEST(FormatsExample, OfMetadata) {
    RecordState state;
    state.clock = "2b:4 1f3a:9"_clock;
    state.cells = {{FieldId{1}, {sibling("1f3a:8", 0, {Value::text("Acme")})}},
                   {FieldId{2},
                    {sibling("2b:4", 7, {Value(15'000), Value::text("EUR")}),
                     sibling("1f3a:9", 5, {Value(12'000), Value::text("EUR")})}}};
    state.sets = {{FieldId{8}, {{Value::text("vip"), {{*Dot::parse("1f3a:8"), false}}}}}};
    state.counters = {{FieldId{9}, {{*Dot::parse("2b:3"), 3, 5, 2}}}};
    const Bytes bytes = example(formats(), "metadata");
    EXPECT_EQ(encode_meta(state, sample_layout()), bytes);
    const ValueView acme{ValueType::text, 0, "Acme"};
    const auto read = decode_meta(bytes, sample_layout(), {acme, {}, {}});
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, state);
}

TEST(FormatsExample, OfAChecksum) {
    const std::uint64_t part = checksum_part(sample_id(1), Sequence{41});
    Bytes expected;
    for (int shift = 56; shift >= 0; shift -= 8)
        expected += static_cast<char>(part >> shift);
    expected += static_cast<char>(repair_bucket(sample_id(1)));
    EXPECT_EQ(example(formats(), "checksum"), expected);
}

TEST(FormatsExample, OfABundle) {
    Bundle bundle;
    bundle.header.direction = BundleDirection::reply;
    bundle.header.office = 0xFEDCBA9876543210;
    bundle.header.device = 0x0F1E2D3C4B5A6978;
    bundle.header.replica = {0x1f3a, 1};
    bundle.header.number = 3;
    bundle.header.written_at = 1732233600123;
    bundle.header.answers = sample_digest(0xAB);
    bundle.sealed = "seal";
    bundle.signature.fill(0x5A);
    EXPECT_EQ(encode(bundle), example(formats(), "bundle"));
    EXPECT_EQ(*decode_bundle(example(formats(), "bundle")), bundle);
}

TEST(ProtocolExample, OfARequest) {
    SyncRequest request;
    request.tag = 0x51;
    request.replica = {0x1f3a, 1};
    request.epoch = 7;
    request.device_now = 1732233600123;
    request.last_counter = 9;
    request.base_counter = 7;
    request.base_hash = sample_digest(0xAB);
    request.changesets = {{8, 9, "\x01\x02\x03"}};
    request.cursor = Sequence{40};
    request.position = {Sequence{40}, sample_id(0xFF)};
    request.scopes_hash = scopes_hash({"*", "p:north"});
    request.wanted = {sample_id(9)};
    const Bytes bytes = example(protocol(), "request");
    EXPECT_EQ(encode(request, real_services()), bytes);
    EXPECT_TRUE(decode_request(bytes, real_services()));
}

TEST(ProtocolExample, OfAReply) {
    SyncReply reply;
    reply.tag = 0x51;
    reply.epoch = 7;
    reply.server_now = 1732233600456;
    reply.acked_counter = 9;
    reply.horizon_counter = 6;
    Verdict& verdict = reply.verdicts.emplace_back();
    verdict.first_counter = 8;
    verdict.seq = Sequence{41};
    verdict.effective = *Stamp::parse("1732233600000.3");
    verdict.rank = 2;
    reply.pages = {PageWriter{}.finish()};
    reply.position = {Sequence{41}, sample_id(0xFF)};
    reply.checkpoint = Checkpoint{Sequence{41}, {{"*", 3, 99}}};
    reply.unknown = {sample_id(9)};
    const Bytes bytes = example(protocol(), "reply");
    EXPECT_EQ(encode(reply, real_services()), bytes);
    EXPECT_TRUE(decode_reply(bytes, real_services()));
}

TEST(ProtocolExample, OfAPage) {
    EXPECT_EQ(example(protocol(), "page"), sample_page());
}

}  // namespace
}  // namespace satchel::testing
