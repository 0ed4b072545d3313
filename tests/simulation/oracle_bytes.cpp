// I-7, on the bytes of a device's files: what has left it is nowhere in them, neither in a table
// nor in free space nor in the log.
#include <algorithm>
#include <bitset>
#include <cstdint>
#include <cstring>
#include <unordered_map>

#include "tests/simulation/oracle.hpp"

namespace satchel::simulation {
namespace {

// Looks for many strings in one pass, by their first eight bytes.
class Secrets {
  public:
    void add(ByteView secret, const RecordId& record) {
        if (secret.size() < sizeof(std::uint64_t)) return;
        const std::uint64_t begin = key(secret.data());
        seen_.set(slot(begin));
        secrets_.emplace(begin, Secret{Bytes(secret), record});
    }
    // The record whose secret it found first, and where.
    std::optional<std::pair<RecordId, std::size_t>> find(ByteView bytes) const {
        for (std::size_t at = 0; at + sizeof(std::uint64_t) <= bytes.size(); ++at) {
            const std::uint64_t begin = key(bytes.data() + at);
            if (!seen_.test(slot(begin))) continue;
            const auto [first, last] = secrets_.equal_range(begin);
            for (auto each = first; each != last; ++each)
                if (bytes.substr(at).starts_with(each->second.bytes))
                    return std::pair(each->second.record, at);
        }
        return std::nullopt;
    }

  private:
    struct Secret {
        Bytes bytes;
        RecordId record;
    };
    static constexpr std::size_t kSlots = 1U << 16U;
    static std::uint64_t key(const char* bytes) {
        std::uint64_t key = 0;
        std::memcpy(&key, bytes, sizeof(key));
        return key;
    }
    static std::size_t slot(std::uint64_t key) { return (key * 0x9e3779b97f4a7c15U) >> 48U; }

    std::bitset<kSlots> seen_;
    std::unordered_multimap<std::uint64_t, Secret> secrets_;
};

// Numbers and short words may be others' too. What ends in a word that people write (workload.cpp)
// is one person's, as it begins with a number of its own.
bool is_unique(const Value& value) {
    return value.type() == ValueType::text && value.as_bytes().find(' ') != std::string::npos;
}

// Its own, or that of a device which it is a copy of: what it once had in its journal, though that
// may be pruned or lost since.
bool is_own(const DeviceNode& device, const KnownChange& change, const History& history) {
    if (change.device == device.index || change.replica == device.replica_id) return true;
    return change.holders.contains(device.index) ||
           std::any_of(change.operations.begin(), change.operations.end(), [&](Index each) {
               return history.operations()[each].latest.contains(device.index);
           });
}

// A device that ever wrote on a record keeps its own changes, and what they replaced, until head
// office's backup has them.
std::set<RecordId> written_by(const DeviceNode& device, const History& history) {
    std::set<RecordId> records;
    for (const KnownOperation& known : history.operations())
        if (is_own(device, history.changes()[known.change], history))
            records.insert(known.operation.record);
    return records;
}

}  // namespace

void Oracle::check_nothing_left(DeviceNode& device) {
    const auto synced = device.replica().sync_state();
    require(synced, "device reads", device.name());
    if (device.revoked || device.disk.has_hole()) return;
    if (synced->epoch != server_.store().epoch()) return;
    const std::vector<std::string>& held = synced->scopes;
    const bool has_all = server_.store().head() <= synced->cursor;
    const std::set<RecordId> own = written_by(device, history_);
    std::set<RecordId> records;
    std::set<Bytes> named;  // where the device wrote or may look: a visit names its deal
    const auto name = [&named](const std::vector<Value>& values) {
        for (const Value& value : values)
            if (value.type() == ValueType::bytes) named.insert(value.as_bytes());
    };
    for (const KnownOperation& known : history_.operations()) {
        records.insert(known.operation.record);
        if (!own.contains(known.operation.record)) continue;
        for (const CellWrite& cell : known.operation.cells)
            name(cell.values);
    }
    for (const ServerRow& row : server_.rows()) {
        if (!meet(scopes_of(row), held)) continue;
        records.erase(row.id);
        for (const CellState& cell : row.record.state.cells)
            for (const Sibling& sibling : cell.siblings)
                name(sibling.values);
    }
    Secrets secrets;
    for (const RecordId& record : records) {
        const ServerRow* row = server_.row(record);
        const bool is_news = row == nullptr ? !has_all : row->record.seq > synced->cursor;
        if (is_news || own.contains(record)) continue;
        if (!named.contains(Bytes(record.view()))) secrets.add(record.view(), record);
        for (const Index each : history_.of_record(record))
            for (const CellWrite& cell : history_.operations()[each].operation.cells)
                for (const Value& value : cell.values)
                    if (is_unique(value)) secrets.add(value.as_bytes(), record);
    }
    for (const auto& [path, bytes] : device.disk.snapshot()) {
        const auto found = secrets.find(bytes);
        if (found)
            throw Violation{"I-7 confidentiality", device.name() + " may not see the record " +
                                                       found->first.text() + ", and " + path +
                                                       " still has a part of it at byte " +
                                                       std::to_string(found->second) + " of " +
                                                       std::to_string(bytes.size())};
    }
}

}  // namespace satchel::simulation
