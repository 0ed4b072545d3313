// Names of things: records, replicas, operations. All are plain values with a text form that
// parses back.
//
// | type         | stored            | text                                   |
// | RecordId     | 16 bytes, UUIDv7  | 0192f3c4-8a11-7c3e-9f00-0123456789ab   |
// | ReplicaId    | u64 + u32         | 1f3a (incarnation 1), 1f3a.2           |
// | Dot          | ReplicaId + u64   | 1f3a.2:17                              |
// | Sequence     | u64               | 42                                     |
//
// Threads: values, free to copy. Errors: only the parsers fail (invalid_argument).
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/result.hpp"

namespace satchel {

using Bytes = std::string;          // owned bytes; text is UTF-8
using ByteView = std::string_view;  // borrowed bytes

// Numbers that must not be mixed up.
enum class CollectionId : std::uint32_t {};
enum class FieldId : std::uint32_t {};
enum class Sequence : std::uint64_t {};  // the server's number of an accepted changeset; 0 = none

constexpr std::uint32_t number(CollectionId id) {
    return static_cast<std::uint32_t>(id);
}
constexpr std::uint32_t number(FieldId id) {
    return static_cast<std::uint32_t>(id);
}
constexpr std::uint64_t number(Sequence seq) {
    return static_cast<std::uint64_t>(seq);
}

// One record, for ever: a UUIDv7 (RFC 9562), made on the device, never used again. Ids made later
// sort later, which keeps inserts at the end of the tree.
struct RecordId {
    std::array<std::uint8_t, 16> bytes{};

    static Result<RecordId> parse(std::string_view text);
    static Result<RecordId> from_bytes(ByteView bytes);
    std::string text() const;
    ByteView view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
    auto operator<=>(const RecordId&) const = default;
};

// Names one transaction for ever, whatever dots it is sent under: 16 random bytes.
struct ChangeId {
    std::array<std::uint8_t, 16> bytes{};

    static Result<ChangeId> parse(std::string_view text);
    static Result<ChangeId> from_bytes(ByteView bytes);
    std::string text() const;
    ByteView view() const { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }
    auto operator<=>(const ChangeId&) const = default;
};

// A device's file: 64 random bits plus an incarnation. A restored, copied or rolled-back file gets
// a new incarnation from the server before it writes anything the server will see.
struct ReplicaId {
    std::uint64_t id = 0;
    std::uint32_t incarnation = 1;

    static Result<ReplicaId> parse(std::string_view text);
    std::string text() const;
    auto operator<=>(const ReplicaId&) const = default;
};

// Names one operation. Counters of a replica go 1, 2, 3 … without holes.
struct Dot {
    ReplicaId replica;
    std::uint64_t counter = 0;

    static Result<Dot> parse(std::string_view text);
    std::string text() const;
    auto operator<=>(const Dot&) const = default;
};

// Where randomness comes from: the system at the edges, a seed in the simulation.
class Random {
  public:
    virtual ~Random() = default;
    virtual std::uint64_t next() = 0;
};

// Where time comes from: milliseconds since 1970-01-01 UTC as this machine believes.
class WallClock {
  public:
    virtual ~WallClock() = default;
    virtual std::int64_t now_ms() = 0;
};

// Makes RecordIds that ascend even within one millisecond and when the clock steps back.
// Threads: one at a time.
class RecordIdMaker {
  public:
    RecordId next(std::int64_t now_ms, Random& random);

  private:
    std::uint64_t last_ms_ = 0;
    std::uint32_t count_ = 0;  // 12 bits of rand_a, then 14 bits at the head of rand_b
};

ChangeId make_change_id(Random& random);

}  // namespace satchel

template <>
struct std::hash<satchel::RecordId> {
    // Ids that were made one after the other are looked up one after the other: of an id of time
    // (version 7) time and count are the hash, so that neighbours lie side by side in a table. The
    // tail of any other id is as good as random.
    std::size_t operator()(const satchel::RecordId& id) const noexcept {
        std::size_t h = 0;
        if ((id.bytes[6] >> 4U) == 7U) {
            for (std::size_t i = 0; i < 10; ++i)
                h = (h << 8U) + id.bytes[i];
            return h;
        }
        for (std::size_t i = 6; i < 16; ++i)
            h = h * 257U + id.bytes[i];
        return h;
    }
};
