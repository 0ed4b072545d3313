#include "sync/bundle.hpp"

#include <algorithm>

#include "sync/wire.hpp"

namespace satchel {
namespace {

constexpr std::string_view kMagic = "SATB";
constexpr std::string_view kWhat = "the bundle";

ByteView view(const BundleSignature& signature) {
    return {reinterpret_cast<const char*>(signature.data()), signature.size()};
}

Error no_bundle() {
    return {ErrorCode::corrupt,
            "this file is not a bundle, or it is damaged; carry the original over again"};
}

Status read_prelude(Reader& in) {
    if (in.text() != kMagic) in.fail();
    const std::uint64_t format = in.unsigned_integer();
    if (in.ok() && format > kBundleFormat)
        return Error{ErrorCode::newer_format,
                     "a newer release wrote this bundle; install that release here, too"};
    if (format == 0) in.fail();
    return {};
}

Digest read_answers(Reader& in, BundleDirection direction) {
    const ByteView bytes = in.bytes();
    if (direction == BundleDirection::request) {
        if (!bytes.empty()) in.fail();
        return {};
    }
    const auto digest = digest_from_bytes(bytes);
    if (!digest) in.fail();
    return digest ? *digest : Digest{};
}

BundleHeader read_header(Reader& in) {
    BundleHeader header;
    header.direction = static_cast<BundleDirection>(in.bounded(1));
    header.office = in.unsigned_integer();
    header.device = in.unsigned_integer();
    header.replica = in.replica();
    header.number = in.bounded(INT64_MAX);
    header.written_at = in.integer();
    header.answers = read_answers(in, header.direction);
    if (header.replica.id == 0 || header.replica.incarnation == 0 || header.number == 0) in.fail();
    return header;
}

BundleSignature read_signature(Reader& in) {
    BundleSignature signature{};
    const ByteView bytes = in.bytes();
    if (bytes.size() != signature.size())
        in.fail();
    else
        std::copy(bytes.begin(), bytes.end(), signature.begin());
    return signature;
}

}  // namespace

Bytes signed_part(const Bundle& bundle) {
    const BundleHeader& header = bundle.header;
    const bool reply = header.direction == BundleDirection::reply;
    Writer out;
    out.text(kMagic);
    out.unsigned_integer(kBundleFormat);
    out.unsigned_integer(static_cast<std::uint64_t>(header.direction));
    out.unsigned_integer(header.office);
    out.unsigned_integer(header.device);
    out.replica(header.replica);
    out.unsigned_integer(header.number);
    out.integer(header.written_at);
    out.bytes(reply ? satchel::view(header.answers) : ByteView{});
    out.bytes(bundle.sealed);
    return out.take();
}

Bytes encode(const Bundle& bundle) {
    Writer out;
    out.raw(signed_part(bundle));
    out.bytes(view(bundle.signature));
    return out.take();
}

Result<Bundle> decode_bundle(ByteView file) {
    if (file.size() > kMaxBundleBytes)
        return Error{ErrorCode::limit, "a bundle has at most 64 MiB; this file is no bundle"};
    Reader in(file);
    SATCHEL_TRY(read_prelude(in));
    Bundle bundle;
    bundle.header = read_header(in);
    const ByteView sealed = in.bytes();
    if (sealed.empty()) in.fail();
    bundle.signature = read_signature(in);
    if (!in.finish(kWhat)) return no_bundle();
    bundle.sealed = sealed;
    return bundle;
}

Bytes encode_messages(const std::vector<Bytes>& messages) {
    Writer out;
    out.unsigned_integer(messages.size());
    for (const Bytes& message : messages)
        out.bytes(message);
    return out.take();
}

Result<std::vector<ByteView>> decode_messages(ByteView body) {
    Reader in(body);
    std::vector<ByteView> messages;
    const std::uint64_t count = in.bounded(kMaxBundleMessages);
    if (count == 0) in.fail();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
        messages.push_back(in.bytes());
        if (messages.back().empty()) in.fail();
    }
    if (!in.finish(kWhat)) return no_bundle();
    return messages;
}

}  // namespace satchel
