#include "sales/encoding.hpp"

#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "sync/value.hpp"

namespace satchel::sales {
namespace {

struct Mark {
    ByteView bytes;
    Encoding encoding;
};

constexpr std::array<Mark, 3> kMarks = {{
    {"\xEF\xBB\xBF", Encoding::utf8},
    {"\xFF\xFE", Encoding::utf16_little_endian},
    {"\xFE\xFF", Encoding::utf16_big_endian},
}};

std::optional<Mark> find_mark(ByteView bytes) {
    for (const Mark& mark : kMarks)
        if (bytes.starts_with(mark.bytes)) return mark;
    return std::nullopt;
}

// A conversion by the system's iconv.
class Converter {
  public:
    Converter(const char* to, const char* from) : handle_(iconv_open(to, from)) {}
    ~Converter() {
        if (usable()) iconv_close(handle_);
    }
    Converter(const Converter&) = delete;
    Converter& operator=(const Converter&) = delete;

    bool usable() const { return handle_ != reinterpret_cast<iconv_t>(-1); }

    // Appends what converts to `out`. Returns how many bytes did: all of them, or the offset of
    // the first that cannot.
    std::size_t run(ByteView bytes, Bytes& out) const {
        std::array<char, 1U << 16> buffer;
        char* in = const_cast<char*>(bytes.data());  // iconv's signature; it only reads
        std::size_t left = bytes.size();
        while (left > 0) {
            char* end = buffer.data();
            std::size_t room = buffer.size();
            const std::size_t made = iconv(handle_, &in, &left, &end, &room);
            const int reason = errno;
            out.append(buffer.data(), buffer.size() - room);
            if (made == static_cast<std::size_t>(-1) && reason != E2BIG) break;
        }
        return bytes.size() - left;
    }

  private:
    iconv_t handle_;
};

// "byte 17 (line 3)"; `skipped` bytes of a mark came before.
std::string place(ByteView bytes, std::size_t at, std::size_t skipped = 0) {
    const auto lines =
        std::count(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(at), '\n');
    return "byte " + std::to_string(at + skipped) + " (line " + std::to_string(lines + 1) + ")";
}

std::size_t first_bad_utf8(ByteView bytes) {
    Bytes ignored;
    return Converter("UTF-16LE", "UTF-8").run(bytes, ignored);
}

Error no_converter(Encoding encoding) {
    return {ErrorCode::invalid_argument,
            "this system cannot convert " + std::string(name(encoding)) +
                ": save the file as UTF-8, or install the C library's gconv modules"};
}

Result<DecodedText> decode_marked(ByteView bytes, const Mark& mark) {
    const std::size_t skipped = mark.bytes.size();
    const ByteView body = bytes.substr(skipped);
    if (mark.encoding == Encoding::utf8) {
        if (is_utf8(body)) return DecodedText{Bytes(body), mark.encoding};
        return Error{ErrorCode::invalid_argument,
                     "the file is marked as UTF-8 but is damaged at " +
                         place(body, first_bad_utf8(body), skipped) +
                         ": save it again as UTF-8 in the program that made it"};
    }
    const Converter converter("UTF-8", std::string(name(mark.encoding)).c_str());
    if (!converter.usable()) return no_converter(mark.encoding);
    DecodedText decoded{{}, mark.encoding};
    const std::size_t converted = converter.run(body, decoded.text);
    if (converted == body.size()) return decoded;
    return Error{
        ErrorCode::invalid_argument,
        "the file is marked as UTF-16 but is damaged or cut off at byte " +
            std::to_string(converted + skipped) + " (line " +
            std::to_string(std::count(decoded.text.begin(), decoded.text.end(), '\n') + 1) +
            "): save it again as UTF-8 in the program that made it"};
}

Result<DecodedText> decode_gb18030(ByteView bytes) {
    const Converter converter("UTF-8", "GB18030");
    if (!converter.usable()) return no_converter(Encoding::gb18030);
    DecodedText decoded{{}, Encoding::gb18030};
    const std::size_t converted = converter.run(bytes, decoded.text);
    if (converted == bytes.size()) return decoded;
    return Error{ErrorCode::invalid_argument,
                 "the file is neither UTF-8, which breaks at " +
                     place(bytes, first_bad_utf8(bytes)) +
                     ", nor GB18030 or GBK, which breaks at " + place(bytes, converted) +
                     ": open it in the program that made it and save it as UTF-8 (in Excel: "
                     "\"CSV UTF-8\")"};
}

}  // namespace

std::string_view name(Encoding encoding) {
    switch (encoding) {
        case Encoding::utf8:
            return "UTF-8";
        case Encoding::utf16_little_endian:
            return "UTF-16LE";
        case Encoding::utf16_big_endian:
            return "UTF-16BE";
        case Encoding::gb18030:
            return "GB18030";
    }
    return "";
}

Result<DecodedText> to_utf8(ByteView bytes) {
    if (bytes.size() > kMaxImportFileBytes)
        return Error{ErrorCode::limit,
                     "the file has " + std::to_string(bytes.size()) + " bytes, at most " +
                         std::to_string(kMaxImportFileBytes) + " can be read: split it"};
    if (const auto mark = find_mark(bytes)) return decode_marked(bytes, *mark);
    if (is_utf8(bytes)) return DecodedText{Bytes(bytes), Encoding::utf8};
    return decode_gb18030(bytes);
}

}  // namespace satchel::sales
