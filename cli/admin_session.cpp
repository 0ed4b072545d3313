#include "cli/admin_session.hpp"

#include "cli/connection.hpp"
#include "cli/files.hpp"
#include "client/account.hpp"
#include "client/http_answer.hpp"
#include "client/messages.hpp"
#include "sync/bundle.hpp"

namespace satchel::cli {
namespace {

constexpr std::chrono::seconds kCallTime{300};  // a backup of a large workspace takes a while

Error garbage(const std::string& url) {
    return client::failure(ErrorCode::bad_reply, "garbage", {client::host_of(url)});
}

// Over HTTP a damaged file is a bad request like others; here it has an exit status of its own.
std::optional<Error> unreadable_bundle(const client::HttpReply& reply) {
    const Json body = Json::parse(reply.body, nullptr, false);
    if (reply.status != 400 || !body.is_object()) return std::nullopt;
    const std::string code = body.value("code", "");
    const std::string message = body.value("message", "");
    for (const ErrorCode known : {ErrorCode::corrupt, ErrorCode::newer_format})
        if (code == name(known)) return Error{known, message};
    return std::nullopt;
}

}  // namespace

Result<std::unique_ptr<AdminSession>> AdminSession::open(const Context& context,
                                                         const AdminArguments& arguments) {
    std::unique_ptr<AdminSession> session(new AdminSession());
    if (!arguments.server.empty()) {
        SATCHEL_ASSIGN(session->url_, client::server_url(arguments.server));
        SATCHEL_ASSIGN(session->transport_,
                       client::CurlTransport::make({.ca_file = arguments.ca_file}));
        SATCHEL_ASSIGN(
            const std::string password,
            read_password(context.password_file,
                          context.console.text("Password of {}: ", "{} 的密码:", arguments.login)));
        SATCHEL_TRY(session->log_in(arguments.login, password));
        return session;
    }
    if (context.file.empty())
        return Error{ErrorCode::invalid_argument,
                     "which head office? Give --server URL (and --login NAME), or -f FILE of a "
                     "replica that an administrator is logged in with"};
    SATCHEL_ASSIGN(const std::unique_ptr<storage::Replica> replica, context.open());
    SATCHEL_ASSIGN(const client::Account account, client::account(*replica));
    SATCHEL_TRY(client::check_logged_in(account));
    SATCHEL_ASSIGN(session->transport_, connect(*replica));
    session->url_ = account.url;
    session->token_ = account.token;
    return session;
}

AdminSession::~AdminSession() {
    if (own_token_) (void)call("POST", "/v1/logout", "");
}

Status AdminSession::log_in(const std::string& login, const std::string& password) {
    auto reply = write("/v1/login", {{"login", login}, {"password", password}});
    if (!reply && reply.error().code == ErrorCode::unauthorized)
        return client::failure(ErrorCode::unauthorized, "wrong_password");
    if (!reply) return reply.error();
    const auto token = reply->find("token");
    if (token == reply->end() || !token->is_string()) return garbage(url_);
    token_ = token->get<std::string>();
    own_token_ = true;
    return {};
}

Result<Json> AdminSession::read(const std::string& path) {
    return call("GET", path, "");
}

Result<Json> AdminSession::write(const std::string& path, const Json& body) {
    return call("POST", path, dump(body));
}

client::HttpRequest AdminSession::request_to(const char* method, const std::string& path) const {
    client::HttpRequest request{.method = method, .url = url_ + path};
    if (!token_.empty()) request.headers.emplace_back("Authorization", "Bearer " + token_);
    request.deadline = std::chrono::steady_clock::now() + kCallTime;
    request.patience = kCallTime;
    return request;
}

Result<BundleAnswer> AdminSession::exchange_bundle(const Bytes& file) {
    client::HttpRequest request = request_to("POST", "/v1/admin/bundle");
    request.headers.emplace_back("Content-Type", "application/x-satchel-bundle");
    request.body = file;
    request.max_reply_bytes = kMaxBundleBytes;
    client::CancelToken cancel;
    SATCHEL_ASSIGN(client::HttpReply reply, transport_->exchange(request, cancel));
    const client::HttpAnswer answer = client::judge(reply, url_);
    if (!answer.status) return unreadable_bundle(reply).value_or(answer.status.error());
    Json summary = Json::parse(reply.header("satchel-bundle"), nullptr, false);
    if (!summary.is_object()) return garbage(url_);
    return BundleAnswer{std::move(reply.body), std::move(summary)};
}

Result<Json> AdminSession::call(const char* method, const std::string& path,
                                const std::string& body) {
    client::HttpRequest request = request_to(method, path);
    if (!body.empty()) request.headers.emplace_back("Content-Type", "application/json");
    request.body = body;
    client::CancelToken cancel;
    SATCHEL_ASSIGN(const client::HttpReply reply, transport_->exchange(request, cancel));
    const client::HttpAnswer answer = client::judge(reply, url_);
    SATCHEL_TRY(answer.status);
    Json json = Json::parse(reply.body, nullptr, false);
    if (!json.is_object()) return garbage(url_);
    return json;
}

std::string percent_encoded(std::string_view text) {
    std::string encoded;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        encoded +=
            plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
    return encoded;
}

}  // namespace satchel::cli
