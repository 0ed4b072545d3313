// Every limit of the product in one place, each with its reason. The local commit and the server
// check the same numbers, so nothing is ever written that cannot be sent.
// docs/formats.md repeats them and a test holds page and header together.
#pragma once

#include <cstddef>
#include <cstdint>

namespace satchel {

constexpr std::size_t kMaxTextBytes = 1U << 20;       // one cell of text: a long note is 100 KB
constexpr std::size_t kMaxChangesetBytes = 8U << 20;  // one transaction: fits one request
constexpr std::size_t kMaxOperations = 10'000;        // per changeset; bulk jobs split
constexpr std::size_t kMaxChangesetNodes = 500'000;   // what is in it, one by one: 80 MB
constexpr std::size_t kMaxRecordBytes = 16U << 20;    // a record with all that stands side by side
constexpr std::size_t kMaxFields = 256;               // per collection
constexpr std::size_t kMaxCollections = 256;          // per schema
constexpr std::size_t kMaxSiblings = 64;              // per cell; beyond it the write is refused
constexpr std::size_t kMaxSetElements = 1'000;        // per add-wins set of one record
constexpr std::size_t kMaxClockEntries = 1'024;       // replicas that ever wrote one record
constexpr std::size_t kMaxNameBytes = 64;             // names of collections and fields
constexpr std::size_t kMaxSchemaBytes = 1U << 20;     // one schema record
constexpr std::size_t kMaxRequestBytes = 16U << 20;   // inflated body of one sync request
constexpr std::size_t kMaxReplyBytes = 64U << 20;     // inflated body of one sync reply
constexpr std::size_t kMaxInflateRatio = 1'000;       // inflated : sent; text rarely exceeds 20
constexpr std::size_t kPageBytes = 1U << 20;          // a page of record states is cut after this
constexpr std::size_t kUploadBytes = 1U << 20;    // changesets of one request are cut after this
constexpr std::size_t kMaxPageRecords = 20'000;   // and after this many records
constexpr std::size_t kMaxPageColumns = 300'000;  // of its sections: each takes 4 bytes of a page
constexpr std::size_t kMaxScopes = 4'096;         // scopes that one device may hold
constexpr std::size_t kMaxScopeBytes = 66;        // "p:" and a pool's name, which is a name
constexpr std::size_t kMaxScopeDepth = 8;         // parents of parents that scope a record
constexpr std::size_t kMaxVerdicts = 10'000;      // verdicts in one reply
constexpr std::size_t kMaxRepairIds = 10'000;     // ids that one repair round asks for
constexpr std::size_t kRepairBuckets = 256;       // key ranges of one comparison
constexpr std::size_t kMaxPages = 1'024;          // in one reply: 64 MiB of pages of 64 KiB
constexpr std::size_t kMaxChainPoints = 1'024;    // of one fork reply; spaced, so 64 would do

// What one device may leave behind at head office, or make it do, beyond what is accepted.
constexpr std::size_t kMaxRefusedBytes = 64U << 20;  // quarantined or held in a day
constexpr std::size_t kMaxHeldBytes = 32U << 20;     // changesets that wait, in all
constexpr std::size_t kLeastKeptBytes = 1U << 10;    // what the smallest of these counts as
constexpr std::size_t kMaxIncarnations = 100;        // new ones in a day
constexpr std::size_t kMaxRefusalBytes = 500;        // of the sentence that says so
constexpr std::size_t kMaxSearchBytes = 64U << 20;   // of the log, read for one request
constexpr std::size_t kLeastSearchBytes = 4U << 10;  // what one look-up counts as

constexpr std::int64_t kMaxTimeMs = (INT64_C(1) << 48) - 1;  // a stamp has room for: year 10889
constexpr std::int64_t kMaxCounter = INT64_MAX / 2048;  // that one device adds: all of 1,024 fit

constexpr std::int64_t kDayMs = 24LL * 3600 * 1000;
constexpr std::int64_t kSkewMs = 5 * 60 * 1000;                      // clocks this far ahead count
constexpr std::int64_t kLateEditWindowMs = 30LL * 24 * 3600 * 1000;  // edits made before a handover
constexpr std::int64_t kHoldDeadlineMs = 30LL * 24 * 3600 * 1000;    // wait for lost dependencies

}  // namespace satchel
