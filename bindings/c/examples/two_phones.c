/* Two phones of one person work apart, then sync and settle what they contradict each other in.
 *
 *     two_phones FOLDER URL LOGIN PASSWORD
 *
 * FOLDER takes the two replicas; URL is a head office (satcheld) with the starter schema. Anybody
 * who may log in there will do: the account that it makes is theirs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/c/satchel.h"

static void must(satchel_code code, satchel_error** error, const char* what) {
    if (code == SATCHEL_OK) return;
    fprintf(stderr, "%s: %s (%s)\n", what, satchel_error_message(*error), satchel_code_name(code));
    satchel_error_free(*error);
    exit(1);
}

static satchel_value text(const char* value) {
    satchel_value out;
    out.type = SATCHEL_TEXT;
    out.integer = 0;
    out.bytes = value;
    out.size = strlen(value);
    return out;
}

static satchel_value id_value(const satchel_id* id) {
    satchel_value out;
    out.type = SATCHEL_BYTES;
    out.integer = 0;
    out.bytes = (const char*)id->bytes;
    out.size = sizeof id->bytes;
    return out;
}

static satchel_replica* open_phone(const char* folder, const char* name) {
    char path[1024];
    satchel_open_options options;
    satchel_replica* phone = NULL;
    satchel_error* error = NULL;
    snprintf(path, sizeof path, "%s/%s.satchel", folder, name);
    memset(&options, 0, sizeof options);
    options.struct_size = sizeof options;
    options.create = 1;
    options.schema = "starter";
    must(satchel_open(path, strlen(path), &options, &phone, &error), &error, "open");
    return phone;
}

static void sync_phone(satchel_replica* phone, const char* name) {
    satchel_error* error = NULL;
    must(satchel_sync(phone, 60000, &error), &error, name);
    printf("%s synced\n", name);
}

/* Writes the account's industry, seen as `token` (NULL: whatever is there). */
static void write_sector(satchel_replica* phone, const satchel_id* account, const char* sector,
                         const char* token, size_t token_size) {
    satchel_field field;
    satchel_write* write = NULL;
    satchel_error* error = NULL;
    field.name = "sector";
    field.value = text(sector);
    must(satchel_begin(phone, &write, &error), &error, "begin");
    must(satchel_set(write, "account", account, &field, 1, token, token_size, &error), &error,
         "set");
    must(satchel_commit(write, &error), &error, "commit");
}

/* The person's record: every device holds all users after its first sync. */
static satchel_id user_of(satchel_replica* phone, const char* login) {
    static const char sql[] = "SELECT id FROM _user WHERE login = ?1";
    const satchel_value name = text(login);
    satchel_rows* rows = NULL;
    satchel_error* error = NULL;
    satchel_id user;
    int found = 0;
    must(satchel_query(phone, sql, sizeof sql - 1, &name, 1, &rows, &error), &error, "query");
    must(satchel_rows_next(rows, &found, &error), &error, "next");
    if (!found) {
        fprintf(stderr, "head office knows no %s\n", login);
        exit(1);
    }
    memcpy(user.bytes, satchel_rows_value(rows, 0).bytes, sizeof user.bytes);
    satchel_rows_close(rows);
    return user;
}

/* Makes an account that belongs to `owner`. */
static satchel_id make_account(satchel_replica* phone, const satchel_id* owner) {
    satchel_field fields[3];
    satchel_write* write = NULL;
    satchel_error* error = NULL;
    satchel_id account;
    fields[0].name = "name";
    fields[0].value = text("\xe4\xb8\x8a\xe6\xb5\xb7 Acme"); /* 上海 Acme */
    fields[1].name = "sector";
    fields[1].value = text("unknown");
    fields[2].name = "owner";
    fields[2].value = id_value(owner);
    must(satchel_begin(phone, &write, &error), &error, "begin");
    must(satchel_create(write, "account", fields, 3, &account, &error), &error, "create");
    must(satchel_commit(write, &error), &error, "commit");
    return account;
}

/* Prints the account's sector as SQL shows it. */
static void print_sector(satchel_replica* phone, const satchel_id* account, const char* name) {
    static const char sql[] = "SELECT name, sector FROM account WHERE id = ?1";
    const satchel_value id = id_value(account);
    satchel_rows* rows = NULL;
    satchel_error* error = NULL;
    int more = 0;
    must(satchel_query(phone, sql, sizeof sql - 1, &id, 1, &rows, &error), &error, "query");
    must(satchel_rows_next(rows, &more, &error), &error, "next");
    if (more) {
        const satchel_value company = satchel_rows_value(rows, 0);
        const satchel_value sector = satchel_rows_value(rows, 1);
        printf("%s shows %.*s: %.*s\n", name, (int)company.size, company.bytes, (int)sector.size,
               sector.bytes);
    }
    satchel_rows_close(rows);
}

/* Shows both values and takes the first on as a person would. Returns how many stood there. */
static size_t resolve(satchel_replica* phone, const satchel_id* account) {
    satchel_siblings* siblings = NULL;
    satchel_error* error = NULL;
    size_t i, count, token_size = 0;
    const char* token;
    must(satchel_siblings_open(phone, "account", account, "sector", &siblings, &error), &error,
         "siblings");
    count = satchel_siblings_count(siblings);
    for (i = 0; i < count; ++i) {
        const satchel_value value = satchel_siblings_value(siblings, i);
        printf("  %s %.*s (written as %s)\n", i == 0 ? "shown:" : "beside:", (int)value.size,
               value.bytes, satchel_siblings_dot(siblings, i));
    }
    token = satchel_siblings_token(siblings, &token_size);
    write_sector(phone, account, "retail and medical", token, token_size);
    satchel_siblings_close(siblings);
    return count;
}

static void changed(void* context, const char* collection, const satchel_id* ids, size_t count,
                    int many) {
    (void)ids;
    (void)many;
    if (strcmp(collection, "account") == 0) *(size_t*)context += count;
}

int main(int argc, char** argv) {
    satchel_replica *one, *two;
    satchel_observer* observer = NULL;
    satchel_error* error = NULL;
    satchel_id user, account;
    size_t seen = 0, values;
    if (argc != 5) {
        fprintf(stderr, "usage: two_phones FOLDER URL LOGIN PASSWORD\n");
        return 2;
    }
    one = open_phone(argv[1], "phone");
    two = open_phone(argv[1], "tablet");
    must(satchel_observe(two, changed, &seen, &observer, &error), &error, "observe");

    must(satchel_login(one, argv[2], argv[3], argv[4], "phone", &error), &error, "login");
    must(satchel_login(two, argv[2], argv[3], argv[4], "tablet", &error), &error, "login");
    sync_phone(one, "phone");
    user = user_of(one, argv[3]);

    account = make_account(one, &user);
    printf("made an account without any connection\n");
    sync_phone(one, "phone");
    sync_phone(two, "tablet");

    write_sector(one, &account, "retail", NULL, 0);
    write_sector(two, &account, "medical", NULL, 0);
    printf("both changed the same field, apart\n");
    sync_phone(one, "phone");
    sync_phone(two, "tablet");
    sync_phone(one, "phone");
    values = resolve(one, &account);
    sync_phone(one, "phone");
    sync_phone(two, "tablet");
    print_sector(one, &account, "phone");
    print_sector(two, &account, "tablet");
    printf("the tablet's observer saw %s\n", seen > 0 ? "changes" : "nothing");

    satchel_close(two); /* before its observer: any order will do */
    satchel_unobserve(observer);
    satchel_close(one);
    return values == 2 && seen > 0 ? 0 : 1;
}
