// Certificates made on the spot: good ones and bad ones.
//
// Threads: one at a time.
#pragma once

#include <openssl/ssl.h>

#include <string>

namespace satchel::client::testing_support {

struct CertificateOptions {
    std::string address = "127.0.0.1";  // that it is for
    long begins_s = -3'600;             // from now
    long ends_s = 3'600;
};

// A self-signed certificate with its key, ready to serve; as a file it is its own CA.
class TestCertificate {
  public:
    explicit TestCertificate(const CertificateOptions& options = {});
    TestCertificate(const TestCertificate&) = delete;
    TestCertificate& operator=(const TestCertificate&) = delete;
    ~TestCertificate();

    SSL_CTX* context() const { return context_; }
    const std::string& ca_file() const { return file_; }
    // As libcurl writes it: "sha256//<base64>".
    const std::string& pin() const { return pin_; }

  private:
    SSL_CTX* context_ = nullptr;
    std::string file_;
    std::string pin_;
};

}  // namespace satchel::client::testing_support
