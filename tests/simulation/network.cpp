#include "tests/simulation/network.hpp"

namespace satchel::simulation {
namespace {

constexpr std::size_t kRemembered = 300;  // many sessions of small messages

}  // namespace

void Network::put(std::int64_t at, Packet packet) {
    under_way_.emplace(std::pair(at, sent_++), std::move(packet));
}

std::int64_t Network::delay() {
    if (perfect_) return 1;
    if (random_.chance(plan_.late)) return random_.between(10'000, 200'000);
    return random_.between(10, 800);
}

void Network::send(std::int64_t now_ms, Packet packet) {
    if (perfect_) {
        put(now_ms + 1, std::move(packet));
        return;
    }
    past_.push_back(packet);
    if (past_.size() > kRemembered) past_.pop_front();
    if (random_.chance(plan_.old)) {
        probes_.hit(Probe::old_message);
        put(now_ms + random_.between(1, 2'000), past_[random_.below(past_.size())]);
    }
    if (random_.chance(plan_.loss)) {
        probes_.hit(Probe::message_lost);
        return;
    }
    if (is_stuck(now_ms, packet)) return;
    if (random_.chance(plan_.cut)) {
        probes_.hit(Probe::cut_message);
        packet.bytes.resize(random_.below(packet.bytes.size()));
    }
    if (random_.chance(plan_.portal) && packet.direction == Direction::down)
        packet.bytes = "<html><title>Please log in to this network</title></html>";
    if (random_.chance(plan_.twice)) {
        probes_.hit(Probe::message_twice);
        put(now_ms + delay(), packet);
    }
    put(now_ms + delay(), std::move(packet));
}

void Network::clog(std::size_t device, Direction direction, std::int64_t until_ms, bool loses) {
    clogs_[{device, direction}] = {until_ms, loses};
}

bool Network::is_stuck(std::int64_t now_ms, Packet& packet) {
    const auto clog = clogs_.find({packet.device, packet.direction});
    if (clog == clogs_.end() || clog->second.until_ms <= now_ms) return false;
    if (clog->second.loses) {
        probes_.hit(Probe::half_open);
    } else {
        probes_.hit(Probe::clogged);
        put(clog->second.until_ms + delay(), std::move(packet));
    }
    return true;
}

bool Network::next(std::int64_t now_ms, Packet& out) {
    if (under_way_.empty() || under_way_.begin()->first.first > now_ms) return false;
    out = std::move(under_way_.begin()->second);
    under_way_.erase(under_way_.begin());
    return true;
}

std::int64_t Network::next_arrival() const {
    return under_way_.empty() ? -1 : under_way_.begin()->first.first;
}

void Network::become_perfect() {
    perfect_ = true;
    under_way_.clear();
    past_.clear();
    clogs_.clear();
}

}  // namespace satchel::simulation
