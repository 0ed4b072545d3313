#include "storage/services.hpp"

#include <sodium.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <memory>
#include <utility>

#include "sync/limits.hpp"

namespace satchel::storage {
namespace {

constexpr int kCompressionLevel = 2;
constexpr int kMaxWindowLog = 23;                // 8 MiB
constexpr std::size_t kChunkBytes = 128U << 10;  // the largest block of a Zstandard frame

// libsodium picks its fast implementations here; before, it would run the portable ones.
void start_sodium() {
    static const int started = sodium_init();
    assert(started >= 0);
    static_cast<void>(started);
}

void feed(crypto_generichash_state& state, ByteView part) {
    crypto_generichash_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                              part.size());
}

struct FreeCompressor {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};
struct FreeDecompressor {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using Compressor = std::unique_ptr<ZSTD_CCtx, FreeCompressor>;
using Decompressor = std::unique_ptr<ZSTD_DCtx, FreeDecompressor>;

// Contexts are kept per thread: making one costs more than compressing a small push.
ZSTD_CCtx* compressor() {
    thread_local const Compressor context = [] {
        Compressor made(ZSTD_createCCtx());
        ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kCompressionLevel);
        ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
        return made;
    }();
    return context.get();
}

struct Inflater {
    Decompressor context;
    Bytes chunk;
};

Inflater& inflater() {
    thread_local Inflater kept = [] {
        Inflater made{Decompressor(ZSTD_createDCtx()), Bytes(kChunkBytes, '\0')};
        ZSTD_DCtx_setParameter(made.context.get(), ZSTD_d_windowLogMax, kMaxWindowLog);
        return made;
    }();
    ZSTD_DCtx_reset(kept.context.get(), ZSTD_reset_session_only);
    return kept;
}

Error too_large(std::size_t limit) {
    return {ErrorCode::limit,
            "compressed data grows beyond " + std::to_string(limit) + " bytes; send less at once"};
}

Error damaged(const char* how) {
    return {ErrorCode::corrupt, std::string("compressed data is damaged: ") + how};
}

Error inflating_failed(std::size_t code) {
    if (ZSTD_getErrorCode(code) == ZSTD_error_frameParameter_windowTooLarge)
        return too_large(std::size_t{1} << kMaxWindowLog);
    return damaged(ZSTD_getErrorName(code));
}

std::size_t output_limit(std::size_t input_bytes, std::size_t max_bytes) {
    return std::min(max_bytes, std::max(kMaxRequestBytes, input_bytes * kMaxInflateRatio));
}

}  // namespace

Digest blake2b(ByteView first, ByteView second) {
    start_sodium();
    Digest digest{};
    crypto_generichash_state state;
    crypto_generichash_init(&state, nullptr, 0, digest.size());
    feed(state, first);
    feed(state, second);
    crypto_generichash_final(&state, digest.data(), digest.size());
    return digest;
}

Bytes compress(ByteView bytes) {
    Bytes frame(ZSTD_compressBound(bytes.size()), '\0');
    const std::size_t size =
        ZSTD_compress2(compressor(), frame.data(), frame.size(), bytes.data(), bytes.size());
    assert(ZSTD_isError(size) == 0);
    frame.resize(size);
    return frame;
}

Result<Bytes> inflate(ByteView frame, std::size_t max_bytes) {
    const std::size_t limit = output_limit(frame.size(), max_bytes);
    auto& [context, chunk] = inflater();
    Bytes inflated;
    ZSTD_inBuffer input{frame.data(), frame.size(), 0};
    std::size_t expected = 1;  // what the decoder still waits for; 0 at the end of the frame
    while (expected != 0) {
        ZSTD_outBuffer output{chunk.data(), chunk.size(), 0};
        const std::size_t before = input.pos;
        expected = ZSTD_decompressStream(context.get(), &output, &input);
        if (ZSTD_isError(expected) != 0) return inflating_failed(expected);
        if (output.pos > limit - inflated.size()) return too_large(limit);
        inflated.append(chunk.data(), output.pos);
        const bool stuck = output.pos == 0 && input.pos == before;
        if (expected != 0 && stuck) return damaged("it ends too early");
    }
    if (input.pos != frame.size()) return damaged("something follows its end");
    return inflated;
}

std::uint64_t SystemRandom::next() {
    if (left_ == 0) {
        start_sodium();
        randombytes_buf(block_.data(), sizeof block_);
        left_ = block_.size();
    }
    return std::exchange(block_[--left_], 0);
}

std::int64_t SystemClock::now_ms() {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since_1970).count();
}

std::int64_t now_ms(WallClock* clock) {
    return clock == nullptr ? SystemClock().now_ms() : clock->now_ms();
}

}  // namespace satchel::storage
