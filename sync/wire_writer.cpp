// The only translation unit that includes msgpack-c: its headers are slow to compile.
#include <msgpack.hpp>

#include "sync/wire.hpp"

namespace satchel {
namespace {

// What msgpack::packer needs of a stream: appends to our buffer.
struct Appender {
    Bytes& out;
    void write(const char* data, std::size_t size) { out.append(data, size); }
};

msgpack::packer<Appender> packer(Appender& appender) {
    return msgpack::packer<Appender>(appender);
}

}  // namespace

void Writer::nil() {
    Appender appender{out_};
    packer(appender).pack_nil();
}

void Writer::integer(std::int64_t value) {
    Appender appender{out_};
    packer(appender).pack_int64(value);
}

void Writer::unsigned_integer(std::uint64_t value) {
    Appender appender{out_};
    packer(appender).pack_uint64(value);
}

void Writer::text(ByteView text) {
    Appender appender{out_};
    packer(appender).pack_str(static_cast<std::uint32_t>(text.size()));
    out_ += text;
}

void Writer::bytes(ByteView bytes) {
    Appender appender{out_};
    packer(appender).pack_bin(static_cast<std::uint32_t>(bytes.size()));
    out_ += bytes;
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
