#include "cli/target.hpp"

namespace satchel::cli {

Result<Target> open_target(const Context& context, const std::string& collection,
                           const std::string& record) {
    Target target;
    SATCHEL_ASSIGN(target.replica, context.open());
    target.schema = target.replica->schema();
    target.names = std::make_unique<Names>(target.replica->database(), *target.schema);
    SATCHEL_ASSIGN(target.collection, target.names->collection(collection));
    if (record.empty()) return target;
    SATCHEL_ASSIGN(target.id, target.names->find(*target.collection, record));
    return target;
}

}  // namespace satchel::cli
