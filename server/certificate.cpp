#include "server/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <ctime>
#include <memory>

#include "server/data_directory.hpp"

namespace satchel::server {
namespace {

constexpr std::size_t kMaxPemBytes = 256U << 10;  // a long chain has 20 KB

template <typename T, void (*Free)(T*)>
struct Freed {
    void operator()(T* object) const { Free(object); }
};
using CertificatePointer = std::unique_ptr<X509, Freed<X509, X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY, EVP_PKEY_free>>;
struct FreeBio {
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPointer = std::unique_ptr<BIO, FreeBio>;

BioPointer reader(const std::string& pem) {
    return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

Error bad(std::string message) {
    return {ErrorCode::invalid_argument, std::move(message)};
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

std::int64_t milliseconds_of(const ASN1_TIME* time) {
    tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    return static_cast<std::int64_t>(timegm(&parts)) * 1000;
}

}  // namespace

Result<Certificate> read_certificate(const std::string& chain_file, const std::string& key_file,
                                     std::int64_t now_ms) {
    Certificate read;
    SATCHEL_ASSIGN(read.chain_pem, read_small_file(chain_file, kMaxPemBytes));
    SATCHEL_ASSIGN(read.key_pem, read_small_file(key_file, kMaxPemBytes));
    const CertificatePointer certificate(
        PEM_read_bio_X509(reader(read.chain_pem).get(), nullptr, &no_passphrase, nullptr));
    ERR_clear_error();
    if (!certificate)
        return bad(chain_file + " holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
    const KeyPointer key(
        PEM_read_bio_PrivateKey(reader(read.key_pem).get(), nullptr, &no_passphrase, nullptr));
    ERR_clear_error();
    if (!key) return bad(key_file + " holds no private key in PEM form without a passphrase");
    const bool fits = X509_check_private_key(certificate.get(), key.get()) == 1;
    ERR_clear_error();
    if (!fits) return bad("the key in " + key_file + " does not belong to " + chain_file);
    read.expires_at = milliseconds_of(X509_get0_notAfter(certificate.get()));
    if (read.expires_at < now_ms) return bad("the certificate in " + chain_file + " has expired");
    if (milliseconds_of(X509_get0_notBefore(certificate.get())) > now_ms)
        return bad("the certificate in " + chain_file +
                   " is not valid yet; is this machine's clock right?");
    return read;
}

}  // namespace satchel::server
