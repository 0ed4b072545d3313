// What the byte forms of request and reply share (docs/protocol.md): their first items, blocks, and
// lists. Used by protocol_request.cpp and protocol_reply.cpp only.
//
// Threads: one at a time per reader. Errors: corrupt, limit.
#pragma once

#include <string>
#include <vector>

#include "sync/protocol.hpp"

namespace satchel::protocol_format {

constexpr std::string_view kRequestMagic = "SATQ";
constexpr std::string_view kReplyMagic = "SATR";
constexpr std::uint64_t kRequestFormat = 1;
constexpr std::uint64_t kReplyFormat = 1;

// A block: its size, then its bytes, compressed when that is shorter. Bytes as long as the size
// says are not compressed.
void write_block(Writer& out, ByteView raw, const Services& services);
void write_packed(Writer& out, ByteView raw, ByteView compressed);
// `growth`: how many bytes inflating may still add to the message; limit beyond.
Result<Bytes> read_block(Reader& in, std::size_t& growth, const Services& services,
                         std::string_view what);

// Names of scopes: the count, then the names ascending.
void write_scopes(Writer& out, std::vector<std::string> scopes);
std::vector<std::string> read_scopes(Reader& in);
std::string read_scope(Reader& in);

// A list of ids: one bin of 16 bytes each.
void write_ids(Writer& out, const std::vector<RecordId>& ids);
std::vector<RecordId> read_ids(Reader& in, std::size_t limit);

void write_digest(Writer& out, const Digest& digest);
Digest read_digest(Reader& in);
void write_position(Writer& out, const WalkPosition& position);
WalkPosition read_position(Reader& in);
std::uint32_t read_incarnation(Reader& in);

}  // namespace satchel::protocol_format
