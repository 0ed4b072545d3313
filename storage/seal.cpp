#include "storage/seal.hpp"

#include <sodium.h>

#include <algorithm>

#include "storage/bundle_keys.hpp"

namespace satchel::storage {
namespace {

constexpr char kMark = '\xC1';
constexpr std::size_t kHead = 1 + crypto_secretbox_NONCEBYTES;

static_assert(crypto_secretbox_KEYBYTES == 32);

const unsigned char* data(ByteView bytes) {
    return reinterpret_cast<const unsigned char*>(bytes.data());
}

unsigned char* data(Bytes& bytes) {
    return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace

SealKey SealKey::make() {
    static const int started = sodium_init();
    static_cast<void>(started);
    SealKey key;
    randombytes_buf(key.key_.data(), key.key_.size());
    return key;
}

Result<SealKey> SealKey::parse(std::string_view text) {
    SealKey key;
    const Result<Bytes> bytes = bytes_of_hex(text);
    if (!bytes || bytes->size() != key.key_.size())
        return Error{ErrorCode::corrupt, "the key of what is sealed here is damaged"};
    std::copy(bytes->begin(), bytes->end(), key.key_.begin());
    return key;
}

std::string SealKey::text() const {
    return hex_text({reinterpret_cast<const char*>(key_.data()), key_.size()});
}

Bytes SealKey::seal(ByteView plain) const {
    Bytes sealed(kHead + crypto_secretbox_MACBYTES + plain.size(), kMark);
    randombytes_buf(data(sealed) + 1, crypto_secretbox_NONCEBYTES);
    crypto_secretbox_easy(data(sealed) + kHead, data(plain), plain.size(), data(sealed) + 1,
                          key_.data());
    return sealed;
}

Result<Bytes> SealKey::open(ByteView sealed) const {
    const Error wrong{ErrorCode::wrong_key, "what is sealed here was sealed with another key"};
    if (!is_sealed(sealed) || sealed.size() < kHead + crypto_secretbox_MACBYTES) return wrong;
    Bytes plain(sealed.size() - kHead - crypto_secretbox_MACBYTES, '\0');
    if (crypto_secretbox_open_easy(data(plain), data(sealed) + kHead, sealed.size() - kHead,
                                   data(sealed) + 1, key_.data()) != 0)
        return wrong;
    return plain;
}

Error sealed_error() {
    return {ErrorCode::unauthorized,
            "what waits in this file is sealed since the log-out; log in again, and sync"};
}

bool is_sealed(ByteView bytes) {
    return !bytes.empty() && bytes.front() == kMark;
}

}  // namespace satchel::storage
