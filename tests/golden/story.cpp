#include "tests/golden/story.hpp"

#include <filesystem>

#include "storage/directory.hpp"
#include "storage/workspace_copy.hpp"
#include "sync/device_session.hpp"
#include "tests/golden/company.hpp"

namespace satchel::golden {
namespace {

namespace fs = std::filesystem;
using storage::FieldValues;
using storage::LocalTransaction;
using storage::SqliteServerStore;

Value text(std::string_view value) {
    return Value::text(value);
}

class Story {
  public:
    explicit Story(std::string folder) : folder_(std::move(folder)) {
        for (const char* name : {kReplicaKept, kStoreKept, "wang", "third", "twin", "backup"})
            for (const char* suffix : {"", "-wal", "-shm"})
                fs::remove(file(name) + suffix);
        open_store(true, false);
        li_ = device(kReplicaKept, li(), 1, schema());
        wang_ = device("wang", wang(), 2, schema());
    }
    ~Story() {
        for (const char* name : {"wang", "third", "twin", "backup"})
            for (const char* suffix : {"", "-wal", "-shm"})
                fs::remove(file(name) + suffix);
    }
    Story(const Story&) = delete;
    Story& operator=(const Story&) = delete;

    void people();
    void first_days();
    void bury();
    void conflicts();
    void refusals();
    void handover();
    void copies();
    void restore();
    void newer_head_office();
    void half_a_sync();
    void not_sent();

  private:
    std::string file(const std::string& name) const { return folder_ + "/" + name; }
    std::unique_ptr<Device> device(const char* name, const RecordId& user, std::uint64_t seed,
                                   SchemaPointer schema) {
        return std::make_unique<Device>(file(name), user, seed, clock_, std::move(schema));
    }
    void open_store(bool create, bool restored);
    RecordId put(const char* collection, const FieldValues& values, const RecordId* id = nullptr) {
        clock_.now += 1'000;
        return must(store_->put_record(collection, id, values, clock_.now), "head office writes");
    }
    void everybody_syncs() {
        wang_->sync(*store_);
        li_->sync(*store_);
        wang_->sync(*store_);
    }

