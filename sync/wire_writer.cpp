// The only translation unit that includes msgpack-c: its headers are slow to compile.
#include <algorithm>
#include <msgpack.hpp>
#include <utility>

#include "sync/wire.hpp"

namespace satchel {
namespace {

constexpr std::size_t kLeastBuffer = 128;  // the metadata of a record, a header

}  // namespace

struct Writer::Appender {
    Writer& to;
    void write(const char* data, std::size_t size) {
        if (to.buffer_.size() - to.size_ < size) to.grow(to.size_ + size);
        std::copy_n(data, size, to.buffer_.data() + to.size_);
        to.size_ += size;
    }
};

void Writer::grow(std::size_t least) {
    buffer_.resize(std::max({least, 2 * buffer_.size(), kLeastBuffer}));
}

void Writer::reserve(std::size_t size) {
    if (size > buffer_.size()) grow(size);
}

Bytes Writer::take() {
    buffer_.resize(std::exchange(size_, 0));
    return std::exchange(buffer_, {});
}

void Writer::raw(ByteView encoded) {
    Appender{*this}.write(encoded.data(), encoded.size());
}

void Writer::nil() {
    Appender appender{*this};
    msgpack::packer(appender).pack_nil();
}

void Writer::integer(std::int64_t value) {
    Appender appender{*this};
    msgpack::packer(appender).pack_int64(value);
}

void Writer::unsigned_integer(std::uint64_t value) {
    Appender appender{*this};
    msgpack::packer(appender).pack_uint64(value);
}

void Writer::text(ByteView text) {
    Appender appender{*this};
    msgpack::packer(appender).pack_str(static_cast<std::uint32_t>(text.size()));
    appender.write(text.data(), text.size());
}

void Writer::bytes(ByteView bytes) {
    Appender appender{*this};
    msgpack::packer(appender).pack_bin(static_cast<std::uint32_t>(bytes.size()));
    appender.write(bytes.data(), bytes.size());
}

void Writer::value(const ValueView& value) {
    switch (value.type) {
        case ValueType::null:
            nil();
            return;
        case ValueType::integer:
            integer(value.integer);
            return;
        case ValueType::text:
            text(value.bytes);
            return;
        case ValueType::bytes:
            bytes(value.bytes);
            return;
    }
}

void Writer::replica(ReplicaId replica) {
    unsigned_integer(replica.id);
    unsigned_integer(replica.incarnation);
}

void Writer::dot(const Dot& dot) {
    replica(dot.replica);
    unsigned_integer(dot.counter);
}

}  // namespace satchel
