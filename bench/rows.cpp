#include "bench/rows.hpp"

#include <array>

namespace satchel::bench {
namespace {

// SplitMix64 (Steele, Lea, Flood, 2014).
class SeededRandom : public Random {
  public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    std::uint64_t next() override {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }
    std::size_t below(std::size_t bound) { return static_cast<std::size_t>(next() % bound); }

  private:
    std::uint64_t state_;
};

constexpr std::array<const char*, 16> kFirst{
    "Harbour", "Northern", "Silver", "Golden", "Eastern", "United", "Pacific", "Summit",
    "Crystal", "Phoenix",  "Jade",   "Dragon", "Lotus",   "Cedar",  "Orient",  "Sunrise"};
constexpr std::array<const char*, 16> kSecond{
    "Foods", "Textile", "Steel",  "Logistics", "Optics", "Motors", "Pharma", "Energy",
    "Paper", "Glass",   "Marine", "Ceramics",  "Tools",  "Retail", "Media",  "Robotics"};
constexpr std::array<const char*, 6> kStages{"prospect",    "engaging", "proposal",
                                             "negotiation", "won",      "lost"};
constexpr std::array<const char*, 5> kSources{"exhibition", "referral", "website", "phone",
                                              "wechat"};
constexpr std::array<const char*, 8> kVerbs{"call", "visit",     "write to", "send samples to",
                                            "meet", "quote for", "remind",   "invite"};
constexpr std::array<const char*, 8> kWhom{"the buyer",   "the plant manager", "the owner",
                                           "the lawyers", "purchasing",        "the engineers",
                                           "finance",     "the new director"};
constexpr std::array<const char*, 8> kWhat{"about the delivery dates",   "about the price list",
                                           "with the revised offer",     "before the budget closes",
                                           "about last year's contract", "with two references",
                                           "about the service terms",    "after the trade fair"};
constexpr std::array<const char*, 3> kCurrencies{"CNY", "USD", "EUR"};

template <std::size_t N>
const char* pick(const std::array<const char*, N>& from, SeededRandom& random) {
    return from[random.below(N)];
}

std::string two_digits(std::size_t value) {
    return (value < 10 ? "0" : "") + std::to_string(value);
}

Field make_field(std::uint32_t id, const char* name, FieldKind kind, std::uint32_t cell = 0) {
    Field field;
    field.id = FieldId{id};
    field.name = name;
    field.label_zh = name;
    field.label_en = name;
    field.kind = kind;
    field.cell = FieldId{cell == 0 ? id : cell};
    return field;
}

ValueView text(const std::string& value) {
    return {ValueType::text, 0, value};
}
ValueView integer(std::int64_t value) {
    return {ValueType::integer, value, {}};
}
ValueView id(const RecordId& value) {
    return {ValueType::bytes, 0, value.view()};
}

}  // namespace

std::vector<Opportunity> make_opportunities(std::size_t count, std::uint64_t seed) {
    constexpr std::int64_t kStart = 1'760'000'000'000;
    SeededRandom random(seed);
    RecordIdMaker maker;
    std::vector<RecordId> accounts(2'000), owners(50);
    for (RecordId& each : accounts)
        each = maker.next(kStart, random);
    for (RecordId& each : owners)
        each = maker.next(kStart, random);
    std::vector<Opportunity> rows(count);
    for (std::size_t i = 0; i < count; ++i) {
        Opportunity& row = rows[i];
        const auto now = kStart + static_cast<std::int64_t>(i * 3 + random.below(3));
        row.id = maker.next(now, random);
        row.name = std::string(pick(kFirst, random)) + " " + pick(kSecond, random) + " " +
                   std::to_string(1000 + random.below(9000)) + " lot";
        row.account = accounts[random.below(accounts.size())];
        row.stage = pick(kStages, random);
        row.amount = static_cast<std::int64_t>(random.below(50'000'000));
        row.currency = pick(kCurrencies, random);
        row.close_date =
            "2026-" + two_digits(1 + random.below(12)) + "-" + two_digits(1 + random.below(28));
        row.probability = static_cast<std::int64_t>(random.below(101));
        row.owner = owners[random.below(owners.size())];
        row.source = pick(kSources, random);
        row.next_step = std::string(pick(kVerbs, random)) + " " + pick(kWhom, random) + " " +
                        pick(kWhat, random) + ", ref " + std::to_string(random.below(100'000));
        row.updated_at = now;
    }
    return rows;
}

std::size_t raw_bytes(const std::vector<Opportunity>& rows) {
    std::size_t bytes = 0;
    for (const Opportunity& row : rows)
        bytes += 3 * 16 + 3 * 8 + row.name.size() + row.stage.size() + row.currency.size() +
                 row.close_date.size() + row.source.size() + row.next_step.size();
    return bytes;
}

SchemaPointer opportunity_schema() {
    Collection collection;
    collection.id = CollectionId{100};
    collection.name = "opportunity";
    collection.label_zh = "商机";
    collection.label_en = "Opportunity";
    collection.scope.everyone = true;
    collection.fields = {make_field(1, "name", FieldKind::text),
                         make_field(2, "account", FieldKind::reference),
                         make_field(3, "stage", FieldKind::text),
                         make_field(4, "amount", FieldKind::integer),
                         make_field(5, "currency", FieldKind::text),
                         make_field(6, "close_date", FieldKind::text),
                         make_field(7, "probability", FieldKind::integer),
                         make_field(8, "owner", FieldKind::reference),
                         make_field(9, "source", FieldKind::text),
                         make_field(10, "next_step", FieldKind::text),
                         make_field(11, "updated_at", FieldKind::integer)};
    collection.fields[1].indexed = true;
    collection.fields[2].indexed = true;
    auto schema = Schema::build(1, {collection}, {});
    return schema ? std::make_shared<const Schema>(*std::move(schema)) : nullptr;
}

const std::vector<FieldId>& opportunity_fields() {
    static const std::vector<FieldId> kFields = [] {
        std::vector<FieldId> fields;
        for (std::uint32_t i = 1; i <= 11; ++i)
            fields.push_back(FieldId{i});
        return fields;
    }();
    return kFields;
}

void fill_values(const Opportunity& row, std::vector<ValueView>& values) {
    values = {text(row.name),           id(row.account),        text(row.stage),
              integer(row.amount),      text(row.currency),     text(row.close_date),
              integer(row.probability), id(row.owner),          text(row.source),
              text(row.next_step),      integer(row.updated_at)};
}

}  // namespace satchel::bench
