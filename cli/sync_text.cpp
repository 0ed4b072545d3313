#include "cli/sync_text.hpp"

namespace satchel::cli {

Json sync_json(const SessionReport& report, const storage::ReplicaStatus& status,
               std::int64_t milliseconds) {
    return {{"milliseconds", milliseconds},
            {"rounds", report.rounds},
            {"sent_changesets", report.sent_changesets},
            {"sent_bytes", report.sent_bytes},
            {"received_rows", report.received_rows},
            {"received_bytes", report.received_bytes},
            {"departed", report.departed},
            {"accepted", report.accepted},
            {"quarantined", report.quarantined},
            {"held", report.held},
            {"forked", report.forked},
            {"restored", report.restored},
            {"repaired", report.repaired},
            {"cursor", number(status.cursor)},
            {"pending", status.pending},
            {"not_accepted", status.not_accepted},
            {"conflicts", status.conflicts}};
}

void say_sync(Console& console, const SessionReport& report, const storage::ReplicaStatus& status,
              std::int64_t milliseconds) {
    console.say(
        "In step with head office. {} changes sent, {} records came, {} left ({} bytes up, {} "
        "down, {} ms).",
        "已与总部同步。发送 {} 项修改,收到 {} 条记录,移出 {} 条(上行 {} 字节,下行 {} 字节,{} "
        "毫秒)。",
        report.sent_changesets, report.received_rows, report.departed, report.sent_bytes,
        report.received_bytes, milliseconds);
    if (report.forked)
        console.say("This file had been copied or rolled back; it goes on under a new number.",
                    "本文件曾被复制或回退,已换用新的编号继续。");
    if (report.restored)
        console.say("Head office was restored from a backup; what it had lost was sent again.",
                    "总部已从备份恢复,其丢失的内容已重新发送。");
    if (report.repaired) console.say("A difference was found and repaired.", "发现差异并已修复。");
    if (status.held != 0) console.say_key("status_held", {std::to_string(status.held)});
    if (status.not_accepted != 0)
        console.say_key("status_not_accepted", {std::to_string(status.not_accepted)});
    if (status.conflicts != 0)
        console.say_key("status_conflicts", {std::to_string(status.conflicts)});
}

}  // namespace satchel::cli
