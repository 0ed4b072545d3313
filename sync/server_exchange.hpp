// One exchange with one device, from its request to the reply: private to the server's side.
// Threads: one at a time. Errors: the store's, and those of handle_sync.
#pragma once

#include <string>
#include <vector>

#include "sync/server_allowance.hpp"
#include "sync/server_judge.hpp"

namespace satchel {

class Exchange {
  public:
    Exchange(const SyncRequest& request, const Caller& caller, ServerStore& store,
             const Services& services, std::int64_t now_ms, const ServerOptions& options)
        : request_(request),
          caller_(caller),
          store_(store),
          services_(services),
          now_ms_(now_ms),
          options_(options),
          allowance_(store, request.replica.id, now_ms),
          held_(store),
          shown_counter_(request.base_counter) {}

    Result<Handled> run();

  private:
    // Each gives false when the reply is complete as it stands.
    // server_session.cpp
    bool agree_on_protocol();
    bool is_verified() const;
    Status check_request() const;
    Result<bool> take_part();
    Status answer_questions();
    Result<Verdict> answer(const VerdictQuestion& question);
    Status finish();
    bool is_silent() const;
    // server_hello.cpp
    Result<bool> greet();
    Result<bool> find_replica();
    bool may_have_lost_its_name();
    Result<bool> check_base();
    Result<bool> fork();
    Result<bool> take_for_issued(std::uint32_t highest);
    Status keep_clear_of(std::uint64_t epoch);
    std::uint64_t last_of_earlier_epochs() const;
    void say_restored();
    // server_upload.cpp
    JudgeContext judging(bool confirms);
    Result<bool> upload();
    Result<bool> repeat(const UploadedChangeset& sent, const Digest& hash);
    Result<bool> take(const UploadedChangeset& sent, const Digest& hash, Judge& judge);
    Result<bool> stop(const Error& reason);
    bool is_spent(const Judge& judge) const;
    Status judge_own_held();
    void tell(const Verdict& verdict);
    // server_pages.cpp
    bool settle_scopes();
    Status send();
    void add_page(class PageBuilder& page);
    Status send_wanted();
    void note_load();
    Status send_news();
    Status send_item(class PageBuilder& page, const WalkItem& item, bool confirms);
    WalkQuery query() const;
    Status check_point();
    // server_load.cpp
    Result<bool> send_load();
    void begin_load(const class LoadOrder& order);
    void enter(const std::pair<std::uint32_t, std::string>& place);
    Result<bool> send_stage(const class LoadOrder& order, const struct LoadStage& stage);
    void add_page(const SnapshotPage& page);
    bool is_full() const;
    Result<SnapshotPointer> load_page(const class LoadOrder& order, const struct LoadStage& stage,
                                      const std::string& scope);
    Result<SnapshotPage> make_page(const class LoadOrder& order, const struct LoadStage& stage,
                                   const SnapshotKey& key, Sequence until);
    // server_repair.cpp
    Status compare();

    const SyncRequest& request_;
    const Caller& caller_;
    ServerStore& store_;
    const Services& services_;
    std::int64_t now_ms_;
    const ServerOptions& options_;
    Handled handled_;
    KnownReplica known_;
    bool known_changed_ = false;
    Allowance allowance_;
    HeldRecords held_;
    // How far this request has shown that both remember the same.
    std::uint64_t shown_counter_ = 0;
    std::vector<std::string> scopes_;   // that the device may hold
    std::vector<std::string> loading_;  // of these
    TouchedRecords touched_;
    bool decided_ = false;       // some changeset got its first verdict in this exchange
    std::size_t max_bytes_ = 0;  // of this reply's pages
    std::size_t max_rows_ = 0;
    std::size_t sent_bytes_ = 0;
    std::size_t sent_rows_ = 0;
};

}  // namespace satchel
