// Ledger: what a device wrote, kept outside its replica, in a plain file that survives whatever
// happens to the device. One JSON object per line, each on the disk before the next step:
//
//     {"try": 7, "deeds": [...]}        before the commit: it may be there from now on
//     {"done": 7, "change": "..."}      after it: promised to the person
//     {"void": 7}                       the commit said no, or never was; and nothing is there
//
// A device that was killed in between leaves a try without an end; when it runs again it looks into
// its journal once and writes which of the two it was.
//
// Threads: one. Errors: those of the file. The last line may be cut off; any other damage is
// corrupt.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sync/value.hpp"

namespace satchel::soak {

enum class DeedKind : std::uint8_t { write, add, drop, count, remove, undelete };

// One thing that one transaction does to one record.
struct Deed {
    DeedKind kind = DeedKind::write;
    std::string collection;
    RecordId record;
    FieldId field{};                  // cell, set or counter
    std::string value{};              // of the cell, or the element; unique within the field
    std::vector<std::string> seen{};  // what the cell showed its author
    std::int64_t step = 0;            // of a counter
};

enum class Outcome : std::uint8_t { open, done, none };

// One transaction.
struct Attempt {
    std::uint64_t number = 0;
    std::vector<Deed> deeds;
    Outcome outcome = Outcome::open;
    std::string change;  // its id, as text, when it is done
};

class Ledger {
  public:
    // Opens the file for writing on, or makes it; what it holds can be read as `attempts`.
    static Result<Ledger> open(const std::string& path);
    Ledger(Ledger&& other) noexcept;
    Ledger& operator=(Ledger&&) = delete;
    ~Ledger();

    // Number of the new attempt.
    Result<std::uint64_t> attempt(const std::vector<Deed>& deeds);
    Status done(std::uint64_t number, const std::string& change);
    Status none(std::uint64_t number);

    // Of the file as it was opened.
    const std::vector<Attempt>& attempts() const { return attempts_; }

  private:
    Ledger(int file, std::vector<Attempt> attempts);
    Status append(const std::string& line);

    int file_;
    std::vector<Attempt> attempts_;
    std::uint64_t next_;
};

Result<std::vector<Attempt>> read_ledger(const std::string& path);

// A cell's values as one text.
std::string text_of(const std::vector<Value>& values);

}  // namespace satchel::soak
