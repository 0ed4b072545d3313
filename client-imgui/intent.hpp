// Intent: what a person asked for, as a value. Views return them, the worker carries them out, the
// next snapshot shows what became of it.
//
// Threads: values.
#pragma once

#include <variant>
#include <vector>

#include "client-imgui/snapshot.hpp"

namespace satchel::window {

struct ShowTable {
    TableQuery query;
};
struct OpenRecord {
    std::string collection;
    RecordId id;
};
struct NewRecord {
    std::string collection;
};
struct CloseRecord {};

// Answered by Snapshot::answer with the same serial.
struct SaveRecord {
    std::uint64_t serial = 0;
    std::string collection;
    std::optional<RecordId> id;  // nothing: a new record
    VectorClock token;           // what the form showed
    std::vector<FieldChange> changes;
    std::int64_t replaces = 0;  // not-accepted entry of the journal that this takes the place of
};
struct DeleteRecord {
    std::string collection;
    RecordId id;
    VectorClock token;
};
struct UndeleteRecord {
    std::string collection;
    RecordId id;
};
// Writes the chosen values over all that the person was shown.
struct Resolve {
    std::string collection;
    RecordId record;
    VectorClock token;
    storage::FieldValues values;
};
struct FindReferences {
    CollectionId collection{};
    std::string filter;
};
struct ResendRejected {
    std::int64_t number = 0;
};
struct DismissRejected {
    std::int64_t number = 0;
};
// Its answer is in Snapshot::login.
struct LogIn {
    std::string url;  // as typed
    std::string login;
    std::string password;
};
struct SyncNow {};
struct StopSync {};
struct OpenFileAgain {};

using Intent = std::variant<ShowTable, OpenRecord, NewRecord, CloseRecord, SaveRecord, DeleteRecord,
                            UndeleteRecord, Resolve, FindReferences, ResendRejected,
                            DismissRejected, LogIn, SyncNow, StopSync, OpenFileAgain>;
using Intents = std::vector<Intent>;

}  // namespace satchel::window
