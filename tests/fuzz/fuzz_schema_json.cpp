// The JSON of administration: any bytes give a schema or an error, and a schema comes back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sales/schema_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace satchel;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Result<Schema> schema = sales::schema_from_json_text(text);
    if (!schema) return 0;
    const Result<Schema> back = sales::schema_from_json(sales::schema_to_json(*schema));
    if (!back || back->encode() != schema->encode()) std::abort();
    return 0;
}
