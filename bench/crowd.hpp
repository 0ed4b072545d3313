// Devices that wait for news: real sockets and real sync requests, without a replica file each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/head_office.hpp"
#include "sync/protocol.hpp"

namespace satchel::bench {

// Who waits: an account of its own for every device, registered in the workspace's file, because
// thousands of log-ins would measure the hashing of passwords.
struct CrowdMember {
    ReplicaId replica;
    std::string token;
    std::vector<std::string> scopes;  // ascending
};

struct Crowd {
    std::vector<CrowdMember> members;
    std::uint64_t epoch = 0;  // of the workspace
    Sequence head{};          // what everybody has
};
// The office must be stopped.
Crowd register_crowd(const HeadOffice& office, std::size_t count);

// Connects everybody, each with one waiting request, in step with the workspace. Threads: one.
class WaitingRoom {
  public:
    WaitingRoom(const HeadOffice& office, const Crowd& crowd);
    ~WaitingRoom();
    WaitingRoom(const WaitingRoom&) = delete;
    WaitingRoom& operator=(const WaitingRoom&) = delete;

    // Waits for answers; gives the milliseconds from `since` (steady clock) to each complete answer
    // that came within `patience_ms`, ascending. Ends the program at an answer without a record.
    std::vector<double> answers(double since_ms, double patience_ms);

  private:
    struct Seat;
    void sit_down(Seat& seat, std::size_t index, int port);
    static void send(const Seat& seat, const std::string& request);
    bool read_more(Seat& seat);

    std::vector<std::unique_ptr<Seat>> seats_;
    int poll_ = -1;
};

double steady_ms();

}  // namespace satchel::bench
