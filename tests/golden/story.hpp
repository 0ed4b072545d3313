// What happened to the golden files of format 1: two people, head office, copies of a device and a
// restored head office, told so that every kind of row comes to be.
//
// Threads: one. Errors: end the program.
#pragma once

#include <string>

namespace satchel::golden {

// Writes the replica of Li and the workspace into `folder`, under the names in company.hpp. Both
// are closed as in the middle of a sync: Li's changes that head office has, answers that wait for
// the rest, and changes that were not sent.
void tell(const std::string& folder);

}  // namespace satchel::golden
