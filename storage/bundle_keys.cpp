#include "storage/bundle_keys.hpp"

#include <sodium.h>

#include <algorithm>

#include "storage/services.hpp"

namespace satchel::storage {
namespace {

using Key = std::array<std::uint8_t, 32>;

static_assert(crypto_sign_SEEDBYTES == 32 && crypto_sign_PUBLICKEYBYTES == 32);
static_assert(crypto_sign_SECRETKEYBYTES == 64 && crypto_sign_BYTES == 64);
static_assert(crypto_box_SEEDBYTES == 32 && crypto_box_PUBLICKEYBYTES == 32);
static_assert(crypto_box_SECRETKEYBYTES == 32);

void start_sodium() {
    static const int started = sodium_init();
    static_cast<void>(started);
}

const unsigned char* data(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

ByteView view_of(const Key& key) {
    return {reinterpret_cast<const char*>(key.data()), key.size()};
}

bool take_key(ByteView bytes, Key& key) {
    if (bytes.size() != key.size()) return false;
    std::copy(bytes.begin(), bytes.end(), key.begin());
    return true;
}

int digit_of(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return -1;
}

}  // namespace

std::string hex_text(ByteView bytes) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 0xFU];
    }
    return text;
}

Result<Bytes> bytes_of_hex(std::string_view text) {
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t at = 0; at + 1 < text.size(); at += 2) {
        const int high = digit_of(text[at]);
        const int low = digit_of(text[at + 1]);
        if (high < 0 || low < 0) break;
        bytes += static_cast<char>(high * 16 + low);
    }
    if (bytes.size() * 2 == text.size()) return bytes;
    return Error{ErrorCode::invalid_argument, "not an even number of hexadecimal digits"};
}

std::uint64_t PublicKeys::id() const {
    const Digest digest =
        blake2b("satchel bundle keys ", Bytes(view_of(signing)) + Bytes(view_of(sealing)));
    std::uint64_t id = 0;
    for (std::size_t i = 0; i < 8; ++i)
        id = id << 8U | digest[i];
    return id;
}

std::string PublicKeys::text() const {
    return hex_text(view_of(signing)) + hex_text(view_of(sealing));
}

Result<PublicKeys> PublicKeys::parse(std::string_view text) {
    PublicKeys keys;
    const Result<Bytes> bytes = bytes_of_hex(text);
    if (bytes && take_key(ByteView(*bytes).substr(0, 32), keys.signing) &&
        take_key(ByteView(*bytes).substr(32), keys.sealing))
        return keys;
    return Error{ErrorCode::invalid_argument, "public keys are 128 lower-case hexadecimal digits"};
}

BundleKeys::BundleKeys(const Key& secret) : secret_(secret) {
    start_sodium();
    const Digest sign_seed = blake2b("satchel bundle sign ", view_of(secret));
    const Digest seal_seed = blake2b("satchel bundle seal ", view_of(secret));
    crypto_sign_seed_keypair(public_keys_.signing.data(), signing_.data(), sign_seed.data());
    crypto_box_seed_keypair(public_keys_.sealing.data(), sealing_.data(), seal_seed.data());
}

BundleKeys BundleKeys::make() {
    start_sodium();
    Key secret{};
    randombytes_buf(secret.data(), secret.size());
    return BundleKeys(secret);
}

Result<BundleKeys> BundleKeys::parse(std::string_view secret_text) {
    Key secret{};
    const Result<Bytes> bytes = bytes_of_hex(secret_text);
    if (bytes && take_key(*bytes, secret)) return BundleKeys(secret);
    return Error{ErrorCode::corrupt, "the stored bundle keys are damaged; log in again"};
}

std::string BundleKeys::secret_text() const {
    return hex_text(view_of(secret_));
}

BundleSignature BundleKeys::sign(ByteView message) const {
    BundleSignature signature{};
    crypto_sign_detached(signature.data(), nullptr, data(message), message.size(), signing_.data());
    return signature;
}

Result<Bytes> BundleKeys::open(ByteView sealed) const {
    const Error damaged{ErrorCode::corrupt,
                        "what is in this bundle cannot be opened with the keys that it names; "
                        "write a new one"};
    if (sealed.size() < crypto_box_SEALBYTES) return damaged;
    Bytes plain(sealed.size() - crypto_box_SEALBYTES, '\0');
    if (crypto_box_seal_open(reinterpret_cast<unsigned char*>(plain.data()), data(sealed),
                             sealed.size(), public_keys_.sealing.data(), sealing_.data()) != 0)
        return damaged;
    return plain;
}

bool is_signed_by(const PublicKeys& keys, ByteView message, const BundleSignature& signature) {
    start_sodium();
    return crypto_sign_verify_detached(signature.data(), data(message), message.size(),
                                       keys.signing.data()) == 0;
}

Bytes sealed_to(const PublicKeys& keys, ByteView plain) {
    start_sodium();
    Bytes sealed(plain.size() + crypto_box_SEALBYTES, '\0');
    crypto_box_seal(reinterpret_cast<unsigned char*>(sealed.data()), data(plain), plain.size(),
                    keys.sealing.data());
    return sealed;
}

Bytes close_bundle(const BundleHeader& header, const std::vector<Bytes>& messages,
                   const BundleKeys& writer, const PublicKeys& receiver) {
    Bundle bundle{header, sealed_to(receiver, encode_messages(messages)), {}};
    bundle.signature = writer.sign(signed_part(bundle));
    return encode(bundle);
}

Status check_bundle(const Bundle& bundle, const PublicKeys& writer) {
    if (is_signed_by(writer, signed_part(bundle), bundle.signature)) return {};
    return Error{ErrorCode::corrupt,
                 "the signature of this bundle is wrong: it was changed on the way, or somebody "
                 "else wrote it; nothing was taken, carry the original over again"};
}

}  // namespace satchel::storage
