// Draft: what a person has typed into a form and not saved yet. It outlives snapshots: news about
// the record never takes typed text away.
//
// The draft keeps the form that the person saw when typing began. Saving sends that form's token,
// so that a value which arrived in between survives beside the typed one.
//
// Threads: one at a time, the window's. No I/O.
#pragma once

#include "client-imgui/intent.hpp"

namespace satchel::window {

struct FieldDraft {
    std::string text;
    std::string currency;
    std::vector<std::string> elements;
    std::string new_element;  // typed, not added yet
    std::int64_t step = 0;
    std::optional<RecordId> reference;
    std::string reference_title;
};

class Draft {
  public:
    // Takes in the newest snapshot: loads the form when another one was opened, when nothing was
    // typed, or when the typed changes were saved.
    void follow(const Snapshot& snapshot);
    void revert(const Snapshot& snapshot);
    // To be put into the next form that opens: input that was not accepted. `replaces`: its entry.
    void prefill(std::vector<FieldChange> changes, std::int64_t replaces);

    bool empty() const { return base_ == nullptr; }
    bool dirty() const { return !changes().empty(); }
    // The record has changed since typing began.
    bool stale() const { return stale_; }
    bool saving() const { return saving_; }
    bool from_rejected() const { return replaces_ != 0; }
    const FormView& form() const { return *base_; }
    std::vector<FieldDraft>& fields() { return fields_; }
    const std::vector<FieldDraft>& fields() const { return fields_; }

    std::vector<FieldChange> changes() const;
    // Ready to be posted; the answer comes with a snapshot.
    SaveRecord save();
    // What the last save found wrong with a field; nullptr: nothing.
    const Error* problem(const std::string& field) const;
    const Error* problem_of_record() const;
    bool just_saved() const { return just_saved_; }  // in this frame
    bool saved() const { return saved_ && !dirty(); }

  private:
    void load(std::shared_ptr<const FormView> form);
    void put(const FieldChange& change);

    std::shared_ptr<const FormView> base_;
    std::vector<FieldDraft> fields_;
    std::vector<FieldChange> prefill_;
    std::int64_t prefill_replaces_ = 0;
    std::int64_t replaces_ = 0;
    std::uint64_t serial_ = 0;
    SaveAnswer answer_;
    bool stale_ = false;
    bool saving_ = false;
    bool just_saved_ = false;
    bool saved_ = false;  // what is shown was saved here
};

}  // namespace satchel::window
