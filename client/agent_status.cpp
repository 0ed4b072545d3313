#include "client/agent_status.hpp"

#include <algorithm>

namespace satchel::client {
namespace {

using Lines = std::vector<std::string>;

void add_pending(Lines& lines, const storage::ReplicaStatus& replica, Language language,
                 std::int64_t now_ms) {
    if (replica.pending == 0 && replica.last_success_at == 0) return;  // nothing ever went there
    if (replica.pending == 0) {
        lines.push_back(tr("status_all_sent", language));
        return;
    }
    const auto age = std::max<std::int64_t>(0, now_ms - replica.oldest_pending_at);
    lines.push_back(tr("status_pending", language,
                       {std::to_string(replica.pending), duration_words(age, language)}));
}

void add_counts(Lines& lines, const storage::ReplicaStatus& replica, Language language) {
    const auto add = [&](const char* key, std::size_t count) {
        if (count > 0) lines.push_back(tr(key, language, {std::to_string(count)}));
    };
    add("status_not_accepted", replica.not_accepted);
    add("status_conflicts", replica.conflicts);
    add("status_held", replica.held);
    if (replica.loading) lines.push_back(tr("status_loading", language));
}

void add_last_success(Lines& lines, const storage::ReplicaStatus& replica, Language language,
                      std::int64_t now_ms) {
    if (replica.last_success_at == 0) {
        lines.push_back(tr("status_never_synced", language));
        return;
    }
    const auto ago = std::max<std::int64_t>(0, now_ms - replica.last_success_at);
    lines.push_back(tr("status_last_success", language, {duration_words(ago, language)}));
}

}  // namespace

std::vector<std::string> AgentStatus::lines(Language language, std::int64_t now_ms) const {
    Lines lines;
    if (last_error) lines.push_back(words(*last_error, language));
    lines.push_back(waits_for.text(language));
    if (next_try_at > now_ms && !running)
        lines.push_back(
            tr("status_next_try", language, {duration_words(next_try_at - now_ms, language)}));
    if (running && !progress.waiting)
        lines.push_back(
            tr("status_progress", language,
               {std::to_string(progress.rounds), std::to_string(progress.rows),
                std::to_string(progress.received_bytes), std::to_string(progress.sent_bytes)}));
    if (!open) return lines;
    add_pending(lines, replica, language, now_ms);
    add_counts(lines, replica, language);
    add_last_success(lines, replica, language, now_ms);
    return lines;
}

Words words_of(Trigger trigger) {
    switch (trigger) {
        case Trigger::nothing:
            return {"waits_nothing", {}};
        case Trigger::asked:
            return {"waits_now", {}};
        case Trigger::write:
            return {"waits_write", {}};
        case Trigger::network:
            return {"waits_network", {}};
        case Trigger::periodic:
            return {"waits_periodic", {}};
        case Trigger::back_off:
            return {"waits_back_off", {}};
        case Trigger::server_hint:
            return {"waits_server_hint", {}};
        case Trigger::live:
            return {"waits_live", {}};
        case Trigger::login:
            return {"waits_login", {}};
        case Trigger::person:
            return {"waits_person", {}};
    }
    return {"waits_nothing", {}};
}

}  // namespace satchel::client
