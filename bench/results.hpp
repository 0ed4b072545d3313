// What a benchmark run found: named figures, each with its goal, printed as a table or as JSON.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sync/result.hpp"

namespace satchel::bench {

// A key of figures.md with what it must reach.
struct Goal {
    const char* key;
    double bound;
    bool at_least;  // else: at most
    const char* meaning;
};

const std::vector<Goal>& goals();

class Results {
  public:
    void set(const std::string& key, double value) { values_[key] = value; }
    const std::map<std::string, double>& values() const { return values_; }
    std::string table() const;
    std::string json(const std::map<std::string, std::string>& settings) const;

  private:
    std::map<std::string, double> values_;
};

// Seconds that `work` takes.
double seconds(const std::function<void()>& work);
// Of the processor: of this process, or of another one (in steps of 10 ms).
double cpu_seconds();
double cpu_seconds(int process);
double median(std::vector<double> values);
// One file size with its write-ahead log.
double file_bytes(const std::string& path);
// Ends the program with the message when a step of a benchmark fails: a figure without its work
// would be a lie.
void must(const Status& status, const char* what);
template <typename T>
T must(Result<T> result, const char* what) {
    must(result ? Status{} : Status{result.error()}, what);
    return *std::move(result);
}

}  // namespace satchel::bench
