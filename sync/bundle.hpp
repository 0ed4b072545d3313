// Bundle: messages of a sync as a file, for where there is no network at all (docs/formats.md,
// "Bundle"). A device writes a request, head office answers it with a reply.
//
//     Bundle bundle{.header = header, .sealed = seal(encode_messages(requests))};
//     bundle.signature = sign(signed_part(bundle));
//     write("to-head-office.bundle", encode(bundle));
//
// This is the form only: what is inside is sealed to the receiver's key, all of it is signed by the
// sender, and both are matters of the layer above (storage/bundle_keys.hpp).
//
// Threads: values. Errors: decoding fails with corrupt, limit or newer_format, each in words for
// whoever carries the file.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sync/chain.hpp"
#include "sync/ids.hpp"

namespace satchel {

constexpr std::uint64_t kBundleFormat = 1;
constexpr std::size_t kMaxBundleBytes = 64U << 20;  // the file: one reply over HTTP, at most
constexpr std::size_t kBundleBytes = 32U << 20;     // no further message is begun after this
constexpr std::size_t kMaxBundleMessages = 256;     // 256 pages are some 5 million records

enum class BundleDirection : std::uint8_t {
    request = 0,  // of a device, to head office
    reply = 1,    // of head office, to the device
};

// In the clear, and signed: who wrote it, for whom, and which one it is.
struct BundleHeader {
    BundleDirection direction = BundleDirection::request;
    std::uint64_t office = 0;     // id of head office's keys
    std::uint64_t device = 0;     // id of the device's keys
    ReplicaId replica;            // of the device
    std::uint64_t number = 1;     // of the request, counted by the device; a reply repeats it
    std::int64_t written_at = 0;  // milliseconds, the writer's clock
    Digest answers{};             // of a reply: hash of the whole request bundle; else zeros

    bool operator==(const BundleHeader&) const = default;
};

using BundleSignature = std::array<std::uint8_t, 64>;

struct Bundle {
    BundleHeader header;
    Bytes sealed;
    BundleSignature signature{};

    bool operator==(const Bundle&) const = default;
};

// Everything in front of the signature: what is signed.
Bytes signed_part(const Bundle& bundle);
Bytes encode(const Bundle& bundle);
Result<Bundle> decode_bundle(ByteView file);

// What is sealed: 1 to kMaxBundleMessages encoded SyncRequests, or as many SyncReplies.
Bytes encode_messages(const std::vector<Bytes>& messages);
// The views point into `body`.
Result<std::vector<ByteView>> decode_messages(ByteView body);

}  // namespace satchel
