// BundleDesk: head office's part of a sync by file. It finds out who wrote the request bundle, lets
// the engine answer what is in it, round after round up to a checkpoint, and closes the answers in
// a bundle for the device.
//
//     BundleDesk desk(office);
//     SATCHEL_TRY(desk.open(file));
//     SATCHEL_TRY(desk.answer());
//     write(desk.reply_file());
//
// Every round is a transaction of its own with the rights of its moment, as if the device had asked
// over HTTP: what was taken in stays taken in, whatever comes later, and the same bundle once more
// gets the same verdicts.
//
// Threads: one, without the office's lock. Errors of open(): corrupt, limit, newer_format (the
// file), invalid_argument (a reply, or for another head office), not_found (no such device),
// forbidden (its log-in has ended, or it has none with keys). Of answer(): forbidden for a device
// that is shut out, once what it sent is kept; invalid_argument for a file that is older than what
// is here; the store's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "server/office.hpp"
#include "sync/bundle.hpp"
#include "sync/bundle_rounds.hpp"

namespace satchel::server {

// What one request bundle brought, for whoever carries it.
struct BundleSummary {
    std::string login;
    std::size_t changesets = 0;
    std::size_t accepted = 0;
    std::size_t quarantined = 0;
    std::size_t held = 0;
    std::size_t rounds = 0;
    bool complete = false;  // the device will be in step; else it has to ask once more
};

class BundleDesk {
  public:
    explicit BundleDesk(Office& office) : office_(office) {}

    Status open(ByteView file);
    Status answer();
    Bytes reply_file() const;

    const BundleHeader& header() const { return header_; }
    const BundleSummary& summary() const { return summary_; }

  private:
    Result<storage::PublicKeys> check_writer(const Bundle& bundle);
    Result<std::vector<SyncRequest>> read_requests(const Bundle& bundle) const;
    Result<storage::Access> access();
    Status check_is_current(const SyncRequest& request);
    Result<SyncReply> answer_round();
    void count(const SyncReply& reply);

    Office& office_;
    BundleHeader header_;
    Digest digest_{};  // of the request bundle
    std::optional<storage::BundleKeys> keys_;
    storage::PublicKeys device_keys_;
    std::optional<BundleRounds> rounds_;
    std::vector<Bytes> replies_;
    bool revoked_ = false;
    BundleSummary summary_;
};

}  // namespace satchel::server
