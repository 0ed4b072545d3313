#include "tests/client/test_certificate.hpp"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <array>
#include <filesystem>

namespace satchel::client::testing_support {
namespace {

X509* make_certificate(EVP_PKEY* key, const CertificateOptions& options) {
    X509* certificate = X509_new();
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), options.begins_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate), options.ends_s);
    X509_NAME* name = X509_get_subject_name(certificate);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("Satchel test"), -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    const auto add = [&](int nid, const std::string& value) {
        X509V3_CTX context;
        X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
        X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
        X509_add_ext(certificate, extension, -1);
        X509_EXTENSION_free(extension);
    };
    add(NID_basic_constraints, "critical,CA:TRUE");
    add(NID_subject_alt_name, "IP:" + options.address);
    X509_sign(certificate, key, EVP_sha256());
    return certificate;
}

std::string write_file(X509* certificate) {
    auto path = (std::filesystem::temp_directory_path() / "satchel-ca-XXXXXX").string();
    FILE* file = fdopen(mkstemp(path.data()), "w");
    PEM_write_X509(file, certificate);
    fclose(file);
    return path;
}

std::string pin_of(EVP_PKEY* key) {
    unsigned char* encoded = nullptr;
    const int size = i2d_PUBKEY(key, &encoded);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(encoded, static_cast<std::size_t>(size), digest.data());
    OPENSSL_free(encoded);
    std::array<unsigned char, 64> text{};
    EVP_EncodeBlock(text.data(), digest.data(), static_cast<int>(digest.size()));
    return "sha256//" + std::string(reinterpret_cast<const char*>(text.data()));
}

}  // namespace

TestCertificate::TestCertificate(const CertificateOptions& options) {
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = make_certificate(key, options);
    context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX_use_certificate(context_, certificate);
    SSL_CTX_use_PrivateKey(context_, key);
    file_ = write_file(certificate);
    pin_ = pin_of(key);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

TestCertificate::~TestCertificate() {
    SSL_CTX_free(context_);
    std::filesystem::remove(file_);
}

}  // namespace satchel::client::testing_support
