// Runs a fuzz target without libFuzzer: on every file of its corpus, then on seeded mutations.
//
//     NAME_fuzzer CORPUS_DIRECTORY           all files, then seeds 1 to kSeeds
//     NAME_fuzzer CORPUS_DIRECTORY SEED      only that seed, in this process, for a debugger
//
// The runs happen in a child process, so that whatever kills it (a signal, a sanitizer, an
// assertion), the parent can still name the seed that did.

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using Bytes = std::vector<std::uint8_t>;
using Random = std::mt19937_64;

#ifndef SATCHEL_REPLAY_SEEDS
#define SATCHEL_REPLAY_SEEDS 5000
#endif
constexpr std::uint64_t kSeeds = SATCHEL_REPLAY_SEEDS;

struct Progress {
    std::uint64_t seed;  // 0 while the corpus files themselves run
    std::size_t file;
};

std::vector<std::filesystem::path> list_corpus(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
        if (entry.is_regular_file()) files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());  // the order is part of what a seed means
    return files;
}

Bytes read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

std::size_t below(std::size_t limit, Random& random) {
    return static_cast<std::size_t>(random() % limit);
}

std::uint8_t interesting_byte(Random& random) {
    // The ends of ranges, and the first bytes of MessagePack's long lengths.
    constexpr std::uint8_t kBytes[] = {0x00, 0x01, 0x7f, 0x80, 0xc4, 0xc6,
                                       0xd9, 0xdb, 0xdd, 0xdf, 0xfe, 0xff};
    return random() % 2 == 0 ? kBytes[below(std::size(kBytes), random)]
                             : static_cast<std::uint8_t>(random());
}

// Puts a slice of `donor` into `bytes` somewhere.
void splice(Bytes& bytes, const Bytes& donor, Random& random) {
    const std::size_t from = below(donor.size(), random);
    const std::size_t length = 1 + below(std::min<std::size_t>(donor.size() - from, 64), random);
    const auto slice = donor.begin() + static_cast<std::ptrdiff_t>(from);
    const auto at = bytes.begin() + static_cast<std::ptrdiff_t>(below(bytes.size() + 1, random));
    bytes.insert(at, slice, slice + static_cast<std::ptrdiff_t>(length));
}

void mutate(Bytes& bytes, const Bytes& donor, Random& random) {
    const std::uint64_t kind = bytes.empty() ? 4 : random() % 6;
    const std::size_t at = bytes.empty() ? 0 : below(bytes.size(), random);
    const auto position = bytes.begin() + static_cast<std::ptrdiff_t>(at);
    switch (kind) {
        case 0:
            bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ (1U << (random() % 8)));
            break;
        case 1:
            bytes[at] = interesting_byte(random);
            break;
        case 2:
            bytes.resize(at);
            break;
        case 3:
            bytes.erase(position);
            break;
        case 4:
            bytes.insert(position, interesting_byte(random));
            break;
        default:
            if (!donor.empty()) splice(bytes, donor, random);
    }
}

void run(const Bytes& input) {
    // An exact copy on the heap lets the address sanitizer see a read past the end.
    const Bytes exact(input.begin(), input.end());
    LLVMFuzzerTestOneInput(exact.data(), exact.size());
}

void run_seed(std::uint64_t seed, const std::vector<Bytes>& corpus) {
    Random random(seed);
    Bytes input = corpus[below(corpus.size(), random)];
    const Bytes& donor = corpus[below(corpus.size(), random)];
    for (std::size_t left = 1 + below(8, random); left > 0; --left) {
        mutate(input, donor, random);
    }
    run(input);
}

void run_all(const std::vector<Bytes>& corpus, Progress& progress) {
    for (progress.file = 0; progress.file < corpus.size(); ++progress.file) {
        run(corpus[progress.file]);
    }
    for (progress.seed = 1; progress.seed <= kSeeds; ++progress.seed) {
        run_seed(progress.seed, corpus);
    }
}

int run_in_child(const char* program, const std::filesystem::path& directory,
                 const std::vector<std::filesystem::path>& files,
                 const std::vector<Bytes>& corpus) {
    void* shared =
        mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) return EXIT_FAILURE;
    Progress& progress = *new (shared) Progress{};

    const pid_t child = fork();
    if (child == 0) {
        run_all(corpus, progress);
        std::_Exit(EXIT_SUCCESS);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child) return EXIT_FAILURE;
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS) {
        std::printf("%zu corpus files and %llu mutations passed\n", corpus.size(),
                    static_cast<unsigned long long>(kSeeds));
        return EXIT_SUCCESS;
    }
    if (progress.seed == 0) {
        std::printf("failed on %s\n", files[progress.file].c_str());
    } else {
        std::printf("failed; run again: %s %s %llu\n", program, directory.c_str(),
                    static_cast<unsigned long long>(progress.seed));
    }
    return EXIT_FAILURE;
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::printf("usage: %s CORPUS_DIRECTORY [SEED]\n", argv[0]);
        return EXIT_FAILURE;
    }
    const std::filesystem::path directory = argv[1];
    const auto files = list_corpus(directory);
    if (files.empty()) {
        std::printf("%s holds no input to start from: put one there\n", directory.c_str());
        return EXIT_FAILURE;
    }
    std::vector<Bytes> corpus;
    std::transform(files.begin(), files.end(), std::back_inserter(corpus), read_file);

    if (argc == 2) return run_in_child(argv[0], directory, files, corpus);
    run_seed(std::strtoull(argv[2], nullptr, 10), corpus);
    return EXIT_SUCCESS;
}
