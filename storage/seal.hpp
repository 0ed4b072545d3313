// SealKey: locks what a log-out or a revocation leaves in a replica file. Whoever finds the file
// reads nothing of it: the key goes into the file only sealed to head office (client/sealing.hpp).
//
//     const SealKey key = SealKey::make();
//     Bytes kept = key.seal(bytes);        // is_sealed(kept)
//     Result<Bytes> plain = key.open(kept);
//
// libsodium's crypto_secretbox (XSalsa20-Poly1305). Sealed bytes begin with 0xC1, which no
// changeset does (msgpack never uses it), then 24 bytes of nonce, then the box.
//
// Threads: values. Errors: as said.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "sync/result.hpp"
#include "sync/value.hpp"

namespace satchel::storage {

class SealKey {
  public:
    // From the system's cryptographic generator.
    static SealKey make();
    // Of what text() gave; corrupt.
    static Result<SealKey> parse(std::string_view text);
    std::string text() const;  // 64 lower-case hexadecimal digits

    Bytes seal(ByteView plain) const;
    // wrong_key: it was sealed with another, or is damaged.
    Result<Bytes> open(ByteView sealed) const;

  private:
    std::array<std::uint8_t, 32> key_{};
};

bool is_sealed(ByteView bytes);
// unauthorized: what to do about it.
Error sealed_error();

}  // namespace satchel::storage
