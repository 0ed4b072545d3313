/* satchel.h: the engine for applications in C and everything that can call C.
 *
 * Conventions, for every function below:
 *
 *   Handles      opaque. What *_open, *_begin or *_start gives, *_close (or *_commit, *_rollback,
 *                *_stop) takes back; passing NULL to a closing function does nothing. Handles may
 *                be closed in any order and from any thread: what they share lives until the last.
 *   Text         UTF-8. Where a length in bytes comes with it, no NUL is needed; where none does
 *                (names, url, login, password, device_name, schema) it ends with NUL. Text and
 *                bytes given in are copied. What is given out is borrowed: valid until the next
 *                call on the same handle.
 *   Results      a satchel_code; SATCHEL_OK is 0. The last parameter, when not NULL, receives an
 *                error to be freed with satchel_error_free. Nothing is kept per thread. Each call
 *                names the codes to act on; any may also give SATCHEL_INVALID_ARGUMENT (a NULL
 *                that may not be), SATCHEL_LIMIT (no memory) and SATCHEL_INTERNAL, and where it
 *                uses the file SATCHEL_BUSY, SATCHEL_IO and SATCHEL_CORRUPT.
 *   Options      structures begin with struct_size = sizeof the structure; they only ever grow.
 *                Zero means the default everywhere.
 *   Threads      every function may be called from any thread; calls on one replica take turns,
 *                also with its agent; one that waits for the network lets the others go first.
 *                A satchel_write holds the replica's turn from begin to commit or rollback and is
 *                used by one thread: another one's calls wait, the same one's would wait for ever.
 *   Callbacks    only for observers. See satchel_observe.
 *   For ever     symbols, codes and field order stay. satchel_abi_major() counts what broke.
 *
 * A sync runs in two ways: satchel_sync and the agent use libcurl; satchel_session_* gives the
 * bytes to the host's own HTTP stack. Conflict, offline, busy and not accepted are normal outcomes.
 */
#ifndef SATCHEL_H
#define SATCHEL_H

#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define SATCHEL_API __attribute__((visibility("default")))
#else
#define SATCHEL_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define SATCHEL_ABI_MAJOR 1

/* The same numbers as in every other face of the engine; each comment names the action. */
typedef enum satchel_code {
    SATCHEL_OK = 0,
    SATCHEL_INVALID_ARGUMENT = 1, /* correct the call or the input */
    SATCHEL_NOT_FOUND = 2,        /* create it first, or sync to receive it */
    SATCHEL_BUSY = 3,             /* try again: somebody else holds it */
    SATCHEL_DISK_FULL = 4,        /* free some space; nothing was lost */
    SATCHEL_READ_ONLY = 5,        /* make the file writable */
    SATCHEL_CORRUPT = 6,          /* restore or re-sync; nothing is repaired in silence */
    SATCHEL_NOT_A_DATABASE = 7,   /* choose another file */
    SATCHEL_WRONG_KEY = 8,        /* give the right key */
    SATCHEL_NEWER_FORMAT = 9,     /* install the newer release that wrote this */
    SATCHEL_OFFLINE = 10,         /* wait for a connection; work goes on */
    SATCHEL_TIME_OUT = 11,        /* the line is too slow now */
    SATCHEL_CANCELLED = 12,       /* the caller asked for it */
    SATCHEL_UNAUTHORIZED = 13,    /* log in again */
    SATCHEL_FORBIDDEN = 14,       /* ask somebody who may */
    SATCHEL_LIMIT = 15,           /* make the input smaller */
    SATCHEL_BAD_REPLY = 16,       /* something else than a Satchel server answered */
    SATCHEL_UPGRADE_NEEDED = 17,  /* install the newer release */
    SATCHEL_SERVER_ERROR = 18,    /* try again later */
    SATCHEL_IO = 19,              /* look at the disk */
    SATCHEL_INTERNAL = 20         /* report it: a bug of ours */
} satchel_code;

