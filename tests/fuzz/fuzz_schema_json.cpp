// The JSON of administration: any bytes give a schema or an error, and a schema comes back equal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "server/schema_json.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace satchel;
    const auto body = server::JsonBody::parse({reinterpret_cast<const char*>(data), size});
    if (!body) return 0;
    const Result<Schema> schema = server::schema_of(*body);
    if (!schema) return 0;
    const auto again = server::JsonBody::parse(server::dump(server::json_of(*schema)));
    if (!again) std::abort();
    const Result<Schema> back = server::schema_of(*again);
    if (!back || back->encode() != schema->encode()) std::abort();
    return 0;
}
