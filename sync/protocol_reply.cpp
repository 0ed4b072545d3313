// The byte form of a reply: docs/protocol.md, "Reply". What answers need not be a Satchel server.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/protocol_format.hpp"

namespace satchel {

using namespace protocol_format;

namespace {

constexpr std::string_view kWhat = "the sync reply";

void write_verdict(Writer& out, const Verdict& verdict) {
    out.unsigned_integer(verdict.incarnation);
    out.unsigned_integer(verdict.first_counter);
    out.unsigned_integer(static_cast<std::uint64_t>(verdict.kind));
    out.unsigned_integer(number(verdict.seq));
    out.unsigned_integer(verdict.effective.packed);
    out.unsigned_integer(verdict.rank);
    out.unsigned_integer(verdict.late ? 1 : 0);
    out.unsigned_integer(static_cast<std::uint64_t>(verdict.reason));
    out.text(verdict.detail);
    if (verdict.kind == VerdictKind::alias) out.dot(verdict.original);
}

Verdict read_verdict(Reader& in) {
    Verdict verdict;
    verdict.incarnation = read_incarnation(in);
    verdict.first_counter = in.unsigned_integer();
    verdict.kind =
        static_cast<VerdictKind>(in.bounded(static_cast<std::uint64_t>(VerdictKind::unknown)));
    verdict.seq = Sequence{in.unsigned_integer()};
    verdict.effective.packed = in.unsigned_integer();
    verdict.rank = static_cast<std::uint8_t>(in.bounded(UINT8_MAX));
    verdict.late = in.bounded(1) == 1;
    verdict.reason = static_cast<Reason>(in.bounded(UINT8_MAX));  // name() knows strangers
    verdict.detail = in.text();
    if (verdict.kind == VerdictKind::alias) verdict.original = in.dot();
    if (verdict.first_counter == 0) in.fail();
    return verdict;
}

void write_verdicts(Writer& out, const std::vector<Verdict>& verdicts) {
    out.unsigned_integer(verdicts.size());
    for (const Verdict& verdict : verdicts)
        write_verdict(out, verdict);
}

std::vector<Verdict> read_verdicts(Reader& in) {
    std::vector<Verdict> verdicts;
    const std::uint64_t count = in.bounded(kMaxVerdicts);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i)
        verdicts.push_back(read_verdict(in));
    return verdicts;
}

void write_pages(Writer& out, const SyncReply& reply, const Services& services) {
    out.unsigned_integer(reply.pages.size());
    for (std::size_t i = 0; i < reply.pages.size(); ++i) {
        const Bytes& page = reply.pages[i];
        if (i < reply.packed.size() && reply.packed[i] != nullptr)
            write_packed(out, page, *reply.packed[i]);
        else
            write_block(out, page, services);
    }
}

Result<std::vector<Bytes>> read_pages(Reader& in, std::size_t growth, const Services& services) {
    std::vector<Bytes> pages;
    const std::uint64_t count = in.bounded(kMaxPages);
    if (!in.ok()) return in.error(kWhat);
    for (std::uint64_t i = 0; i < count; ++i) {
        SATCHEL_ASSIGN(Bytes page, read_block(in, growth, services, kWhat));
        pages.push_back(std::move(page));
    }
    return pages;
}

void write_checkpoint(Writer& out, const std::optional<Checkpoint>& checkpoint) {
    out.unsigned_integer(checkpoint ? 1 : 0);
    if (!checkpoint) return;
    std::vector<ScopeSum> sums = checkpoint->scopes;
    std::sort(sums.begin(), sums.end(),
              [](const ScopeSum& a, const ScopeSum& b) { return a.scope < b.scope; });
    out.unsigned_integer(number(checkpoint->seq));
    out.unsigned_integer(sums.size());
    for (const ScopeSum& sum : sums) {
        out.text(sum.scope);
        out.unsigned_integer(sum.count);
        out.unsigned_integer(sum.checksum);
    }
}

std::optional<Checkpoint> read_checkpoint(Reader& in) {
    if (in.bounded(1) == 0) return std::nullopt;
    Checkpoint checkpoint;
    checkpoint.seq = Sequence{in.unsigned_integer()};
    const std::uint64_t count = in.bounded(kMaxScopes);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        ScopeSum sum;
        sum.scope = read_scope(in);
        sum.count = in.unsigned_integer();
        sum.checksum = in.unsigned_integer();
        if (i > 0 && sum.scope <= checkpoint.scopes.back().scope) in.fail();
        checkpoint.scopes.push_back(std::move(sum));
    }
    return checkpoint;
}

void write_fork(Writer& out, const SyncReply& reply) {
    out.unsigned_integer(reply.new_incarnation);
    out.unsigned_integer(reply.chain.size());
    for (const ChainPoint& point : reply.chain) {
        out.unsigned_integer(point.counter);
        write_digest(out, point.hash);
    }
}

void read_fork(Reader& in, SyncReply& reply) {
    reply.new_incarnation = static_cast<std::uint32_t>(in.bounded(UINT32_MAX));
    const std::uint64_t count = in.bounded(kMaxChainPoints);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        ChainPoint point;
        point.counter = in.unsigned_integer();
        point.hash = read_digest(in);
        if (i > 0 && point.counter >= reply.chain.back().counter) in.fail();
        reply.chain.push_back(point);
    }
}