typedef struct satchel_error satchel_error;
typedef struct satchel_replica satchel_replica;
typedef struct satchel_write satchel_write;
typedef struct satchel_rows satchel_rows;
typedef struct satchel_siblings satchel_siblings;
typedef struct satchel_observer satchel_observer;
typedef struct satchel_session satchel_session;
typedef struct satchel_agent satchel_agent;

SATCHEL_API int satchel_abi_major(void);
SATCHEL_API const char* satchel_release(void);       /* "0.1.0" */
SATCHEL_API const char* satchel_code_name(int code); /* "not_found" */

SATCHEL_API satchel_code satchel_error_code(const satchel_error* error);
SATCHEL_API const char* satchel_error_message(const satchel_error* error); /* ends with NUL */
SATCHEL_API void satchel_error_free(satchel_error* error);

/* ---- Replicas ------------------------------------------------------------------------------ */

typedef struct satchel_open_options {
    size_t struct_size;       /* set by the caller: 0 is SATCHEL_INVALID_ARGUMENT */
    int create;               /* make the file when it is not there */
    const char* schema;       /* of a new file: "starter" (the sales schema) or NULL (none) */
    const void* schema_bytes; /* or a stored schema (docs/formats.md), in place of `schema` */
    size_t schema_size;
    const char* key; /* encrypts the file */
    size_t key_size;
} satchel_open_options;

/* `options` may be NULL: an existing file without a key. SATCHEL_NOT_FOUND (no such file, or an
 * empty one, and `create` is 0), SATCHEL_NOT_A_DATABASE (of another program, or encrypted and no
 * key was given), SATCHEL_WRONG_KEY, SATCHEL_NEWER_FORMAT (also of the schema), SATCHEL_CORRUPT,
 * SATCHEL_READ_ONLY, SATCHEL_DISK_FULL, SATCHEL_BUSY; SATCHEL_INVALID_ARGUMENT for a schema that is
 * none. After an error `replica` is as it was. */
SATCHEL_API satchel_code satchel_open(const char* path, size_t path_size,
                                      const satchel_open_options* options,
                                      satchel_replica** replica, satchel_error** error);
SATCHEL_API void satchel_close(satchel_replica* replica);

/* ---- Values -------------------------------------------------------------------------------- */

typedef enum satchel_value_type {
    SATCHEL_NULL = 0,
    SATCHEL_INTEGER = 1, /* also dates (days since 1970-01-01), money (minor units), times (ms) */
    SATCHEL_TEXT = 2,
    SATCHEL_BYTES = 3 /* record ids are 16 bytes */
} satchel_value_type;

typedef struct satchel_value {
    satchel_value_type type;
    int64_t integer;
    const char* bytes; /* of text and bytes */
    size_t size;
} satchel_value;

typedef struct satchel_field {
    const char* name; /* ends with NUL */
    satchel_value value;
} satchel_field;

typedef struct satchel_id {
    uint8_t bytes[16];
} satchel_id;

/* ---- Writing: one transaction, atomic here and on every other device ------------------------- */

/* Waits for its turn, and up to 5 seconds for another process: SATCHEL_BUSY. SATCHEL_READ_ONLY. */
SATCHEL_API satchel_code satchel_begin(satchel_replica* replica, satchel_write** write,
                                       satchel_error** error);
/* Ends the handle, whatever the result; after an error nothing of it has happened.
 * SATCHEL_DISK_FULL, SATCHEL_LIMIT (more than 8 MiB: split it). */
SATCHEL_API satchel_code satchel_commit(satchel_write* write, satchel_error** error);
SATCHEL_API void satchel_rollback(satchel_write* write);

/* The next six: after SATCHEL_INVALID_ARGUMENT (no such collection or field, a value of the wrong
 * kind, text that is not UTF-8), SATCHEL_NOT_FOUND or SATCHEL_LIMIT (a value too large; more than
 * 10,000 records, 500,000 values or about 6 MiB in one write) nothing of that call has happened and
 * the write goes on, unless memory ended in the middle of it: the next call says so then. After any
 * other error roll back: nothing of it can be committed. One write cannot both write and delete (or
 * undelete) the same record: SATCHEL_INVALID_ARGUMENT.
 *
 * `id`, when not NULL, receives the new record's. */
