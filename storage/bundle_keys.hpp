// BundleKeys: who wrote a bundle, and who can read it (sync/bundle.hpp). A device gets its keys at
// log-in, a workspace when it is made; each tells the other its public keys at log-in.
//
//     Bytes file = close_bundle(header, messages, device_keys, office_public_keys);
//     …
//     SATCHEL_TRY(check_bundle(bundle, device_public_keys));         // by whom it says
//     SATCHEL_ASSIGN(const Bytes body, office_keys.open(bundle.sealed));
//
// Signatures are Ed25519; the body is sealed by libsodium's crypto_box_seal (X25519 with a key made
// for this one message, XSalsa20-Poly1305). Both key pairs come from one secret of 32 bytes.
//
// Text forms: a secret is 64, public keys are 128 hexadecimal digits (Ed25519, then X25519).
// Threads: values. Errors: as said.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "sync/bundle.hpp"

namespace satchel::storage {

struct PublicKeys {
    std::array<std::uint8_t, 32> signing{};  // Ed25519: checks signatures
    std::array<std::uint8_t, 32> sealing{};  // X25519: seals to the owner

    // Names the keys in a bundle: the first 8 bytes of their hash.
    std::uint64_t id() const;
    std::string text() const;
    static Result<PublicKeys> parse(std::string_view text);  // invalid_argument

    bool operator==(const PublicKeys&) const = default;
};

class BundleKeys {
  public:
    // From the system's cryptographic generator.
    static BundleKeys make();
    // Of what secret_text() gave; corrupt.
    static Result<BundleKeys> parse(std::string_view secret_text);
    std::string secret_text() const;

    const PublicKeys& public_keys() const { return public_keys_; }
    BundleSignature sign(ByteView message) const;
    // corrupt: it was not sealed to these keys, or is damaged.
    Result<Bytes> open(ByteView sealed) const;

  private:
    explicit BundleKeys(const std::array<std::uint8_t, 32>& secret);

    std::array<std::uint8_t, 32> secret_{};
    std::array<std::uint8_t, 64> signing_{};
    std::array<std::uint8_t, 32> sealing_{};
    PublicKeys public_keys_;
};

bool is_signed_by(const PublicKeys& keys, ByteView message, const BundleSignature& signature);
Bytes sealed_to(const PublicKeys& keys, ByteView plain);

// The file: `messages` sealed to the receiver, signed by the writer.
Bytes close_bundle(const BundleHeader& header, const std::vector<Bytes>& messages,
                   const BundleKeys& writer, const PublicKeys& receiver);
// corrupt: it was changed on the way, or somebody else wrote it.
Status check_bundle(const Bundle& bundle, const PublicKeys& writer);

// Lower-case hexadecimal digits, two per byte; and back (invalid_argument).
std::string hex_text(ByteView bytes);
Result<Bytes> bytes_of_hex(std::string_view text);

}  // namespace satchel::storage
