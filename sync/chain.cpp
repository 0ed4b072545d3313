#include "sync/chain.hpp"

#include <algorithm>

namespace satchel {
namespace {

// Finaliser of MurmurHash3 (Appleby): every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdULL;
    x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

std::uint64_t big_endian(const std::uint8_t* bytes) {
    std::uint64_t x = 0;
    for (int i = 0; i < 8; ++i)
        x = x << 8 | bytes[i];
    return x;
}

}  // namespace

Result<Digest> digest_from_bytes(ByteView bytes) {
    Digest digest{};
    if (bytes.size() != digest.size())
        return Error{ErrorCode::corrupt,
                     "a hash has 32 bytes, not " + std::to_string(bytes.size())};
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

Digest chain_start(HashFunction hash, ReplicaId replica) {
    return hash("satchel chain 1 ", replica.text());
}

std::uint64_t checksum_part(const RecordId& id, Sequence seq) {
    const std::uint64_t high = big_endian(id.bytes.data());
    const std::uint64_t low = big_endian(id.bytes.data() + 8);
    return mix(mix(mix(high) ^ low) + number(seq));
}

}  // namespace satchel
