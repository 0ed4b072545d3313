// The one form in which text is stored and compared: valid UTF-8 in Unicode normal form C (UAX 15),
// so that "é" typed on two keyboards is one text, one search hit and one unique key.
//
//     if (is_canonical_text(cell)) return store(cell);  // nearly always, and nothing is copied
//     SATCHEL_ASSIGN(const Bytes canonical, canonical_text(cell));
//     return store(canonical);
//
// Threads: pure functions. Lengths are checked elsewhere (kMaxTextBytes); form C can be longer
// than what came in, at most three times.
#pragma once

#include <cstddef>

#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::storage {

// True when canonical_text() would give the same bytes back. Latin and Chinese text is only
// scanned; any other character has the whole text normalised and compared.
bool is_canonical_text(ByteView text);

// Combining marks in a row; UAX 15 calls a text within it stream-safe, and no language needs more.
// Marks are sorted in quadratic time: without a limit 200 KB of them take half a minute.
constexpr std::size_t kMaxMarksInARow = 30;

// invalid_argument when the text is not UTF-8, or holds the character NUL: valid in Unicode, but C
// interfaces and SQL tools cut a text there, so that two places would see two different texts.
// limit when more than kMaxMarksInARow are stacked on one letter.
Result<Bytes> canonical_text(ByteView text);

}  // namespace satchel::storage