void write_repair(Writer& out, const SyncReply& reply) {
    out.text(reply.repair_scope);
    if (reply.repair_scope.empty()) return;
    std::vector<std::size_t> buckets = reply.repair_buckets;
    std::sort(buckets.begin(), buckets.end());
    out.unsigned_integer(buckets.size());
    for (const std::size_t bucket : buckets)
        out.unsigned_integer(bucket);
    out.unsigned_integer(reply.repair_items.size());
    for (const RepairItem& item : reply.repair_items) {
        out.record_id(item.id);
        out.unsigned_integer(number(item.seq));
    }
}

void read_repair(Reader& in, SyncReply& reply) {
    reply.repair_scope = read_scope(in);
    if (reply.repair_scope.empty()) return;
    const std::uint64_t buckets = in.bounded(kRepairBuckets);
    for (std::uint64_t i = 0; i < buckets && in.ok(); ++i) {
        const auto bucket = static_cast<std::size_t>(in.bounded(kRepairBuckets - 1));
        if (i > 0 && bucket <= reply.repair_buckets.back()) in.fail();
        reply.repair_buckets.push_back(bucket);
    }
    // As many as the message has room for: an item is no larger here than there.
    const std::uint64_t items = in.unsigned_integer();
    for (std::uint64_t i = 0; i < items && in.ok(); ++i) {
        RepairItem item;
        item.id = in.record_id();
        item.seq = Sequence{in.unsigned_integer()};
        reply.repair_items.push_back(item);
    }
}

// The magic first: a page of HTML begins with '<' or white space, which is no text of ours.
Status read_prelude(Reader& in, SyncReply& reply) {
    if (in.text() != kReplyMagic)
        return Error{ErrorCode::bad_reply,
                     "what answered is not a Satchel server, perhaps the log-in page of this "
                     "network (a captive portal): open it in a browser, or check the server's "
                     "address, then sync again"};
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format > kReplyFormat)
        return Error{ErrorCode::newer_format, "the server is newer: install the newer release"};
    if (format == 0) in.fail();
    reply.protocol = in.unsigned_integer();
    reply.status = static_cast<ReplyStatus>(
        in.bounded(static_cast<std::uint64_t>(ReplyStatus::upgrade_needed)));
    return {};
}

void read_answer(Reader& in, SyncReply& reply) {
    reply.tag = in.unsigned_integer();
    reply.epoch = in.unsigned_integer();
    reply.server_now = in.integer();
    reply.acked_counter = in.unsigned_integer();
    reply.horizon_counter = in.unsigned_integer();
    reply.verdicts = read_verdicts(in);
}

void read_rest(Reader& in, SyncReply& reply) {
    reply.position = read_position(in);
    reply.checkpoint = read_checkpoint(in);
    reply.gained = read_scopes(in);
    reply.lost = read_scopes(in);
    read_fork(in, reply);
    reply.restored_head = Sequence{in.unsigned_integer()};
    reply.unknown = read_ids(in, kMaxRepairIds);
    read_repair(in, reply);
    reply.back_off_ms = in.unsigned_integer();
    reply.refusal = in.text();
    if (reply.refusal.size() > kMaxRefusalBytes) in.fail();
}

}  // namespace

std::string_view name(Reason reason) {
    switch (reason) {
        case Reason::none:
            return "none";
        case Reason::malformed:
            return "malformed";
        case Reason::schema_unknown:
            return "schema_unknown";
        case Reason::invalid_value:
            return "invalid_value";
        case Reason::not_allowed:
            return "not_allowed";
        case Reason::depends_on:
            return "depends_on";
        case Reason::pruned:
            return "pruned";
        case Reason::revoked:
            return "revoked";
        case Reason::false_claim:
            return "false_claim";
        case Reason::dependency_lost:
            return "dependency_lost";
    }
    return "other";  // of a newer server
}

Bytes encode(const SyncReply& reply, const Services& services) {
    Writer out;
    out.text(kReplyMagic);
    out.unsigned_integer(kReplyFormat);
    out.unsigned_integer(reply.protocol);
    out.unsigned_integer(static_cast<std::uint64_t>(reply.status));
    out.unsigned_integer(reply.tag);
    out.unsigned_integer(reply.epoch);
    out.integer(reply.server_now);
    out.unsigned_integer(reply.acked_counter);
    out.unsigned_integer(reply.horizon_counter);
    write_verdicts(out, reply.verdicts);
    write_pages(out, reply, services);
    write_position(out, reply.position);
    write_checkpoint(out, reply.checkpoint);
    write_scopes(out, reply.gained);
    write_scopes(out, reply.lost);
    write_fork(out, reply);
    out.unsigned_integer(number(reply.restored_head));
    write_ids(out, reply.unknown);
    write_repair(out, reply);
    out.unsigned_integer(reply.back_off_ms);
    out.text(reply.refusal);
    return out.take();
}

Result<SyncReply> decode_reply(ByteView bytes, const Services& services) {
    Reader in(bytes);
    SyncReply reply;
    SATCHEL_TRY(read_prelude(in, reply));
    if (bytes.size() > kMaxReplyBytes)
        return Error{ErrorCode::limit, "a sync reply has at most 64 MiB"};
    read_answer(in, reply);
    if (!in.ok()) return in.error(kWhat);
    SATCHEL_ASSIGN(reply.pages, read_pages(in, kMaxReplyBytes - bytes.size(), services));
    read_rest(in, reply);
    SATCHEL_TRY(in.finish(kWhat));
    return reply;
}

}  // namespace satchel
