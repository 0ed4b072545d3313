// Workload: what people do at their devices: make, edit, tag, count, delete, hand over, resolve,
// send again. Everything goes through the public face of Replica, and every write that became
// durable goes into the history with what its author had been shown.
//
// Threads: one. Errors: Violation when the replica refuses what it must not.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/company.hpp"
#include "tests/simulation/device_node.hpp"
#include "tests/simulation/history.hpp"
#include "tests/simulation/plan.hpp"
#include "tests/simulation/probes.hpp"

namespace satchel::simulation {

class Workload {
  public:
    Workload(const Plan& plan, const Company& company, History& history, Probes& probes)
        : plan_(plan), company_(company), history_(history), probes_(probes) {}

    // One thing that a person does; what it was, for the trace. `failed` is set when the disk did
    // not let it.
    std::string act(DeviceNode& device, bool& failed);
    // Saves so many forms of a deal that all were opened before the first was saved; each writes
    // the field. Stops at the limit of values side by side, which it holds the replica to.
    std::string save_many_forms(DeviceNode& device, const RecordId& deal, const std::string& field,
                                std::size_t forms);
    // Takes what is in the journal and not in the history into it (a commit that said no, and was
    // durable all the same), and the dots of what was issued again.
    void read_journal(DeviceNode& device);

  private:
    struct DiskFailed {};  // a read that the disk refused; act() catches it

    using Seens = std::map<RecordId, Seen>;
    struct Target {
        RecordId id;
        storage::RecordView view;
        Seen seen;
    };

    std::string make(DeviceNode& device);
    std::string make_visit(DeviceNode& device);
    std::string make_pair(DeviceNode& device);
    std::string write_pair(DeviceNode& device);
    std::string edit(DeviceNode& device);
    std::string edit_stale(DeviceNode& device);
    std::string edit_visit(DeviceNode& device);
    std::string open_form(DeviceNode& device);
    std::string tag(DeviceNode& device);
    std::string step_counter(DeviceNode& device);
    std::string remove(DeviceNode& device);
    std::string undelete(DeviceNode& device);
    std::string hand_over(DeviceNode& device);
    std::string resolve(DeviceNode& device);
    std::string send_again(DeviceNode& device);

    Result<storage::LocalTransaction> begin(DeviceNode& device);
    std::string commit(DeviceNode& device, storage::LocalTransaction& transaction, Seens seen,
                       const std::string& what);
    std::string refused(const Error& error, const std::string& what);
    std::string chosen(DeviceNode& device);
    // Throws DiskFailed or a Violation.
    static void readable(const Error* error, const std::string& what);
    template <typename T>
    static void readable(const Result<T>& result, const std::string& what) {
        readable(result ? nullptr : &result.error(), what);
    }
    static std::vector<storage::JournalEntry> unread(DeviceNode& device);
    static std::vector<RecordId> ids_here(DeviceNode& device, const std::string& table);
    std::optional<Target> target(DeviceNode& device, const char* collection);
    Target look(DeviceNode& device, const char* collection, const RecordId& id);
    bool in_pair(const RecordId& id) const;
    storage::FieldValues new_deal(DeviceNode& device);
    storage::FieldValues some_cells(DeviceNode& device);
    Value unique_text(DeviceNode& device);
    Value unique_number(DeviceNode& device);
    Value stage(DeviceNode& device);

    const Plan& plan_;
    const Company& company_;
    History& history_;
    Probes& probes_;
    std::uint64_t values_ = 0;
    bool failed_ = false;
};

// Ids in one of the replica's tables, ascending.
Result<std::vector<RecordId>> ids_of(storage::Replica& replica, const std::string& table);

}  // namespace satchel::simulation
