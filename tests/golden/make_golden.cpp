// Makes the golden files of the present format: `make_golden FOLDER`. Twice gives the same bytes.
// Files of a format that was released are never made again (docs/testing.md).
#include <cstdio>
#include <fstream>

#include "tests/golden/company.hpp"
#include "tests/golden/describe.hpp"
#include "tests/golden/story.hpp"

int main(int count, char** arguments) {
    using namespace satchel;
    if (count != 2) {
        std::fputs("usage: make_golden FOLDER\n", stderr);
        return 2;
    }
    const std::string folder = arguments[1];
    golden::tell(folder);
    // On copies: reading a file may write to it.
    golden::Copies copies(folder);
    std::ofstream(folder + "/replica-1.txt") << golden::describe(*copies.replica());
    std::ofstream(folder + "/store-1.txt") << golden::describe(*copies.store());
    return 0;
}