SATCHEL_API satchel_code satchel_create(satchel_write* write, const char* collection,
                                        const satchel_field* fields, size_t count, satchel_id* id,
                                        satchel_error** error);
/* `token` is what the person was shown (satchel_read_token): a value that arrived in between
 * survives beside the new one. NULL: whatever is there now is overwritten. SATCHEL_NOT_FOUND: the
 * record is deleted, or not on this device. SATCHEL_INVALID_ARGUMENT also for a token of another
 * record, and in a collection whose records are never edited. */
SATCHEL_API satchel_code satchel_set(satchel_write* write, const char* collection,
                                     const satchel_id* id, const satchel_field* fields,
                                     size_t count, const char* token, size_t token_size,
                                     satchel_error** error);
/* SATCHEL_NOT_FOUND as above, also for what is deleted already. */
SATCHEL_API satchel_code satchel_delete(satchel_write* write, const char* collection,
                                        const satchel_id* id, satchel_error** error);
/* SATCHEL_NOT_FOUND: never was on this device; SATCHEL_INVALID_ARGUMENT: it is not deleted. */
SATCHEL_API satchel_code satchel_undelete(satchel_write* write, const char* collection,
                                          const satchel_id* id, satchel_error** error);
/* Puts an element into a set, or (`present` 0) takes it out. As satchel_set. */
SATCHEL_API satchel_code satchel_tag(satchel_write* write, const char* collection,
                                     const satchel_id* id, const char* field, const char* element,
                                     size_t element_size, int present, satchel_error** error);
/* Adds `step`, which may be negative, to a counter: steps of all devices add up. As satchel_set. */
SATCHEL_API satchel_code satchel_count(satchel_write* write, const char* collection,
                                       const satchel_id* id, const char* field, int64_t step,
                                       satchel_error** error);

/* ---- Reading: plain SQL on typed tables ------------------------------------------------------ */

/* Any SELECT; each cursor has a read-only connection of its own and sees one state. It takes no
 * turn. SATCHEL_INVALID_ARGUMENT: SQL that does not parse, would write, or has another number of
 * parameters. */
SATCHEL_API satchel_code satchel_query(satchel_replica* replica, const char* sql, size_t sql_size,
                                       const satchel_value* arguments, size_t count,
                                       satchel_rows** rows, satchel_error** error);
/* `has_row` becomes 0 behind the last row. */
SATCHEL_API satchel_code satchel_rows_next(satchel_rows* rows, int* has_row, satchel_error** error);
/* `column` counts from 0. A column that is not there has the name "" and the value NULL. Borrowed:
 * the name until the next call for one, the value until satchel_rows_next. */
SATCHEL_API size_t satchel_rows_columns(const satchel_rows* rows);
SATCHEL_API const char* satchel_rows_name(satchel_rows* rows, size_t column);
SATCHEL_API satchel_value satchel_rows_value(satchel_rows* rows, size_t column);
SATCHEL_API void satchel_rows_close(satchel_rows* rows);

/* The read token of a record as it is now; borrowed from the replica handle. SATCHEL_NOT_FOUND: not
 * on this device; SATCHEL_INVALID_ARGUMENT: no such collection. */
SATCHEL_API satchel_code satchel_read_token(satchel_replica* replica, const char* collection,
                                            const satchel_id* id, const char** token,
                                            size_t* token_size, satchel_error** error);

/* ---- Conflicts: different values side by side ----------------------------------------------- */

/* One row per cell in conflict: collection (text), id (bytes), field (text). */
SATCHEL_API satchel_code satchel_conflicts(satchel_replica* replica, satchel_rows** rows,
                                           satchel_error** error);
/* The values of one field, the shown one first. As satchel_read_token; SATCHEL_INVALID_ARGUMENT
 * also for sets and counters, which have no conflicts. */
SATCHEL_API satchel_code satchel_siblings_open(satchel_replica* replica, const char* collection,
                                               const satchel_id* id, const char* field,
                                               satchel_siblings** siblings, satchel_error** error);
