#include "storage/passwords.hpp"

#include <sodium.h>

#include <array>

#include "storage/services.hpp"
#include "storage/text.hpp"

namespace satchel::storage {
namespace {

constexpr std::size_t kTokenBytes = 32;
constexpr std::size_t kGeneratedCharacters = 20;
constexpr std::string_view kAlphabet = "abcdefghjkmnpqrstuvwxyz2345679";  // no 0 O, 1 l I, 8 B
constexpr auto kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;

void start_sodium() {
    static const int started = sodium_init();
    static_cast<void>(started);
}

// What an account without a password is compared with: nobody knows the password behind it.
const std::string& nobody() {
    static const std::string hash = [] {
        const Result<std::string> made = hash_password(generate_password());
        return made ? *made : std::string();
    }();
    return hash;
}

}  // namespace

Result<std::string> canonical_password(std::string_view typed) {
    if (typed.size() < kMinPasswordBytes || typed.size() > kMaxPasswordBytes)
        return Error{ErrorCode::invalid_argument, "a password has 8 to 128 bytes"};
    Result<Bytes> canonical = canonical_text(typed);
    if (canonical) return canonical;
    return Error{ErrorCode::invalid_argument, "a password is UTF-8 text without control signs"};
}

Result<std::string> hash_password(const std::string& canonical) {
    start_sodium();
    std::array<char, crypto_pwhash_STRBYTES> text{};
    if (crypto_pwhash_str(text.data(), canonical.data(), canonical.size(),
                          crypto_pwhash_OPSLIMIT_INTERACTIVE,
                          crypto_pwhash_MEMLIMIT_INTERACTIVE) != 0)
        return Error{ErrorCode::limit, "not enough memory to hash a password; try again"};
    return std::string(text.data());
}

bool password_matches(const std::string& hash, const std::string& canonical) {
    start_sodium();
    const std::string& compared = hash.empty() ? nobody() : hash;
    const int differs =
        crypto_pwhash_str_verify(compared.c_str(), canonical.data(), canonical.size());
    return differs == 0 && !hash.empty();
}

std::string generate_password() {
    start_sodium();
    std::string text;
    for (std::size_t i = 0; i < kGeneratedCharacters; ++i)
        text += kAlphabet[randombytes_uniform(static_cast<std::uint32_t>(kAlphabet.size()))];
    return text;
}

std::string generate_token() {
    start_sodium();
    std::array<unsigned char, kTokenBytes> random{};
    randombytes_buf(random.data(), random.size());
    std::array<char, sodium_base64_ENCODED_LEN(kTokenBytes, kVariant)> text{};
    sodium_bin2base64(text.data(), text.size(), random.data(), random.size(), kVariant);
    return text.data();
}

Digest token_hash(std::string_view token) {
    return blake2b("satchel token ", token);
}

}  // namespace satchel::storage
