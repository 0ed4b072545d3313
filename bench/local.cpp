// W1 and W2: writing without a connection, change tracking on.
#include <algorithm>
#include <filesystem>
#include <numeric>

#include "bench/plain.hpp"
#include "bench/replicas.hpp"
#include "bench/workloads.hpp"
#include "storage/read_connection.hpp"

namespace satchel::bench {
namespace {

constexpr std::size_t kBatch = 1'000;

// Row numbers in an order that jumps about like people do.
std::vector<std::size_t> shuffled(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    std::uint64_t state = 42;
    for (std::size_t i = count; i > 1; --i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        std::swap(order[i - 1], order[(state >> 33) % i]);
    }
    return order;
}

std::vector<std::size_t> first_of(const std::vector<std::size_t>& order, std::size_t count) {
    return {order.begin(),
            order.begin() + static_cast<std::ptrdiff_t>(std::min(count, order.size()))};
}

// More than elsewhere: a round takes five seconds, and its W1 a fifth of one.
constexpr std::size_t kRoundsForOne = 3;

struct Round {
    double w1 = 0, w2a = 0, w2b = 0;  // seconds
    double moved = 0;                 // W1's log into its file
};

Round plain_round(const Settings& settings, const std::vector<Opportunity>& rows) {
    const auto order = shuffled(rows.size());
    PlainTable plain = PlainTable::create(settings.folder + "/plain.db");
    Round round;
    round.w1 = seconds([&] { plain.insert(rows, 0, rows.size(), kBatch); });
    round.moved = seconds([&] { plain.empty_log(); });
    round.w2a = seconds([&] { plain.update_amounts(rows, first_of(order, 10'000), 1, 1); });
    round.w2b = seconds([&] { plain.update_amounts(rows, order, 2, kBatch); });
    return round;
}

Round our_round(const Settings& settings, const std::vector<Opportunity>& rows) {
    const auto order = shuffled(rows.size());
    const std::string path = settings.folder + "/ours.satchel";
    remove_replica(path);
    auto replica = open_replica(path, unindexed_schema());
    std::vector<RecordId> ids;
    Round round;
    round.w1 = seconds([&] { ids = insert_rows(*replica, rows, 0, rows.size(), kBatch); });
    round.moved = seconds([&] { must(replica->database().checkpoint(), "checkpoint"); });
    round.w2a = seconds([&] { update_amounts(*replica, ids, first_of(order, 10'000), 1, 1); });
    round.w2b = seconds([&] { update_amounts(*replica, ids, order, 2, kBatch); });
    return round;
}

double fresh_meta_bytes(const Settings& settings) {
    auto reader = must(storage::ReadConnection::open(settings.folder + "/meta.satchel"), "reader");
    auto rows = must(reader.query("SELECT avg(length(_meta)) * 1000 FROM opportunity"), "meta");
    must(rows.next(), "meta");
    return std::stod(std::string(rows.value(0).bytes)) / 1000.0;
}

}  // namespace

void run_local(const Settings& settings, Results& results) {
    const auto rows = make_opportunities(settings.rows, 1);
    std::vector<double> w1, w1_moved, w2a, w2b;
    Round plain, ours;
    for (std::size_t i = 0; i < settings.repeats * kRoundsForOne; ++i) {
        plain = plain_round(settings, rows);
        ours = our_round(settings, rows);
        w1.push_back(plain.w1 / ours.w1);
        w1_moved.push_back((plain.w1 + plain.moved) / (ours.w1 + ours.moved));
        w2a.push_back(plain.w2a / ours.w2a);
        w2b.push_back(plain.w2b / ours.w2b);
    }
    const auto count = static_cast<double>(rows.size());
    results.set("w1.ratio", median(w1));
    results.set("w2a.ratio", median(w2a));
    results.set("w2b.ratio", median(w2b));
    results.set("w1.moved_ratio", median(w1_moved));
    results.set("w1.rows_per_second", count / ours.w1);
    results.set("w1.plain_rows_per_second", count / plain.w1);
    results.set("w2a.transactions_per_second", 10'000 / ours.w2a);
    results.set("w2a.plain_transactions_per_second", 10'000 / plain.w2a);
    results.set("w2b.rows_per_second", count / ours.w2b);
    results.set("w2b.plain_rows_per_second", count / plain.w2b);
    remove_replica(settings.folder + "/meta.satchel");
    {
        auto replica = open_replica(settings.folder + "/meta.satchel", unindexed_schema());
        insert_rows(*replica, rows, 0, std::min<std::size_t>(rows.size(), 1'000), kBatch);
    }
    results.set("meta.bytes", fresh_meta_bytes(settings));
}

}  // namespace satchel::bench
