#include "cli/program_files.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "cli/child.hpp"
#include "cli/files.hpp"

namespace satchel::cli {
namespace {

namespace fs = std::filesystem;

bool is_program(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(path, ignored) && ::access(path.c_str(), X_OK) == 0;
}

// What a child says on standard error, kept in a file while it runs.
class ErrorsFile {
  public:
    ErrorsFile() {
        const int file = ::mkstemp(path_.data());
        if (file >= 0) ::close(file);
    }
    ErrorsFile(const ErrorsFile&) = delete;
    ErrorsFile& operator=(const ErrorsFile&) = delete;
    ~ErrorsFile() { ::unlink(path_.c_str()); }

    const std::string& path() const { return path_; }

    // Its message; without one, its exit status.
    std::string last_words(int status) const {
        constexpr std::string_view kMark = "satcheld: ";
        const auto text = read_file(path_, kMaxErrorBytes);
        const std::size_t at = text ? text->rfind(kMark) : std::string::npos;
        if (at == std::string::npos)
            return "satcheld could not restore it (exit status " + std::to_string(status) + ")";
        const std::string_view words = std::string_view(*text).substr(at + kMark.size());
        return std::string(words.substr(0, words.find('\n')));
    }

  private:
    static constexpr std::size_t kMaxErrorBytes = 1U << 20;

    std::string path_ = (fs::temp_directory_path() / "satchel-restore-XXXXXX").string();
};

// The exit statuses of satcheld (docs/operations.md) are ours.
ErrorCode code_of(int status) {
    for (const ErrorCode code : {ErrorCode::invalid_argument, ErrorCode::not_found, ErrorCode::busy,
                                 ErrorCode::corrupt, ErrorCode::io, ErrorCode::limit})
        if (status == static_cast<int>(exit_status(code))) return code;
    return ErrorCode::internal;
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
                                  const std::string& data, const std::string& anchors) {
    std::error_code ignored;
    if (!fs::exists(backup, ignored))
        return Error{ErrorCode::not_found, "there is no file " + backup};
    SATCHEL_ASSIGN(const std::string server, find_program("satcheld", "server"));
    std::vector<std::string> command{server, "--data", data, "--restore", backup};
    if (!anchors.empty()) command.insert(command.end(), {"--anchors", anchors});
    const ErrorsFile errors;
    SATCHEL_ASSIGN(Child child, Child::start(command, {.errors = errors.path(),
                                                       .inherit = !context.console.json}));
    if (const int status = child.wait(); status != 0)
        return Error{code_of(status), errors.last_words(status)};
    context.console.say("Restored. Start the server again; devices send what it had lost.",
                        "已恢复。请重新启动服务器;各设备会补发丢失的内容。");
    context.console.result({{"data", data}, {"backup", backup}, {"restored", true}});
    return ExitStatus::ok;
}

}  // namespace satchel::cli
