// The first act: head office opens, the data comes in, devices take it home.

#include <chrono>

#include "cli/demo_story.hpp"
#include "cli/files.hpp"
#include "storage/services.hpp"

namespace satchel::cli {
namespace {

using std::chrono::steady_clock;

std::int64_t since(steady_clock::time_point began) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(steady_clock::now() - began)
        .count();
}

std::string random_password() {
    storage::SystemRandom random;
    return fmt::format("{:016x}", random.next());
}

}  // namespace

std::string hex_of_id(const std::string& id) {
    std::string hex;
    for (const char c : id)
        if (c != '-') hex += c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c;
    return hex;
}

void Demo::check(const std::string& text, bool as_it_should) {
    if (!as_it_should) ++failed_checks_;
    say(fmt::format("  {} {}", as_it_should ? "✓" : "✗ NOT:", text));
    figures_["checks"].push_back({{"what", text}, {"ok", as_it_should}});
}

DemoDevice Demo::device(const std::string& name, const std::string& login) const {
    return {folder_, name, login, folder_ + "/password.txt"};
}

Status Demo::sync(const DemoDevice& device, const char* act) {
    SATCHEL_ASSIGN(const Json answer, device.run({"sync", "--wait", "30"}));
    tell_sync(device, act, answer);
    return {};
}

void Demo::tell_sync(const DemoDevice& device, const char* act, const Json& answer) {
    say(fmt::format(
        "  {:<22} {:>6} rows in {:>5} out, {:>9} bytes down {:>9} up, {:>5} ms, {} sent",
        device.name(), dump(answer["received_rows"]), dump(answer["departed"]),
        dump(answer["received_bytes"]), dump(answer["sent_bytes"]), dump(answer["milliseconds"]),
        dump(answer["sent_changesets"])));
    Json row = answer;
    row["device"] = device.name();
    figures_[act].push_back(std::move(row));
}

Status Demo::open_office() {
    SATCHEL_TRY(write_secret(folder_ + "/password.txt", random_password()));
    SATCHEL_ASSIGN(data_, prepare_demo_data(options_.data, options_.small, folder_));
    const auto began = steady_clock::now();
    SATCHEL_TRY(office_.start());
    chapter(fmt::format("Head office opens: satcheld on {} ({} ms)", office_.url(), since(began)));
    say("  Data: " + data_.origin);
    figures_["data"] = data_.origin;
    const auto hiring = steady_clock::now();
    SATCHEL_TRY(office_.add_people(data_.people));
    std::size_t managers = 0;
    for (const DemoPerson& person : data_.people)
        managers += person.manager.empty() ? 1 : 0;
    say(fmt::format("  {} sales people and {} managers have accounts now ({} ms)",
                    data_.people.size() - managers, managers, since(hiring)));
    return {};
}

Status Demo::import_data() {
    importer_.emplace_back(folder_, "head-office", "admin", folder_ + "/office/admin-password.txt");
    const DemoDevice& desk = importer_.front();
    SATCHEL_ASSIGN(const Json made, desk.run({"init", desk.file()}));
    SATCHEL_ASSIGN(const Json login, desk.run({"login", office_.url(), "admin"}));
    SATCHEL_ASSIGN(const Json first, desk.run({"sync"}));
    const struct {
        const char* collection;
        std::string file;
        const char* map;
    } files[] = {{"account", data_.accounts, kDemoAccountMap},
                 {"product", data_.products, kDemoProductMap},
                 {"opportunity", data_.opportunities, kDemoOpportunityMap}};
    for (const auto& [collection, file, map] : files) {
        const auto began = steady_clock::now();
        SATCHEL_ASSIGN(const Json done,
                       desk.run({"import", file, "--into", collection, "--map", map}));
        say(fmt::format("  imported {} of {} ({} ms)", dump(done["created"]), collection,
                        since(began)));
        figures_["imported"][collection] = done["created"];
    }
    return sync(desk, "import");
}

