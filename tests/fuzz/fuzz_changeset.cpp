// What decodes as a changeset is its only encoding, and every way of reading it agrees.
#include <cstdlib>

#include "sync/changeset.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const satchel::ByteView bytes(reinterpret_cast<const char*>(data), size);
    std::size_t visited = 0;
    const auto visit = [&visited](satchel::CollectionId, const satchel::RecordId&) { ++visited; };
    const bool visits = static_cast<bool>(satchel::visit_records(bytes, visit));
    const auto header = satchel::decode_changeset_header(bytes);
    const auto changeset = satchel::decode_changeset(bytes);
    if (!changeset) return 0;
    if (satchel::encode(*changeset) != bytes) std::abort();
    if (!visits || visited != changeset->operations.size()) std::abort();
    if (!header || !(*header == changeset->header)) std::abort();
    return 0;
}
