// Desk: the window's engine side. It owns the replica and a read connection, carries out intents
// one after the other and makes snapshots. No thread, no window: tests drive it directly.
//
//     Desk desk({.path = "sales.satchel"});
//     desk.open();
//     desk.carry_out(ShowTable{{.collection = "opportunity"}});
//     SnapshotPointer snapshot = desk.snapshot();
//
// Threads: one at a time. Errors: in the snapshots; a file that cannot be opened is one of them.
#pragma once

#include <functional>

#include "client-imgui/intent.hpp"
#include "client-imgui/titles.hpp"
#include "client/curl_transport.hpp"
#include "storage/read_connection.hpp"

namespace satchel::window {

struct DeskOptions {
    std::string path{};
    storage::ReplicaOptions replica{};
    bool syncs = false;  // a log-in is asked for when there is none
    // How to reach the server; empty: CurlTransport.
    std::function<Result<std::unique_ptr<client::Transport>>(const client::CurlOptions&)>
        make_transport{};
};

class Desk {
  public:
    explicit Desk(DeskOptions options);

    // Opens the file; may be called again after an error.
    void open();
    bool is_open() const { return replica_ != nullptr; }

    // SyncNow and StopSync are not the desk's: it passes over them. LogIn asks the server and may
    // take a minute; show_logging_in() before it lets a snapshot say so.
    void carry_out(const Intent& intent);
    void show_logging_in();
    bool wants_login() const { return now_.login.has_value(); }
    // From any thread: a log-in under way ends, and later ones begin no more.
    void stop() { stop_.cancel(); }
    // Looks for changes of other connections. True: there is a new snapshot.
    bool look();
    // Reads everything that is shown again.
    void reload();
    // False: it says nothing new, and no snapshot is needed.
    bool take_sync_status(const client::AgentStatus& status);
    // Whether something was written since the last call: time for a sync.
    bool take_wrote() { return std::exchange(wrote_, false); }

    SnapshotPointer snapshot();

  private:
    struct OpenForm {
        std::uint64_t number = 0;
        std::string collection;
        std::optional<RecordId> id;
    };

    void carry(const ShowTable& intent);
    void carry(const OpenRecord& intent);
    void carry(const NewRecord& intent);
    void carry(const CloseRecord& intent);
    void carry(const SaveRecord& intent);
    void carry(const DeleteRecord& intent);
    void carry(const UndeleteRecord& intent);
    void carry(const Resolve& intent);
    void carry(const FindReferences& intent);
    void carry(const ResendRejected& intent);
    void carry(const DismissRejected& intent);
    void carry(const LogIn& intent);
    void carry(const SyncNow&) {}
    void carry(const StopSync&) {}
    void carry(const OpenFileAgain&) { open(); }

    Status try_to_open();
    void conclude(const Status& status);
    void show_form(const std::string& collection, const std::optional<RecordId>& id);
    void read_collections();
    void read_table();
    void read_form();
    void read_inbox();
    void read_login();

    DeskOptions options_;
    std::unique_ptr<storage::Replica> replica_;
    std::optional<storage::ReadConnection> reader_;
    std::optional<OpenForm> form_;
    std::uint64_t forms_ = 0;
    bool wrote_ = false;
    client::CancelToken stop_;
    Snapshot now_;  // the next snapshot as it grows
};

}  // namespace satchel::window
