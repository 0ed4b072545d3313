// DemoDevice: one device of the demo: a replica file, worked on by real `satchel` processes with
// --json, exactly as a person or a script would.
//
// Threads: one. Errors: that of the command, as its JSON told it.
#pragma once

#include <string>
#include <vector>

#include "cli/child.hpp"
#include "cli/console.hpp"

namespace satchel::cli {

class DemoDevice {
  public:
    // The replica is `folder`/`name`.satchel; `owner` is a login; `program`: "" for this one.
    DemoDevice(const std::string& folder, std::string name, std::string owner,
               std::string password_file, std::string program = {});

    const std::string& name() const { return name_; }
    const std::string& owner() const { return owner_; }  // login
    const std::string& file() const { return file_; }

    // Runs `satchel -f FILE ARGUMENTS… --json`; its answer. `status`: takes the exit status, and
    // then a status that is not 0 is no error.
    Result<Json> run(const std::vector<std::string>& arguments, int* status = nullptr) const;
    // The same without waiting.
    Result<Child> start(const std::vector<std::string>& arguments) const;
    // The answer of what start() began, when it has ended.
    Result<Json> answer_of(Child& child) const;
    // First column of the first row.
    Result<std::string> value(const std::string& sql) const;
    Result<std::vector<std::string>> column(const std::string& sql) const;

  private:
    std::vector<std::string> command(const std::vector<std::string>& arguments) const;
    std::string output() const { return file_ + ".out"; }

    std::string name_;
    std::string owner_;
    std::string password_file_;
    std::string file_;
    std::string program_;
};

}  // namespace satchel::cli
