#include "server/front_desk.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "server/release.hpp"

namespace satchel::server {
namespace {

constexpr unsigned kSlowThreads = 2;  // each hashes with 64 MiB
constexpr std::int64_t kOverloadSeconds = 2;

// "" when there is none.
std::string token_of(const HttpRequest& request) {
    static constexpr std::string_view kBearer = "Bearer ";
    if (request.authorization.rfind(kBearer, 0) != 0) return "";
    return request.authorization.substr(kBearer.size());
}

bool is_this_machine(const std::string& peer) {
    return peer == "::1" || peer.rfind("127.", 0) == 0;
}

Error no_token() {
    return {ErrorCode::unauthorized,
            "this log-in is not known here (any more); log in again, nothing is lost"};
}

Result<storage::Access> check_access(Office& office, const HttpRequest& request, Needs needs) {
    SATCHEL_ASSIGN(storage::Access access,
                   office.directory->access(token_of(request), office.now_ms()));
    if (access.caller.revoked && needs != Needs::known_token)
        return Error{ErrorCode::forbidden, "this account or device may not do this any more"};
    if (needs != Needs::administrator || access.caller.head_office) return access;
    return Error{ErrorCode::forbidden, "this takes an administrator's account"};
}

Result<ApiCall> call_of(Office& office, const HttpRequest& request, RouteKind kind) {
    JsonBody body;
    if (kind != RouteKind::bundle) {
        SATCHEL_ASSIGN(body, JsonBody::parse(request.body));
    }
    return ApiCall{request, std::move(body), std::nullopt, office.now_ms()};
}

// "" where the body is JSON, or none: that may stay unsaid.
std::string_view content_type_of(RouteKind kind) {
    if (kind == RouteKind::sync) return kSyncType;
    if (kind == RouteKind::bundle) return kBundleType;
    return "";
}

// Counts each reply on its way out.
class CountedExchange : public Exchange {
  public:
    CountedExchange(ExchangePointer inner, Metrics& metrics)
        : inner_(std::move(inner)), metrics_(metrics) {}
    const HttpRequest& request() const override { return inner_->request(); }
    void reply(HttpReply reply) override {
        ++metrics_.requests;
        metrics_.sent_bytes += reply.body.size();
        if (reply.status >= 500) {
            ++metrics_.server_errors;
            spdlog::error("failed path={} status={} {}", request().path, reply.status,
                          reply.body.substr(0, reply.body.find_last_not_of('\n') + 1));
        } else if (reply.status >= 400) {
            ++metrics_.client_errors;
        }
        inner_->reply(std::move(reply));
    }

