// A schema as JSON: what an administrator reads, edits and sends back, and what `satcheld --schema
// FILE` takes for a new workspace. The system's own collections (ids below 100) are left out.
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
// Fields are named by their names; `cell` is the first field of the group. Only id, name and kind
// must be given. Threads: pure. Errors: invalid_argument, naming the place; limit.
#pragma once

#include "server/json_body.hpp"
#include "sync/schema.hpp"

namespace satchel::server {

Json json_of(const Schema& schema);
Result<Schema> schema_of(const JsonBody& body);

}  // namespace satchel::server
