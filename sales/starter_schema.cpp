#include "sales/starter_schema.hpp"

#include <algorithm>
#include <array>
#include <cassert>

namespace satchel::sales {
namespace {

using enum FieldKind;
using enum WriteRight;
using namespace ids;

constexpr CollectionId kUser = system_ids::kUser;
constexpr CollectionId kNone{0};

// A device receives priority 0 first.
struct CollectionRow {
    CollectionId id;
    const char* name;
    const char* label_zh;
    const char* label_en;
    WriteRight write_right;
    bool append_only;
    std::uint8_t priority;
};

constexpr std::array<CollectionRow, 6> kCollections = {{
    {kProduct, "product", "产品", "Product", head_office, false, 1},
    {kOpportunity, "opportunity", "商机", "Opportunity", holders, false, 1},
    {kTask, "task", "任务", "Task", holders, false, 2},
    {kAccount, "account", "客户", "Account", holders, false, 2},
    {kContact, "contact", "联系人", "Contact", holders, false, 3},
    {kActivity, "activity", "跟进记录", "Activity", holders, true, 6},
}};

// How a field takes part in deciding which devices hold the record.
enum class ScopePart : std::uint8_t { none, owner, pool, parent };
using enum ScopePart;

// `cell` is the id of the first field of the group: fields with the same number are one value.
struct FieldRow {
    CollectionId collection;
    std::uint32_t id;
    std::uint32_t cell;
    const char* name;
    const char* label_zh;
    const char* label_en;
    FieldKind kind;
    CollectionId refers_to = kNone;
    ScopePart scope = none;
    bool indexed = false;
};

constexpr auto kFields = std::to_array<FieldRow>({
    // clang-format off
    {kAccount, 1, 1, "name", "名称", "Name", text, kNone, none, true},
    {kAccount, 2, 2, "sector", "行业", "Sector", text},
    {kAccount, 3, 3, "year_established", "成立年份", "Year established", integer},
    {kAccount, 4, 4, "revenue", "年收入", "Annual revenue", integer},
    {kAccount, 5, 4, "revenue_currency", "年收入币种", "Revenue currency", text},
    {kAccount, 6, 6, "employees", "员工人数", "Employees", integer},
    {kAccount, 7, 7, "office_location", "总部所在地", "Office location", text},
    {kAccount, 8, 8, "province", "省份", "Province", text},
    {kAccount, 9, 8, "city", "城市", "City", text},
    {kAccount, 10, 8, "district", "区县", "District", text},
    {kAccount, 11, 8, "street", "街道地址", "Street", text},
    {kAccount, 12, 12, "subsidiary_of", "母公司", "Subsidiary of", reference, kAccount},
    {kAccount, 13, 13, "tags", "标签", "Tags", set},
    {kAccount, 14, 14, "visits", "拜访次数", "Visits", counter},
    {kAccount, 15, 15, "notes", "备注", "Notes", text},
    {kAccount, 16, 16, "owner", "负责人", "Owner", reference, kUser, owner, true},
    {kAccount, 17, 17, "pool", "公海", "Pool", text, kNone, pool, true},

    {kContact, 1, 1, "account", "客户", "Account", reference, kAccount, parent, true},
    {kContact, 2, 2, "name", "姓名", "Name", text, kNone, none, true},
    {kContact, 3, 3, "job_title", "职务", "Job title", text},
    {kContact, 4, 4, "department", "部门", "Department", text},
    {kContact, 5, 5, "phones", "电话", "Phones", set},
    {kContact, 6, 6, "emails", "邮箱", "E-mail addresses", set},
    {kContact, 7, 7, "wechat", "微信", "WeChat", text},
    {kContact, 8, 8, "birth_date", "生日", "Birthday", integer},
    {kContact, 9, 9, "do_not_contact", "请勿联系", "Do not contact", integer},
    {kContact, 10, 10, "notes", "备注", "Notes", text},

    {kProduct, 1, 1, "name", "名称", "Name", text, kNone, none, true},
    {kProduct, 2, 2, "series", "系列", "Series", text},
    {kProduct, 3, 3, "sales_price", "标准售价", "List price", integer},
    {kProduct, 4, 3, "currency", "币种", "Currency", text},

    {kOpportunity, 1, 1, "number", "编号", "Number", text, kNone, none, true},
    {kOpportunity, 2, 2, "name", "名称", "Name", text},
    {kOpportunity, 3, 3, "account", "客户", "Account", reference, kAccount, parent, true},
    {kOpportunity, 4, 4, "product", "产品", "Product", reference, kProduct},
    {kOpportunity, 5, 5, "owner", "负责人", "Owner", reference, kUser, owner, true},
    {kOpportunity, 6, 6, "stage", "阶段", "Stage", text, kNone, none, true},
    {kOpportunity, 7, 7, "amount", "金额", "Amount", integer},
    {kOpportunity, 8, 7, "currency", "币种", "Currency", text},
    {kOpportunity, 9, 9, "engage_date", "接洽日期", "Engage date", integer},
    {kOpportunity, 10, 10, "close_date", "成交日期", "Close date", integer, kNone, none, true},
    {kOpportunity, 11, 11, "next_step", "下一步", "Next step", text},
    {kOpportunity, 12, 12, "priority", "优先级", "Priority", text},
    {kOpportunity, 13, 13, "tags", "标签", "Tags", set},
    {kOpportunity, 14, 14, "calls", "通话次数", "Calls", counter},
    {kOpportunity, 15, 15, "notes", "备注", "Notes", text},

    {kActivity, 1, 1, "account", "客户", "Account", reference, kAccount, parent, true},
    {kActivity, 2, 2, "opportunity", "商机", "Opportunity", reference, kOpportunity, parent, true},
    {kActivity, 3, 3, "contact", "联系人", "Contact", reference, kContact},
    {kActivity, 4, 4, "author", "记录人", "Author", reference, kUser},
    {kActivity, 5, 5, "kind", "方式", "Kind", text},
    {kActivity, 6, 6, "started_at", "开始时间", "Started", integer, kNone, none, true},
    {kActivity, 7, 7, "content", "内容", "Content", text},
    {kActivity, 8, 8, "customer_feedback", "客户反馈", "Customer's feedback", text},
    {kActivity, 9, 9, "result", "结果", "Result", text},

    {kTask, 1, 1, "title", "标题", "Title", text},
    {kTask, 2, 2, "assignee", "执行人", "Assignee", reference, kUser, owner, true},
    {kTask, 3, 3, "account", "客户", "Account", reference, kAccount, parent},
    {kTask, 4, 4, "opportunity", "商机", "Opportunity", reference, kOpportunity, parent, true},
    {kTask, 5, 5, "due_date", "截止日期", "Due date", integer, kNone, none, true},
    {kTask, 6, 6, "state", "状态", "State", text},
    {kTask, 7, 7, "notes", "备注", "Notes", text},
    // clang-format on
});

// Cells that are not merged by last_writer. `order` lists from first to last, places divided by
// spaces; `a|b` share a place.
struct RuleRow {
    CollectionId collection;
    const char* field;
    ConflictRule rule;
    std::string_view order = {};
};

constexpr auto kRules = std::to_array<RuleRow>({
    {kAccount, "notes", ConflictRule::union_lines},
    {kContact, "notes", ConflictRule::union_lines},
    {kContact, "do_not_contact", ConflictRule::max},  // 1 wins: the safe side
    {kOpportunity, "notes", ConflictRule::union_lines},
    {kOpportunity, "stage", ConflictRule::furthest, "Prospecting Engaging Won|Lost"},
    {kTask, "notes", ConflictRule::union_lines},
    {kTask, "state", ConflictRule::furthest, "open cancelled done"},
});

constexpr std::array<Stage, 4> kStages = {{
    {"Prospecting", "初步接洽", "Prospecting", StageKind::open},
    {"Engaging", "商务洽谈", "Engaging", StageKind::open},
    {"Won", "赢单", "Won", StageKind::won},
    {"Lost", "输单", "Lost", StageKind::lost},
}};

Field make_field(const FieldRow& row) {
    Field field;
    field.id = FieldId{row.id};
    field.name = row.name;
    field.label_zh = row.label_zh;
    field.label_en = row.label_en;
    field.kind = row.kind;
    field.cell = FieldId{row.cell};
    field.refers_to = row.refers_to;
    field.indexed = row.indexed;
    return field;
}

void add_to_scope(ScopeRule& rule, const FieldRow& row) {
    switch (row.scope) {
        case none:
            return;
        case owner:
            rule.owner = FieldId{row.id};
            return;
        case pool:
            rule.pool = FieldId{row.id};
            return;
        case parent:
            rule.parents.push_back(FieldId{row.id});
            return;
    }
}

Collection make_collection(const CollectionRow& row) {
    Collection collection;
    collection.id = row.id;
    collection.name = row.name;
    collection.label_zh = row.label_zh;
    collection.label_en = row.label_en;
    collection.write_right = row.write_right;
    collection.append_only = row.append_only;
    collection.priority = row.priority;
    collection.scope.everyone = row.id == kProduct;
    for (const FieldRow& field : kFields) {
        if (field.collection != row.id) continue;
        collection.fields.push_back(make_field(field));
        add_to_scope(collection.scope, field);
    }
    return collection;
}

std::vector<std::string> places(std::string_view order) {
    std::vector<std::string> all;
    while (!order.empty()) {
        const std::size_t end = std::min(order.find(' '), order.size());
        all.emplace_back(order.substr(0, end));
        order.remove_prefix(std::min(end + 1, order.size()));
    }
    return all;
}

}  // namespace

Schema starter_schema() {
    std::vector<Collection> collections;
    std::map<CollectionId, std::vector<CellRule>> rules;
    for (const CollectionRow& row : kCollections) {
        collections.push_back(make_collection(row));
        for (const RuleRow& rule : kRules)
            if (rule.collection == row.id)
                rules[row.id].push_back(
                    {collections.back().find(rule.field)->cell, rule.rule, places(rule.order)});
    }
    auto schema = Schema::build(kStarterSchemaNumber, std::move(collections), rules);
    assert(schema);
    return *std::move(schema);
}

std::span<const Stage> starter_stages() {
    return kStages;
}

Meaning meaning(const Collection& collection, const Field& field) {
    if (field.kind != integer) return Meaning::plain;
    if (currency_field(collection, field) != nullptr) return Meaning::money;
    if (field.name.ends_with("_date")) return Meaning::date;
    if (field.name.ends_with("_at")) return Meaning::time;
    return Meaning::plain;
}

bool names_a_currency(const Field& field) {
    return field.kind == text && (field.name == "currency" || field.name.ends_with("_currency"));
}

const Field* currency_field(const Collection& collection, const Field& field) {
    if (field.kind != integer) return nullptr;
    const auto at = std::find_if(
        collection.fields.begin(), collection.fields.end(),
        [&](const Field& other) { return other.cell == field.cell && names_a_currency(other); });
    return at == collection.fields.end() ? nullptr : &*at;
}

}  // namespace satchel::sales
