// What happens to a device as a whole: another release, and a log-out that must leave nothing
// readable in its files.
#include <algorithm>
#include <array>

#include "tests/simulation/world.hpp"

namespace satchel::simulation {
namespace {

// Ends of values that people wrote, which nothing else in a file looks like (workload.cpp).
constexpr std::array<std::string_view, 4> kSecrets{
    " \xe4\xb8\x8a\xe6\xb5\xb7", "xxxxxxxxxxxxxxxxxxxxxxxx", "\xf0\x9f\xa6\x8a", "'\"%;--"};

std::set<ChangeId> waiting(DeviceNode& device) {
    const auto journal = device.replica().journal(100'000, true);
    require(journal, "device reads", "journal");
    std::set<ChangeId> found;
    for (const storage::JournalEntry& entry : *journal)
        found.insert(entry.id);
    return found;
}

// Ids of all records, as they lie in a table. (What head office said of a change that it did not
// accept may name a record in words: it stays with the change.)
std::set<Bytes> names_of_records(const History& history) {
    std::set<Bytes> names;
    for (const KnownOperation& known : history.operations())
        names.emplace(known.operation.record.view());
    return names;
}

// I-7, on the bytes of every file: database, log, whatever else lies there.
void check_nothing_readable(DeviceNode& device, const History& history) {
    const std::set<Bytes> names = names_of_records(history);
    const auto must_lack = [&](const std::string& path, const Bytes& bytes, ByteView secret) {
        const auto at = bytes.find(secret);
        if (at == Bytes::npos) return;
        throw Violation{"I-7 confidentiality", device.name() + " is logged out, and " + path +
                                                   " still has " + Value::text(secret).text_form() +
                                                   " at byte " + std::to_string(at)};
    };
    for (const auto& [path, bytes] : device.disk.snapshot()) {
        for (const std::string_view secret : kSecrets)
            must_lack(path, bytes, secret);
        for (const Bytes& name : names)
            must_lack(path, bytes, name);
    }
}

}  // namespace

// The present release, one that speaks the next version too, or one that speaks only that.
void World::change_release(DeviceNode& device) {
    device.protocol_min = random_.chance(300) ? kProtocolMax + 1 : kProtocolMin;
    device.protocol_max =
        std::max(device.protocol_min, random_.chance(500) ? kProtocolMax + 1 : kProtocolMax);
    log(device.name() + " speaks " + std::to_string(device.protocol_min) + " to " +
        std::to_string(device.protocol_max));
}

Bytes World::as_of_its_release(const DeviceNode& device, const SyncRequest& request, Bytes bytes) {
    if (device.protocol_max == kProtocolMax) return bytes;
    probes_.hit(Probe::other_release);
    SyncRequest other = request;
    other.protocol_min = device.protocol_min;
    other.protocol_max = device.protocol_max;
    return encode(other, server_.services());
}

// What waits is sealed, everything else goes; after the next log-in what waited is there again.
void World::log_out(DeviceNode& device) {
    if (device.session || device.disk.has_hole()) return;
    workload_.read_journal(device);
    const std::set<ChangeId> before = waiting(device);
    const storage::SealKey key = DeviceNode::seal_key();
    const Status wiped = device.replica().wipe(true, &key);
    require(wiped, "device writes", "log-out");
    log(device.name() + " is logged out, " + std::to_string(before.size()) + " changes wait");
    check_nothing_readable(device, history_);
    probes_.hit(before.empty() ? Probe::logged_out : Probe::logged_out_with_pending);
    device.forms.clear();
    const Status unsealed = device.replica().unseal({key});
    require(unsealed, "device writes", "log-in");
    if (waiting(device) != before)
        throw Violation{"I-2 no lost write",
                        device.name() + " lost changes that waited when it was logged out"};
    survey(device, true);
}

}  // namespace satchel::simulation
