#include "tests/sync/protocol_samples.hpp"

#include "storage/services.hpp"
#include "sync/limits.hpp"

namespace satchel::testing {
namespace {

Bytes keep(ByteView bytes) {
    return Bytes(bytes);
}

Bytes fresh_meta(std::uint64_t counter) {
    Writer out;
    encode_fresh_meta(out, {{0x1f3a, 1}, counter}, Stamp::at(1732233600000), 2, false);
    return out.take();
}

std::vector<RepairBucket> sample_buckets() {
    std::vector<RepairBucket> buckets(kRepairBuckets);
    for (std::size_t i = 0; i < buckets.size(); ++i)
        buckets[i] = {i, i * 0x9E3779B97F4A7C15ULL};
    return buckets;
}

std::vector<Verdict> sample_verdicts() {
    Verdict accepted{1, 8,    VerdictKind::accepted, Sequence{41}, Stamp::at(1732233600000, 7),
                     3, true, Reason::none,          "",           {}};
    Verdict refused{1,
                    10,
                    VerdictKind::quarantined,
                    {},
                    {},
                    0,
                    false,
                    Reason::not_allowed,
                    "record 0192 is not yours",
                    {}};
    Verdict alias{2, 1,     VerdictKind::alias, Sequence{12}, {},
                  0, false, Reason::none,       "",           {{0x1f3a, 1}, 5}};
    return {accepted, refused, alias};
}

}  // namespace

const Services& real_services() {
    static const Services services{&storage::blake2b, &storage::compress, &storage::inflate};
    return services;
}

const Services& plain_services() {
    static const Services services{&storage::blake2b, &keep, &storage::inflate};
    return services;
}

RecordId sample_id(std::uint8_t tail) {
    RecordId id = *RecordId::parse("0192f3c4-8a11-7c3e-9f00-0123456789ab");
    id.bytes[15] = tail;
    return id;
}

Digest sample_digest(std::uint8_t fill) {
    Digest digest;
    digest.fill(fill);
    return digest;
}

SyncRequest sample_request() {
    SyncRequest request;
    request.tag = 0x1122334455667788;
    request.replica = {0x1f3a, 2};
    request.epoch = 7;
    request.device_now = 1732233600123;
    request.last_counter = 14;
    request.base_counter = 7;
    request.base_hash = sample_digest(0xAB);
    request.changesets = {{8, 9, "first changeset"}, {10, 10, "second"}, {11, 14, Bytes(300, 'c')}};
    request.questions = {{1, 5, {}}};
    request.questions[0].id.bytes.fill(0xC1);
    request.cursor = Sequence{40};
    request.position = {Sequence{55}, sample_id(3), {8, Sequence{70}, 11, "p:north"}};
    request.lists_scopes = true;
    request.scopes = {"*", "p:north", "u:0192f3c4-8a11-7c3e-9f00-0123456789ab"};
    request.scopes_hash = scopes_hash(request.scopes);
    request.loading = {"p:north"};
    request.whole_states_only = true;
    request.wanted = {sample_id(9), sample_id(1)};
    request.repair_scope = "*";
    request.repair = sample_buckets();
    request.wait_ms = 25'000;
    request.max_reply_bytes = 65'536;
    return request;
}

SyncReply sample_reply() {
    SyncReply reply;
    reply.tag = 0x1122334455667788;
    reply.epoch = 7;
    reply.server_now = 1732233600456;
    reply.acked_counter = 14;
    reply.horizon_counter = 6;
    reply.verdicts = sample_verdicts();
    reply.pages = {sample_page(), Bytes(4000, 'p')};
    reply.position = {Sequence{60}, sample_id(4), {8, Sequence{70}, kNewsStage, {}}};
    reply.checkpoint = Checkpoint{Sequence{61}, {{"*", 3, 99}, {"p:north", 0, 0}}};
    reply.gained = {"p:south"};
    reply.lost = {"p:east", "p:west"};
    reply.new_incarnation = 3;
    reply.chain = {{6, sample_digest(6)}, {2, sample_digest(2)}};
    reply.restored_head = Sequence{39};
    reply.unknown = {sample_id(9)};
    reply.repair_scope = "*";
    reply.repair_buckets = {0, 17, 255};
    reply.repair_items = {{sample_id(1), Sequence{5}}, {sample_id(2), Sequence{6}}};
    reply.back_off_ms = 1500;
    return reply;
}

Layout sample_layout() {
    return {{FieldId{1}, FieldId{2}, FieldId{3}}, {{FieldId{1}, {0}}, {FieldId{2}, {1, 2}}}};
}

Bytes sample_page() {
    PageWriter writer;
    const Layout layout = sample_layout();
    const ValueView name{ValueType::text, 0, "Acme 上海"};
    const ValueView amount{ValueType::integer, 1'200'00, {}};
    const ValueView currency{ValueType::text, 0, "EUR"};
    writer.add(CollectionId{100}, RowKind::whole, layout, sample_id(1), Sequence{41}, {"*"},
               fresh_meta(8), {name, amount, currency});
    writer.add(CollectionId{100}, RowKind::whole, layout, sample_id(2), Sequence{42},
               {"*", "p:north"}, fresh_meta(9), {name, {}, {}});
    writer.add(CollectionId{101}, RowKind::confirm, {}, sample_id(3), Sequence{43}, {"p:north"}, {},
               {});
    writer.add(CollectionId{100}, RowKind::patch, {{FieldId{1}}, {{FieldId{1}, {0}}}}, sample_id(4),
               Sequence{40}, {"*"}, fresh_meta(10), {name});
    writer.add_departure({"p:west", CollectionId{100}, sample_id(5), Sequence{44}});
    return writer.finish();
}

}  // namespace satchel::testing
