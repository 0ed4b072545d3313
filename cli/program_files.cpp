#include "cli/program_files.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/child.hpp"

namespace satchel::cli {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string own_path() {
    std::error_code ignored;
    return fs::read_symlink("/proc/self/exe", ignored).string();
}

Result<std::string> find_program(const std::string& program, const std::string& folder) {
    const fs::path here = fs::path(own_path()).parent_path();
    for (const fs::path& candidate : {here / program, here.parent_path() / folder / program})
        if (is_program(candidate)) return candidate.string();
    const char* variable = std::getenv("PATH");
    std::string_view paths = variable == nullptr ? "" : variable;
    while (!paths.empty()) {
        const std::size_t end = std::min(paths.find(':'), paths.size());
        const fs::path candidate = fs::path(paths.substr(0, end)) / program;
        if (is_program(candidate)) return candidate.string();
        paths.remove_prefix(std::min(end + 1, paths.size()));
    }
    return Error{ErrorCode::not_found, program + " is neither beside " + own_path() +
                                           " nor in PATH; build it: ./dev build"};
}

Result<ExitStatus> restore_backup(Context& context, const std::string& backup,
                                  const std::string& data) {
    std::error_code ignored;
    if (!fs::exists(backup, ignored))
        return Error{ErrorCode::not_found, "there is no file " + backup};
    SATCHEL_ASSIGN(const std::string server, find_program("satcheld", "server"));
    SATCHEL_ASSIGN(Child child, Child::start({server, "--data", data, "--restore", backup},
                                             {.inherit = !context.console.json}));
    const int status = child.wait();
    if (status != 0)
        return Error{ErrorCode::io, "satcheld could not restore it (exit status " +
                                        std::to_string(status) +
                                        "); is the server stopped, and the backup there?"};
    context.console.say("Restored. Start the server again; devices send what it had lost.",
                        "已恢复。请重新启动服务器;各设备会补发丢失的内容。");
    context.console.result({{"data", data}, {"backup", backup}, {"restored", true}});
    return ExitStatus::ok;
}

}  // namespace satchel::cli
