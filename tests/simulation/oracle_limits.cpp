// I-16: the sizes of all that travels and stays, against sync/limits.hpp and the sizes of the plan.
#include <algorithm>

#include "sync/limits.hpp"
#include "sync/page.hpp"
#include "tests/simulation/oracle.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kLargestRow = 64U << 10U;  // in a page, as large as records get here

void at_most(std::size_t limit, std::size_t found, const std::string& what) {
    if (found <= limit) return;
    throw Violation{"I-16 bounded resources", what + ": " + std::to_string(found) + ", and not " +
                                                  std::to_string(limit) + " at most"};
}

}  // namespace

void Oracle::check_request(const Plan& plan, const SyncRequest& request, ByteView bytes) {
    at_most(kMaxRequestBytes, bytes.size(), "bytes of a request");
    std::size_t sum = 0;
    for (const UploadedChangeset& changeset : request.changesets) {
        at_most(kMaxChangesetBytes, changeset.bytes.size(), "bytes of a changeset");
        sum += changeset.bytes.size();
    }
    if (request.changesets.size() > 1)
        at_most(plan.upload_bytes, sum, "bytes of the changesets in a request");
    at_most(kMaxVerdicts, request.changesets.size() + request.questions.size(),
            "changesets and questions of a request");
    at_most(kMaxRepairIds, request.wanted.size(), "records that a request wants");
    at_most(kMaxScopes, request.scopes.size(), "scopes in a request");
    at_most(kRepairBuckets, request.repair.size(), "key ranges of a comparison");
}

void Oracle::check_sizes(const Plan& plan, const SyncReply& reply, ByteView bytes) {
    at_most(kMaxReplyBytes, bytes.size(), "bytes of a reply");
    at_most(kMaxVerdicts, reply.verdicts.size(), "verdicts in a reply");
    at_most(kMaxPages, reply.pages.size(), "pages in a reply");
    at_most(kMaxRepairIds, reply.repair_items.size(), "records of a comparison");
    at_most(kMaxChainPoints, reply.chain.size(), "points of a chain");
    at_most(kMaxScopes, reply.gained.size() + reply.lost.size(), "scopes in a reply");
    at_most(kMaxRefusalBytes, reply.refusal.size(), "bytes of a refusal");
    for (const Bytes& page : reply.pages) {
        at_most(plan.page_bytes + kLargestRow, page.size(), "bytes of a page");
        const auto reader = PageReader::open(page);
        require(reader, "I-3 no invention", "a page of head office cannot be read");
        at_most(plan.max_rows, reader->rows(), "rows of a page");
    }
}

void Oracle::check_state_sizes(const RecordState& state, const std::string& who) {
    at_most(kMaxClockEntries, state.clock.entries().size(), who + ", devices in its clock");
    for (const CellState& cell : state.cells)
        at_most(kMaxSiblings, cell.siblings.size(), who + ", values side by side");
    for (const SetState& set : state.sets)
        at_most(kMaxSetElements, set.elements.size(), who + ", elements of a set");
}

void Oracle::check_head_office_sizes() {
    for (const ServerRow& row : server_.rows())
        check_state_sizes(row.record.state, "record " + row.id.text());
    storage::SqliteServerStore& store = server_.store();
    require(store.begin_read(), "head office reads", "begin");
    for (const ReplicaId replica : history_.replicas()) {
        const auto held = store.held_bytes(replica.id);
        require(held, "head office reads", "held bytes");
        at_most(kMaxHeldBytes, *held, "bytes held of " + replica.text());
        const auto day = store.device_day(replica.id);
        require(day, "head office reads", "device days");
        at_most(kMaxRefusedBytes, day->refused_bytes, "bytes refused of " + replica.text());
        at_most(kMaxIncarnations, day->incarnations, "incarnations of " + replica.text());
    }
    require(store.commit(), "head office reads", "commit");
}

// What a backup of head office has need not stay on the device: of it at most the last entry does,
// which the chain goes on from. Behind an entry that is still open nothing is taken away.
void Oracle::check_journal_size(DeviceNode& device) {
    const auto state = device.replica().sync_state();
    require(state, "device reads", device.name());
    const auto pruned_to = server_.store().horizon_counter(state->replica);
    require(pruned_to, "head office reads", device.name());
    const std::uint64_t horizon = *pruned_to;
    const auto journal = device.replica().journal(100'000);
    require(journal, "device reads", "journal");
    std::int64_t first_open = INT64_MAX;
    for (const storage::JournalEntry& entry : *journal)
        if (entry.state == storage::ChangesetState::pending ||
            entry.state == storage::ChangesetState::accepted ||
            entry.state == storage::ChangesetState::held)
            first_open = std::min(first_open, entry.number);
    const auto kept =
        std::count_if(journal->begin(), journal->end(), [&](const storage::JournalEntry& entry) {
            return entry.replica == state->replica && entry.last_counter < horizon &&
                   entry.number < first_open && entry.state == storage::ChangesetState::settled;
        });
    at_most(1, static_cast<std::size_t>(kept), device.name() + ", entries older than a backup");
}

}  // namespace satchel::simulation
