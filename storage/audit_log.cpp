#include "storage/audit_log.hpp"

#include "storage/server_log.hpp"
#include "storage/services.hpp"

namespace satchel::storage {
namespace {

void write_head(Writer& out, AuditKind kind, std::int64_t at_ms) {
    out.unsigned_integer(static_cast<std::uint64_t>(kind));
    out.integer(at_ms);
}

void write_verdict(Writer& out, const Verdict& verdict) {
    out.unsigned_integer(static_cast<std::uint64_t>(verdict.kind));
    out.unsigned_integer(number(verdict.seq));
    out.unsigned_integer(verdict.effective.packed);
    out.unsigned_integer(verdict.rank);
    out.unsigned_integer(verdict.late ? 1 : 0);
    out.unsigned_integer(static_cast<std::uint64_t>(verdict.reason));
    out.bytes(verdict.detail);
    out.text(original_text(verdict));
}

}  // namespace

AuditHead AuditLog::start() {
    return {0, blake2b("satchel audit 1", {})};
}

const char* AuditLog::tables_sql() {
    return "CREATE TABLE IF NOT EXISTS _audit (number INTEGER PRIMARY KEY, entry BLOB NOT NULL,"
           " link BLOB NOT NULL);";
}

Status AuditLog::load() {
    SATCHEL_ASSIGN(Statement * last, database_.cached("SELECT number, link FROM _audit"
                                                      " ORDER BY number DESC LIMIT 1"));
    SATCHEL_ASSIGN(const bool row, last->step());
    AuditHead head = start();
    if (row) head.count = loaded(last->integer(0));
    const Result<Digest> link = row ? digest_from_bytes(last->blob(1)) : head.hash;
    last->reset();
    if (!link) return link.error();
    head.hash = *link;
    head_ = head;
    return {};
}

Status AuditLog::append(const Writer& entry) {
    const AuditHead next{head_.count + 1, chain_link(&blake2b, head_.hash, entry.out())};
    SATCHEL_ASSIGN(Statement * insert, database_.cached("INSERT INTO _audit VALUES (?1, ?2, ?3)"));
    insert->bind(1, stored(next.count));
    insert->bind_blob(2, entry.out());
    insert->bind_blob(3, view(next.hash));
    SATCHEL_TRY(insert->run());
    head_ = next;
    return {};
}

Status AuditLog::taken(std::int64_t number, const LoggedChangeset& entry) {
    Writer out;
    write_head(out, AuditKind::taken, entry.receipt);
    out.integer(number);
    out.replica(entry.replica);
    out.unsigned_integer(entry.first_counter);
    out.unsigned_integer(entry.last_counter);
    out.bytes(entry.id.view());
    out.bytes(view(entry.hash));
    out.integer(entry.device_now);
    out.record_id(entry.author);
    write_verdict(out, entry.verdict);
    return append(out);
}

Status AuditLog::decided(std::int64_t number, const Verdict& verdict, std::int64_t now_ms) {
    Writer out;
    write_head(out, AuditKind::decided, now_ms);
    out.integer(number);
    write_verdict(out, verdict);
    return append(out);
}

Status AuditLog::adopted(std::int64_t number, const RecordId& by, std::int64_t now_ms) {
    Writer out;
    write_head(out, AuditKind::adopted, now_ms);
    out.integer(number);
    out.record_id(by);
    return append(out);
}

Status AuditLog::lost(const Dot& dot, std::string_view by, std::int64_t now_ms) {
    Writer out;
    write_head(out, AuditKind::lost, now_ms);
    out.dot(dot);
    out.text(by);
    return append(out);
}

Status AuditLog::restored(std::uint64_t epoch, Sequence head, std::int64_t now_ms) {
    Writer out;
    write_head(out, AuditKind::restored, now_ms);
    out.unsigned_integer(epoch);
    out.unsigned_integer(number(head));
    return append(out);
}

}  // namespace satchel::storage
