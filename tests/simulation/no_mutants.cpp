// Of the program whose engine is the product: its rules cannot be broken.
#include "tests/simulation/mutant_campaign.hpp"

namespace satchel::simulation {

Status prepare_mutants(const Arguments& arguments) {
    if (!arguments.mutants && arguments.run.broken.empty()) return {};
    return Error{ErrorCode::invalid_argument,
                 "--mutants and --break need satchel_sim_mutants, which ./dev sim takes by itself"};
}

int run_mutants(const Arguments&) {
    return 1;
}

}  // namespace satchel::simulation
