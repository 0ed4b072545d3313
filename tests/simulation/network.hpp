// Network: one link between each device and the server, with everything a bad line does to
// messages: they get lost, come twice, late, cut, or once more after a long time; one direction of
// a link is clogged for a while, or swallows everything.
//
// It only decides; the world delivers. Times are milliseconds of the true clock.
// Threads: one.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "sync/ids.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/prng.hpp"
#include "tests/simulation/probes.hpp"

namespace satchel::simulation {

enum class Direction { up, down };

struct Packet {
    std::size_t device = 0;
    Direction direction = Direction::up;
    Bytes bytes;
};

class Network {
  public:
    Network(const Plan& plan, Prng random, Probes& probes)
        : plan_(plan), random_(random), probes_(probes) {}

    void send(std::int64_t now_ms, Packet packet);
    // The next packet that is due, in order of arrival.
    bool next(std::int64_t now_ms, Packet& out);
    // When the next one arrives; -1: nothing is under way.
    std::int64_t next_arrival() const;
    // Until then what goes that way waits, or is lost: the other side hears, and is not heard.
    void clog(std::size_t device, Direction direction, std::int64_t until_ms, bool loses);
    // The receiver sleeps: it comes later.
    void put_off(std::int64_t at_ms, Packet packet) { put(at_ms, std::move(packet)); }
    // From now on everything arrives, once, whole and at once; what is under way is gone.
    void become_perfect();
    void draw_from(Prng random) { random_ = random; }
    std::uint64_t sent() const { return sent_; }

  private:
    struct Clog {
        std::int64_t until_ms = 0;
        bool loses = false;
    };

    void put(std::int64_t at, Packet packet);
    // True: it waits, or is gone.
    bool is_stuck(std::int64_t now_ms, Packet& packet);
    std::int64_t delay();

    const Plan& plan_;
    Prng random_;
    Probes& probes_;
    bool perfect_ = false;
    std::uint64_t sent_ = 0;
    std::map<std::pair<std::int64_t, std::uint64_t>, Packet> under_way_;
    std::deque<Packet> past_;  // of all links, sessions ago
    std::map<std::pair<std::size_t, Direction>, Clog> clogs_;
};

}  // namespace satchel::simulation
