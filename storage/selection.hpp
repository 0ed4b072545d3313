// Selection: which of a caller's values go where, worked out once for many rows; null where the
// caller gave none.
//
//     Selection columns;
//     columns.take({2, 0, 3}, 3);      // the caller's third value, its first one, nothing
//     columns.of({a, b, c});           // c, a, null
//
// Threads: one at a time.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "sync/value.hpp"

namespace satchel::storage {

class Selection {
  public:
    // `source[i]`: the place of the caller's value; `given`: how many there are.
    void take(std::vector<std::size_t> source, std::size_t given) {
        source_ = std::move(source);
        as_given_ = source_.size() == given;
        for (std::size_t i = 0; i < source_.size(); ++i)
            as_given_ = as_given_ && source_[i] == i;
    }
    // Lives until the next call, or as long as `values`.
    const std::vector<ValueView>& of(const std::vector<ValueView>& values) {
        if (as_given_) return values;
        picked_.resize(source_.size());
        for (std::size_t i = 0; i < source_.size(); ++i)
            picked_[i] = source_[i] < values.size() ? values[source_[i]] : ValueView{};
        return picked_;
    }
    std::size_t size() const { return source_.size(); }

  private:
    std::vector<std::size_t> source_;
    std::vector<ValueView> picked_;
    bool as_given_ = false;
};

}  // namespace satchel::storage