  private:
    ExchangePointer inner_;
    Metrics& metrics_;
};

}  // namespace

std::string ApiCall::query(const std::string& name) const {
    const auto found = http.query.find(name);
    return found == http.query.end() ? "" : found->second;
}

HttpReply reply_of(const Result<Json>& result) {
    return result ? json_reply(*result) : error_reply(result.error());
}

Result<std::unique_ptr<FrontDesk>> FrontDesk::open(Office& office,
                                                   const FrontDeskOptions& options) {
    storage::OpenOptions how;
    how.read_only = true;
    how.create = false;
    how.cache_kib = 1024;
    SATCHEL_ASSIGN(storage::Database reader, storage::Database::open(office.options.database, how));
    return std::unique_ptr<FrontDesk>(new FrontDesk(office, std::move(reader), options));
}

FrontDesk::FrontDesk(Office& office, storage::Database reader, const FrontDeskOptions& options)
    : office_(office),
      reader_(std::move(reader)),
      worker_(1, options.max_queued),
      slow_(kSlowThreads, options.max_slow_queued),
      sync_(office, worker_, options.waiting) {
    office_.on_news = [this] { sync_.wake(); };
}

Admission FrontDesk::admit(const HttpRequest& head) {
    Admission admission;
    const Route* route = find_route(head.method, head.path);
    if (route != nullptr) {
        admission.refusal = refusal(head, *route);
        admission.max_body_bytes = route->max_body_bytes;
    } else if (const std::string allowed = methods_of(head.path); !allowed.empty()) {
        HttpReply reply =
            error_reply({ErrorCode::invalid_argument, "this path takes only " + allowed});
        reply.status = 405;
        reply.headers.emplace_back("Allow", allowed);
        admission.refusal = std::move(reply);
    } else {
        admission.refusal =
            error_reply({ErrorCode::not_found, "there is no such path; see docs/http-api.md"});
    }
    if (admission.refusal) {
        ++office_.metrics.requests;
        ++(admission.refusal->status >= 500 ? office_.metrics.server_errors
                                            : office_.metrics.client_errors);
    }
    return admission;
}

// Without a known token nothing of a body is kept.
std::optional<HttpReply> FrontDesk::refusal(const HttpRequest& head, const Route& route) {
    if (office_.stopping && route.kind != RouteKind::health) return refuse(503);
    if (route.needs == Needs::nothing) return std::nullopt;
    const Result<bool> known = storage::token_exists(reader_, token_of(head));
    if (!known) return error_reply(known.error());
    if (!*known) return error_reply(no_token());
    const std::string_view type = content_type_of(route.kind);
    if (type.empty() || head.content_type == type) return std::nullopt;
    HttpReply reply =
        error_reply({ErrorCode::invalid_argument, "the content type must be " + std::string(type)});
    reply.status = 415;
    return reply;
}

HttpReply FrontDesk::refuse(int status) {
    if (status == 413)
        return error_reply({ErrorCode::limit,
                            "the body is larger than this path takes; see the "
                            "limits in docs/http-api.md"});
    if (office_.stopping) return stopping_reply();
    return too_much();
}

HttpReply FrontDesk::too_much() {
    ++office_.metrics.overloads;
    return later_reply(503, "the server has too much to do at the moment; try again",
                       kOverloadSeconds);
}

void FrontDesk::handle(ExchangePointer bare) {
    const auto exchange = std::make_shared<CountedExchange>(std::move(bare), office_.metrics);
    const HttpRequest& request = exchange->request();
    office_.metrics.received_bytes += request.body.size();
    const Route* route = find_route(request.method, request.path);
    if (route->kind == RouteKind::health) return exchange->reply(health());
    const bool slow = route->kind == RouteKind::slow || route->kind == RouteKind::bundle;
    WorkQueue& queue = slow ? slow_ : worker_;
    if (queue.post([this, exchange, route] { answer(exchange, *route); })) return;
    exchange->reply(refuse(503));
}

void FrontDesk::answer(const ExchangePointer& exchange, const Route& route) {
    const HttpRequest& request = exchange->request();
    switch (route.kind) {
        case RouteKind::sync:
            return sync_.start(exchange, token_of(request));
        case RouteKind::metrics:
            return exchange->reply(answer_metrics(request));
        case RouteKind::slow:
        case RouteKind::bundle:
            return exchange->reply(answer_slow(request, route));
        case RouteKind::quick:
            return exchange->reply(answer_quick(request, route));
        case RouteKind::health:
            return exchange->reply(health());
    }
}

HttpReply FrontDesk::answer_quick(const HttpRequest& request, const Route& route) {
    Result<ApiCall> call = call_of(office_, request, route.kind);
    if (!call) return error_reply(call.error());
    const std::lock_guard lock(office_.mutex);
    const Result<Json> result = office_.in_transaction([&]() -> Result<Json> {
        SATCHEL_ASSIGN(call->access, check_access(office_, request, route.needs));
        return route.endpoint(office_, *call);
    });
    if (result && route.method != "GET") office_.tell_news();
    return reply_of(result);
}

HttpReply FrontDesk::answer_slow(const HttpRequest& request, const Route& route) {
    Result<ApiCall> call = call_of(office_, request, route.kind);
    if (!call) return error_reply(call.error());
    if (route.needs != Needs::nothing) {
        const std::lock_guard lock(office_.mutex);
        Result<storage::Access> access = check_access(office_, request, route.needs);
        if (!access) return error_reply(access.error());
        call->access = *std::move(access);
    }
    return route.slow(office_, *call);
}

HttpReply FrontDesk::answer_metrics(const HttpRequest& request) {
    const std::lock_guard lock(office_.mutex);
    if (!is_this_machine(request.peer)) {
        const auto access = check_access(office_, request, Needs::administrator);
        if (!access) return error_reply(access.error());
    }
    Gauges gauges;
    const Result<storage::ServerFigures> figures = office_.store->figures();
    if (!figures) return error_reply(figures.error());
    const auto devices = office_.directory->active_replicas();
    if (!devices) return error_reply(devices.error());
    gauges.figures = *figures;
    gauges.devices = devices->size();
    gauges.waiting = sync_.waiting();
    gauges.queued = worker_.waiting() + slow_.waiting();
    gauges.connections = connections_ ? connections_() : 0;
    gauges.uptime_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                                std::chrono::steady_clock::now() - started_)
                                .count();
    HttpReply reply;
    reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    reply.body = prometheus_text(office_.metrics, gauges);
    return reply;
}

HttpReply FrontDesk::health() {
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(
        std::chrono::steady_clock::now() - started_);
    return json_reply({{"status", office_.stopping ? "stopping" : "ok"},
                       {"release", kRelease},
                       {"workspace", office_.workspace},
                       {"epoch", office_.metrics.epoch.load()},
                       {"head", office_.metrics.head.load()},
                       {"uptime_s", uptime.count()}});
}

void FrontDesk::begin_stop() {
    office_.stopping = true;
    sync_.finish_waiting();
}

void FrontDesk::close() {
    begin_stop();
    worker_.stop();
    slow_.stop();
}

}  // namespace satchel::server