SATCHEL_API size_t satchel_siblings_count(const satchel_siblings* siblings);
SATCHEL_API satchel_value satchel_siblings_value(const satchel_siblings* siblings, size_t index);
/* Milliseconds since 1970-01-01; the time that counts for the conflict rule. */
SATCHEL_API int64_t satchel_siblings_time(const satchel_siblings* siblings, size_t index);
/* The dot of the write, such as "1f3a:17"; ends with NUL. */
SATCHEL_API const char* satchel_siblings_dot(const satchel_siblings* siblings, size_t index);
/* Resolving is an ordinary satchel_set with this token. Borrowed from this handle. */
SATCHEL_API const char* satchel_siblings_token(const satchel_siblings* siblings, size_t* size);
SATCHEL_API void satchel_siblings_close(satchel_siblings* siblings);

/* ---- Observing ------------------------------------------------------------------------------- */

/* After each commit, local or synced: which records of a collection changed. `count` 0 with
 * `many` 1 says "look again": after a bulk load, and for what an agent brought or, while one runs,
 * another process wrote; then it may turn out that nothing has changed. Runs on the thread that
 * committed (an agent's or the one that called satchel_sync included), which keeps the replica's
 * turn meanwhile: of this replica's functions it may call satchel_query and those of rows only, and
 * it must not wait for a thread that calls others. It never runs after satchel_unobserve has
 * returned. */
typedef void (*satchel_changed)(void* context, const char* collection, const satchel_id* ids,
                                size_t count, int many);
SATCHEL_API satchel_code satchel_observe(satchel_replica* replica, satchel_changed changed,
                                         void* context, satchel_observer** observer,
                                         satchel_error** error);
SATCHEL_API void satchel_unobserve(satchel_observer* observer);

/* ---- Syncing --------------------------------------------------------------------------------- */

typedef struct satchel_status {
    size_t struct_size; /* set by the caller */
    uint64_t pending;   /* changesets without an answer */
    uint64_t held;      /* head office waits for something they build on */
    uint64_t not_accepted;
    uint64_t conflicts;
    uint64_t parked;
    int64_t oldest_pending_ms; /* when it was written; 0: none */
    int64_t last_success_ms;   /* 0: never */
    int loading;               /* the first sync is not complete */
} satchel_status;
/* Fills as much as struct_size says: 0 is SATCHEL_INVALID_ARGUMENT. */
SATCHEL_API satchel_code satchel_read_status(satchel_replica* replica, satchel_status* status,
                                             satchel_error** error);

/* Stores server, token and person in the file, which is this person's from then on. `device_name`
 * NULL is "device". At most a minute. SATCHEL_UNAUTHORIZED (wrong login or password),
 * SATCHEL_FORBIDDEN (another person's file, a disabled account, too many wrong passwords),
 * SATCHEL_INVALID_ARGUMENT (no address), SATCHEL_OFFLINE, SATCHEL_TIME_OUT, SATCHEL_BAD_REPLY,
 * SATCHEL_SERVER_ERROR, SATCHEL_CANCELLED; after an error all is as it was. */
SATCHEL_API satchel_code satchel_login(satchel_replica* replica, const char* url, const char* login,
                                       const char* password, const char* device_name,
                                       satchel_error** error);
/* One sync by libcurl, at most `limit_ms` long (0: no limit). What has come is kept in any case.
 * SATCHEL_BUSY while an agent, a session or another process syncs the same file.
 * SATCHEL_UNAUTHORIZED: log in (again). SATCHEL_FORBIDDEN: head office has shut this device out;
 * what was pending has been handed in, or stays sealed as the message says, and the file is empty
 * (rarely it refuses for another reason, which the message names, and nothing has changed).
 * SATCHEL_OFFLINE, SATCHEL_TIME_OUT, SATCHEL_CANCELLED, SATCHEL_BAD_REPLY, SATCHEL_LIMIT,
 * SATCHEL_SERVER_ERROR, SATCHEL_DISK_FULL: try later; SATCHEL_UPGRADE_NEEDED. */
