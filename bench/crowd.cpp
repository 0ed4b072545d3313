#include "bench/crowd.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>

#include "bench/results.hpp"
#include "client/sync_client.hpp"
#include "storage/directory.hpp"
#include "storage/server_store.hpp"
#include "storage/services.hpp"
#include "sync/page.hpp"

namespace satchel::bench {
namespace {

constexpr std::size_t kPerAddress = 400;  // the server lets an address have 512 connections
constexpr std::uint64_t kWaitMs = 50'000;

Status failed(std::string what) {
    return Error{ErrorCode::server_error, std::move(what)};
}

int port_of(const std::string& url) {
    return std::atoi(url.c_str() + url.rfind(':') + 1);
}

sockaddr_in loopback(std::size_t last_byte, int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(0x7F000000U + static_cast<std::uint32_t>(last_byte));
    return address;
}

// What a device sends that has everything.
std::string request_of(const Crowd& crowd, const CrowdMember& member, std::uint64_t tag,
                       std::uint64_t wait_ms) {
    SyncRequest request;
    request.tag = tag;
    request.replica = member.replica;
    request.epoch = crowd.epoch;
    request.device_now = storage::SystemClock().now_ms();
    request.cursor = crowd.head;
    request.position.seq = crowd.head;
    request.position.id.bytes.fill(0xFF);
    request.scopes_hash = scopes_hash(member.scopes);
    request.wait_ms = wait_ms;
    const Bytes body = encode(request, client::session_services());
    return "POST /v1/sync HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + member.token +
           "\r\nContent-Type: application/x-satchel-sync\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

// Bytes of head and body, or 0 while the head is not complete.
std::size_t answer_bytes(const std::string& text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    const auto length = text.find("Content-Length: ");
    must(length < end ? Status{} : failed("no length"), "an answer");
    return end + 4 + std::strtoul(text.c_str() + length + 16, nullptr, 10);
}

void check_answer(const std::string& text) {
    if (!text.starts_with("HTTP/1.1 200 ")) must(failed(text), "an answer");
}

void check_news(const std::string& text) {
    check_answer(text);
    const std::string body = text.substr(text.find("\r\n\r\n") + 4);
    const SyncReply reply = must(decode_reply(body, client::session_services()), "an answer");
    std::size_t rows = 0;
    for (const Bytes& page : reply.pages)
        rows += must(PageReader::open(page), "a page").rows();
    must(rows > 0 ? Status{} : failed("nothing new in it"), "an answer");
}

}  // namespace

double steady_ms() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration<double, std::milli>(now).count();
}

Crowd register_crowd(const HeadOffice& office, std::size_t count) {
    const auto store = must(storage::SqliteServerStore::open(office.database(), {}), "open office");
    auto directory = must(storage::Directory::open(store->database()), "directory");
    storage::SystemRandom random;
    RecordIdMaker ids;
    const std::int64_t now = storage::SystemClock().now_ms();
    Crowd crowd;
    crowd.epoch = store->epoch();
    must(store->begin(), "begin");
    for (std::size_t i = 0; i < count; ++i) {
        storage::Account account;
        account.user = ids.next(now, random);
        account.login = account.name = "rep" + std::to_string(i);
        must(directory.add(account), "account");
        CrowdMember member;
        member.replica.id = random.next();
        must(directory.register_device(member.replica.id, ids.next(now, random), account.user,
                                       "phone", now),
             "device");
        member.token = must(directory.issue_token(account.user, member.replica.id, now), "token");
        member.scopes = must(directory.scopes(account, {}), "scopes");
        crowd.members.push_back(std::move(member));
    }
    must(store->commit(), "commit");
    return crowd;
}

struct WaitingRoom::Seat {
    int socket = -1;
    std::string answer;
};

WaitingRoom::WaitingRoom(const HeadOffice& office, const Crowd& crowd) : poll_(epoll_create1(0)) {
    const int port = port_of(office.url());
    for (std::size_t i = 0; i < crowd.members.size(); ++i) {
        seats_.push_back(std::make_unique<Seat>());
        Seat& seat = *seats_.back();
        sit_down(seat, i, port);
        // As devices do: they sync first, and wait when nothing is left.
        send(seat, request_of(crowd, crowd.members[i], 2 * i + 1, 0));
        while (!read_more(seat)) {
        }
        check_answer(seat.answer);
        seat.answer.clear();
        send(seat, request_of(crowd, crowd.members[i], 2 * i + 2, kWaitMs));
    }
}

WaitingRoom::~WaitingRoom() {
    for (const auto& seat : seats_)
        ::close(seat->socket);
    ::close(poll_);
}

void WaitingRoom::sit_down(Seat& seat, std::size_t index, int port) {
    seat.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in from = loopback(2 + index / kPerAddress, 0);
    const sockaddr_in to = loopback(1, port);
    const bool connected =
        ::bind(seat.socket, reinterpret_cast<const sockaddr*>(&from), sizeof from) == 0 &&
        ::connect(seat.socket, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    must(connected ? Status{} : failed("no connection"), "connect a waiting device");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &seat;
    epoll_ctl(poll_, EPOLL_CTL_ADD, seat.socket, &event);
}

void WaitingRoom::send(const Seat& seat, const std::string& request) {
    const ssize_t sent = ::send(seat.socket, request.data(), request.size(), MSG_NOSIGNAL);
    must(sent == static_cast<ssize_t>(request.size()) ? Status{} : failed("not sent"), "send");
}

// True: the answer is complete.
bool WaitingRoom::read_more(Seat& seat) {
    std::array<char, 16'384> buffer;
    const ssize_t size = ::recv(seat.socket, buffer.data(), buffer.size(), 0);
    must(size > 0 ? Status{} : failed("the server hung up"), "a waiting device");
    seat.answer.append(buffer.data(), static_cast<std::size_t>(size));
    const std::size_t whole = answer_bytes(seat.answer);
    return whole != 0 && seat.answer.size() >= whole;
}

std::vector<double> WaitingRoom::answers(double since_ms, double patience_ms) {
    std::vector<double> times;
    std::array<epoll_event, 256> events;
    while (times.size() < seats_.size()) {
        const double left = since_ms + patience_ms - steady_ms();
        const int count =
            left <= 0 ? 0 : epoll_wait(poll_, events.data(), events.size(), static_cast<int>(left));
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) break;
        for (int i = 0; i < count; ++i) {
            auto& seat = *static_cast<Seat*>(events[static_cast<std::size_t>(i)].data.ptr);
            if (read_more(seat)) times.push_back(steady_ms() - since_ms);
        }
    }
    for (const auto& seat : seats_)
        if (!seat->answer.empty()) check_news(seat->answer);
    std::sort(times.begin(), times.end());
    return times;
}

}  // namespace satchel::bench
