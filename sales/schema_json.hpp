// A schema as JSON: what an administrator reads, edits and sends back, and what `satcheld --schema
// FILE` and `satchel init --schema FILE` take (docs/formats.md, "Schema as JSON"). The system's own
// collections (ids below 100) are left out.
//
//     {"number": 2, "collections": [{
//        "id": 100, "name": "account", "label_zh": "客户", "label_en": "Account",
//        "delete": "update_wins", "write": "holders", "append_only": false, "priority": 1,
//        "scope": {"everyone": false, "owner": "owner", "pool": "pool", "parents": []},
//        "fields": [
//          {"id": 1, "name": "name", "kind": "text", "label_zh": "名称", "label_en": "Name"},
//          {"id": 2, "name": "owner", "kind": "reference", "refers_to": "_user", "indexed": true},
//          {"id": 7, "name": "currency", "kind": "text", "cell": "revenue", "max_bytes": 3}],
//        "rules": [{"cell": "name", "rule": "last_writer"}]}]}
//
// Fields are named by their names; `cell` is the first field of the group. Only number, collections
// and of what is in it id, name and kind must be given.
//
// Threads: pure. Errors: invalid_argument, naming the place (`schema, account.owner: …`): a member
// unknown, missing or of another kind, and all that Schema::build refuses.
#pragma once

#include <nlohmann/json.hpp>

#include "sync/schema.hpp"

namespace satchel::sales {

nlohmann::json schema_to_json(const Schema& schema);
Result<Schema> schema_from_json(const nlohmann::json& json);
Result<Schema> schema_from_json_text(ByteView text);

}  // namespace satchel::sales
