// A sync by the host's own HTTP: satchel_session_* of satchel.h.
#include "bindings/c/handles.hpp"
#include "client/account.hpp"
#include "client/sync_steps.hpp"
#include "storage/services.hpp"

using satchel::Bytes;
using satchel::Error;
using satchel::ErrorCode;
using satchel::Result;
using satchel::Status;
using satchel::c_api::guarded;
using satchel::c_api::missing;
using satchel::c_api::TurnGuard;
using satchel::client::HttpReply;

namespace {

std::int64_t now_ms() {
    return satchel::storage::SystemClock().now_ms();
}

Status open_session(const satchel::c_api::SharedPointer& shared, satchel_session** session) {
    const TurnGuard turn(shared->turn);
    SATCHEL_ASSIGN(auto lease, satchel::client::lease_of(*shared->replica));
    SATCHEL_ASSIGN(auto account, satchel::client::account(*shared->replica));
    *session = new satchel_session{
        shared,
        std::move(lease),
        std::move(account.url),
        satchel::DeviceSession(*shared->replica, satchel::client::session_services()),
        {},
        {},
        {}};
    return {};
}

Error leave(satchel_session& session) {
    session.end = session.hand_in->finish().error();
    return *session.end;
}

// Empty: nothing to send.
Result<Bytes> next_request(satchel_session& session) {
    if (session.end) return *session.end;
    if (session.hand_in) {
        auto part = session.hand_in->next_request(now_ms());
        return part ? Result<Bytes>(*std::move(part)) : leave(session);
    }
    SATCHEL_ASSIGN(auto request, satchel::client::next_request(session.session, now_ms()));
    return request ? *std::move(request) : Bytes{};
}

Status take(satchel_session& session, const HttpReply& reply) {
    if (session.end) return *session.end;
    const auto answer = satchel::client::judge(reply, session.url);
    if (session.hand_in)
        session.hand_in->take(answer);
    else if (answer.wiped)
        session.hand_in.emplace(*session.shared->replica, answer.acked_counter);
    else if (answer.status)
        return satchel::client::take_reply(session.session, reply.body, now_ms());
    else
        return satchel::client::refused(*session.shared->replica, answer.status.error());
    return {};
}

HttpReply reply_of(int status, int from_satchel, const void* bytes, size_t size) {
    HttpReply reply{.status = status, .headers = {}, .body = {}};
    if (from_satchel != 0) reply.headers.emplace_back("satchel-server", "yes");
    if (size > 0) reply.body.assign(static_cast<const char*>(bytes), size);
    return reply;
}

}  // namespace

satchel_code satchel_session_open(satchel_replica* replica, satchel_session** session,
                                  satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (replica == nullptr || session == nullptr) return missing("replica and session");
        return open_session(replica->shared, session);
    });
}

satchel_code satchel_session_request(satchel_session* session, const char** bytes, size_t* size,
                                     satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (session == nullptr || bytes == nullptr || size == nullptr)
            return missing("session, bytes and size");
        const TurnGuard turn(session->shared->turn);
        SATCHEL_ASSIGN(session->request, next_request(*session));
        *bytes = session->request.data();
        *size = session->request.size();
        return {};
    });
}

satchel_code satchel_session_reply(satchel_session* session, int status, int from_satchel,
                                   const void* bytes, size_t size, satchel_error** error) {
    return guarded(error, [&]() -> Status {
        if (session == nullptr || (bytes == nullptr && size > 0))
            return missing("session and bytes");
        if (status < 100 || status > 999)
            return Error{ErrorCode::invalid_argument, "status is that of an HTTP answer"};
        const TurnGuard turn(session->shared->turn);
        return take(*session, reply_of(status, from_satchel, bytes, size));
    });
}

void satchel_session_close(satchel_session* session) {
    if (session == nullptr) return;
    static_cast<void>(guarded(nullptr, [&]() -> Status {
        const bool leaves = session->hand_in && !session->end;
        if (!leaves) return {};
        const TurnGuard turn(session->shared->turn);
        return leave(*session);
    }));
    delete session;
}
