// I-18: the audit log, read as docs/formats.md says it stands there, against the log of changesets
// and against the heads that stood when devices were answered.
#include <array>
#include <map>

#include "storage/audit_log.hpp"
#include "sync/wire.hpp"
#include "tests/simulation/oracle.hpp"

namespace satchel::simulation {
namespace {

constexpr const char* kAudit = "I-18 audit";

storage::Statement rows_of(storage::Database& database, const char* sql) {
    auto rows = database.prepare(sql);
    require(rows, "head office reads", sql);
    return *std::move(rows);
}

bool next(storage::Statement& rows) {
    const auto row = rows.step();
    require(row, "head office reads", "audit");
    return *row;
}

// Kind, seq, effective stamp, rank, late and reason of each changeset, by its number.
using Decision = std::array<std::uint64_t, 6>;
using Decisions = std::map<std::int64_t, Decision>;

Decision read_decision(Reader& in) {
    Decision decision{};
    for (std::uint64_t& part : decision)
        part = in.unsigned_integer();
    static_cast<void>(in.bytes());
    static_cast<void>(in.text());
    return decision;
}

void read_entry(ByteView bytes, Decisions& decisions) {
    Reader in(bytes);
    const auto kind = static_cast<storage::AuditKind>(in.unsigned_integer());
    static_cast<void>(in.integer());
    if (kind == storage::AuditKind::taken) {
        const std::int64_t number = in.integer();
        static_cast<void>(in.replica());
        static_cast<void>(in.unsigned_integer());
        static_cast<void>(in.unsigned_integer());
        static_cast<void>(in.bytes());
        static_cast<void>(in.bytes());
        static_cast<void>(in.integer());
        static_cast<void>(in.record_id());
        if (!decisions.emplace(number, read_decision(in)).second)
            throw Violation{kAudit, "changeset " + std::to_string(number) + " was taken twice"};
    } else if (kind == storage::AuditKind::decided) {
        const auto at = decisions.find(in.integer());
        if (at == decisions.end()) throw Violation{kAudit, "a decision about what never came"};
        at->second = read_decision(in);
    }
    if (!in.ok()) throw Violation{kAudit, "an entry cannot be read"};
}

}  // namespace

void Oracle::check_audit() {
    storage::Database& database = server_.store().database();
    std::map<std::uint64_t, Digest> links;
    Decisions told;
    {
        Digest link = server_.services().hash("satchel audit 1", {});
        auto entries = rows_of(database, "SELECT number, entry, link FROM _audit ORDER BY number");
        for (std::uint64_t count = 1; next(entries); ++count) {
            link = server_.services().hash(view(link), entries.blob(1));
            if (entries.integer(0) != static_cast<std::int64_t>(count) ||
                entries.blob(2) != view(link))
                throw Violation{kAudit, "its chain breaks at entry " + std::to_string(count)};
            links[count] = link;
            read_entry(entries.blob(1), told);
        }
    }
    for (const storage::AuditHead& head : server_.standing_heads())
        if (head.count != 0 && (!links.contains(head.count) || links[head.count] != head.hash))
            throw Violation{kAudit, "a device was answered when entry " +
                                        std::to_string(head.count) + " was another"};
    Decisions found;
    auto log =
        rows_of(database, "SELECT number, kind, seq, effective, rank, late, reason FROM _log");
    while (next(log))
        for (int i = 0; i < 6; ++i)
            found[log.integer(0)][static_cast<std::size_t>(i)] =
                storage::loaded(log.integer(i + 1));
    if (told != found) throw Violation{kAudit, "it does not tell what became of each changeset"};
    // And the check that an operator has.
    require(storage::check_audit(database, server_.anchors()), kAudit, "check_audit");
}

}  // namespace satchel::simulation
