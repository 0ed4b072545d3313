// Devices that have no network: they log in once, and from then on files are carried to head office
// and back.
#pragma once

#include "tests/end_to_end/office_test.hpp"

namespace satchel::cli {

class BundleTest : public OfficeTest {
  protected:
    // "a.1.request": each file has a name of its own.
    std::string next_file(const std::string& device, const std::string& kind) {
        return path(device + "." + std::to_string(++files_) + "." + kind);
    }
    std::string out(const std::string& device) {
        const std::string file = next_file(device, "request");
        done(device, {"bundle", "out", file});
        return file;
    }
    std::string answered(const std::string& request) {
        const std::string file = request + ".reply";
        const Ran ran = admin({"bundle", request, file});
        EXPECT_EQ(ran.status, 0) << ran.out << ran.err;
        return file;
    }
    Json in(const std::string& device, const std::string& reply) const {
        return done(device, {"bundle", "in", reply});
    }
    // A whole sync.
    Json carry(const std::string& device) { return in(device, answered(out(device))); }

    std::string account(const std::string& device, const std::string& name) const {
        return done(device, {"create", "account", "name=" + name, "pool=south"})["id"];
    }
    // Some 900 bytes each, into "many.csv".
    void write_accounts(int count) const {
        std::string csv = "name,sector,pool\n";
        for (int i = 0; i < count; ++i)
            csv += "Account " + std::to_string(i) + "," +
                   std::string(900, static_cast<char>('a' + i % 26)) + ",south\n";
        write(path("many.csv"), csv);
    }
    Json fields(const std::string& device, const std::string& id) const {
        return done(device, {"get", "account", id})["fields"];
    }
    Json accounts(const std::string& device) const {
        return done(device, {"query", "SELECT hex(id), name, city, sector FROM account ORDER BY 1",
                             "--limit", "100000"})["rows"];
    }

    int files_ = 0;
};

}  // namespace satchel::cli
