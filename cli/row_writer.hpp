// RowWriter: the rows of an import become records, a thousand to a changeset; or, for a check, it
// only says what would become of them. A row is written as a whole or not at all.
//
// Threads: that of the Replica. Errors: those of LocalTransaction. After one that leaves
// Tally::stopped_at 0 the row that failed is not written, and those before it are not lost. After
// any other stop: the rows from that line on are not written, those before it are.
#pragma once

#include <optional>
#include <utility>
#include <vector>

#include "sales/import.hpp"
#include "storage/replica.hpp"

namespace satchel::cli {

// What became of the rows.
struct Tally {
    std::size_t created = 0;
    std::size_t updated = 0;
    std::size_t unchanged = 0;
    std::size_t left_out = 0;
    std::size_t ownerless = 0;                // of those created
    std::size_t stopped_at = 0;               // line of the first row that was lost to an error
    std::vector<sales::RowProblem> problems;  // the first of them
};

class RowWriter {
  public:
    // `person`: whose the new records are that name nobody. All must outlive it.
    RowWriter(storage::Replica& replica, const Collection& into, std::optional<RecordId> person,
              bool check, Tally& tally)
        : replica_(replica), into_(into), person_(person), check_(check), tally_(tally) {}

    // Counts the row in the tally once it is committed.
    Status write(const sales::ImportedRow& row);
    Status commit();

  private:
    enum class Outcome : std::uint8_t { created, ownerless, updated, unchanged };

    // What a row wants of a record that is there already.
    struct Difference {
        storage::FieldValues values;
        std::vector<std::pair<std::string, Bytes>> elements;  // field, element

        bool empty() const { return values.empty() && elements.empty(); }
    };

    void tell(Outcome outcome);
    void stop_at(std::size_t line);
    Status look_at(const sales::ImportedRow& row);
    Status add(const sales::ImportedRow& row);
    Status commit_without_half();
    void drop();
    Result<Outcome> create(const sales::ImportedRow& row);
    Result<Difference> difference_of(const sales::ImportedRow& row);
    Result<Outcome> update(const sales::ImportedRow& row);

    storage::Replica& replica_;
    const Collection& into_;
    const std::optional<RecordId> person_;
    const bool check_;
    Tally& tally_;
    std::optional<storage::LocalTransaction> transaction_;
    std::vector<std::pair<sales::ImportedRow, Outcome>> rows_;  // in the transaction
    std::size_t weight_ = 0;                                    // of them
    bool half_written_ = false;                                 // a row that is not among them
};

}  // namespace satchel::cli
