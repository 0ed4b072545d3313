// The byte form of a request, which a hostile device may have written: docs/protocol.md, "Request".
#include <algorithm>
#include <cassert>

#include "sync/limits.hpp"
#include "sync/protocol_format.hpp"

namespace satchel {

using namespace protocol_format;

namespace {

constexpr std::string_view kWhat = "the sync request";
constexpr std::uint64_t kListsScopes = 1;
constexpr std::uint64_t kWholeStatesOnly = 2;
constexpr std::uint64_t kClosed = 4;
constexpr std::uint64_t kWantsIncarnation = 8;
constexpr std::uint64_t kNamesRefused = 16;
constexpr std::uint64_t kAllFlags = 31;

// The counters are not sent: a replica's go without holes from the chain point on.
void write_changesets(Writer& out, const SyncRequest& request, const Services& services) {
    out.unsigned_integer(request.changesets.size());
    if (request.changesets.empty()) return;
    Writer joined;
    std::uint64_t counter = request.base_counter;
    for (const UploadedChangeset& changeset : request.changesets) {
        assert(changeset.first_counter == counter + 1 && changeset.last_counter > counter);
        joined.unsigned_integer(changeset.last_counter - counter);
        joined.bytes(changeset.bytes);
        counter = changeset.last_counter;
    }
    write_block(out, joined.out(), services);
}

Result<std::vector<UploadedChangeset>> split_changesets(ByteView joined, std::uint64_t count,
                                                        std::uint64_t counter) {
    Reader in(joined);
    std::vector<UploadedChangeset> changesets;
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        const std::uint64_t operations = in.bounded(kMaxOperations);
        const ByteView bytes = in.bytes();
        if (operations == 0 || bytes.empty()) in.fail();
        if (bytes.size() > kMaxChangesetBytes)
            return Error{ErrorCode::limit, "a changeset has at most 8 MiB"};
        changesets.push_back({counter + 1, counter + operations, Bytes(bytes), Reason::none});
        counter += operations;
    }
    SATCHEL_TRY(in.finish("the changesets of a sync request"));
    return changesets;
}

Result<std::vector<UploadedChangeset>> read_changesets(Reader& in, const SyncRequest& request,
                                                       std::size_t growth,
                                                       const Services& services) {
    const std::uint64_t count = in.bounded(kMaxVerdicts);
    if (count == 0) return std::vector<UploadedChangeset>{};
    SATCHEL_ASSIGN(const Bytes joined, read_block(in, growth, services, kWhat));
    return split_changesets(joined, count, request.base_counter);
}

bool names_refused(const SyncRequest& request) {
    return std::any_of(request.changesets.begin(), request.changesets.end(),
                       [](const UploadedChangeset& each) { return each.refused != Reason::none; });
}

void write_refused(Writer& out, const std::vector<UploadedChangeset>& changesets) {
    for (const UploadedChangeset& each : changesets)
        out.unsigned_integer(static_cast<std::uint64_t>(each.refused));
}

void read_refused(Reader& in, SyncRequest& request) {
    for (UploadedChangeset& each : request.changesets)
        each.refused = static_cast<Reason>(in.bounded(UINT8_MAX));
    if (!names_refused(request)) in.fail();
}

void write_questions(Writer& out, const std::vector<VerdictQuestion>& questions) {
    out.unsigned_integer(questions.size());
    for (const VerdictQuestion& question : questions) {
        out.unsigned_integer(question.incarnation);
        out.unsigned_integer(question.first_counter);
        out.bytes(question.id.view());
    }
}

std::vector<VerdictQuestion> read_questions(Reader& in, std::size_t limit) {
    std::vector<VerdictQuestion> questions;
    const std::uint64_t count = in.bounded(limit);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        VerdictQuestion question;
        question.incarnation = read_incarnation(in);
        question.first_counter = in.unsigned_integer();
        const auto id = ChangeId::from_bytes(in.bytes());
        if (!id || question.first_counter == 0) in.fail();
        question.id = id ? *id : ChangeId{};
        questions.push_back(question);
    }
    return questions;
}

void write_repair(Writer& out, const SyncRequest& request) {
    out.text(request.repair_scope);
    if (request.repair_scope.empty()) return;
    assert(request.repair.size() == kRepairBuckets);
    for (const RepairBucket& bucket : request.repair) {
        out.unsigned_integer(bucket.count);
        out.unsigned_integer(bucket.checksum);
    }
}

void read_repair(Reader& in, SyncRequest& request) {
    request.repair_scope = read_scope(in);
    if (request.repair_scope.empty()) return;
    for (std::size_t i = 0; i < kRepairBuckets && in.ok(); ++i) {
        RepairBucket bucket;
        bucket.count = in.unsigned_integer();
        bucket.checksum = in.unsigned_integer();
        request.repair.push_back(bucket);
    }
}

