#include "client/message_table.hpp"

#include <array>

namespace satchel::client {
namespace {

constexpr auto kTable = std::to_array<Message>({
    // The way to the server
    {"offline_no_name", "There is no connection: the name {0} cannot be found. Work goes on.",
     "没有网络连接:找不到 {0}。可以继续工作。"},
    {"offline_refused", "Nothing answers at {0}. The server may be down, or the address wrong.",
     "{0} 没有响应,服务器可能已停机,或地址有误。"},
    {"offline_broken",
     "The connection to {0} broke before the answer was complete. Nothing is lost.",
     "与 {0} 的连接在应答完成前中断。没有数据丢失。"},
    {"offline_kept",
     "The connection to {0} had ended, and what was sent may have arrived. Nothing is lost.",
     "与 {0} 的连接已中断,已发送的内容可能已送达。没有数据丢失。"},
    {"proxy_no_name", "The proxy {0} cannot be found. Check the proxy setting.",
     "找不到代理服务器 {0},请检查代理设置。"},
    {"proxy_refused", "The proxy {0} does not let the connection through. Check the proxy setting.",
     "代理服务器 {0} 拒绝连接,请检查代理设置。"},
    {"proxy_password",
     "The proxy {0} asks for a name and a password. Put them into the proxy setting.",
     "代理服务器 {0} 要求用户名和密码,请在代理设置中填写。"},
    {"proxy_too_large",
     "A proxy on the way to {0} refuses bodies of this size. Tell its administrator: 16 MiB must "
     "be "
     "allowed. Nothing is lost.",
     "通往 {0} 的代理拒绝此大小的内容。请告知其管理员:须允许 16 MiB。没有数据丢失。"},
    {"proxy_failed",
     "Something between here and {0} failed (status {1}). Nothing is lost; it is tried again.",
     "本机与 {0} 之间的某个环节出错(状态 {1})。没有数据丢失,稍后会重试。"},
    {"time_out_connect", "{0} could not be reached in time: the line is slow.",
     "连接 {0} 超时,网络较慢。"},
    {"time_out_silent", "{0} stopped answering.", "{0} 停止响应。"},
    {"time_out_deadline", "The time for this was up before {0} had answered. What came is kept.",
     "在规定时间内 {0} 没有完成应答。已收到的内容会保留。"},
    {"deadline", "The time for this sync was up. What came is kept; the next one goes on.",
     "本次同步时间已到。已收到的内容会保留,下次同步继续。"},
    {"cancelled", "Stopped on request. Nothing is lost.", "已按要求停止,没有数据丢失。"},
    {"bad_url", "The address \"{0}\" is not one of a server. Example: https://sync.example.com",
     "“{0}”不是有效的服务器地址。示例:https://sync.example.com"},

    // TLS
    {"tls_expired",
     "The certificate of {0} has expired. If the clock of this device is wrong, set it; otherwise "
     "tell head office.",
     "{0} 的证书已过期。如果本机时间不对,请校正;否则请告知总部。"},
    {"tls_not_yet",
     "The certificate of {0} is not valid yet. Most likely the clock of this device is wrong: set "
     "it.",
     "{0} 的证书尚未生效。很可能是本机时间不对,请校正。"},
    {"tls_unknown",
     "The certificate of {0} comes from somebody unknown. A public network may be in between: sign "
     "in to it with a browser. For a certificate of the company's own, give its CA file.",
     "{0} 的证书颁发者未知。可能处于公共网络,请先用浏览器登录该网络;"
     "如果使用公司自己的证书,请指定 CA 文件。"},
    {"tls_wrong_host", "Another machine answers at {0}: the certificate has a different name.",
     "在 {0} 应答的是另一台机器:证书上的名称不同。"},
    {"tls_pin", "The machine at {0} does not have the key that was pinned. It is not trusted.",
     "{0} 的密钥与指定的不符,不予信任。"},
    {"tls_ca_file", "The CA file cannot be read. Check the setting (server {0}).",
     "无法读取 CA 文件,请检查设置(服务器 {0})。"},
    {"tls_failed",
     "No safe connection to {0} is possible. Does the address begin rightly with "
     "https or http?",
     "无法与 {0} 建立安全连接。请确认地址开头是 https 还是 http。"},

    // Something else answered
    {"portal",
     "Something else than a Satchel server answered at {0}: most likely a public network's sign-in "
     "page. Open a browser, sign in, then try again.",
     "在 {0} 应答的不是 Satchel 服务器,很可能是公共网络的登录页面。"
     "请打开浏览器登录网络后重试。"},
    {"redirected",
     "{0} sends us on to {1}. If this is a public network's sign-in page, open a browser and sign "
     "in; otherwise use the new address.",
     "{0} 将请求转到 {1}。如果这是公共网络的登录页面,请用浏览器登录;否则请改用新地址。"},
    {"garbage", "What {0} answers cannot be understood. A proxy or another program may be there.",
     "无法理解 {0} 的应答,那里可能是代理或其他程序。"},
    {"reply_too_large", "The answer of {0} is larger than {1} bytes and was not taken.",
     "{0} 的应答超过 {1} 字节,未予接收。"},
    {"reply_damaged", "The answer of the server is damaged and was not taken.",
     "服务器的应答已损坏,未予接收。"},
    {"no_such_path", "The server at this address does not offer this service. Check the address.",
     "该地址的服务器不提供此服务,请检查地址。"},

    // The server's refusals
    {"login_again", "The log-in has ended. Log in again; what was written here is kept.",
     "登录已失效,请重新登录;本机的修改都会保留。"},
    {"wrong_password", "Wrong login name or password.", "登录名或密码错误。"},
    {"refused", "The server refuses: {0}.", "服务器拒绝:{0}。"},
    {"revoked",
     "Head office has shut this device out. Everything written here was handed in, and the device "
     "was emptied.",
     "总部已停用本设备。本机的修改已全部上交,数据已清除。"},
    {"revoked_sealed",
     "Head office has shut this device out, and it was emptied. {0} changes are not handed in yet; "
     "they stay sealed here.",
     "总部已停用本设备,数据已清除。{0} 项修改尚未上交,将在本机封存。"},
    {"too_large", "The server does not take this: {0}.", "服务器不予接收:{0}。"},
    {"server_busy", "The server is busy and asks to come back in {0} seconds.",
     "服务器繁忙,请在 {0} 秒后再试。"},
    {"server_failed", "The server could not answer (status {0}). Nothing is lost.",
     "服务器暂时无法应答(状态 {0})。没有数据丢失。"},
    {"server_disk_full", "The server's disk is full. Nothing is lost; tell head office.",
     "服务器磁盘已满。没有数据丢失,请告知总部。"},
    {"server_says", "The server says: {0}.", "服务器提示:{0}。"},
    {"upgrade", "This release and the server do not understand each other. Install the newer one.",
     "本程序与服务器版本不兼容,请安装新版本。"},

    // The account of a file
    {"not_logged_in", "This file is not logged in to a server. Log in first.",
     "此文件尚未登录服务器,请先登录。"},
    {"other_user", "This file belongs to {0}. Somebody else needs a file of their own.",
     "此文件属于 {0},其他人需要使用自己的文件。"},
    {"other_workspace", "This file belongs to the workspace {0}, and the server has another one.",
     "此文件属于工作区 {0},而该服务器是另一个工作区。"},
    {"sync_busy", "Another program syncs this file just now.", "另一个程序正在同步此文件。"},
    {"log_out_pending",
     "{0} changes are not sent yet. Sync first, or force the log-out: then they stay sealed in the "
     "file until the same person logs in again. (Why they were not sent: {1})",
     "还有 {0} 项修改未发送。请先同步,或强制退出:这些修改将封存在文件中,"
     "直到同一用户重新登录。(未发送的原因:{1})"},

    // A sync by file
    {"bundle_damaged",
     "This file is no bundle of head office, or it is damaged. Carry the original over again; "
     "nothing was taken in.",
     "此文件不是总部的同步文件,或已损坏。请重新拷贝原文件;未导入任何内容。"},
    {"bundle_forged",
     "The signature of this bundle is wrong: it was changed on the way, or somebody else than head "
     "office wrote it. Nothing was taken in; carry the original over again.",
     "此同步文件的签名不正确:可能在途中被改动,或不是由总部生成。"
     "未导入任何内容,请重新拷贝原文件。"},
    {"bundle_newer",
     "A newer release wrote this bundle. Install that release here, then take it in.",
     "此同步文件由更新的版本生成,请先安装新版本再导入。"},
    {"bundle_too_large", "A bundle has at most 64 MiB, and so have the messages in it.",
     "同步文件及其内容最多为 64 MiB。"},
    {"bundle_is_request",
     "This bundle is a request for head office, not its answer. There it is taken in with 'satchel "
     "admin bundle'.",
     "此同步文件是给总部的请求,不是总部的答复。请在总部用 satchel admin bundle 处理。"},
    {"bundle_other_device",
     "This bundle is for another device ({0}), and this file is {1}. Take it in there.",
     "此同步文件属于另一台设备({0}),本文件是 {1}。请在那台设备上导入。"},
    {"bundle_other_office",
     "This bundle is of another head office than the one that this file is logged in to, or the "
     "log-in is older than its keys. Log in again, then write a new request.",
     "此同步文件来自另一个总部,或本次登录早于总部的密钥。请重新登录,然后生成新的请求。"},
    {"bundle_old_keys",
     "This bundle is sealed to keys that this file no longer has. Write a new request.",
     "本文件已没有打开此同步文件的密钥,请生成新的请求。"},
    {"bundle_unknown",
     "This file did not write the request that this bundle answers, or has written many since, or "
     "was put back to an older copy. Nothing was taken in; write a new request.",
     "此同步文件所答复的请求不是本文件生成的,或已过时,或本文件曾恢复为旧副本。"
     "未导入任何内容,请生成新的请求。"},
    {"bundle_no_keys",
     "This file has no keys for bundles: it was logged in before there were any. Log in once more "
     "over a network; what was written here is kept.",
     "本文件没有同步文件所需的密钥(登录时尚无此功能)。请联网重新登录一次;本机的修改都会保留。"},

    // What the agent waits for
    {"waits_nothing", "Everything is in step with the server.", "与服务器一致。"},
    {"waits_now", "A sync begins.", "即将同步。"},
    {"waits_syncing", "A sync is running.", "正在同步。"},
    {"waits_live", "Connected; changes come at once.", "已连接,更新会即时到达。"},
    {"waits_write", "Collecting changes for a moment before they are sent.",
     "稍候片刻,合并修改后一起发送。"},
    {"waits_network", "The network came back; a sync begins in a moment.", "网络已恢复,即将同步。"},
    {"waits_periodic", "Waiting for the next regular sync.", "等待下一次定时同步。"},
    {"waits_back_off", "Waiting a while before the next try, because the last one failed.",
     "上次同步失败,稍后重试。"},
    {"waits_server_hint", "The server asked to wait before coming back.", "服务器要求稍后再连接。"},
    {"waits_login", "Waiting for somebody to log in.", "等待登录。"},
    {"waits_person", "Waiting for a person to put the last error right.",
     "等待人工处理上次的错误。"},
    {"waits_stopped", "Syncing is switched off.", "同步已停止。"},

    // What a status line says
    {"status_pending", "{0} changes wait to be sent, the oldest for {1}.",
     "{0} 项修改等待发送,最早的已等待 {1}。"},
    {"status_all_sent", "All changes are with head office.", "所有修改都已送达总部。"},
    {"status_held", "{0} changes wait at head office for changes of other devices.",
     "{0} 项修改在总部等待其他设备的修改。"},
    {"status_not_accepted", "{0} changes were not accepted: look at them.",
     "{0} 项修改未被接受,请查看。"},
    {"status_conflicts", "{0} conflicts wait for a decision.", "{0} 处冲突等待处理。"},
    {"status_never_synced", "Never synced.", "从未同步。"},
    {"status_last_success", "Last synced {0} ago.", "上次同步:{0}前。"},
    {"status_next_try", "Next try in {0}.", "{0}后重试。"},
    {"status_loading", "The first data is still coming.", "首次数据仍在下载。"},
    {"status_progress", "{0} rounds, {1} rows, {2} bytes received, {3} bytes sent.",
     "{0} 轮,{1} 行,已接收 {2} 字节,已发送 {3} 字节。"},

    // Why a change was not accepted (Reason), and where one stands (ChangesetState)
    {"reason_none", "No reason was given.", "未说明原因。"},
    {"reason_malformed", "It could not be read.", "无法读取。"},
    {"reason_schema_unknown", "Head office does not know this kind of data.",
     "总部没有此类数据的定义。"},
    {"reason_invalid_value", "A value is of the wrong kind or too large.", "值的类型不对或过大。"},
    {"reason_not_allowed", "You may not change this record (any more).",
     "您无权(或不再有权)修改此记录。"},
    {"reason_depends_on", "The record itself was not accepted.", "记录本身未被接受。"},
    {"reason_pruned", "The record was deleted long ago.", "该记录早已删除。"},
    {"reason_revoked", "The device was shut out.", "该设备已被停用。"},
    {"reason_false_claim", "It builds on changes that do not exist.", "所依据的修改不存在。"},
    {"reason_dependency_lost", "What it builds on was lost.", "所依据的修改已丢失。"},
    {"state_pending", "not sent yet", "未发送"},
    {"state_accepted", "accepted", "已接受"},
    {"state_settled", "done", "已完成"},
    {"state_held", "waits at head office", "在总部等待"},
    {"state_quarantined", "not accepted", "未接受"},
    {"state_alias", "known already", "已存在"},
    {"state_superseded", "sent again", "已重新发送"},

    // What a code means, for errors that have no row of their own
    {"code_ok", "ok", "成功"},
    {"code_invalid_argument", "The input is not right.", "输入有误。"},
    {"code_not_found", "It is not here.", "不存在。"},
    {"code_busy", "Another program holds the file just now.", "文件正被另一个程序占用。"},
    {"code_disk_full", "The disk is full. Nothing is lost; free some space.",
     "磁盘已满。没有数据丢失,请清理空间。"},
    {"code_read_only", "The file cannot be written.", "文件不可写。"},
    {"code_corrupt", "The data is damaged.", "数据已损坏。"},
    {"code_not_a_database", "This is not a Satchel file.", "这不是 Satchel 文件。"},
    {"code_wrong_key", "The key is wrong.", "密钥错误。"},
    {"code_newer_format", "A newer release wrote this.", "该文件由更新的版本写入。"},
    {"code_offline", "There is no connection.", "没有网络连接。"},
    {"code_time_out", "It took too long.", "超时。"},
    {"code_cancelled", "Stopped on request.", "已按要求停止。"},
    {"code_unauthorized", "Log in again.", "请重新登录。"},
    {"code_forbidden", "This is not allowed.", "没有权限。"},
    {"code_limit", "It is too large.", "超出限制。"},
    {"code_bad_reply", "Something else than a Satchel server answered.",
     "应答的不是 Satchel 服务器。"},
    {"code_upgrade_needed", "A newer release is needed.", "需要安装新版本。"},
    {"code_server_error", "The server could not answer.", "服务器暂时无法应答。"},
    {"code_io", "Reading or writing the file failed.", "文件读写失败。"},
    {"code_internal", "An error of the program itself.", "程序内部错误。"},

    // How long
    {"duration_none", "a moment", "片刻"},
    {"duration_second", "{0} second", "{0} 秒"},
    {"duration_seconds", "{0} seconds", "{0} 秒"},
    {"duration_minute", "{0} minute", "{0} 分钟"},
    {"duration_minutes", "{0} minutes", "{0} 分钟"},
    {"duration_hour", "{0} hour", "{0} 小时"},
    {"duration_hours", "{0} hours", "{0} 小时"},
    {"duration_day", "{0} day", "{0} 天"},
    {"duration_days", "{0} days", "{0} 天"},
});

}  // namespace

std::span<const Message> message_table() {
    return kTable;
}

}  // namespace satchel::client
