#include "sync/protocol_format.hpp"

#include <algorithm>

#include "sync/limits.hpp"

namespace satchel::protocol_format {

void write_block(Writer& out, ByteView raw, const Services& services) {
    write_packed(out, raw, services.compress(raw));
}

void write_packed(Writer& out, ByteView raw, ByteView compressed) {
    out.unsigned_integer(raw.size());
    out.bytes(compressed.size() < raw.size() ? compressed : raw);
}

Result<Bytes> read_block(Reader& in, std::size_t& growth, const Services& services,
                         std::string_view what) {
    const std::uint64_t size = in.unsigned_integer();
    const ByteView block = in.bytes();
    if (!in.ok() || block.size() > size) return in.error(what);
    if (size - block.size() > growth)
        return Error{ErrorCode::limit, std::string(what) + " grows to " + std::to_string(size) +
                                           " bytes when inflated; send less at once"};
    if (size == block.size()) return Bytes(block);
    growth -= static_cast<std::size_t>(size) - block.size();
    SATCHEL_ASSIGN(Bytes raw, services.inflate(block, static_cast<std::size_t>(size)));
    if (raw.size() != size) return in.error(what);
    return raw;
}

void write_scopes(Writer& out, std::vector<std::string> scopes) {
    std::sort(scopes.begin(), scopes.end());
    scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
    out.unsigned_integer(scopes.size());
    for (const std::string& scope : scopes)
        out.text(scope);
}

std::string read_scope(Reader& in) {
    const ByteView scope = in.text();
    if (scope.size() > kMaxScopeBytes) in.fail();
    return std::string(scope);
}

std::vector<std::string> read_scopes(Reader& in) {
    std::vector<std::string> scopes;
    const std::uint64_t count = in.bounded(kMaxScopes);
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        std::string scope = read_scope(in);
        if (i > 0 && scope <= scopes.back()) in.fail();
        scopes.push_back(std::move(scope));
    }
    return scopes;
}

void write_ids(Writer& out, const std::vector<RecordId>& ids) {
    Bytes joined;
    joined.reserve(ids.size() * RecordId{}.bytes.size());
    for (const RecordId& id : ids)
        joined += id.view();
    out.bytes(joined);
}

std::vector<RecordId> read_ids(Reader& in, std::size_t limit) {
    constexpr std::size_t kIdBytes = 16;
    const ByteView joined = in.bytes();
    std::vector<RecordId> ids;
    if (joined.size() % kIdBytes != 0 || joined.size() / kIdBytes > limit) {
        in.fail();
        return ids;
    }
    ids.reserve(joined.size() / kIdBytes);
    for (std::size_t at = 0; at < joined.size(); at += kIdBytes)
        ids.push_back(*RecordId::from_bytes(joined.substr(at, kIdBytes)));
    return ids;
}

void write_digest(Writer& out, const Digest& digest) {
    out.bytes(view(digest));
}

Digest read_digest(Reader& in) {
    const auto digest = digest_from_bytes(in.bytes());
    if (!digest) in.fail();
    return digest ? *digest : Digest{};
}

void write_position(Writer& out, const WalkPosition& position) {
    out.unsigned_integer(number(position.seq));
    out.record_id(position.id);
    out.unsigned_integer(position.load.order);
    if (position.load.order == 0) return;
    out.unsigned_integer(number(position.load.until));
    out.unsigned_integer(position.load.stage);
    out.text(position.load.scope);
}

WalkPosition read_position(Reader& in) {
    WalkPosition position;
    position.seq = Sequence{in.unsigned_integer()};
    position.id = in.record_id();
    position.load.order = in.unsigned_integer();
    if (position.load.order == 0) return position;
    position.load.until = Sequence{in.unsigned_integer()};
    position.load.stage = static_cast<std::uint32_t>(in.bounded(kNewsStage));
    position.load.scope = read_scope(in);
    return position;
}

std::uint32_t read_incarnation(Reader& in) {
    const auto incarnation = static_cast<std::uint32_t>(in.bounded(UINT32_MAX));
    if (incarnation == 0) in.fail();
    return incarnation;
}

}  // namespace satchel::protocol_format
