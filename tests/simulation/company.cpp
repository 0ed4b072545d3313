#include "tests/simulation/company.hpp"

#include <algorithm>
#include <cstdlib>

namespace satchel::simulation {

const std::vector<std::string> kPools{"north", "south"};
const std::vector<std::string> kStages{"lead", "offer", "won", "lost"};

namespace {

Field field(FieldId id, const std::string& name, FieldKind kind) {
    Field made;
    made.id = id;
    made.name = name;
    made.label_zh = name;
    made.label_en = name;
    made.kind = kind;
    made.cell = id;
    return made;
}

Collection deals(std::uint32_t number) {
    using namespace ids;
    Collection deal;
    deal.id = kDeal;
    deal.name = "deal";
    deal.scope.owner = kOwner;
    deal.scope.pool = kPool;
    deal.fields = {
        field(kTitle, "title", FieldKind::text),
        field(kOrigin, "origin", FieldKind::text),
        field(kBest, "best", FieldKind::integer),
        field(kFloor, "floor", FieldKind::integer),
        field(kStage, "stage", FieldKind::text),
        field(kJudgement, "judgement", FieldKind::text),
        field(kNotes, "notes", FieldKind::text),
        field(kChoice, "choice", FieldKind::text),
        field(kAmount, "amount", FieldKind::integer),
        field(kCurrency, "currency", FieldKind::text),
        field(kTags, "tags", FieldKind::set),
        field(kVisits, "visits", FieldKind::counter),
        field(kOwner, "owner", FieldKind::reference),
        field(kPool, "pool", FieldKind::text),
        field(kMark, "mark", FieldKind::text),
    };
    deal.fields[9].cell = kAmount;
    deal.fields[12].refers_to = system_ids::kUser;
    for (std::uint32_t later = 2; later <= number; ++later)
        deal.fields.push_back(field(FieldId{satchel::number(kExtra) + later},
                                    "extra" + std::to_string(later), FieldKind::text));
    return deal;
}

Collection visits() {
    using namespace ids;
    Collection visit;
    visit.id = kVisit;
    visit.name = "visit";
    visit.delete_policy = DeletePolicy::delete_wins;
    visit.scope.parents = {kVisitDeal};
    visit.fields = {
        field(kVisitDeal, "deal", FieldKind::reference),
        field(kVisitTitle, "title", FieldKind::text),
        field(kVisitTags, "tags", FieldKind::set),
        field(kVisitCount, "visits", FieldKind::counter),
    };
    visit.fields[0].refers_to = kDeal;
    return visit;
}

}  // namespace

SchemaPointer company_schema(std::uint32_t number) {
    using namespace ids;
    const std::map<CollectionId, std::vector<CellRule>> rules{
        {kDeal,
         {{kOrigin, ConflictRule::first_writer, {}},
          {kBest, ConflictRule::max, {}},
          {kFloor, ConflictRule::min, {}},
          {kStage, ConflictRule::furthest, {"lead", "offer", "won|lost"}},
          {kJudgement, ConflictRule::rank, {}},
          {kNotes, ConflictRule::union_lines, {}},
          {kChoice, ConflictRule::manual, {}}}}};
    auto built = Schema::build(number, {deals(number), visits()}, rules);
    if (!built) std::abort();
    return std::make_shared<const Schema>(*std::move(built));
}

// One administrator, one or two managers, the rest sell for one of them.
Company::Company(std::size_t people, Prng& random) {
    const std::size_t managers = people > 5 ? 2 : 1;
    RecordIdMaker maker;
    for (std::size_t i = 0; i < people; ++i) {
        Person person;
        person.id = maker.next(1'700'000'000'000, random);
        person.head_office = i == 0;
        person.rank = i == 0 ? 9 : i <= managers ? 2 : 1;
        if (i > managers) person.manager = 1 + static_cast<int>(random.below(managers));
        for (const std::string& pool : kPools)
            if (random.chance(400)) person.pools.push_back(pool);
        people_.push_back(std::move(person));
    }
}

std::vector<std::string> Company::scopes(std::size_t index) const {
    const Person& asking = people_[index];
    std::set<std::string> held{kEveryoneScope};
    if (asking.head_office) {
        held.insert(kHeadOfficeScope);
        for (const std::string& pool : kPools)
            held.insert(pool_scope(pool));
    }
    for (const std::string& pool : asking.pools)
        held.insert(pool_scope(pool));
    for (std::size_t i = 0; i < people_.size(); ++i) {
        const bool below = people_[i].manager == static_cast<int>(index);
        if (i == index || below || asking.head_office) held.insert(user_scope(people_[i].id));
    }
    return {held.begin(), held.end()};
}

void Company::change_rights(Prng& random) {
    Person& person = people_[1 + random.below(people_.size() - 1)];
    if (person.manager > 0 && random.chance(300)) {
        person.manager = person.manager == 1 && people_[2].manager < 0 ? 2 : 1;
        return;
    }
    const std::string& pool = random.pick(kPools);
    const auto at = std::find(person.pools.begin(), person.pools.end(), pool);
    if (at != person.pools.end())
        person.pools.erase(at);
    else
        person.pools.push_back(pool);
}

}  // namespace satchel::simulation
