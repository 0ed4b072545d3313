#include "server/server.hpp"

#include <spdlog/spdlog.h>

#include <filesystem>
#include <utility>

#include "sales/schema_json.hpp"
#include "sales/starter_schema.hpp"
#include "server/api.hpp"
#include "server/certificate.hpp"
#include "server/release.hpp"
#include "storage/passwords.hpp"
#include "sync/limits.hpp"

namespace satchel::server {
namespace {

constexpr const char* kPasswordFile = "admin-password.txt";
constexpr const char* kAddressFile = "address";
constexpr std::chrono::milliseconds kPatience{10'000};

Result<SchemaPointer> first_schema(const std::string& which) {
    if (which == "empty") return SchemaPointer();
    if (which == "starter") return std::make_shared<const Schema>(sales::starter_schema());
    const Result<std::string> text = read_small_file(which, kMaxSchemaBytes);
    if (!text)
        return Error{ErrorCode::invalid_argument,
                     "--schema is starter, empty or a file; " + text.error().message};
    SATCHEL_ASSIGN(Schema schema, sales::schema_from_json_text(*text));
    return std::make_shared<const Schema>(std::move(schema));
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const Settings& settings) {
    SATCHEL_ASSIGN(DataDirectory directory, DataDirectory::open(settings.data));
    std::unique_ptr<Server> server(new Server(std::move(directory), settings));
    SATCHEL_ASSIGN(const HttpOptions http, server->http_options());
    SATCHEL_TRY(server->open_office());
    SATCHEL_ASSIGN(server->desk_, FrontDesk::open(*server->office_, settings.desk));
    SATCHEL_ASSIGN(server->http_, HttpServer::start(http, *server->desk_));
    server->desk_->count_connections(
        [listener = server->http_.get()] { return listener->connections(); });
    SATCHEL_TRY(server->directory_.write(kAddressFile, server->url() + "\n"));
    return server;
}

Result<HttpOptions> Server::http_options() {
    HttpOptions http = settings_.http;
    http.address = settings_.listen;
    http.headers = {{"Satchel-Server", kRelease}, {"Cache-Control", "no-store"}};
    if (settings_.tls_certificate.empty() != settings_.tls_key.empty())
        return Error{ErrorCode::invalid_argument,
                     "TLS needs both files: give --tls-cert and --tls-key"};
    if (settings_.tls_certificate.empty()) return http;
    storage::SystemClock clock;
    SATCHEL_ASSIGN(Certificate certificate,
                   read_certificate(settings_.tls_certificate, settings_.tls_key, clock.now_ms()));
    http.certificate_pem = std::move(certificate.chain_pem);
    http.key_pem = std::move(certificate.key_pem);
    certificate_expires_at_ = certificate.expires_at;
    return http;
}

Status Server::open_office() {
    OfficeOptions options;
    options.database = directory_.database();
    options.backups = settings_.backups;
    options.anchors = directory_.anchors(settings_.anchors);
    options.workspace = settings_.workspace;
    options.throttle = settings_.throttle;
    if (options.backups.empty()) {
        SATCHEL_TRY(directory_.make_folder("backups"));
        options.backups = directory_.file("backups");
    }
    SATCHEL_ASSIGN(options.schema, first_schema(settings_.schema));
    SATCHEL_ASSIGN(office_, Office::open(options));
    office_->note_audit_head();  // before anything is written: of a backup that was restored
    SATCHEL_TRY(make_first_administrator());
    remove_unfinished_backup(*office_);
    // Told at every start until it was noted and deleted: the first start may have failed later.
    std::error_code ignored;
    const std::string password_file = directory_.file(kPasswordFile);
    if (std::filesystem::exists(password_file, ignored)) password_file_ = password_file;
    return upkeep();
}

// Also after a first start that was cut off: an office without an administrator gets one.
Status Server::make_first_administrator() {
    SATCHEL_ASSIGN(const bool there, office_->directory->has_administrator());
    if (there) return {};
    SATCHEL_ASSIGN(const std::string password, first_password());
    SATCHEL_ASSIGN(const std::string canonical, storage::canonical_password(password));
    SATCHEL_ASSIGN(const std::string hash, storage::hash_password(canonical));
    return office_->in_transaction([&]() -> Status {
        const std::int64_t now_ms = office_->now_ms();
        storage::Account account;
        account.user = office_->ids.next(now_ms, office_->random);
        account.login = "admin";
        account.name = "Administrator";
        account.role = storage::Role::admin;
        account.created_at = now_ms;
        SATCHEL_TRY(office_->directory->add(account));
        SATCHEL_TRY(office_->directory->set_password_hash(account.user, hash));
        return office_->mirror(account, now_ms);
    });
}

Result<std::string> Server::first_password() {
    if (!settings_.admin_password_file.empty()) {
        SATCHEL_ASSIGN(std::string text, read_small_file(settings_.admin_password_file, 4'096));
        return text.substr(0, text.find_first_of("\r\n"));
    }
    std::string password = storage::generate_password();
    SATCHEL_TRY(directory_.write(kPasswordFile, password + "\n"));
    return password;
}

std::string Server::url() const {
    const ListenAddress bound{settings_.listen.host, http_->port()};
    return (settings_.tls_certificate.empty() ? "http://" : "https://") + bound.text();
}

Status Server::upkeep() {
    SATCHEL_TRY(tidy_up());
    office_->note_audit_head();
    return {};
}

Status Server::tidy_up() {
    const std::lock_guard lock(office_->mutex);
    const std::int64_t now_ms = office_->now_ms();
    const Status done = office_->in_transaction([&]() -> Status {
        SATCHEL_TRY(office_->directory->end_expired_tokens(now_ms));
        SATCHEL_ASSIGN(const std::size_t lost, office_->store->sweep_held(now_ms));
        if (lost > 0) spdlog::warn("declared lost after the hold deadline dots={}", lost);
        return {};
    });
    if (done) office_->tell_news();
    return done;
}

void Server::stop() {
    if (!office_) return;
    if (desk_) desk_->begin_stop();
    if (http_) http_->stop(kPatience);
    if (desk_) desk_->close();
    office_->note_audit_head();
    if (const Status done = office_->store->database().checkpoint(); !done)
        spdlog::warn("checkpoint: {}", done.error().message);
    directory_.remove(kAddressFile);
    http_.reset();
    desk_.reset();
    office_.reset();
}

}  // namespace satchel::server
