// A bundle, and what is sealed in one, is refused, or is exactly what its reading encodes to.
#include <cstdlib>

#include "sync/bundle.hpp"

using namespace satchel;

namespace {

bool says_damaged(ErrorCode code) {
    return code == ErrorCode::corrupt || code == ErrorCode::limit ||
           code == ErrorCode::newer_format;
}

void try_file(ByteView bytes) {
    const auto bundle = decode_bundle(bytes);
    if (bundle ? encode(*bundle) != bytes : !says_damaged(bundle.error().code)) std::abort();
}

void try_messages(ByteView bytes) {
    const auto messages = decode_messages(bytes);
    if (!messages && !says_damaged(messages.error().code)) std::abort();
    if (messages && encode_messages({messages->begin(), messages->end()}) != bytes) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes{reinterpret_cast<const char*>(data), size};
    try_file(bytes);
    try_messages(bytes);
    return 0;
}
