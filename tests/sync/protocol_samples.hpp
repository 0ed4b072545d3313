// A request, a reply and a page with something in every part, for the tests of their codecs.
#pragma once

#include "sync/page.hpp"
#include "sync/protocol.hpp"

namespace satchel::testing {

// The real ones; and without compression, so that every byte of a message means something.
const Services& real_services();
const Services& plain_services();

RecordId sample_id(std::uint8_t tail);
Digest sample_digest(std::uint8_t fill);

SyncRequest sample_request();
SyncReply sample_reply();
Layout sample_layout();  // three fields in two cells
Bytes sample_page();

}  // namespace satchel::testing
