// Which fields name a record to people: the same on the command line, in the window and wherever a
// record is chosen by its name.
//
// Threads: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sync/schema.hpp"

namespace satchel::client {

// The collection's fields of name, title, number and login, in this order.
std::vector<const Field*> naming_fields(const Collection& collection);

// SQL for the name of a row: the first naming field that is filled, else its first text field; NULL
// when there is none. `row`: the table's alias in the statement.
std::string title_sql(const Collection& collection, std::string_view row);

}  // namespace satchel::client
