// What went wrong in libcurl, in the user's words: pure, so that every case can be tested.
//
// Threads: pure functions.
#pragma once

#include <string>

#include "sync/result.hpp"

namespace satchel::client {

// What libcurl tells about an exchange that failed.
struct CurlFailure {
    int code = 0;               // CURLcode
    long verify_result = 0;     // OpenSSL's X509_V_ERR_*
    long proxy_connect = 0;     // status of the proxy's answer to CONNECT
    bool connected = false;     // a connection stood
    bool deadline = false;      // the caller's time was up
    std::string host;           // of the URL, with its port
    std::string proxy;          // host of the proxy in use; "": none
    std::size_t max_bytes = 0;  // that the reply may have
};

Error error_of(const CurlFailure& failure);

}  // namespace satchel::client