SATCHEL_API satchel_code satchel_sync(satchel_replica* replica, uint64_t limit_ms,
                                      satchel_error** error);
/* Every satchel_login and satchel_sync of this replica that runs now on some thread ends within
 * 100 ms and the step under way, with SATCHEL_CANCELLED. */
SATCHEL_API void satchel_cancel(satchel_replica* replica);

/* A thread that syncs by itself; `live`: changes made elsewhere arrive within a second. It tells
 * the observers of `replica`, and lives on when that handle is closed. Starting it fails only for
 * want of memory; how it fares is in satchel_read_status. A device that is shut out it empties, as
 * satchel_sync does. Stopping it takes 100 ms and the step under way, a callback included: not to
 * be called from a callback. */
SATCHEL_API satchel_code satchel_agent_start(satchel_replica* replica, int live,
                                             satchel_agent** agent, satchel_error** error);
SATCHEL_API void satchel_agent_sync_now(satchel_agent* agent);
SATCHEL_API void satchel_agent_stop(satchel_agent* agent);

/* By the host's own HTTP, on any thread:
 *
 *     open; then again and again: request; POST it; reply; until `size` is 0 or a call fails; close
 *
 * POST each request's bytes to <server>/v1/sync with the headers
 *     Authorization: Bearer <token>
 *     Content-Type: application/x-satchel-sync
 * Server and token: satchel_server. Follow no redirects, and hand every answer in, whatever its
 * status. Send each request once: switch off what your HTTP library repeats by itself. No answer
 * at all: ask for the request anew, or close the session and try later. After an error, too: what
 * has come is kept, nothing that was written is lost, and the next session goes on where this one
 * stood.
 *
 * The session keeps everybody else from syncing the file until it is closed. SATCHEL_BUSY: an
 * agent, a satchel_sync, another session or another process syncs it now. */
SATCHEL_API satchel_code satchel_session_open(satchel_replica* replica, satchel_session** session,
                                              satchel_error** error);
/* The next request, borrowed. `size` 0: nothing to send now (device and server agree, or the server
 * asked for a pause): close the session. SATCHEL_SERVER_ERROR: no progress, try later.
 * SATCHEL_LIMIT: head office takes no more of what is pending for now, the message says why; all
 * else is in step: close the session.
 * SATCHEL_FORBIDDEN: head office has shut this device out, what was pending has been handed in, and
 * the file is empty now; the message says whether all of it went, or how much stays sealed.
 * SATCHEL_UNAUTHORIZED: something here is sealed; satchel_sync, or a new log-in, opens it. */
SATCHEL_API satchel_code satchel_session_request(satchel_session* session, const char** bytes,
                                                 size_t* size, satchel_error** error);
/* The answer to the last request: its HTTP status, whether it carried the header `Satchel-Server`
 * (1 or 0: without it something else answered), and its body. Codes and messages are those of
 * satchel_sync: SATCHEL_UNAUTHORIZED (log in again; the token is forgotten), SATCHEL_BAD_REPLY (not
 * a Satchel server, or damaged on the way), SATCHEL_FORBIDDEN (refused, as the message says),
 * SATCHEL_LIMIT, SATCHEL_SERVER_ERROR, SATCHEL_UPGRADE_NEEDED, SATCHEL_INVALID_ARGUMENT,
 * SATCHEL_DISK_FULL. When to come back after a Retry-After is the host's matter. The answer that
 * shuts the device out is SATCHEL_OK: the requests that follow hand in what is pending; closing the
 * session before leaves the rest sealed, and empties the file too. */
SATCHEL_API satchel_code satchel_session_reply(satchel_session* session, int status,
                                               int from_satchel, const void* bytes, size_t size,
                                               satchel_error** error);
SATCHEL_API void satchel_session_close(satchel_session* session);
/* Server address and token that satchel_login stored; borrowed from the replica handle. Both are ""
 * when nobody has logged in; only the token when the log-in has ended. */
SATCHEL_API satchel_code satchel_server(satchel_replica* replica, const char** url,
                                        const char** token, satchel_error** error);

#ifdef __cplusplus
}
#endif

#endif
