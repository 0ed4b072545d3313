// The hash chain of a replica's changesets, and the checksum of a scope.
//
// Chain: one link per changeset, h := H(h, bytes), starting from the incarnation's name
// (docs/formats.md, "Hash chain"). Both sides compute it; only its head travels. Two histories with
// the same head are the same history, so a rolled-back or copied device is found before anything
// it wrote is merged.
//
// Checksum: the sum modulo 2^64 of mix(record id, seq) over a scope's records, so that one change
// costs one subtraction and one addition. It finds damage and bugs, not forgers.
//
// Threads: pure functions. Errors: none.
#pragma once

#include <array>
#include <cstdint>

#include "sync/ids.hpp"

namespace satchel {

using Digest = std::array<std::uint8_t, 32>;

// H of the two parts one after the other. The layer above supplies BLAKE2b-256.
using HashFunction = Digest (*)(ByteView first, ByteView second);

inline ByteView view(const Digest& digest) {
    return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

Result<Digest> digest_from_bytes(ByteView bytes);

// The chain's value before the first changeset of an incarnation.
Digest chain_start(HashFunction hash, ReplicaId replica);
inline Digest chain_link(HashFunction hash, const Digest& head, ByteView changeset) {
    return hash(view(head), changeset);
}

// One record's part in the checksum of each scope that holds it.
std::uint64_t checksum_part(const RecordId& id, Sequence seq);

}  // namespace satchel
