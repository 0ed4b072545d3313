// Whose a new record becomes when nobody says: the person's whom the file belongs to. Head office
// takes no record that would belong to nobody, and the device forgets it then.
//
//     SATCHEL_ASSIGN(const auto person, person_of(*replica));
//     if (belonging(*collection, person, values) == Belonging::nobody) warn();
//     transaction->create(collection->name, values);
//
// Threads: as Replica; belonging() is pure. Errors: those of the replica.
#pragma once

#include <map>
#include <optional>

#include "storage/replica.hpp"

namespace satchel::client {

// Known since the first log-in, also without a connection and before the first sync.
Result<std::optional<RecordId>> person_of(storage::Replica& replica);

enum class Belonging {
    settled,  // the collection needs no owner, or `values` name one, a pool or a parent
    person,   // `values` now name the person
    nobody,   // nobody has logged in with this file: head office will refuse it as it is
};

// Completes the values of a new record.
Belonging belonging(const Collection& collection, const std::optional<RecordId>& person,
                    storage::FieldValues& values);

// A change that was not accepted, written again (Replica::resend). A record that it makes for
// nobody becomes the person's; `values`: what else is to be different, of its only record.
// not_found: no such entry; invalid_argument: `values` for a change of several records.
Result<ChangeId> resend(storage::Replica& replica, std::int64_t journal_number,
                        const storage::FieldValues& values = {});

}  // namespace satchel::client
