// A sync request is refused, or is exactly what its reading encodes to.
#include <cstdlib>

#include "storage/services.hpp"
#include "sync/protocol.hpp"

using namespace satchel;

namespace {

Bytes keep(ByteView bytes) {
    return Bytes(bytes);
}

bool says_damaged(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::limit ||
           code == ErrorCode::newer_format;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Services services{&storage::blake2b, &keep, &storage::inflate};
    const auto request = decode_request({reinterpret_cast<const char*>(data), size}, services);
    if (!request) {
        if (!says_damaged(request.error().code)) std::abort();
        return 0;
    }
    // Blocks may have come compressed: compare what is read, not what was sent.
    const Bytes again = encode(*request, services);
    const auto settled = decode_request(again, services);
    if (!settled && settled.error().code == ErrorCode::limit) return 0;
    if (!settled || encode(*settled, services) != again) std::abort();
    return 0;
}
