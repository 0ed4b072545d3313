#include "server/routes.hpp"

#include <array>

#include "sync/bundle.hpp"
#include "sync/limits.hpp"

namespace satchel::server {
namespace {

constexpr std::size_t kSmall = 4U << 10;
constexpr std::size_t kForm = 64U << 10;

constexpr auto kAdministrator = Needs::administrator;
using Kind = RouteKind;

const std::array kRoutes = std::to_array<Route>({
    {"GET", "/v1/health", Kind::health, Needs::nothing, 0},
    {"GET", "/v1/metrics", Kind::metrics, Needs::nothing, 0},
    {"POST", "/v1/sync", Kind::sync, Needs::token, kMaxRequestBytes},

    {"POST", "/v1/login", Kind::slow, Needs::nothing, kSmall, nullptr, &login},
    {"POST", "/v1/logout", Kind::quick, Needs::token, kSmall, &logout},
    {"POST", "/v1/unseal", Kind::quick, Needs::known_token, kSmall, &unseal},
    {"POST", "/v1/password", Kind::slow, Needs::token, kSmall, nullptr, &change_password},

    {"GET", "/v1/admin/users", Kind::quick, kAdministrator, 0, &list_users},
    {"POST", "/v1/admin/users", Kind::slow, kAdministrator, kForm, nullptr, &add_user},
    {"POST", "/v1/admin/users/change", Kind::quick, kAdministrator, kForm, &change_user},
    {"POST", "/v1/admin/users/password", Kind::slow, kAdministrator, kForm, nullptr,
     &set_user_password},
    {"GET", "/v1/admin/devices", Kind::quick, kAdministrator, 0, &list_devices},
    {"POST", "/v1/admin/devices/revoke", Kind::quick, kAdministrator, kForm, &revoke_device},

    {"POST", "/v1/admin/handover", Kind::quick, kAdministrator, kForm, &hand_over},
    {"GET", "/v1/admin/quarantine", Kind::quick, kAdministrator, 0, &list_quarantine},
    {"POST", "/v1/admin/quarantine/adopt", Kind::quick, kAdministrator, kForm, &adopt},
    {"POST", "/v1/admin/lost", Kind::quick, kAdministrator, kForm, &declare_lost},
    {"POST", "/v1/admin/prune", Kind::quick, kAdministrator, kForm, &prune},
    {"POST", "/v1/admin/bundle", Kind::bundle, kAdministrator, kMaxBundleBytes, nullptr,
     &exchange_bundle},

    {"POST", "/v1/admin/backup", Kind::slow, kAdministrator, kForm, nullptr, &make_backup},
    {"POST", "/v1/admin/backup/confirm", Kind::slow, kAdministrator, kForm, nullptr,
     &confirm_backup},
    {"GET", "/v1/admin/schema", Kind::quick, kAdministrator, 0, &show_schema},
    {"POST", "/v1/admin/schema", Kind::quick, kAdministrator, kMaxSchemaBytes, &update_schema},
});

}  // namespace

std::span<const Route> routes() {
    return kRoutes;
}

const Route* find_route(std::string_view method, std::string_view path) {
    for (const Route& route : kRoutes)
        if (route.method == method && route.path == path) return &route;
    return nullptr;
}

std::string methods_of(std::string_view path) {
    std::string all;
    for (const Route& route : kRoutes)
        if (route.path == path) all += (all.empty() ? "" : ", ") + std::string(route.method);
    return all;
}

}  // namespace satchel::server
