// Metadata, whole or beside two columns, is refused or settles on one state.
#include <cstdlib>

#include "sync/meta.hpp"

using namespace satchel;

namespace {

void check(ByteView bytes, const Layout& layout, std::vector<ValueView> row) {
    const auto state = decode_meta(bytes, layout, row);
    if (!state) {
        if (state.error().code != ErrorCode::corrupt) std::abort();
        return;
    }
    for (const LayoutCell& known : layout.cells) {
        const CellState* cell = state->cell(known.id);
        if (cell == nullptr || cell->siblings.front().values.size() != known.columns.size())
            continue;
        for (std::size_t i = 0; i < known.columns.size(); ++i)
            row[known.columns[i]] = cell->siblings.front().values[i].view();
    }
    const Bytes again = encode_meta(*state, layout);
    const auto settled = decode_meta(again, layout, row);
    if (!settled || !(*settled == *state) || encode_meta(*settled, layout) != again) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const ByteView bytes(reinterpret_cast<const char*>(data), size);
    check(bytes, {}, {});
    const Layout layout{{FieldId{1}, FieldId{2}, FieldId{3}},
                        {{FieldId{1}, {0}}, {FieldId{2}, {1, 2}}}};
    check(bytes, layout, {{ValueType::integer, 7, {}}, {}, {ValueType::text, 0, "EUR"}});
    check(bytes, layout, {{}, {}, {}});
    return 0;
}
