// A schema is refused or encodes to something that reads as the same schema.
#include <cstdlib>

#include "sync/schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const satchel::ByteView bytes(reinterpret_cast<const char*>(data), size);
    const auto schema = satchel::Schema::decode(bytes);
    if (!schema) return 0;
    const satchel::Bytes encoded = schema->encode();
    const auto again = satchel::Schema::decode(encoded);
    if (!again || again->encode() != encoded) std::abort();
    if (!satchel::check_successor(*schema, *again)) std::abort();
    return 0;
}
