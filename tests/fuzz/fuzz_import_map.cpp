// What somebody types as `--map`: refused with a message, or columns of the file as fields of the
// collection.
#include <cstdlib>

#include "sales/mapping.hpp"
#include "sales/starter_schema.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const satchel::Schema schema = satchel::sales::starter_schema();
    static const std::vector<std::string> header = {"name", "amount", "close value", "agent"};
    const auto mapping = satchel::sales::parse_mapping({reinterpret_cast<const char*>(data), size},
                                                       schema, *schema.find("opportunity"), header);
    if (!mapping) {
        if (mapping.error().message.empty()) std::abort();
        return 0;
    }
    for (const auto& source : mapping->sources)
        if (source.column >= header.size()) std::abort();
    return 0;
}
