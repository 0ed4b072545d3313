// Relay: the network between the devices and head office: one port of this machine per device,
// whose connections it passes on to the server, or mistreats.
//
// Threads: all methods from any thread; one thread of its own moves the bytes. Errors: a port that
// cannot be had ends the program.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace satchel::soak {

enum class LineMode : std::uint8_t {
    pass,
    stall,      // connections stay, nothing moves
    dribble,    // some bytes at a time
    half_open,  // what the device sends disappears; head office's side is closed
    refuse,     // every connection is closed at once
    portal,     // something else answers: a page of HTML, status 200
};

struct LineFigures {
    std::uint64_t connections = 0;
    std::uint64_t up_bytes = 0;
    std::uint64_t down_bytes = 0;
    std::uint64_t cut_in_answer = 0;  // connections that ended where cut_after() said
};

class Relay {
  public:
    Relay();
    Relay(const Relay&) = delete;
    Relay& operator=(const Relay&) = delete;
    ~Relay();

    // A new line; its number. Before serve().
    std::size_t add_line();
    int port(std::size_t line) const;
    // Where head office listens.
    void serve(int server_port);

    void set(std::size_t line, LineMode mode);
    void cut(std::size_t line);  // all its connections, by a reset
    // The connection on which the next bytes from head office come ends after so many of them.
    void cut_after(std::size_t line, std::uint64_t bytes);
    LineFigures figures(std::size_t line) const;

  private:
    struct Pair;
    struct Line;

    void run();
    void accept(Line& line);
    void move(Line& line, Pair& pair);
    void answer_as_portal(Pair& pair);

    std::vector<std::unique_ptr<Line>> lines_;
    mutable std::mutex mutex_;
    std::atomic<int> server_port_{0};
    std::atomic<bool> ends_{false};
    std::thread thread_;
};

}  // namespace satchel::soak
