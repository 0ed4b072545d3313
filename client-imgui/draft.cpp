#include "client-imgui/draft.hpp"

#include <algorithm>

namespace satchel::window {
namespace {

using Texts = std::vector<std::string>;

// Those of `these` that are not in `those`.
Texts without(const Texts& these, const Texts& those) {
    Texts rest;
    for (const std::string& text : these)
        if (std::find(those.begin(), those.end(), text) == those.end()) rest.push_back(text);
    return rest;
}

FieldDraft draft_of(const FormField& field) {
    FieldDraft draft;
    draft.text = field.text;
    draft.currency = field.currency;
    draft.elements = field.elements;
    draft.reference = field.reference;
    draft.reference_title = field.reference ? field.text : "";
    return draft;
}

// An element that was typed but not added counts as meant.
Texts meant_elements(const FieldDraft& draft) {
    Texts elements = draft.elements;
    if (!draft.new_element.empty() && without({draft.new_element}, elements).size() == 1)
        elements.push_back(draft.new_element);
    return elements;
}

std::optional<FieldChange> change_of(const FormField& field, const FieldDraft& draft) {
    FieldChange change;
    change.field = field.name;
    change.text = draft.text;
    switch (field.kind) {
        case InputKind::bytes:
            return std::nullopt;
        case InputKind::set: {
            const Texts elements = meant_elements(draft);
            change.added = without(elements, field.elements);
            change.removed = without(field.elements, elements);
            if (change.added.empty() && change.removed.empty()) return std::nullopt;
            return change;
        }
        case InputKind::counter:
            change.step = draft.step;
            if (draft.step == 0) return std::nullopt;
            return change;
        case InputKind::reference:
            change.reference = draft.reference;
            change.reference_title = draft.reference_title;
            if (draft.reference == field.reference) return std::nullopt;
            return change;
        case InputKind::money:
            change.currency = draft.currency;
            if (draft.text == field.text && draft.currency == field.currency) return std::nullopt;
            return change;
        default:
            if (draft.text == field.text) return std::nullopt;
            return change;
    }
}

}  // namespace

void Draft::follow(const Snapshot& snapshot) {
    just_saved_ = false;
    bool saved = false;
    if (saving_ && snapshot.answer.serial == serial_) {
        saving_ = false;
        answer_ = snapshot.answer;
        saved = answer_.saved;
    }
    if (!snapshot.form) {
        base_.reset();
        fields_.clear();
        return;
    }
    const bool other = !base_ || base_->opened != snapshot.form->opened;
    if (other || saved || !dirty()) {
        if (base_ != snapshot.form) load(snapshot.form);
        just_saved_ = saved;
        saved_ = saved || (saved_ && !other);
        return;
    }
    stale_ = snapshot.form->token != base_->token || snapshot.form->dead != base_->dead;
}

void Draft::revert(const Snapshot& snapshot) {
    answer_ = {};
    if (snapshot.form) load(snapshot.form);
}

void Draft::load(std::shared_ptr<const FormView> form) {
    const bool other = !base_ || base_->opened != form->opened;
    base_ = std::move(form);
    stale_ = false;
    fields_.clear();
    for (const FormField& field : base_->fields)
        fields_.push_back(draft_of(field));
    if (!other) return;
    answer_.problems.clear();
    answer_.error.reset();
    replaces_ = std::exchange(prefill_replaces_, 0);
    for (const FieldChange& change : std::exchange(prefill_, {}))
        put(change);
}

void Draft::prefill(std::vector<FieldChange> changes, std::int64_t replaces) {
    prefill_ = std::move(changes);
    prefill_replaces_ = replaces;
}

void Draft::put(const FieldChange& change) {
    for (std::size_t i = 0; i < fields_.size(); ++i) {
        const FormField& field = base_->fields[i];
        FieldDraft& draft = fields_[i];
        if (field.name != change.field) continue;
        draft.text = change.text;
        draft.currency = change.currency;
        draft.step = change.step;
        draft.elements = without(draft.elements, change.removed);
        for (const std::string& element : without(change.added, draft.elements))
            draft.elements.push_back(element);
        draft.reference = change.reference;
        draft.reference_title = change.reference_title;
    }
}

std::vector<FieldChange> Draft::changes() const {
    std::vector<FieldChange> changes;
    for (std::size_t i = 0; i < fields_.size(); ++i)
        if (auto change = change_of(base_->fields[i], fields_[i]))
            changes.push_back(*std::move(change));
    return changes;
}

SaveRecord Draft::save() {
    saving_ = true;
    SaveRecord request;
    request.serial = ++serial_;
    request.collection = base_->collection_name;
    request.id = base_->id;
    request.token = base_->token;
    request.changes = changes();
    request.replaces = replaces_;
    return request;
}

const Error* Draft::problem(const std::string& field) const {
    for (const FieldProblem& problem : answer_.problems)
        if (problem.field == field) return &problem.error;
    return nullptr;
}

const Error* Draft::problem_of_record() const {
    return answer_.error ? &*answer_.error : nullptr;
}

}  // namespace satchel::window
