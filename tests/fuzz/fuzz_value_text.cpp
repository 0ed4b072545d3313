// Text forms are refused or read as something whose text form reads back.
#include <cstdlib>

#include "sync/stamp.hpp"
#include "sync/value.hpp"
#include "sync/vector_clock.hpp"

namespace {

template <typename Type>
void check(std::string_view text) {
    const auto parsed = Type::parse(text);
    if (!parsed) return;
    const auto again = Type::parse(parsed->text());
    if (!again || !(*again == *parsed)) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    check<satchel::VectorClock>(text);
    check<satchel::Stamp>(text);
    check<satchel::Dot>(text);
    check<satchel::RecordId>(text);
    const auto value = satchel::Value::parse(text);
    if (!value) return 0;
    const auto again = satchel::Value::parse(value->text_form());
    if (!again || !(*again == *value)) std::abort();
    return 0;
}
