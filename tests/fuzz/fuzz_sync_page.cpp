// A page is refused, or every row of it can be visited and written again.
#include <cstdlib>

#include "sync/page.hpp"

using namespace satchel;

namespace {

// Reads the page with its rows' states; gives the same page written anew, or nothing when damaged.
Bytes rewritten(ByteView page) {
    const auto reader = PageReader::open(page);
    if (!reader) return {};
    PageWriter writer;
    const Status visited = reader->visit([&](const PageRow& row) -> Status {
        if (row.kind != RowKind::confirm) (void)decode_meta(row.meta, *row.layout, row.values);
        writer.add(row.collection, row.kind, *row.layout, row.id, row.seq,
                   reader->scope_sets()[row.scope_set], row.meta, row.values);
        return {};
    });
    if (!visited) {
        if (visited.error().code != ErrorCode::corrupt) std::abort();
        return {};
    }
    for (const Departure& departure : reader->departures())
        writer.add_departure(departure);
    return writer.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const Bytes once = rewritten({reinterpret_cast<const char*>(data), size});
    if (!once.empty() && rewritten(once) != once) std::abort();
    return 0;
}
