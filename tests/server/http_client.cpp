#include "tests/server/http_client.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

namespace satchel::server {
namespace {

std::size_t take_body(char* data, std::size_t, std::size_t size, void* body) {
    static_cast<std::string*>(body)->append(data, size);
    return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* headers) {
    std::string line(data, size);
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) return size;
    std::string name = line.substr(0, colon);
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const std::size_t from = line.find_first_not_of(' ', colon + 1);
    const std::size_t to = line.find_last_not_of("\r\n");
    const bool empty = from == std::string::npos || to < from;
    (*static_cast<std::map<std::string, std::string>*>(headers))[name] =
        empty ? "" : line.substr(from, to - from + 1);
    return size;
}

}  // namespace

Answer HttpClient::ask(const Ask& ask) const {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(started);
    Answer answer;
    CURL* curl = curl_easy_init();
    curl_slist* headers = curl_slist_append(nullptr, ("Content-Type: " + ask.content_type).c_str());
    if (!ask.token.empty())
        headers = curl_slist_append(headers, ("Authorization: Bearer " + ask.token).c_str());
    curl_easy_setopt(curl, CURLOPT_URL, (url_ + ask.path).c_str());
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, ask.method.c_str());
    if (ask.method != "GET") {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, ask.body.data());
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                         static_cast<curl_off_t>(ask.body.size()));
    }
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer.body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, &take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &answer.headers);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, ask.time_out_s);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    if (!ask.trusted_certificate.empty())
        curl_easy_setopt(curl, CURLOPT_CAINFO, ask.trusted_certificate.c_str());
    const CURLcode code = curl_easy_perform(curl);
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    if (code != CURLE_OK) answer.failure = curl_easy_strerror(code);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    return answer;
}

Answer HttpClient::get(const std::string& path, const std::string& token) const {
    Ask ask;
    ask.path = path;
    ask.token = token;
    return this->ask(ask);
}

Answer HttpClient::post(const std::string& path, const nlohmann::json& body,
                        const std::string& token) const {
    Ask ask;
    ask.method = "POST";
    ask.path = path;
    ask.token = token;
    ask.body = body.dump();
    return this->ask(ask);
}

BareSocket::BareSocket(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(socket_);
        socket_ = -1;
    }
}

BareSocket::~BareSocket() {
    if (socket_ >= 0) ::close(socket_);
}

bool BareSocket::send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
        const ssize_t part =
            ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
        if (part <= 0) return false;
        sent += static_cast<std::size_t>(part);
    }
    return true;
}

std::string BareSocket::read_all(int time_out_ms) {
    std::string all;
    char part[4096];
    pollfd waiting{socket_, POLLIN, 0};
    while (poll(&waiting, 1, time_out_ms) > 0) {
        const ssize_t size = recv(socket_, part, sizeof part, 0);
        if (size <= 0) break;
        all.append(part, static_cast<std::size_t>(size));
    }
    return all;
}

bool BareSocket::is_closed_within(int time_out_ms) {
    char byte = 0;
    pollfd waiting{socket_, POLLIN, 0};
    return poll(&waiting, 1, time_out_ms) > 0 && recv(socket_, &byte, 1, 0) <= 0;
}

}  // namespace satchel::server
