// The simulated company: its schema, its people, and what each of them may see. The rights are
// worked out here a second time, apart from the server's, because the oracle judges by them.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "sync/schema.hpp"
#include "sync/server_session.hpp"
#include "tests/simulation/prng.hpp"

namespace satchel::simulation {

namespace ids {
constexpr CollectionId kDeal{100};   // update_wins; scoped by owner and pool
constexpr CollectionId kVisit{101};  // delete_wins; scoped by its deal
constexpr FieldId kTitle{1};         // mandatory, last_writer
constexpr FieldId kOrigin{2};        // first_writer
constexpr FieldId kBest{3};          // max
constexpr FieldId kFloor{4};         // min
constexpr FieldId kStage{5};         // furthest
constexpr FieldId kJudgement{6};     // rank
constexpr FieldId kNotes{7};         // union_lines
constexpr FieldId kChoice{8};        // manual
constexpr FieldId kAmount{9};        // a group with the next
constexpr FieldId kCurrency{10};
constexpr FieldId kTags{11};    // set
constexpr FieldId kVisits{12};  // counter
constexpr FieldId kOwner{13};
constexpr FieldId kPool{14};
constexpr FieldId kMark{15};   // written in two records at once
constexpr FieldId kExtra{20};  // since schema 2
constexpr FieldId kVisitDeal{30};
constexpr FieldId kVisitTitle{31};
constexpr FieldId kVisitTags{32};
constexpr FieldId kVisitCount{33};
}  // namespace ids

// Number 1, or a later one: each adds a field `extra<number>` to deals.
SchemaPointer company_schema(std::uint32_t number);

struct Person {
    RecordId id;
    std::uint8_t rank = 1;
    bool head_office = false;
    int manager = -1;  // index
    std::vector<std::string> pools;
};

class Company {
  public:
    Company(std::size_t people, Prng& random);

    const std::vector<Person>& people() const { return people_; }
    Person& person(std::size_t index) { return people_[index]; }
    const Person& person(std::size_t index) const { return people_[index]; }
    // Ascending: what the person's rights give now.
    std::vector<std::string> scopes(std::size_t index) const;
    // Pools or manager of somebody change.
    void change_rights(Prng& random);

  private:
    std::vector<Person> people_;
};

extern const std::vector<std::string> kPools;
extern const std::vector<std::string> kStages;

}  // namespace satchel::simulation
