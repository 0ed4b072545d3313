// Where the other programs of Satchel are, and running them.
//
// Threads: any. Errors: not_found, with where it was looked for.
#pragma once

#include <string>

#include "cli/context.hpp"

namespace satchel::cli {

// This program's own file.
std::string own_path();

// `program` beside this one, in the neighbouring folder `folder` of a build tree, or in PATH.
Result<std::string> find_program(const std::string& program, const std::string& folder);

// Runs `satcheld` on a stopped server's folder, which must not be in use. `anchors`: the server's
// option of that name; "": it has none.
Result<ExitStatus> restore_backup(Context& context, const std::string& backup,
                                  const std::string& data, const std::string& anchors);

}  // namespace satchel::cli
