// Who is there, and whether both sides remember the same: before anything is taken or given.
#include <algorithm>

#include "sync/server_exchange.hpp"

#include "sync/mutants.hpp"

namespace satchel {
namespace {

constexpr std::size_t kChainPoints = 64;
// From one epoch's number to the next.
constexpr std::uint64_t kIncarnationsPerEpoch = 7;  // 64 years of epochs fit 32 bits
// What an epoch may have issued to a device and its copies above its number: 100 a day at most, and
// most devices never need one.
constexpr std::uint64_t kIssuedByAnEpoch = 1'000;

}  // namespace

Result<bool> Exchange::greet() {
    if (request_.epoch != 0 && request_.epoch != store_.epoch() && !broken(Mutant::epoch_ignored)) {
        SATCHEL_ASSIGN(const auto found, store_.replica(request_.replica));
        if (found) known_.high = found->high;
        SATCHEL_TRY(keep_clear_of(request_.epoch));
        say_restored();
        return false;
    }
    SATCHEL_ASSIGN(const bool found, find_replica());
    if (!found || may_have_lost_its_name()) return fork();
    SATCHEL_ASSIGN(const bool same, check_base());
    if (!same || !request_.wants_incarnation) return same;
    SATCHEL_TRY(fork());
    handled_.reply.chain.clear();
    if (request_.base_counter != 0)
        handled_.reply.chain.push_back({request_.base_counter, request_.base_hash});
    return false;
}

// New here, known, or issued in a time that a restore took back. False: nobody issued it.
Result<bool> Exchange::find_replica() {
    SATCHEL_ASSIGN(const auto found, store_.replica(request_.replica));
    known_.replica = request_.replica;
    known_.hash = chain_start(services_.hash, request_.replica);
    if (found) {
        known_ = *found;
        return true;
    }
    SATCHEL_ASSIGN(const std::uint32_t highest, store_.highest_incarnation(request_.replica.id));
    const bool is_new = highest == 0 && request_.replica.incarnation == 1;
    if (is_new || request_.replica.incarnation <= last_of_earlier_epochs()) return true;
    if (request_.replica.incarnation > highest || store_.epoch() == 1) return false;
    return take_for_issued(highest);
}

// A device that was rolled back to before its first sync gives its dots to other changes than those
// that it once sent. Its chain shows that, but for one that a restore has taken back; and others
// may have seen what those dots stood for then. So it goes on under a name of this epoch.
bool Exchange::may_have_lost_its_name() {
    return request_.epoch == 0 && store_.epoch() > 1 && !request_.closed &&
           request_.replica.incarnation <= last_of_earlier_epochs();
}

// Head office's clock was put back between two restores: the one before, with the higher number,
// may have issued it. Whoever makes numbers up uses up his own, a few each day.
Result<bool> Exchange::take_for_issued(std::uint32_t highest) {
    const Status room = allowance_.admit_incarnation();
    if (!room && room.error().code == ErrorCode::limit) return false;
    SATCHEL_TRY(room);
    SATCHEL_ASSIGN(const auto last, store_.replica({request_.replica.id, highest}));
    known_.cursor_given = last ? last->cursor_given : Sequence{};
    SATCHEL_TRY(store_.save_replica(known_));
    return true;
}

// The epoch that the device has met, or the incarnation that it has, may be one that a restore took
// back and whose number is not below this epoch's: what that one issued to the device and its
// copies must not be issued again.
Status Exchange::keep_clear_of(std::uint64_t epoch) {
    const std::uint64_t issued = std::max<std::uint64_t>(
        epoch_number(epoch) * kIncarnationsPerEpoch, request_.replica.incarnation);
    const std::uint64_t last = issued + kIssuedByAnEpoch;
    SATCHEL_ASSIGN(const std::uint32_t highest, store_.highest_incarnation(request_.replica.id));
    const bool is_clear = last <= std::max<std::uint64_t>(highest, last_of_earlier_epochs());
    if (is_clear || last >= UINT32_MAX) return {};
    const Status room = allowance_.admit_incarnation();
    if (!room && room.error().code == ErrorCode::limit) return {};
    SATCHEL_TRY(room);
    SATCHEL_ASSIGN(const auto before, store_.replica({request_.replica.id, highest}));
    KnownReplica reserved;
    reserved.replica = {request_.replica.id, static_cast<std::uint32_t>(last)};
    reserved.hash = chain_start(services_.hash, reserved.replica);
    reserved.cursor_given = before ? before->cursor_given : Sequence{};
    return store_.save_replica(reserved);
}

// Every incarnation of this epoch is above it.
std::uint64_t Exchange::last_of_earlier_epochs() const {
    return epoch_number(store_.epoch()) * kIncarnationsPerEpoch;
}

Result<bool> Exchange::check_base() {
    if (broken(Mutant::chain_not_compared)) return true;
    if (!request_.closed && request_.last_counter < known_.high) return fork();
    if (request_.base_counter > known_.high) {
        say_restored();
        return false;
    }
    if (request_.base_counter == 0) return true;
    if (request_.base_counter == known_.high)
        return request_.base_hash == known_.hash ? Result<bool>(true) : fork();
    SATCHEL_ASSIGN(const auto base, store_.log_entry(request_.replica, request_.base_counter));
    const bool same =
        base && base->last_counter == request_.base_counter && base->hash == request_.base_hash;
    return same ? Result<bool>(true) : fork();
}

// The device was rolled back or copied: it goes on under a name that nobody has used. Issued ones
// are kept, so that two copies never get the same.
Result<bool> Exchange::fork() {
    SATCHEL_ASSIGN(const std::uint32_t highest, store_.highest_incarnation(request_.replica.id));
    const std::uint64_t next =
        std::max<std::uint64_t>({highest, request_.replica.incarnation, last_of_earlier_epochs()}) +
        1;
    if (next > UINT32_MAX)
        return Error{ErrorCode::limit, "the replica has used up its incarnations"};
    handled_.reply.status = ReplyStatus::fork;
    const Status room = allowance_.admit_incarnation();
    if (!room && room.error().code == ErrorCode::limit && caller_.revoked)
        return false;  // it is told to wipe, and needs no name
    if (!room) return room.error();
    SATCHEL_ASSIGN(const auto last, store_.replica({request_.replica.id, highest}));
    KnownReplica issued;
    issued.replica = {request_.replica.id, static_cast<std::uint32_t>(next)};
    issued.hash = chain_start(services_.hash, issued.replica);
    issued.cursor_given = std::max(known_.cursor_given, last ? last->cursor_given : Sequence{});
    SATCHEL_TRY(store_.save_replica(issued));
    SyncReply& reply = handled_.reply;
    reply.new_incarnation = issued.replica.incarnation;
    SATCHEL_ASSIGN(reply.chain, store_.chain_points(request_.replica, kChainPoints));
    known_changed_ = false;
    return false;
}

void Exchange::say_restored() {
    SyncReply& reply = handled_.reply;
    reply.status = ReplyStatus::restored;
    reply.restored_head =
        request_.epoch == store_.epoch() ? store_.head() : store_.restored_head(request_.epoch);
    reply.acked_counter = known_.high;
}

}  // namespace satchel
