// The server's certificate and key, read and checked before anything listens.
//
// Threads: pure. Errors: not_found, read_only, io of the files; invalid_argument: not PEM, a key
// that does not fit the certificate, a key with a passphrase, a certificate that is not valid now.
#pragma once

#include <cstdint>
#include <string>

#include "sync/result.hpp"

namespace satchel::server {

struct Certificate {
    std::string chain_pem;  // the server's own first
    std::string key_pem;
    std::int64_t expires_at = 0;  // milliseconds
};

Result<Certificate> read_certificate(const std::string& chain_file, const std::string& key_file,
                                     std::int64_t now_ms);

}  // namespace satchel::server
