// The switch of sync/mutants.hpp, where the engine has one.
//
// Threads: one.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "sync/mutants.hpp"

namespace satchel::simulation {

std::string_view name(Mutant mutant);
std::optional<Mutant> mutant_named(std::string_view name);

// These break their rules from now on, and no others. Requires: there are mutants of these names.
void break_only(const std::set<std::string>& mutants);

}  // namespace satchel::simulation
