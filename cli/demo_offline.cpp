// The second act: no connection, and everybody works. Nothing here talks to the server but the
// administrator who hands a customer over.

#include "cli/demo_story.hpp"
#include "cli/files.hpp"
#include "sales/csv.hpp"

namespace satchel::cli {
namespace {

constexpr std::size_t kManyNotes = 2'000;
constexpr std::size_t kSomeNotes = 500;

// One command on one device, for its effect only.
struct Step {
    const DemoDevice& device;
    std::vector<std::string> arguments;
};

Status run_all(const std::vector<Step>& steps) {
    for (const Step& step : steps) {
        SATCHEL_ASSIGN(const Json done, step.device.run(step.arguments));
    }
    return {};
}

}  // namespace

Status Demo::work_offline() {
    chapter("No connection. Everybody goes on working:");
    SATCHEL_TRY(contradict());
    SATCHEL_TRY(write_new());
    SATCHEL_TRY(write_much(laptop(), "visit"));
    SATCHEL_TRY(write_much(phone(), "call"));
    SATCHEL_ASSIGN(const Json status, phone().run({"status"}));
    say(fmt::format("  {} knows: {} changes wait, the oldest for {} ms", phone().name(),
                    dump(status["pending"]), dump(status["oldest_pending_ms"])));
    return {};
}

Status Demo::contradict() {
    const std::string type = "opportunity";
    const auto& deals = cast_.deals;
    say("  the same cell: the phone and the manager write another next step,");
    say("    the phone and the laptop another amount, both add a note");
    SATCHEL_TRY(run_all({
        {phone(), {"set", type, deals[0], "next_step=Visit on Monday, bring the offer"}},
        {manager(), {"set", type, deals[0], "next_step=周三先打电话"}},
        {phone(), {"set", type, deals[0], "notes=They like the new model"}},
        {manager(), {"set", type, deals[0], "notes=价格可以再谈"}},
        {phone(), {"set", type, deals[1], "amount=5000.00", "currency=USD"}},
        {laptop(), {"set", type, deals[1], "amount=4800.00", "currency=USD"}},
    }));
    say("  different cells of one record: the phone a close date, the manager a priority");
    SATCHEL_TRY(run_all({
        {phone(), {"set", type, deals[2], "close_date=2018-03-31"}},
        {manager(), {"set", type, deals[2], "priority=high"}},
    }));
    say("  delete against edit: the laptop deletes a deal, the manager works on it");
    SATCHEL_TRY(run_all({
        {laptop(), {"delete", type, deals[3]}},
        {manager(), {"set", type, deals[3], "next_step=Send the contract"}},
    }));
    say("  tags and counters: all three tag one deal and count their calls");
    return run_all({
        {phone(), {"tag", type, deals[4], "tags", "--add", "VIP"}},
        {laptop(), {"tag", type, deals[4], "tags", "--add", "trade-fair"}},
        {manager(), {"tag", type, deals[4], "tags", "--add", "重点"}},
        {phone(), {"count", type, deals[4], "calls", "--by", "2"}},
        {laptop(), {"count", type, deals[4], "calls", "--by", "3"}},
        {manager(), {"count", type, deals[4], "calls"}},
    });
}

Status Demo::write_new() {
    say("  a new customer with a contact and a deal, on the phone");
    SATCHEL_ASSIGN(const Json account,
                   phone().run({"create", "account", "name=武汉长江设备有限公司", "city=武汉",
                                "owner=@" + cast_.rep}));
    const std::string reference = "account=" + account["id"].get<std::string>();
    SATCHEL_TRY(run_all({
        {phone(), {"create", "contact", "name=王芳", reference, "job_title=采购经理"}},
        {phone(),
         {"create", "opportunity", "name=长江设备 GTX", reference, "owner=@" + cast_.rep,
          "stage=Prospecting", "amount=12800.50", "currency=CNY"}},
    }));
    say("  a price that only head office may change, on " + colleague().name());
    SATCHEL_ASSIGN(const Json price, colleague().run({"set", "product", cast_.product,
                                                      "sales_price=1.00", "currency=USD"}));
    say(fmt::format("  a note about {}, which is being handed over just now", cast_.account_title));
    SATCHEL_ASSIGN(const Json note, phone().run({"set", "account", cast_.account,
                                                 "notes=Contract renewal is due in May"}));
    return {};
}

Status Demo::write_much(const DemoDevice& device, const std::string& word) {
    const std::size_t count = options_.small ? kSomeNotes : kManyNotes;
    // Not about the customer that is being handed over: nobody could write about it any more.
    SATCHEL_ASSIGN(
        const std::vector<std::string> accounts,
        device.column("SELECT a.name FROM account a JOIN opportunity o ON o.account = a.id"
                      " JOIN _user u ON u.id = a.owner WHERE u.login = '" +
                      cast_.rep + "' AND hex(a.id) <> '" + hex_of_id(cast_.account) +
                      "' AND o.number IS NOT NULL GROUP BY a.id ORDER BY a.name"));
    if (accounts.empty()) return {ErrorCode::not_found, "no customer to write about"};
    Bytes text;
    sales::CsvWriter writer(text);
    writer.row(std::vector<std::string>{"account", "kind", "content"});
    for (std::size_t i = 0; i < count; ++i)
        writer.row(std::vector<std::string>{accounts[i % accounts.size()], word,
                                            fmt::format("{} number {}, noted offline", word, i)});
    const std::string file = folder_ + "/" + word + ".csv";
    SATCHEL_TRY(write_file(file, text));
    SATCHEL_ASSIGN(const Json done, device.run({"import", file, "--into", "activity", "--map",
                                                "account=@lookup(account.name, account), kind=kind,"
                                                " content=content"}));
    notes_written_ += done["created"].get<std::size_t>();
    say(fmt::format("  {} notes of {}s, imported on {}", dump(done["created"]), word,
                    device.name()));
    return {};
}

Status Demo::hand_over() {
    chapter(fmt::format("Meanwhile head office hands {} over to {}", cast_.account_title,
                        cast_.successor));
    SATCHEL_ASSIGN(const Json done,
                   office_.administer("/v1/admin/handover", {{"to", cast_.successor},
                                                             {"collection", "account"},
                                                             {"record", cast_.account}}));
    say(fmt::format("  {} record changed its owner at change {}; its deals and notes follow it",
                    dump(done["records"]), dump(done["head"])));
    return {};
}

}  // namespace satchel::cli
