// The third act: crashes, and everybody comes back.

#include <algorithm>
#include <filesystem>
#include <thread>

#include "cli/demo_story.hpp"

namespace satchel::cli {
namespace {

namespace fs = std::filesystem;

std::string text_in(const Json& object, const char* key) {
    const auto at = object.find(key);
    if (at == object.end() || at->is_null()) return "";
    return at->is_string() ? at->get<std::string>() : dump(*at);
}

// "12800.50 CNY" of {"amount": "12800.50", "currency": "CNY"}.
std::string values_text(const Json& values) {
    std::string text;
    for (const auto& [field, value] : values.items()) {
        const std::string one = value.is_string() ? value.get<std::string>() : dump(value);
        text += (text.empty() ? "" : " ") + one;
    }
    return clipped(text, 60);
}

}  // namespace

Result<Child> Demo::sync_until_it_writes(const DemoDevice& device,
                                         const std::vector<std::string>& arguments, bool& ended) {
    const fs::path log = folder_ + "/office/office.satchel-server-wal";
    std::error_code ignored;
    const auto before = fs::last_write_time(log, ignored);
    SATCHEL_ASSIGN(Child child, device.start(arguments));
    while (fs::last_write_time(log, ignored) == before && child.running())
        std::this_thread::sleep_for(std::chrono::microseconds(200));
    ended = !child.running();
    return child;
}

Status Demo::crash_a_device() {
    chapter(fmt::format("{} comes back, and its process is killed in the middle of the sync",
                        laptop().name()));
    bool ended = false;
    SATCHEL_ASSIGN(Child child, sync_until_it_writes(laptop(), {"sync"}, ended));
    child.kill();
    check(fmt::format("SIGKILL for process {} while the server wrote what it had sent",
                      child.process()),
          !ended);
    figures_["device_killed"] = !ended;
    return sync(laptop(), "catch_up");
}

Status Demo::crash_the_server() {
    chapter(fmt::format("{} comes back, and the server is killed in the middle of the sync",
                        phone().name()));
    bool ended = false;
    SATCHEL_ASSIGN(Child child, sync_until_it_writes(phone(), {"sync", "--wait", "60"}, ended));
    const pid_t process = office_.process();
    office_.kill();
    check(fmt::format("SIGKILL for satcheld, process {}, while it took changes in", process),
          !ended);
    figures_["server_killed"] = !ended;
    SATCHEL_TRY(office_.start());
    say(fmt::format("  satcheld runs again on {}", office_.url()));
    SATCHEL_ASSIGN(const Json answer, phone().answer_of(child));
    say("  the phone had gone on trying, and is through now:");
    tell_sync(phone(), "catch_up", answer);
    return {};
}

// Twice, because the first one back has not seen what the last one brought.
Status Demo::come_back() {
    chapter("Everybody comes back: the catch-up");
    const DemoDevice& desk = importer_.front();
    for (const DemoDevice* each :
         {&manager(), &colleague(), &successor(), &phone(), &laptop(), &manager(), &desk})
        SATCHEL_TRY(sync(*each, "catch_up"));
    return {};
}

Status Demo::tell_conflicts() {
    chapter("What people wrote differently: both values are kept, a rule picks the one shown");
    SATCHEL_ASSIGN(const Json answer, manager().run({"conflicts"}));
    for (const Json& conflict : answer["conflicts"]) {
        say(fmt::format("  {} {}: {}", text_in(conflict, "title"), text_in(conflict, "field"),
                        text_in(conflict, "why")));
        for (const Json& value : conflict["values"])
            say(fmt::format("    {} {}  by {}", value["wins"].get<bool>() ? ">" : " ",
                            values_text(value["values"]), text_in(value, "by")));
    }
    figures_["conflicts"] = answer["conflicts"];
    SATCHEL_ASSIGN(const Json there, phone().run({"conflicts"}));
    const auto same = [](const Json& a, const Json& b) {
        return a.size() == b.size() &&
               std::equal(a.begin(), a.end(), b.begin(), [](const Json& x, const Json& y) {
                   return x["id"] == y["id"] && x["field"] == y["field"] &&
                          x["shown"] == y["shown"];
               });
    };
    check("the next step, the notes and the amount are in conflict",
          answer["conflicts"].size() == 3);
    check("the phone lists the same conflicts and shows the same values",
          same(answer["conflicts"], there["conflicts"]));
    return {};
}

Status Demo::resolve_one() {
    chapter("The manager decides about the amount; everybody hears of it");
    SATCHEL_ASSIGN(const Json done, manager().run({"resolve", "opportunity", cast_.deals[1],
                                                   "amount", "--take", "1"}));
    for (const DemoDevice* each : {&manager(), &phone(), &laptop()})
        SATCHEL_TRY(sync(*each, "decision"));
    SATCHEL_ASSIGN(const Json left, laptop().run({"conflicts"}));
    check("the laptop has two conflicts left", left["conflicts"].size() == 2);
    return {};
}

Status Demo::tell_what_became() {
    chapter("What became of the rest");
    SATCHEL_ASSIGN(const Json cells, phone().run({"get", "opportunity", cast_.deals[2]}));
    check("different cells: close date and priority both stand",
          text_in(cells["fields"], "close_date") == "2018-03-31" &&
              text_in(cells["fields"], "priority") == "high");
    SATCHEL_ASSIGN(const Json revived, laptop().run({"get", "opportunity", cast_.deals[3]}));
    check("delete against edit: the deal lives, and is flagged",
          !revived["deleted"].get<bool>() && revived["revived"].get<bool>());
    SATCHEL_ASSIGN(const Json counted, laptop().run({"get", "opportunity", cast_.deals[4]}));
    check("tags: all three; calls: 2 + 3 + 1 = " + text_in(counted["fields"], "calls"),
          counted["fields"]["tags"].size() == 3 && text_in(counted["fields"], "calls") == "6");
    SATCHEL_ASSIGN(const std::string notes,
                   importer_.front().value("SELECT count(*) FROM activity"));
    check(fmt::format("every note is at head office exactly once: {} of {}", notes, notes_written_),
          notes == std::to_string(notes_written_));
    SATCHEL_ASSIGN(const Json rejected, colleague().run({"rejected"}));
    for (const Json& item : rejected["rejected"])
        say(fmt::format("  not accepted from {}: {} ({})", colleague().name(),
                        text_in(item, "reason"), text_in(item, "detail")));
    check("the price was not accepted, with a reason, and held nothing else up",
          rejected["rejected"].size() == 1);
    figures_["rejected"] = rejected["rejected"];
    return {};
}

Status Demo::tell_handover() {
    chapter(fmt::format("The handover of {}", cast_.account_title));
    int status = 0;
    SATCHEL_ASSIGN(const Json before, phone().run({"get", "account", cast_.account}, &status));
    check("it has left the phone", status == static_cast<int>(ExitStatus::not_found));
    SATCHEL_ASSIGN(const Json after, successor().run({"get", "account", cast_.account}));
    check(fmt::format("{} has it, with the note that was written before anybody could know",
                      cast_.successor),
          text_in(after["fields"], "notes") == "Contract renewal is due in May");
    SATCHEL_ASSIGN(const Json history, successor().run({"history", "account", cast_.account}));
    const bool late = std::any_of(
        history["events"].begin(), history["events"].end(),
        [](const Json& event) { return event.contains("late") && event["late"].get<bool>(); });
    check("the note is flagged as made before the handover", late);
    SATCHEL_ASSIGN(const Json why, phone().run({"why", cast_.account}));
    say("  asked why, the phone says: not here, " + text_in(why, "server") + " at head office");
    return {};
}

Status Demo::verify() {
    chapter("verify: every record of every device against head office");
    std::vector<DemoDevice> all = devices_;
    all.insert(all.end(), importer_.begin(), importer_.end());
    for (const DemoDevice& each : all) {
        int status = 0;
        SATCHEL_ASSIGN(const Json answer, each.run({"verify"}, &status));
        const bool equal = status == 0 && answer.contains("equal") && answer["equal"].get<bool>();
        check(fmt::format("{:<22} {} {} records in {} scopes", each.name(),
                          equal ? "equal," : "NOT equal,", text_in(answer, "records"),
                          answer.contains("scopes") ? answer["scopes"].size() : 0),
              equal);
        Json row = answer;
        row["device"] = each.name();
        figures_["verify"].push_back(std::move(row));
    }
    return {};
}

}  // namespace satchel::cli
