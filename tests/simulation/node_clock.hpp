// NodeClock: what one machine believes the time is: the true time with an offset and a drift, or
// standing still. It may be set while somebody is asking.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sync/ids.hpp"

namespace satchel::simulation {

class NodeClock final : public WallClock {
  public:
    explicit NodeClock(const std::int64_t& true_now) : true_now_(true_now), since_(true_now) {}

    std::int64_t now_ms() override {
        if (jumps_after_ > 0 && --jumps_after_ == 0) jump(later_jump_);
        const std::int64_t running =
            true_now_ + offset_ + (true_now_ - since_) * drift_ppm_ / 1'000'000;
        const std::int64_t now = frozen_ ? frozen_at_ : running;
        latest_ = std::max(latest_, now);
        return now;
    }
    // The latest that it ever said.
    std::int64_t latest_ms() const { return latest_; }
    void jump(std::int64_t ms) { offset_ += ms; }
    // Somewhere in the middle of what is done next: after so many questions.
    void jump_after(unsigned questions, std::int64_t ms) {
        jumps_after_ = questions;
        later_jump_ = ms;
    }
    void set_to(std::int64_t ms) { offset_ += ms - now_ms(); }
    void set_drift(std::int64_t ppm) { drift_ppm_ = ppm; }
    void freeze() {
        frozen_at_ = now_ms();
        frozen_ = true;
    }
    void thaw() { frozen_ = false; }

  private:
    const std::int64_t& true_now_;
    const std::int64_t since_;
    std::int64_t latest_ = 0;
    std::int64_t offset_ = 0;
    std::int64_t drift_ppm_ = 0;
    unsigned jumps_after_ = 0;
    std::int64_t later_jump_ = 0;
    bool frozen_ = false;
    std::int64_t frozen_at_ = 0;
};

}  // namespace satchel::simulation
