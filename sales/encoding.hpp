// Encoding: the bytes of a text file as UTF-8, whatever program saved it. Chinese spreadsheet
// programs save CSV as GBK, others as UTF-8 with a mark or as UTF-16; a person who imports a file
// does not know which.
//
//     SATCHEL_ASSIGN(DecodedText file, to_utf8(bytes));
//     // file.text is UTF-8 without mark; tell the person name(file.encoding)
//
// How it is found, in this order:
//
// | the file                          | is read as                                         |
// | begins with FF FE or FE FF        | UTF-16, little or big end first                    |
// | begins with EF BB BF              | UTF-8; a fault in it is an error, never GB18030    |
// | is valid UTF-8                    | UTF-8                                              |
// | converts wholly from GB18030      | GB18030, which contains GBK and GB2312             |
// | anything else                     | error                                              |
//
// Short texts in another 8-bit code (Latin-1) may pass for GB18030: show a preview.
//
// Threads: pure function. Errors: `limit` above kMaxImportFileBytes, `invalid_argument` with the
// byte offset, the line and what to do. Messages hold no text of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sync/ids.hpp"
#include "sync/result.hpp"

namespace satchel::sales {

// The whole file is held in memory, twice while it is converted.
constexpr std::size_t kMaxImportFileBytes = 256U << 20;

enum class Encoding : std::uint8_t { utf8, utf16_little_endian, utf16_big_endian, gb18030 };

// As a person knows it: "UTF-8", "UTF-16LE", "UTF-16BE", "GB18030".
std::string_view name(Encoding encoding);

struct DecodedText {
    Bytes text;
    Encoding encoding = Encoding::utf8;
};

Result<DecodedText> to_utf8(ByteView bytes);

}  // namespace satchel::sales
