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
        "In step with head office. {0} change{6} sent, {1} record{7} came, {2} left ({3} bytes up, "
        "{4} down, {5} ms).",
        "已与总部同步。发送 {0} 项修改,收到 {1} 条记录,移出 {2} 条(上行 {3} 字节,下行 {4} 字节,"
        "{5} 毫秒)。",
        report.sent_changesets, report.received_rows, report.departed, report.sent_bytes,
        report.received_bytes, milliseconds, plural(report.sent_changesets),
        plural(report.received_rows));
    // A restored head office gives every device a new number, which is no news of the file.
    if (report.forked && !report.restored)
        console.say("This file had been copied or rolled back; it goes on under a new number.",
                    "本文件曾被复制或回退,已换用新的编号继续。");
    if (report.restored)
        console.say("Head office was restored from a backup; what it had lost was sent again.",
                    "总部已从备份恢复,其丢失的内容已重新发送。");
    if (report.repaired) console.say("A difference was found and repaired.", "发现差异并已修复。");
    say_what_is_open(console, status);
}

void say_what_is_open(Console& console, const storage::ReplicaStatus& status) {
    if (status.held != 0)
        console.say("{0} change{1} at head office, waiting for changes of other devices.",
                    "{0} 项修改在总部等待其他设备的修改。", status.held, plural(status.held));
    if (status.not_accepted != 0)
        console.say("{0} change{1} not accepted: 'satchel rejected' says what and why.",
                    "{0} 项修改未被接受:satchel rejected 可查看原因。", status.not_accepted,
                    plural(status.not_accepted));
    if (status.conflicts != 0)
        console.say("{0} conflict{1} to decide: 'satchel conflicts' shows what people wrote.",
                    "{0} 处冲突等待处理:satchel conflicts 可查看。", status.conflicts,
                    plural(status.conflicts));
}

}  // namespace satchel::cli