// People and records for the scenes, looked up in the data itself.
Status Demo::choose_cast() {
    const DemoDevice& desk = importer_.front();
    SATCHEL_ASSIGN(cast_.rep, desk.value("SELECT u.login FROM account a JOIN _user u"
                                         " ON u.id = a.owner GROUP BY u.id"
                                         " ORDER BY count(*) DESC, u.login LIMIT 1"));
    const std::string rep = "(SELECT id FROM _user WHERE login = '" + cast_.rep + "')";
    SATCHEL_ASSIGN(cast_.manager,
                   desk.value("SELECT m.login FROM _user u JOIN _user m ON m.id = u.manager"
                              " WHERE u.id = " +
                              rep));
    SATCHEL_ASSIGN(cast_.successor,
                   desk.value("SELECT u.login FROM _user u WHERE u.manager IS NOT NULL AND"
                              " u.manager <> (SELECT manager FROM _user WHERE id = " +
                              rep + ") ORDER BY u.login LIMIT 1"));
    SATCHEL_ASSIGN(
        cast_.account,
        desk.value("SELECT a.id FROM account a JOIN opportunity o ON o.account = a.id"
                   " WHERE a.owner = " +
                   rep + " GROUP BY a.id ORDER BY sum(o.owner <> a.owner) DESC LIMIT 1"));
    const std::string account = "x'" + hex_of_id(cast_.account) + "'";
    SATCHEL_ASSIGN(cast_.account_title,
                   desk.value("SELECT name FROM account WHERE id = " + account));
    SATCHEL_ASSIGN(cast_.colleague,
                   desk.value("SELECT u.login FROM opportunity o JOIN _user u ON u.id = o.owner"
                              " WHERE u.login <> '" +
                              cast_.rep + "' AND u.login <> '" + cast_.successor +
                              "' GROUP BY u.id ORDER BY count(*) DESC LIMIT 1"));
    SATCHEL_ASSIGN(cast_.deals, desk.column("SELECT id FROM opportunity WHERE owner = " + rep +
                                            " AND (account IS NULL OR account <> " + account +
                                            ") ORDER BY stage = 'Engaging' DESC, number LIMIT 6"));
    if (cast_.deals.size() < 6)
        return {ErrorCode::invalid_argument, "the data has too few opportunities for the demo"};
    SATCHEL_ASSIGN(cast_.product, desk.value("SELECT id FROM product ORDER BY name LIMIT 1"));
    return {};
}

Status Demo::log_devices_in() {
    devices_ = {device(cast_.rep + "-phone", cast_.rep), device(cast_.rep + "-laptop", cast_.rep),
                device(cast_.manager, cast_.manager), device(cast_.colleague, cast_.colleague),
                device(cast_.successor, cast_.successor)};
    chapter("Five devices take home what their people may see: the first sync");
    for (const DemoDevice& each : devices_) {
        SATCHEL_ASSIGN(const Json made, each.run({"init", each.file()}));
        SATCHEL_ASSIGN(const Json login, each.run({"login", office_.url(), each.owner(),
                                                   "--device-name", each.name()}));
        SATCHEL_TRY(sync(each, "first_sync"));
    }
    return {};
}

Status Demo::play() {
    SATCHEL_TRY(open_office());
    SATCHEL_TRY(import_data());
    SATCHEL_TRY(choose_cast());
    SATCHEL_TRY(log_devices_in());
    SATCHEL_TRY(work_offline());
    SATCHEL_TRY(hand_over());
    SATCHEL_TRY(crash_a_device());
    SATCHEL_TRY(crash_the_server());
    SATCHEL_TRY(come_back());
    SATCHEL_TRY(tell_conflicts());
    SATCHEL_TRY(resolve_one());
    SATCHEL_TRY(tell_what_became());
    SATCHEL_TRY(tell_handover());
    return verify();
}

}  // namespace satchel::cli
