#include "cli/row_writer.hpp"

#include <algorithm>

#include "cli/values.hpp"
#include "client/new_record.hpp"
#include "sync/limits.hpp"

namespace satchel::cli {
namespace {

using sales::ImportedCell;
using sales::ImportedRow;

constexpr std::size_t kRowsPerChangeset = 1'000;  // a few hundred KB on its way to the server
constexpr std::size_t kMaxWeight = kMaxChangesetBytes / 2;

// Bytes of a changeset, roughly.
std::size_t weight_of(const ImportedRow& row) {
    std::size_t bytes = 64;
    for (const ImportedCell& cell : row.cells) {
        bytes += cell.value.as_bytes().size() + 16;
        for (const Bytes& element : cell.elements)
            bytes += element.size() + 16;
    }
    return bytes;
}

// A code of which the row is to blame, not the disk.
bool blames_row(ErrorCode code) {
    return code == ErrorCode::invalid_argument || code == ErrorCode::limit ||
           code == ErrorCode::not_found;
}

bool is_register(const ImportedCell& cell) {
    return cell.kind != FieldKind::set && cell.kind != FieldKind::counter;
}

// A file has one empty cell for null and for the empty text.
bool same(const Value& shown, const Value& read) {
    const bool both_empty = read.is_null() && shown.as_bytes().empty() &&
                            (shown.is_null() || shown.type() == ValueType::text);
    return both_empty || shown == read;
}

}  // namespace

Status RowWriter::write(const ImportedRow& row) {
    if (check_) return look_at(row);
    const std::size_t weight = weight_of(row);
    if (weight_ + weight > kMaxWeight) SATCHEL_TRY(commit());
    Status written = add(row);
    const bool full = !written && written.error().code == ErrorCode::limit;
    if (!written && !rows_.empty() && (half_written_ || full)) {
        SATCHEL_TRY(commit_without_half());
        written = add(row);
    }
    if (!written) {
        if (!blames_row(written.error().code)) stop_at(row.line);
        if (half_written_) drop();
        return written;
    }
    weight_ += weight;
    return rows_.size() >= kRowsPerChangeset || weight_ > kMaxWeight ? commit() : Status();
}

Status RowWriter::commit() {
    if (!transaction_) return {};
    const auto change = transaction_->commit();
    if (change)
        for (const auto& [row, outcome] : rows_)
            tell(outcome);
    else if (!rows_.empty())
        stop_at(rows_.front().first.line);
    drop();
    return change ? Status() : Status(change.error());
}

// Of several lines the first counts: a transaction that fails takes all of its rows with it.
void RowWriter::stop_at(std::size_t line) {
    if (!rows_.empty()) line = rows_.front().first.line;
    if (tally_.stopped_at == 0) tally_.stopped_at = line;
}

void RowWriter::tell(Outcome outcome) {
    if (outcome == Outcome::updated) ++tally_.updated;
    if (outcome == Outcome::unchanged) ++tally_.unchanged;
    if (outcome == Outcome::created || outcome == Outcome::ownerless) ++tally_.created;
    if (outcome == Outcome::ownerless) ++tally_.ownerless;
}

Status RowWriter::look_at(const ImportedRow& row) {
    if (!row.exists) {
        tell(Outcome::created);
        return {};
    }
    SATCHEL_ASSIGN(const Difference difference, difference_of(row));
    tell(difference.empty() ? Outcome::unchanged : Outcome::updated);
    return {};
}

Status RowWriter::add(const ImportedRow& row) {
    if (!transaction_) {
        SATCHEL_ASSIGN(storage::LocalTransaction begun, replica_.begin());
        transaction_.emplace(std::move(begun));
    }
    SATCHEL_ASSIGN(const Outcome outcome, row.exists ? update(row) : create(row));
    half_written_ = false;
    rows_.emplace_back(row, outcome);
    return {};
}

// What was written of a row that failed goes with the transaction; the rows before it are written
// anew.
Status RowWriter::commit_without_half() {
    if (half_written_) {
        const auto before = std::exchange(rows_, {});
        drop();
        for (const auto& [row, outcome] : before)
            if (const Status again = add(row); !again) {
                stop_at(before.front().first.line);
                return Error{ErrorCode::internal,
                             "a row cannot be written a second time: " + again.error().message};
            }
    }
    return commit();
}

void RowWriter::drop() {
    transaction_.reset();
    rows_.clear();
    weight_ = 0;
    half_written_ = false;
}

Result<RowWriter::Outcome> RowWriter::create(const ImportedRow& row) {
    storage::FieldValues values;
    for (const ImportedCell& cell : row.cells)
        if (is_register(cell)) values.emplace_back(into_.find(cell.field)->name, cell.value);
    const auto belonging = client::belonging(into_, person_, values);
    SATCHEL_ASSIGN(const RecordId id,
                   transaction_->create(into_.name, values, row.id ? &*row.id : nullptr));
    half_written_ = true;
    for (const ImportedCell& cell : row.cells) {
        const std::string& field = into_.find(cell.field)->name;
        for (const Bytes& element : cell.elements)
            SATCHEL_TRY(transaction_->add_to_set(into_.name, id, field, element));
        if (cell.kind == FieldKind::counter && cell.value.integer() != 0)
            SATCHEL_TRY(transaction_->count(into_.name, id, field, cell.value.integer()));
    }
    return belonging == client::Belonging::nobody ? Outcome::ownerless : Outcome::created;
}

// Only what differs from what is shown; sets gain elements, counters stay.
Result<RowWriter::Difference> RowWriter::difference_of(const ImportedRow& row) {
    SATCHEL_ASSIGN(const storage::RecordView view, replica_.record(into_.name, *row.id));
    Difference difference;
    for (const ImportedCell& cell : row.cells) {
        const Field& field = *into_.find(cell.field);
        if (is_register(cell) && !same(view.shown[into_.position(cell.field)], cell.value))
            difference.values.emplace_back(field.name, cell.value);
        if (cell.kind != FieldKind::set) continue;
        const Json shown = json_of(into_, field, view.shown);
        for (const Bytes& element : cell.elements)
            if (std::find(shown.begin(), shown.end(), Json(element)) == shown.end())
                difference.elements.emplace_back(field.name, element);
    }
    return difference;
}

Result<RowWriter::Outcome> RowWriter::update(const ImportedRow& row) {
    SATCHEL_ASSIGN(const Difference difference, difference_of(row));
    if (difference.empty()) return Outcome::unchanged;
    if (!difference.values.empty()) {
        SATCHEL_TRY(transaction_->set(into_.name, *row.id, difference.values));
        half_written_ = true;
    }
    for (const auto& [field, element] : difference.elements) {
        SATCHEL_TRY(transaction_->add_to_set(into_.name, *row.id, field, element));
        half_written_ = true;
    }
    return Outcome::updated;
}

}  // namespace satchel::cli
