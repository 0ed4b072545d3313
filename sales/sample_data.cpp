#include "sales/sample_data.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sales/csv.hpp"
#include "sales/numbers.hpp"

namespace satchel::sales {
namespace {

using Text = std::string_view;

constexpr std::size_t kAccounts = 85;
constexpr std::size_t kSubsidiaries = 15;
constexpr std::size_t kParents = 7;
constexpr std::size_t kAgents = 35;
constexpr std::size_t kActiveAgents = 30;
constexpr std::size_t kManagers = 6;
constexpr std::size_t kOpenWithoutAccount = 1'425;
constexpr std::uint64_t kChinesePercent = 40;

struct Product {
    Text name;
    Text series;
    std::int64_t price;
    std::uint64_t weight;  // how often it is sold
};

constexpr auto kProducts = std::to_array<Product>({
    {"Heron Mini", "Heron", 60, 1'650},
    {"Heron One", "Heron", 560, 1'860},
    {"Heron Plus", "Heron", 1'120, 1'380},
    {"Otter Base", "Otter", 3'300, 1'410},
    {"Otter Pro", "Otter", 4'800, 1'480},
    {"Otter Max", "Otter", 5'600, 970},
    {"Bison 900", "Bison", 26'500, 40},
});

// How many opportunities stand in a stage, and how their dates lie.
struct StageShape {
    Text name;
    std::size_t count;
    bool has_engage_date;
    bool is_closed;
    std::uint64_t quick_percent;  // of the closed ones: closed within 20 days, else 55 to 138
};

constexpr auto kStages = std::to_array<StageShape>({
    {"Won", 4'238, true, true, 45},
    {"Lost", 2'473, true, true, 60},
    {"Engaging", 1'589, true, false, 0},
    {"Prospecting", 500, false, false, 0},
});

constexpr auto kRegions = std::to_array<Text>({"Central", "East", "West"});
constexpr auto kSectors =
    std::to_array<Text>({"manufacturing", "logistics", "energy", "healthcare", "education",
                         "construction", "food", "chemicals", "tourism", "printing"});
constexpr auto kCountries = std::to_array<Text>(
    {"China", "China", "China", "Singapore", "Vietnam", "Malaysia", "Thailand", "Indonesia"});

constexpr auto kFirmStarts =
    std::to_array<Text>({"Bra", "Cor", "Dal",  "Fen", "Gly",  "Hel", "Jun", "Kor", "Lum", "Mer",
                         "Nor", "Pel", "Quil", "Ros", "Sten", "Tar", "Ul",  "Ver", "Wex", "Zan"});
constexpr auto kFirmEnds =
    std::to_array<Text>({"bix", "dora", "fane", "gate", "lin", "mond", "nex", "para", "ridge",
                         "sol", "tec", "vant", "wick", "yard"});
constexpr auto kFirstNames = std::to_array<Text>(
    {"Ada",  "Bram", "Cleo", "Dario", "Edda", "Finn",  "Greta", "Hugo", "Ines",  "Joren",
     "Kaja", "Levi", "Mira", "Noor",  "Otis", "Petra", "Runa",  "Sven", "Tilda", "Yara"});
constexpr auto kFamilyStarts =
    std::to_array<Text>({"Ash", "Bell", "Crow", "Dun", "East", "Fair", "Green", "Hart", "Lang",
                         "Moor", "Nor", "Oak", "Pem", "Stan", "Thorn", "West"});
constexpr auto kFamilyEnds = std::to_array<Text>(
    {"bury", "croft", "dale", "field", "ham", "ley", "man", "sen", "ton", "wood"});

constexpr auto kFirmCharacters =
    std::to_array<Text>({"岚", "澄", "穗", "棠", "砚", "汐", "榆", "荻", "岫", "泓", "苇", "枫",
                         "霁", "渚", "朔", "稔"});
constexpr auto kFirmTrades = std::to_array<Text>(
    {"机电", "仪器", "食品", "物流", "建材", "纸业", "纺织", "能源", "软件", "医疗"});
constexpr auto kFamilyNames = std::to_array<Text>(
    {"王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "欧阳", "司马"});
constexpr auto kGivenCharacters = std::to_array<Text>(
    {"宁", "远", "静", "桐", "越", "禾", "屿", "岚", "序", "可", "然", "青", "川", "微"});

// SplitMix64 (Steele, Lea, Flood 2014): the same numbers everywhere, which the distributions of
// the standard library do not promise.
class Dice : public Random {
  public:
    explicit Dice(std::uint64_t seed) : state_(seed) {}

    std::uint64_t next() override {
        state_ += 0x9E3779B97F4A7C15U;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }

    // first to last, both included.
    std::int64_t between(std::int64_t first, std::int64_t last) {
        const auto span = static_cast<std::uint64_t>(last - first) + 1;
        return first + static_cast<std::int64_t>(next() % span);
    }

    bool percent(std::uint64_t of_hundred) { return next() % 100 < of_hundred; }

    Text one_of(std::span<const Text> texts) { return texts[next() % texts.size()]; }

    // A position, each with a probability in proportion to its weight.
    std::size_t weighted(std::span<const std::uint64_t> weights) {
        std::uint64_t left =
            next() % std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
        std::size_t at = 0;
        for (; left >= weights[at]; ++at)
            left -= weights[at];
        return at;
    }

    template <typename T>
    void shuffle(std::vector<T>& things) {
        for (std::size_t left = things.size(); left > 1; --left)
            std::swap(things[left - 1], things[next() % left]);
    }

  private:
    std::uint64_t state_;
};

std::string firm_name(Dice& dice) {
    std::string name;
    if (dice.percent(kChinesePercent)) {
        name += dice.one_of(kFirmCharacters);
        name += dice.one_of(kFirmCharacters);
        name += dice.one_of(kFirmTrades);
    } else {
        name += dice.one_of(kFirmStarts);
        name += dice.one_of(kFirmEnds);
    }
    return name;
}

std::string person_name(Dice& dice) {
    std::string name;
    if (dice.percent(kChinesePercent)) {
        name += dice.one_of(kFamilyNames);
        name += dice.one_of(kGivenCharacters);
        name += dice.one_of(kGivenCharacters);
    } else {
        name += dice.one_of(kFirstNames);
        name += ' ';
        name += dice.one_of(kFamilyStarts);
        name += dice.one_of(kFamilyEnds);
    }
    return name;
}

std::string opportunity_number(Dice& dice) {
    constexpr Text kCharacters = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    std::string number;
    for (int i = 0; i < 8; ++i)
        number += kCharacters[dice.next() % kCharacters.size()];
    return number;
}

// `count` different texts. Each kind of text has many times more forms than are asked for.
std::vector<std::string> different(std::size_t count, std::string (*make)(Dice&), Dice& dice) {
    std::set<std::string> taken;
    std::vector<std::string> all;
    while (all.size() < count) {
        std::string text = make(dice);
        if (taken.insert(text).second) all.push_back(std::move(text));
    }
    return all;
}

Bytes write_accounts(const std::vector<std::string>& names, Dice& dice) {
    Bytes out;
    CsvWriter csv(out);
    csv.row(std::to_array<std::string>({"account", "sector", "year_established", "revenue",
                                        "employees", "office_location", "subsidiary_of"}));
    for (std::size_t i = 0; i < names.size(); ++i) {
        const bool is_subsidiary = i >= names.size() - kSubsidiaries;
        const std::string parent = is_subsidiary ? names[dice.next() % kParents] : "";
        csv.row(std::to_array<std::string>(
            {names[i], std::string(dice.one_of(kSectors)), std::to_string(dice.between(1979, 2017)),
             format_decimal(dice.between(450, 350'000), 2), std::to_string(dice.between(9, 8'000)),
             std::string(dice.one_of(kCountries)), parent}));
    }
    return out;
}

Bytes write_products() {
    Bytes out;
    CsvWriter csv(out);
    csv.row(std::to_array<std::string>({"product", "series", "sales_price"}));
    for (const Product& product : kProducts)
        csv.row(std::to_array<std::string>({std::string(product.name), std::string(product.series),
                                            std::to_string(product.price)}));
    return out;
}

// The managers are the names behind the agents'.
Bytes write_sales_teams(const std::vector<std::string>& people) {
    Bytes out;
    CsvWriter csv(out);
    csv.row(std::to_array<std::string>({"sales_agent", "manager", "regional_office"}));
    for (std::size_t i = 0; i < kAgents; ++i) {
        const std::size_t manager = i % kManagers;
        csv.row(std::to_array<std::string>({people[i], people[kAgents + manager],
                                            std::string(kRegions[manager % kRegions.size()])}));
    }
    return out;
}

struct Opportunity {
    const StageShape* stage;
    bool has_account;
};

// Every stage as often as its shape says, in mixed order; of the open ones the right number lack
// an account.
std::vector<Opportunity> make_opportunities(Dice& dice) {
    std::vector<Opportunity> closed;
    std::vector<Opportunity> open;
    for (const StageShape& stage : kStages) {
        auto& kind = stage.is_closed ? closed : open;
        kind.insert(kind.end(), stage.count, {&stage, true});
    }
    dice.shuffle(open);
    for (std::size_t i = 0; i < kOpenWithoutAccount; ++i)
        open[i].has_account = false;
    closed.insert(closed.end(), open.begin(), open.end());
    dice.shuffle(closed);
    return closed;
}

// Engage date, close date and value, as they stand in the file.
std::array<std::string, 3> outcome(const StageShape& stage, const Product& product,
                                   std::int64_t last_day, Dice& dice) {
    if (!stage.has_engage_date) return {};
    if (!stage.is_closed) return {format_date(last_day - dice.between(9, 423)), "", ""};
    const std::int64_t close = last_day - dice.between(0, 305);
    const bool is_quick = dice.percent(stage.quick_percent);
    const std::int64_t cycle = is_quick ? dice.between(1, 20) : dice.between(55, 138);
    const std::int64_t value =
        stage.name == "Won" ? product.price * dice.between(75, 125) / 100 : 0;
    return {format_date(close - cycle), format_date(close), std::to_string(value)};
}

Bytes write_pipeline(const std::vector<std::string>& accounts,
                     const std::vector<std::string>& people, std::int64_t last_day, Dice& dice) {
    Bytes out;
    CsvWriter csv(out);
    csv.row(std::to_array<std::string>({"opportunity_id", "sales_agent", "product", "account",
                                        "deal_stage", "engage_date", "close_date", "close_value"}));
    std::vector<std::uint64_t> product_weights;
    for (const Product& product : kProducts)
        product_weights.push_back(product.weight);
    // One agent does far more than the others, as in real teams.
    std::vector<std::uint64_t> agent_weights(kActiveAgents);
    for (std::uint64_t& weight : agent_weights)
        weight = static_cast<std::uint64_t>(dice.between(100, 400));
    agent_weights[0] = 700;

    const auto opportunities = make_opportunities(dice);
    const auto numbers = different(opportunities.size(), &opportunity_number, dice);
    for (std::size_t i = 0; i < opportunities.size(); ++i) {
        const auto& [stage, has_account] = opportunities[i];
        const Product& product = kProducts[dice.weighted(product_weights)];
        const std::string& agent = people[dice.weighted(agent_weights)];
        const std::string& account = accounts[dice.next() % accounts.size()];
        const auto [engaged, closed, value] = outcome(*stage, product, last_day, dice);
        csv.row(std::to_array<std::string>({numbers[i], agent, std::string(product.name),
                                            has_account ? account : "", std::string(stage->name),
                                            engaged, closed, value}));
    }
    return out;
}

}  // namespace

SampleData sample_data(const SampleOptions& options) {
    Dice dice(options.seed);
    const auto accounts = different(kAccounts, &firm_name, dice);
    const auto people = different(kAgents + kManagers, &person_name, dice);
    SampleData data;
    data.accounts = write_accounts(accounts, dice);
    data.products = write_products();
    data.sales_teams = write_sales_teams(people);
    data.sales_pipeline = write_pipeline(accounts, people, options.last_day, dice);
    return data;
}

}  // namespace satchel::sales
