// POST /v1/admin/bundle: a request bundle comes in, the bundle for the device goes out.
#include "server/api.hpp"
#include "server/bundle_desk.hpp"

namespace satchel::server {
namespace {

// The bundle itself is damaged, not the server.
HttpReply refusal(const Error& error) {
    HttpReply reply = error_reply(error);
    if (error.code == ErrorCode::corrupt) reply.status = 400;
    return reply;
}

// In a header, since the body is sealed to the device: ASCII only.
std::string summary_text(const BundleDesk& desk) {
    const BundleSummary& summary = desk.summary();
    return Json{{"replica", storage::replica_text(desk.header().replica.id)},
                {"login", summary.login},
                {"number", desk.header().number},
                {"changesets", summary.changesets},
                {"accepted", summary.accepted},
                {"quarantined", summary.quarantined},
                {"held", summary.held},
                {"rounds", summary.rounds},
                {"complete", summary.complete}}
        .dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace

HttpReply exchange_bundle(Office& office, const ApiCall& call) {
    BundleDesk desk(office);
    if (const Status opened = desk.open(call.http.body); !opened) return refusal(opened.error());
    if (const Status answered = desk.answer(); !answered) return error_reply(answered.error());
    HttpReply reply;
    reply.content_type = kBundleType;
    reply.body = desk.reply_file();
    reply.headers.emplace_back("Satchel-Bundle", summary_text(desk));
    return reply;
}

}  // namespace satchel::server
