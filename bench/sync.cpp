#include "bench/workloads.hpp"
namespace satchel::bench {
void run_sync(const Settings&, Results&) {}
}  // namespace satchel::bench
