// A sync reply is refused, or settles on one reading.
#include <cstdlib>

#include "storage/services.hpp"
#include "sync/page.hpp"

using namespace satchel;

namespace {

Bytes keep(ByteView bytes) {
    return Bytes(bytes);
}

bool says_damaged(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::limit ||
           code == ErrorCode::newer_format || code == ErrorCode::bad_reply;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Services services{&storage::blake2b, &keep, &storage::inflate};
    const auto reply = decode_reply({reinterpret_cast<const char*>(data), size}, services);
    if (!reply) {
        if (!says_damaged(reply.error().code)) std::abort();
        return 0;
    }
    const Bytes again = encode(*reply, services);
    const auto settled = decode_reply(again, services);
    if (!settled && settled.error().code == ErrorCode::limit) return 0;
    if (!settled || encode(*settled, services) != again) std::abort();
    return 0;
}
