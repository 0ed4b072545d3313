// The rows of the catalogue (client/messages.hpp): the one file to edit for a new sentence.
//
// Placeholders come in ascending order in the English sentence, and each has some text around it.
// Threads: constant data.
#pragma once

#include <span>

#include "client/messages.hpp"

namespace satchel::client {

std::span<const Message> message_table();

}  // namespace satchel::client
