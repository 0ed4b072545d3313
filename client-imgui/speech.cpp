#include "client-imgui/speech.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "sales/starter_schema.hpp"

namespace satchel::window {
namespace {

using client::Language;
using client::Message;

constexpr auto kRows = std::to_array<Message>({
    // Frame of the window
    {"records", "RECORDS", "数据"},
    {"inbox", "TO DO", "待处理"},
    {"page_conflicts", "Conflicts", "冲突"},
    {"page_rejected", "Not accepted", "未被接受"},
    {"page_sync", "Sync", "同步"},
    {"opening", "Opening the file …", "正在打开文件……"},
    {"close_message", "OK", "知道了"},
    {"font_missing",
     "No font with Chinese characters was found. Install the package fonts-wqy-microhei (or "
     "fonts-noto-cjk) and start again.",
     "No Chinese font: install fonts-wqy-microhei"},
    {"bar_in_step", "All changes are with head office", "所有修改都已送达总部"},
    {"bar_pending", "{0} to send", "{0} 项待发送"},
    {"bar_conflicts", "{0} conflicts", "{0} 处冲突"},
    {"bar_rejected", "{0} not accepted", "{0} 项未被接受"},

    // A file that cannot be opened
    {"file_error", "The file cannot be opened", "无法打开文件"},
    {"try_again", "Try again", "重试"},
    {"hint_busy", "Close the other program that works on it, then try again.",
     "请关闭正在使用该文件的程序,然后重试。"},
    {"hint_wrong_key", "Start again with --key-file and the key of this file.",
     "请用 --key-file 指定正确的密钥文件重新启动。"},
    {"hint_newer_format", "Install the newer release. The file was left as it is.",
     "请安装新版本。文件未被改动。"},
    {"hint_not_a_database", "Choose another file. This one was left as it is.",
     "请选择其他文件。该文件未被改动。"},
    {"hint_not_found", "Check the path. `satchel init FILE` makes a new file.",
     "请检查路径。可用 `satchel init FILE` 新建文件。"},
    {"hint_read_only", "Make the file and its folder writable, then try again.",
     "请使文件及其所在文件夹可写,然后重试。"},

    // Log-in
    {"log_in_title", "Log in to head office", "登录总部"},
    {"log_in_intro",
     "Once for this file; it then belongs to this person. Work goes on without a connection.",
     "每个文件只需登录一次,之后归该用户使用。没有网络时也可继续工作。"},
    {"log_in_url", "Address of the server", "服务器地址"},
    {"log_in_url_hint", "https://sync.example.com", "https://sync.example.com"},
    {"log_in_name", "Login name", "登录名"},
    {"log_in_password", "Password", "密码"},
    {"log_in", "Log in", "登录"},
    {"log_in_running", "Asking the server …", "正在连接服务器……"},
    {"log_in_later", "Later", "以后再说"},
    {"log_in_page", "Log in …", "登录……"},

    // Tables
    {"filter", "Filter …", "筛选……"},
    {"new_record", "+ New", "+ 新建"},
    {"show_deleted", "Deleted", "已删除"},
    {"rows", "{0} rows", "{0} 行"},
    {"rows_of", "first {0} of {1} rows: filter to see the others", "前 {0} 行,共 {1} 行:请筛选"},
    {"no_collections", "Nothing is here yet", "暂无数据"},
    {"no_collections_hint",
     "This file has not met its head office. Log in, then its data comes by itself.",
     "此文件尚未与总部同步。登录后会自动下载数据。"},
    {"no_rows", "No records yet", "暂无记录"},
    {"no_rows_hint", "Make the first one with “New”, or sync to receive some.",
     "点击“新建”添加,或通过同步接收。"},
    {"no_match", "Nothing matches “{0}”", "没有匹配“{0}”的记录"},
    {"clear_filter", "Clear filter", "清除筛选"},
    {"no_deleted", "No deleted records", "没有已删除的记录"},
    {"table_error", "The table cannot be read", "无法读取表格"},
    {"choose_collection", "Choose a collection on the left", "请在左侧选择"},

    // Forms
    {"new_of", "New: {0}", "新建:{0}"},
    {"untitled", "(no name)", "(无名称)"},
    {"save", "Save", "保存"},
    {"revert", "Revert", "撤销修改"},
    {"delete", "Delete", "删除"},
    {"delete_sure", "Really delete?", "确认删除?"},
    {"undelete", "Undelete", "恢复"},
    {"badge_dead", "deleted", "已删除"},
    {"badge_pending", "not with head office yet", "尚未送达总部"},
    {"badge_revived", "deleted by one person and edited by another: it lives on",
     "有人删除、有人修改:记录保留"},
    {"badge_read_only", "Entries of this kind are made and deleted, never edited.",
     "此类记录只能新建和删除,不能修改。"},
    {"stale_form",
     "This record has changed meanwhile. Saving keeps both values; Revert shows the new one.",
     "记录已被更新。保存会保留双方的值;“撤销修改”显示最新内容。"},
    {"unsaved", "There are unsaved changes.", "有未保存的修改。"},
    {"discard", "Discard", "放弃"},
    {"stay", "Stay", "留下"},
    {"saved", "Saved", "已保存"},
    {"from_rejected", "This is your input that was not accepted. Change it and save.",
     "这是未被接受的内容,请修改后保存。"},
    {"form_error", "The record cannot be shown", "无法显示记录"},
    {"nothing", "(empty)", "(空)"},
    {"pick", "Choose …", "请选择……"},
    {"pick_none", "None", "清空"},
    {"pick_no_match", "Nothing found", "未找到"},
    {"add_element", "Add …", "添加……"},
    {"date_hint", "2026-11-22", "2026-11-22"},
    {"time_hint", "2026-11-22 10:00", "2026-11-22 10:00"},

    // Conflicts
    {"no_conflicts", "No conflicts", "没有冲突"},
    {"no_conflicts_hint",
     "When two people write different things, both stand here until one "
     "decides.",
     "两个人写了不同内容时,双方的值都会列在这里,等待处理。"},
    {"conflicts_error", "The conflicts cannot be read", "无法读取冲突"},
    {"conflict_intro", "{0} values stand side by side. Nothing is lost; choose the right one.",
     "有 {0} 个值并存,均未丢失。请选择正确的一个。"},
    {"use_this", "Use this", "采用此值"},
    {"open_record", "Open record", "打开记录"},
    {"this_device", "This device", "本机"},
    {"shown_now", "Shown now", "当前显示"},
    {"late_edit", "made before a handover", "移交前的修改"},
    {"more_items", "… and {0} more", "……还有 {0} 项"},
    {"why_last_writer", "because it was written last", "因为写入时间最晚"},
    {"why_first_writer", "because it was written first", "因为写入时间最早"},
    {"why_max", "because it is the largest value", "因为值最大"},
    {"why_min", "because it is the smallest value", "因为值最小"},
    {"why_furthest", "because it is the furthest on", "因为进展最靠后"},
    {"why_rank", "because its author has the highest role", "因为作者级别最高"},
    {"why_union_lines", "The lines of all are shown together.", "各方的行合并显示。"},
    {"why_manual", "because it was written last; a person has to decide",
     "因为写入时间最晚;需要人工决定"},

    // Not accepted
    {"no_rejected", "Everything was accepted", "全部已被接受"},
    {"no_rejected_hint",
     "What head office does not accept stays here with its reason, and never "
     "gets lost.",
     "总部未接受的修改会连同原因保留在这里,不会丢失。"},
    {"rejected_error", "The list cannot be read", "无法读取列表"},
    {"edit", "Edit", "修改"},
    {"resend", "Send again", "重新发送"},
    {"dismiss", "Dismiss", "不再处理"},
    {"op_create", "New {0}", "新建{0}"},
    {"op_write", "Change of {0}", "修改{0}"},
    {"op_remove", "Deletion of {0}", "删除{0}"},
    {"op_undelete", "Undeletion of {0}", "恢复{0}"},

    // Sync
    {"sync_now", "Sync now", "立即同步"},
    {"stop_sync", "Stop", "停止"},
    {"sync_state", "State", "状态"},
    {"sync_user", "Person", "用户"},
    {"sync_nobody", "nobody is logged in", "尚未登录"},
    {"sync_pending", "To send", "待发送"},
    {"sync_pending_age", "{0}, the oldest for {1}", "{0} 项,最早的已等待 {1}"},
    {"sync_none", "nothing", "无"},
    {"sync_held", "Held at head office", "在总部等待"},
    {"sync_rejected", "Not accepted", "未被接受"},
    {"sync_conflicts", "Conflicts", "冲突"},
    {"sync_parked", "Could not be applied", "无法应用"},
    {"sync_last", "Last success", "上次成功"},
    {"sync_never", "never", "从未"},
    {"sync_ago", "{0} ago ({1})", "{0}前({1})"},
    {"sync_next", "Next try", "下次尝试"},
    {"sync_in", "in {0} ({1})", "{0}后({1})"},
    {"sync_not_planned", "not planned", "未计划"},
    {"sync_error", "Last error", "上次错误"},
    {"sync_no_error", "none", "无"},
    {"sync_progress", "Progress", "进度"},
    {"sync_error_page", "The state cannot be read", "无法读取状态"},
    {"sync_wants_login", "Log in first: then this window syncs.", "请先登录,之后本窗口即可同步。"},
    {"sync_off", "Syncing is switched off in this window.", "此窗口未启用同步。"},

    // Codes of choices that the schema does not label
    {"choice_open", "Open", "待办"},
    {"choice_done", "Done", "完成"},
    {"choice_cancelled", "Cancelled", "取消"},
});

using Index = std::unordered_map<std::string_view, const Message*>;

const Index& index() {
    static const Index rows = [] {
        Index made;
        for (const Message& row : kRows)
            made.emplace(row.key, &row);
        return made;
    }();
    return rows;
}

void replace(std::string& text, const std::string& what, const std::string& by) {
    const std::size_t at = text.find(what);
    if (at != std::string::npos) text.replace(at, what.size(), by);
}

}  // namespace

std::span<const Message> window_messages() {
    return kRows;
}

const char* Speech::operator()(const char* key) const {
    const auto row = index().find(key);
    if (row == index().end()) return key;
    const Message& message = *row->second;  // its texts are literals, so they end in NUL
    return (language_ == Language::chinese ? message.chinese : message.english).data();
}

std::string Speech::with(std::string_view key, std::initializer_list<std::string> arguments) const {
    if (!index().contains(key)) return client::Words{std::string(key), arguments}.text(language_);
    std::string text = (*this)(std::string(key).c_str());
    int number = 0;
    for (const std::string& argument : arguments)
        replace(text, "{" + std::to_string(number++) + "}", argument);
    return text;
}

std::string choice_label(const std::string& code, Language language) {
    for (const sales::Stage& stage : sales::starter_stages())
        if (stage.code == code)
            return std::string(language == Language::chinese ? stage.label_zh : stage.label_en);
    const std::string key = "choice_" + code;
    return index().contains(key) ? Speech(language)(key.c_str()) : code;
}

}  // namespace satchel::window
