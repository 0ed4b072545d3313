#include "storage/unused_space.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstring>
#include <memory>
#include <mutex>
#include <vector>

namespace satchel::storage {
namespace {

constexpr std::size_t kFileHeader = 100;  // before the header of the first page
constexpr std::size_t kSmallestPage = 512;
constexpr std::size_t kLargestPage = 65536;

std::size_t two_bytes(std::span<const std::byte> page, std::size_t at) {
    return std::to_integer<std::size_t>(page[at]) << 8U |
           std::to_integer<std::size_t>(page[at + 1]);
}

// Bytes of the page's header; 0: no page of a tree.
std::size_t header_size(std::byte kind) {
    switch (std::to_integer<int>(kind)) {
        case 2:
        case 5:
            return 12;
        case 10:
        case 13:
            return 8;
        default:
            return 0;
    }
}

// A file's methods, with another one for writing.
struct Methods {
    sqlite3_io_methods changed;  // first: a file points here
    const sqlite3_io_methods* usual;
};

int write(sqlite3_file* file, const void* bytes, int size, sqlite3_int64 offset) {
    const auto& usual = *reinterpret_cast<const Methods*>(file->pMethods)->usual;
    const auto length = static_cast<std::size_t>(size);
    const bool whole = std::has_single_bit(length) && length >= kSmallestPage &&
                       length <= kLargestPage && offset % size == 0;
    if (!whole) return usual.xWrite(file, bytes, size, offset);
    std::array<std::byte, kLargestPage> copy;
    std::memcpy(copy.data(), bytes, length);
    const std::span<std::byte> unused = unused_space(std::span(copy).first(length), offset == 0);
    std::fill(unused.begin(), unused.end(), std::byte{0});
    return usual.xWrite(file, copy.data(), size, offset);
}

// One for each kind of file there is; they stay, as files may be open until the very end.
const Methods& with_cleared_pages(const sqlite3_io_methods* usual) {
    static std::mutex mutex;
    static std::vector<std::unique_ptr<const Methods>>& known =
        *new std::vector<std::unique_ptr<const Methods>>;
    const std::lock_guard lock(mutex);
    for (const auto& each : known)
        if (each->usual == usual) return *each;
    auto made = std::make_unique<Methods>(Methods{*usual, usual});
    made->changed.xWrite = &write;
    return *known.emplace_back(std::move(made));
}

}  // namespace

std::span<std::byte> unused_space(std::span<std::byte> page, bool is_first) {
    const std::size_t header = is_first ? kFileHeader : 0;
    const std::size_t size = header_size(page[header]);
    if (size == 0) return {};
    const std::size_t rows = two_bytes(page, header + 3);
    const std::size_t written = two_bytes(page, header + 5);
    const std::size_t begin = header + size + 2 * rows;
    const std::size_t end = written == 0 ? kLargestPage : written;
    if (begin > end || end > page.size()) return {};
    return page.subspan(begin, end - begin);
}

void clear_unused_space(sqlite3* connection) {
    sqlite3_file* file = nullptr;
    const int code = sqlite3_file_control(connection, "main", SQLITE_FCNTL_FILE_POINTER,
                                          static_cast<void*>(&file));
    if (code != SQLITE_OK || file == nullptr || file->pMethods == nullptr) return;
    if (file->pMethods->xWrite == &write) return;
    file->pMethods = &with_cleared_pages(file->pMethods).changed;
}

}  // namespace satchel::storage
