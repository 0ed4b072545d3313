// Writer and Reader: the byte form of everything that is stored or sent.
//
// Every format of ours is a flat sequence of msgpack scalars: nil, integers, str, bin. Counts are
// integers in front of what they count. There are no arrays, maps, floats or extensions, so no
// input can nest, and a reader never allocates by a declared count. Any msgpack tool can print it.
//
// Writer packs with msgpack-c. Reader is our own: the library's parser pushes, accepts forms that
// are not canonical, and cannot stop between two values of a column (docs/decisions/0003).
//
// Reader checks as it goes: shortest integer and length forms only, declared lengths against the
// bytes that are left, UTF-8 in str. After the first failure every further read gives an empty
// value and `ok()` stays false, so decoders test once per item. Views point into the input.
//
// Threads: one at a time.
#pragma once

#include <cstdint>

#include "sync/ids.hpp"
#include "sync/stamp.hpp"
#include "sync/value.hpp"

namespace satchel {

class Writer {
  public:
    void nil();
    void integer(std::int64_t value);
    void unsigned_integer(std::uint64_t value);
    void text(ByteView text);
    void bytes(ByteView bytes);
    void value(const ValueView& value);
    void record_id(const RecordId& id) { bytes(id.view()); }
    void replica(ReplicaId replica);  // two integers
    void dot(const Dot& dot);         // three integers
    void raw(ByteView encoded);

    // What is written so far; lives until the next call.
    ByteView out() const { return {buffer_.data(), size_}; }
    // The same to keep; the Writer is empty afterwards.
    Bytes take();
    std::size_t size() const { return size_; }
    void clear() { size_ = 0; }
    void reserve(std::size_t size);

  private:
    struct Appender;  // what msgpack::packer writes to

    void grow(std::size_t least);

    // Filled up to size_ and longer than that, so that a few bytes more, the usual case, are only
    // copied. (std::string's own append is a call and a new end mark each time.)
    Bytes buffer_;
    std::size_t size_ = 0;
};

class Reader {
  public:
    explicit Reader(ByteView input) : input_(input) {}

    bool ok() const { return ok_; }
    bool at_end() const { return at_ == input_.size(); }
    // Where the reader stands: for messages and for resuming.
    std::size_t position() const { return at_; }

    std::int64_t integer();
    std::uint64_t unsigned_integer();
    // An unsigned integer not above `limit`; anything else is a failure.
    std::uint64_t bounded(std::uint64_t limit);
    ByteView text();
    ByteView bytes();
    ValueView value();
    RecordId record_id();
    ReplicaId replica();
    Dot dot();
    void fail() { ok_ = false; }

    // ok, everything consumed: otherwise `corrupt` naming `what` and the position.
    Status finish(std::string_view what) const;
    Error error(std::string_view what) const;

  private:
    std::uint64_t big_endian(std::size_t size);
    ByteView take(std::size_t size);
    ByteView str_or_bin(bool want_text);
    std::size_t length(std::size_t size, std::uint64_t least);

    ByteView input_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

}  // namespace satchel
