// Sizes that lie: at every byte of every kind of message, a number or a length of 2^16-1, 2^31,
// 2^32-1, 2^32, 2^63 or 2^64-1; and nesting without end. Whatever is decoded says damage, or is
// something that may be there; and memory follows what came, not what was claimed.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sync/bundle.hpp"
#include "sync/changeset.hpp"
#include "sync/meta.hpp"
#include "sync/schema.hpp"
#include "tests/sync/allocation_meter.hpp"
#include "tests/sync/damage.hpp"
#include "tests/sync/protocol_samples.hpp"

namespace satchel::testing {
namespace {

using namespace std::string_literals;

// Every decoder keeps what it reads in larger pieces than came, and some lists have a first size.
constexpr std::size_t kTimesTheInput = 16;
constexpr std::size_t kInAnyCase = 32U << 10;

struct Format {
    const char* name;
    Bytes sample;
    ErrorCode (*decode)(ByteView);
};

template <typename T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::ok : result.error().code;
}

Bytes kept(const char* name) {
    std::ifstream in(std::filesystem::path(SATCHEL_SOURCE_DIR) / "tests/fuzz/corpus" / name,
                     std::ios::binary);
    return Bytes{std::istreambuf_iterator<char>(in), {}};
}

ErrorCode decode_page(ByteView bytes) {
    const auto page = PageReader::open(bytes);
    if (!page) return page.error().code;
    return code_of(page->visit([](const PageRow& row) -> Status {
        if (row.kind == RowKind::confirm) return {};
        const auto state = decode_meta(row.meta, *row.layout, row.values);
        return state ? Status() : state.error();
    }));
}

std::vector<Format> formats() {
    return {
        {"request", encode(sample_request(), plain_services()),
         [](ByteView bytes) { return code_of(decode_request(bytes, real_services())); }},
        {"reply", encode(sample_reply(), plain_services()),
         [](ByteView bytes) {
             const ErrorCode code = code_of(decode_reply(bytes, real_services()));
             return code == ErrorCode::bad_reply ? ErrorCode::corrupt : code;  // not one of ours
         }},
        {"page", sample_page(), &decode_page},
        {"changeset", kept("changeset/many"),
         [](ByteView bytes) { return code_of(decode_changeset(bytes)); }},
        {"state", kept("meta/whole"), [](ByteView bytes) { return code_of(decode_state(bytes)); }},
        {"schema", kept("schema/deal"),
         [](ByteView bytes) {
             const ErrorCode code = code_of(Schema::decode(bytes));
             return code == ErrorCode::invalid_argument ? ErrorCode::corrupt : code;  // its meaning
         }},
        {"bundle", kept("bundle/reply"),
         [](ByteView bytes) { return code_of(decode_bundle(bytes)); }},
        {"messages", kept("bundle/messages"),
         [](ByteView bytes) { return code_of(decode_messages(bytes)); }},
    };
}

// MessagePack's long headers.
std::vector<Bytes> claims() {
    std::vector<Bytes> all;
    for (const char kind : "\xda\xdc\xde\xc5"s)  // text, array, map, bytes: 2^16-1
        all.push_back(kind + "\xff\xff"s);
    for (const char kind : "\xdb\xdd\xdf\xc6"s) {  // the same: 2^31 and 2^32-1
        all.push_back(kind + "\x80\x00\x00\x00"s);
        all.push_back(kind + "\xff\xff\xff\xff"s);
    }
    all.push_back("\xce\x80\x00\x00\x00"s);                  // a number: 2^31
    all.push_back("\xcf\x00\x00\x00\x01\x00\x00\x00\x00"s);  // 2^32
    all.push_back("\xcf\x80\x00\x00\x00\x00\x00\x00\x00"s);  // 2^63
    all.push_back("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"s);  // 2^64-1
    return all;
}

void expect_harmless(const Format& format, const Bytes& bytes, const std::string& what) {
    const AllocationMeter meter;
    const ErrorCode code = format.decode(bytes);
    EXPECT_LT(meter.peak_bytes(), kTimesTheInput * bytes.size() + kInAnyCase)
        << format.name << what;
    EXPECT_TRUE(code == ErrorCode::ok || says_damaged(code))
        << format.name << what << ": " << name(code);
}

TEST(LyingSizes, OfEveryFieldOfEveryFormatTakeNoMemory) {
    for (const Format& format : formats()) {
        ASSERT_EQ(format.decode(format.sample), ErrorCode::ok) << format.name;
        for (const Bytes& claim : claims())
            for (std::size_t at = 0; at < format.sample.size(); ++at)
                expect_harmless(format,
                                format.sample.substr(0, at) + claim + format.sample.substr(at + 1),
                                " at byte " + std::to_string(at));
    }
}

TEST(Nesting, WithoutEndIsRefused) {
    for (const Format& format : formats())
        for (const char kind : "\x91\x81\xdc"s) {  // a list of one, a map of one, a long list
            const Bytes nest(1U << 20, kind);
            expect_harmless(format, nest, " of nothing but nesting");
            EXPECT_NE(format.decode(nest), ErrorCode::ok) << format.name;
            for (std::size_t at = 0; at < format.sample.size(); at += 7)
                expect_harmless(format, format.sample.substr(0, at) + nest.substr(0, 10'000),
                                " with nesting from byte " + std::to_string(at));
        }
}

}  // namespace
}  // namespace satchel::testing
