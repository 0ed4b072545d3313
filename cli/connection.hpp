// Connection: the way from a command to the server, and Ctrl-C on that way.
//
// Threads: one. Interrupt has a thread of its own.
#pragma once

#include <memory>
#include <thread>

#include "client/account.hpp"
#include "client/cancel.hpp"
#include "client/curl_transport.hpp"
#include "storage/replica.hpp"
#include "sync/protocol.hpp"

namespace satchel::cli {

// While it lives, SIGINT and SIGTERM cancel instead of ending the process, so that a sync stops
// between two of its durable steps.
class Interrupt {
  public:
    Interrupt();
    Interrupt(const Interrupt&) = delete;
    Interrupt& operator=(const Interrupt&) = delete;
    ~Interrupt();

    client::CancelToken& token() { return token_; }
    // Returns when a signal has come.
    void wait();

  private:
    client::CancelToken token_;
    std::thread thread_;
};

Result<std::unique_ptr<client::CurlTransport>> connect(storage::Replica& replica);

// Asks the server where it stands for this device: nothing is sent but questions, and nothing of
// the answer is taken in. `wanted`: records that it should show. Fails with unauthorized when not
// logged in, with what the network says, and with busy when a sync has to come first.
Result<SyncReply> probe(storage::Replica& replica, client::Transport& transport,
                        client::CancelToken& cancel, const std::vector<RecordId>& wanted = {});

}  // namespace satchel::cli
