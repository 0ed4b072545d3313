#include "tests/soak/ending.hpp"

#include <csignal>
#include <set>

#include "storage/replica.hpp"

namespace satchel::soak {
namespace {

constexpr std::size_t kRounds = 25;  // within which everything must be quiet
constexpr std::chrono::seconds kEndTime{60};

Status stop_devices(Fleet& fleet) {
    for (std::size_t i = 0; i < fleet.units().size(); ++i)
        fleet.signal_device(i, SIGTERM);
    for (std::size_t i = 0; i < fleet.units().size(); ++i) {
        Unit& unit = fleet.units()[i];
        const auto status = unit.process->wait_for(kEndTime);
        // One that has only just been started does not listen yet, and ends by the signal itself.
        if (!status || (*status != 0 && *status != 128 + SIGTERM))
            return {ErrorCode::internal, unit.name() + " does not end as it should when asked to"};
        unit.process.reset();
        SATCHEL_TRY(fleet.settle_device(i));
    }
    return {};
}

// One sync of everybody. What is not quiet yet; "": all is.
Result<std::string> sync_round(Fleet& fleet) {
    std::set<std::uint64_t> cursors;
    std::string unrest;
    for (Unit& unit : fleet.units()) {
        int status = 0;
        SATCHEL_ASSIGN(const cli::Json answer, unit.cli.run({"sync"}, &status));
        if (status != 0) {
            unrest += unit.name() + " cannot sync: " + answer.dump() + "; ";
            continue;
        }
        SATCHEL_ASSIGN(const auto replica, storage::Replica::open(unit.cli.file(), {}));
        SATCHEL_ASSIGN(const storage::ReplicaStatus now, replica->status());
        cursors.insert(number(now.cursor));
        if (now.pending + now.held + now.parked != 0 || now.loading)
            unrest += unit.name() + " has " + std::to_string(now.pending) + " pending, " +
                      std::to_string(now.held) + " held, " + std::to_string(now.parked) +
                      " parked" + (now.loading ? ", and loads; " : "; ");
    }
    if (cursors.size() > 1) unrest += "the devices stand at different places; ";
    return unrest;
}

Status verify_all(Fleet& fleet, Ending& ending) {
    for (Unit& unit : fleet.units()) {
        int status = 0;
        SATCHEL_ASSIGN(const cli::Json answer, unit.cli.run({"verify"}, &status));
        if (status == 0)
            ++ending.equal;
        else
            ending.judgement.violations.push_back(unit.name() +
                                                  " is not equal to head office: " + answer.dump());
    }
    return {};
}

Status judge_head_office(Fleet& fleet, Ending& ending) {
    fleet.kill_office();
    SATCHEL_ASSIGN(const auto store, storage::SqliteServerStore::open(fleet.database(), {}));
    std::vector<Testimony> testimonies;
    for (std::size_t i = 0; i < fleet.units().size(); ++i) {
        SATCHEL_ASSIGN(const auto replica, storage::Replica::open(fleet.units()[i].cli.file(), {}));
        SATCHEL_ASSIGN(const SyncState state, replica->sync_state());
        SATCHEL_ASSIGN(std::vector<Attempt> ledger, read_ledger(fleet.ledger(i)));
        testimonies.push_back({state.replica.id, std::move(ledger)});
    }
    SATCHEL_ASSIGN(Judgement judgement, judge(*store, testimonies));
    judgement.violations.insert(judgement.violations.begin(), ending.judgement.violations.begin(),
                                ending.judgement.violations.end());
    ending.judgement = std::move(judgement);
    const Status sums = store->check_sums();
    if (!sums) ending.judgement.violations.push_back("head office: " + sums.error().message);
    return {};
}

}  // namespace

Result<Ending> come_to_rest(Fleet& fleet) {
    Ending ending;
    SATCHEL_TRY(stop_devices(fleet));
    std::string unrest = "nobody has synced";
    while (!unrest.empty() && ending.rounds < kRounds) {
        SATCHEL_ASSIGN(unrest, sync_round(fleet));
        ++ending.rounds;
    }
    if (!unrest.empty())
        ending.judgement.violations.push_back("after " + std::to_string(kRounds) + " rounds " +
                                              unrest);
    SATCHEL_TRY(verify_all(fleet, ending));
    SATCHEL_TRY(judge_head_office(fleet, ending));
    return ending;
}

}  // namespace satchel::soak