Status read_prelude(Reader& in, SyncRequest& request) {
    if (in.text() != kRequestMagic) in.fail();
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format > kRequestFormat)
        return Error{ErrorCode::newer_format, "the sync request was written by a newer release"};
    if (format == 0) in.fail();
    request.protocol_min = in.unsigned_integer();
    request.protocol_max = in.unsigned_integer();
    if (request.protocol_min == 0 || request.protocol_min > request.protocol_max) in.fail();
    return {};
}

void read_identity(Reader& in, SyncRequest& request) {
    request.tag = in.unsigned_integer();
    request.replica.id = in.unsigned_integer();
    request.replica.incarnation = read_incarnation(in);
    request.epoch = in.unsigned_integer();
    request.device_now = in.integer();
    request.last_counter = in.bounded(INT64_MAX);
    request.base_counter = in.bounded(request.last_counter);
    request.base_hash = read_digest(in);
}

void read_place(Reader& in, SyncRequest& request) {
    request.cursor = Sequence{in.unsigned_integer()};
    request.position = read_position(in);
    request.scopes_hash = in.unsigned_integer();
    const std::uint64_t flags = in.bounded(kAllFlags);
    request.lists_scopes = (flags & kListsScopes) != 0;
    request.whole_states_only = (flags & kWholeStatesOnly) != 0;
    request.closed = (flags & kClosed) != 0;
    request.wants_incarnation = (flags & kWantsIncarnation) != 0;
    if ((flags & kNamesRefused) != 0) read_refused(in, request);
    if (request.lists_scopes) request.scopes = read_scopes(in);
    request.loading = read_scopes(in);
}

}  // namespace

std::size_t repair_bucket(const RecordId& id) {
    return static_cast<std::size_t>(checksum_part(id, Sequence{0}) % kRepairBuckets);
}

// FNV-1a (Fowler, Noll, Vo), 64 bits, of the texts' byte forms one after the other.
std::uint64_t scopes_hash(const std::vector<std::string>& ascending) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    Writer out;
    for (const std::string& scope : ascending) {
        out.clear();
        out.text(scope);
        for (const char c : out.out())
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    return hash;
}

Bytes encode(const SyncRequest& request, const Services& services) {
    Writer out;
    out.text(kRequestMagic);
    out.unsigned_integer(kRequestFormat);
    out.unsigned_integer(request.protocol_min);
    out.unsigned_integer(request.protocol_max);
    out.unsigned_integer(request.tag);
    out.replica(request.replica);
    out.unsigned_integer(request.epoch);
    out.integer(request.device_now);
    out.unsigned_integer(request.last_counter);
    out.unsigned_integer(request.base_counter);
    write_digest(out, request.base_hash);
    write_changesets(out, request, services);
    write_questions(out, request.questions);
    out.unsigned_integer(number(request.cursor));
    write_position(out, request.position);
    out.unsigned_integer(request.scopes_hash);
    out.unsigned_integer((request.lists_scopes ? kListsScopes : 0) |
                         (request.whole_states_only ? kWholeStatesOnly : 0) |
                         (request.closed ? kClosed : 0) |
                         (request.wants_incarnation ? kWantsIncarnation : 0) |
                         (names_refused(request) ? kNamesRefused : 0));
    if (names_refused(request)) write_refused(out, request.changesets);
    if (request.lists_scopes) write_scopes(out, request.scopes);
    write_scopes(out, request.loading);
    write_ids(out, request.wanted);
    write_repair(out, request);
    out.unsigned_integer(request.wait_ms);
    out.unsigned_integer(request.max_reply_bytes);
    return out.take();
}

Result<SyncRequest> decode_request(ByteView bytes, const Services& services) {
    if (bytes.size() > kMaxRequestBytes)
        return Error{ErrorCode::limit, "a sync request has at most 16 MiB"};
    Reader in(bytes);
    SyncRequest request;
    SATCHEL_TRY(read_prelude(in, request));
    read_identity(in, request);
    if (!in.ok()) return in.error(kWhat);
    SATCHEL_ASSIGN(request.changesets,
                   read_changesets(in, request, kMaxRequestBytes - bytes.size(), services));
    request.questions = read_questions(in, kMaxVerdicts - request.changesets.size());
    read_place(in, request);
    request.wanted = read_ids(in, kMaxRepairIds);
    read_repair(in, request);
    request.wait_ms = in.unsigned_integer();
    request.max_reply_bytes = in.unsigned_integer();
    SATCHEL_TRY(in.finish(kWhat));
    return request;
}

}  // namespace satchel
