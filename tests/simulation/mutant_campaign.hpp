// What satchel_sim can do with mutants. Written twice: in satchel_sim_mutants, whose engine has the
// switch of sync/mutants.hpp (mutant_campaign.cpp), and in satchel_sim, whose engine is the product
// (no_mutants.cpp).
#pragma once

#include "tests/simulation/arguments.hpp"

namespace satchel::simulation {

// Makes run_seed() break the rules that a run's options name. Fails when this program cannot, or
// when there is no mutant of such a name.
Status prepare_mutants(const Arguments& arguments);

// Every mutant from the first seed until a run breaks an invariant. Prints a table, and gives the
// exit status: 1 when a mutant was not noticed.
int run_mutants(const Arguments& arguments);

}  // namespace satchel::simulation