    std::string folder_;
    Clock clock_;
    Dice dice_{7};
    std::unique_ptr<SqliteServerStore> store_;
    std::unique_ptr<Device> li_;
    std::unique_ptr<Device> wang_;
    RecordId cola_, acme_, borg_, mine_, lily_, shanghai_;
};

void Story::open_store(bool create, bool restored) {
    store_.reset();
    storage::ServerStoreOptions options;
    options.create = create;
    options.restored = restored;
    if (create) options.schema = schema();
    options.workspace = "golden";
    options.clock = &clock_;
    options.random = &dice_;
    store_ = must(SqliteServerStore::open(file(kStoreKept), options), "opening the workspace");
}

void Story::people() {
    storage::Directory directory =
        must(storage::Directory::open(store_->database()), "opening the directory");
    // Keys come from the system's own generator.
    must(store_->database().execute("UPDATE _directory_bundle_secret SET secret = '"
                                    "000102030405060708090a0b0c0d0e0f"
                                    "101112131415161718191a1b1c1d1e1f'"),
         "the workspace's keys");
    for (const auto& [id, login] : {std::pair(wang(), "wang"), std::pair(li(), "li")}) {
        put("_user", {{"name", text(login)}, {"login", text(login)}, {"active", Value(1)}}, &id);
        storage::Account account;
        account.user = id;
        account.login = account.name = login;
        account.role = id == li() ? storage::Role::rep : storage::Role::manager;
        if (id == li()) account.manager = wang();
        account.pools = {"north"};
        account.created_at = clock_.now;
        must(directory.add(account), "an account");
    }
    const std::uint64_t replica = li_->caller().replica;
    const RecordId record = put("_device", {{"replica", text(storage::replica_text(replica))},
                                            {"user", Value::id(li())},
                                            {"name", text("phone")}});
    must(directory.register_device(replica, record, li(), "phone", clock_.now), "a device");
}

void Story::first_days() {
    cola_ = put("product", {{"name", text("可乐")}, {"picture", Value::bytes("\x89PNG")}});
    put("product", {{"name", text("Tea")}});
    put("contact", {{"name", text("Of nobody")}, {"account", Value::id(nobody())}});
    li_->sync(*store_);
    wang_->sync(*store_);
    li_->change([this](LocalTransaction& transaction) -> Status {
        SATCHEL_ASSIGN(acme_, transaction.create("account", {{"name", text("Acme")},
                                                             {"owner", Value::id(li())},
                                                             {"pool", text("north")},
                                                             {"note", text("first call")},
                                                             {"amount", Value(1'200)},
                                                             {"currency", text("CNY")},
                                                             {"stage", text("Lead")}}));
        SATCHEL_TRY(transaction.add_to_set("account", acme_, "tags", "cn"));
        SATCHEL_TRY(transaction.add_to_set("account", acme_, "tags", "vip"));
        return transaction.count("account", acme_, "calls", 3);
    });
    borg_ = li_->create(
        "account", {{"name", text("博格")}, {"owner", Value::id(li())}, {"pool", text("north")}});
    mine_ = li_->create("account", {{"name", text("Mine")}, {"owner", Value::id(li())}});
    lily_ = li_->create("contact", {{"name", text("Lily")}, {"account", Value::id(acme_)}});
    li_->create("visit", {{"subject", text("Factory")}, {"owner", Value::id(li())}});
    everybody_syncs();
    storage::OpenOptions how;
    const auto copy =
        must(storage::copy_workspace(store_->database(), file("backup"), how), "a backup");
    must(store_->note_backup(copy), "noting the backup");
    must(store_->confirm_backup(), "confirming the backup");
}

// Deleted on every device: only its id is left.
void Story::bury() {
    const RecordId old =
        li_->create("account", {{"name", text("Old")}, {"owner", Value::id(li())}});
    li_->sync(*store_);
    li_->remove("account", old);
    everybody_syncs();
    li_->create("visit", {{"subject", text("Later")}, {"owner", Value::id(li())}});
    wang_->create("visit", {{"subject", text("Later")}, {"owner", Value::id(wang())}});
    everybody_syncs();
    const std::vector<std::uint64_t> active = {li_->caller().replica, wang_->caller().replica};
    must(store_->prune(active, 100, clock_.now), "pruning");
}

void Story::conflicts() {
    everybody_syncs();
    li_->change([this](LocalTransaction& transaction) -> Status {
        SATCHEL_TRY(transaction.set("account", acme_,
                                    {{"name", text("Acme by Li")},
                                     {"note", text("first call\nLi called")},
                                     {"amount", Value(1'500)},
                                     {"currency", text("USD")},
                                     {"stage", text("Offer")}}));
        SATCHEL_TRY(transaction.add_to_set("account", acme_, "tags", "cn"));
        return transaction.count("account", acme_, "calls", 2);
    });
    wang_->change([this](LocalTransaction& transaction) -> Status {
        SATCHEL_TRY(transaction.set("account", acme_,
                                    {{"name", text("Acme by Wang")},
                                     {"note", text("first call\nWang wrote")},
                                     {"amount", Value(900)},
                                     {"stage", text("Won")}}));
        SATCHEL_TRY(transaction.remove_from_set("account", acme_, "tags", "cn"));
        SATCHEL_TRY(transaction.remove_from_set("account", acme_, "tags", "vip"));
        return transaction.count("account", acme_, "calls", -1);
    });
    everybody_syncs();
    // Deleted here, edited there: it lives on. And two that are dead, one with a parent.
    const RecordId alive = li_->create(
        "account", {{"name", text("Alive")}, {"owner", Value::id(li())}, {"pool", text("north")}});
    const RecordId dead =
        li_->create("account", {{"name", text("Dead")}, {"owner", Value::id(li())}});
    const RecordId tom =
        li_->create("contact", {{"name", text("Tom")}, {"account", Value::id(acme_)}});
    everybody_syncs();
    wang_->set(alive, {{"note", text("not yet")}});
    li_->remove("account", alive);
    li_->remove("account", dead);
    li_->remove("contact", tom);
    everybody_syncs();
}

// Products are head office's: one refusal waits, one was seen, one was adopted.
void Story::refusals() {
    for (const char* name : {"Cola adopted", "Cola seen", "Cola refused"}) {
        li_->change([this, name](LocalTransaction& transaction) {
            return transaction.set("product", cola_, {{"name", text(name)}});
        });
        li_->sync(*store_);
    }
    const auto refused = must(store_->quarantine(10), "the quarantine");
    must(store_->adopt(refused.front().number, wang(), clock_.now), "adopting");
    const auto journal = must(li_->replica().journal(2), "the journal");
    must(li_->replica().dismiss(journal.back().number), "dismissing");
    li_->sync(*store_);
}

// Li has not heard of it and writes: late.
void Story::handover() {
    must(store_->handover(kAccount, mine_, wang(), clock_.now), "handing over");
    must(store_->declare_lost(must(Dot::parse("bad:7"), "a dot"), "wang", clock_.now), "declaring");
    li_->set(mine_, {{"note", text("ask for Anna")}});
    everybody_syncs();
}

// The file of Li's device was copied twice. A change that two copies hold comes twice.
void Story::copies() {
    li_->copy_to(file("third"));
    const auto third = device("third", li(), 3, nullptr);
    third->set(borg_, {{"note", text("of the third")}});
    third->sync(*store_);
    li_->create("account", {{"name", text("Twice")}, {"owner", Value::id(li())}});
    li_->copy_to(file("twin"));
    const auto twin = device("twin", li(), 4, nullptr);
    twin->sync(*store_);
    li_->sync(*store_);
}

// Head office loses a day. What Wang wrote on it does not come back, and Li had built on it.
void Story::restore() {
    fs::remove(file("backup"));
    must(storage::copy_workspace(store_->database(), file("backup"), {}), "a backup");
    wang_->set(borg_, {{"note", text("on the lost day")}});
    wang_->sync(*store_);
    li_->sync(*store_);
    li_->set(borg_, {{"note", text("built on it")}});
    shanghai_ = li_->create(
        "account", {{"name", text("上海")}, {"owner", Value::id(li())}, {"pool", text("north")}});
    li_->sync(*store_);
    store_.reset();
    for (const char* suffix : {"-wal", "-shm"})
        fs::remove(file(kStoreKept) + suffix);
    fs::copy_file(file("backup"), file(kStoreKept), fs::copy_options::overwrite_existing);
    open_store(false, true);
    li_->sync(*store_);
}

// A record of a collection that this release does not know, one that should be here and is not, and
// a sum that does not agree.
void Story::newer_head_office() {
    put("product", {{"name", text("Coffee")}});
    clock_.now += 60'000;
    const Services all = services();
    DeviceSession session(li_->replica(), all);
    exchange(session, *store_, li_->caller(), clock_.now, {}, [](SyncReply& reply) {
        RecordState unknown;
        unknown.clock = "bad:1"_clock;
        const std::vector<std::string> everyone = {kEveryoneScope};
        const Sequence seq = reply.position.seq;
        PageWriter page;
        page.add(CollectionId{99}, RowKind::whole, {}, nobody(), seq, everyone,
                 encode_state(unknown), {});
        page.add(CollectionId{102}, RowKind::confirm, {}, nobody(), seq, everyone, {}, {});
        reply.pages.push_back(page.finish());
        reply.checkpoint->scopes.front().checksum += 1;
    });
}

// Two pages of an answer are here, the checkpoint is not; a pool is new to Li.
void Story::half_a_sync() {
    put("account", {{"name", text("South")}, {"pool", text("south")}});
    for (const char* name : {"Rice", "Milk", "Salt"})
        put("product", {{"name", text(name)}});
    li_->set(shanghai_, {{"stage", text("Offer")}});
    li_->set(shanghai_, {{"amount", Value(77)}, {"currency", text("EUR")}});
    clock_.now += 60'000;
    ServerOptions small;
    small.max_rows = 1;
    const Services all = services();
    DeviceSession session(li_->replica(), all);
    std::int64_t staged = 0;
    while (staged < 2) {
        exchange(session, *store_, li_->caller(true), clock_.now, small);
        staged = must(li_->replica().database().integer("SELECT count(*) FROM staged"), "pages");
    }
}

void Story::not_sent() {
    const VectorClock token = must(li_->replica().record("account", acme_), "Acme").token();
    li_->set(acme_, {{"name", text("Acme 上海")}});
    li_->set(acme_, {{"name", text("Acme at once")}}, &token);
    li_->change([this](LocalTransaction& transaction) -> Status {
        SATCHEL_TRY(transaction.count("account", acme_, "calls", 10));
        SATCHEL_TRY(transaction.add_to_set("account", acme_, "tags", "late"));
        return transaction.remove("contact", lily_);
    });
    li_->create("account", {{"name", text("Draft")}, {"owner", Value::id(li())}});
    must(li_->replica().set_setting("server.url", "https://office.example"), "a setting");
}

}  // namespace

void tell(const std::string& folder) {
    Story story(folder);
    story.people();
    story.first_days();
    story.bury();
    story.conflicts();
    story.refusals();
    story.handover();
    story.copies();
    story.restore();
    story.newer_head_office();
    story.half_a_sync();
    story.not_sent();
}

}  // namespace satchel::golden
