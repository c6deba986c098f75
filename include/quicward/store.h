/* Memory that outlives what works on it: what a crash must not lose stands in the parts of a store,
 * everything else (indexes, queues, scratch) is private and rebuilt. A store is anonymous memory, or a file
 * that is mapped shared, so that a killed process leaves every write that it made.
 *
 * A header tells what stands where: magic, layout number, boot id, sizes, the secret that the owner's hashes
 * depend on, and a table of the parts with the size of their records. A reader believes the header only as a
 * whole, and of the records nothing: flow_adopt and nat_adopt check each of them.
 *
 * A file is never changed by a process that did not make it. A start opens the old one, makes a new one
 * beside it, adopts records from the one to the other, and then the new one takes the place of the old one at
 * once. So sizes may change between two runs, and a crash amid a start loses nothing.
 *
 * Not thread safe, but for the memory of parts: that is the business of those who use it. */
#ifndef QUICWARD_STORE_H
#define QUICWARD_STORE_H

#include <quicward/base/error.h>
#include <quicward/base/hash.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_LAYOUT 2 /* the number of what this program writes: one more with each change of a record */
#define STORE_LAYOUT_FIRST 1 /* the first one that is still read: this program's, and the one before */
#define STORE_NAME_MAX 16    /* of a part, NUL included */
#define STORE_FIELDS_MAX 64
#define STORE_PARTS_MAX 96  /* 64 shards of flows, and a few others */
#define STORE_ALIGNMENT 64  /* of heads and records */
#define STORE_PATH_MAX 4096 /* NUL included */

/* What is to stand in a part, and how it describes itself in the header. */
struct store_part {
    char name[STORE_NAME_MAX];
    uint32_t head_size;   /* bytes before the records; may be 0 */
    uint32_t record_size; /* bytes; not 0 */
    uint64_t records;     /* may be 0 */
};

/* A field of the records of all parts whose name is `record`, or begins with it and a dot: what a later
 * program reads them by. The field of no name is the whole record. */
struct store_field {
    char record[STORE_NAME_MAX], name[STORE_NAME_MAX];
    uint32_t offset, size; /* bytes */
};

/* One of a struct's, for tables of them. */
#define STORE_FIELD(record, type, member)                                                                    \
    {                                                                                                        \
        record, #member, (uint32_t)offsetof(type, member), (uint32_t)sizeof(((type *)0)->member)             \
    }

/* The memory of a part. It belongs to its store. */
struct store_region {
    void *head, *records; /* aligned; zero at first */
    uint64_t count;       /* records */
    uint32_t head_size, record_size;
};

/* Tells one boot of a machine from others: the driver's clock starts again with each. */
struct store_boot {
    uint8_t bytes[16];
};

struct store_plan {
    const struct store_part *parts;   /* their names differ */
    unsigned part_count;              /* up to STORE_PARTS_MAX */
    const struct store_field *fields; /* of their records, for a later program; may be NULL */
    unsigned field_count;             /* up to STORE_FIELDS_MAX */
    struct qw_hash_key secret;
    struct store_boot boot;
};

/* A message for one human, with the path. */
struct store_error {
    char text[512];
};

struct store;

/* Anonymous memory, taken as it is touched. QW_OK and *out, the caller's; QW_ERR_NO_MEMORY; QW_ERR_INVALID
 * for a plan that cannot be: too many parts, a record of 0 bytes, a sum that overflows. *out is NULL unless
 * QW_OK. */
enum qw_error store_new(const struct store_plan *plan, struct store **out);

/* Opens what an earlier process left at `path`, for reading only, and locks it. The values:
 *   QW_OK             *out, the caller's
 *   QW_ERR_NOT_FOUND  there is nothing
 *   QW_ERR_INVALID    what is there is not believed: torn, cut off, of another layout or boot, not a plain
 * file, of another owner, not of mode 0600 or less. It was moved to `path`.refused, in the place of an older
 * one QW_ERR_FULL       another process has it QW_ERR_SYSTEM     the operating system refused
 *   QW_ERR_NO_MEMORY
 * *out is NULL unless QW_OK, and `error` says why unless it is QW_OK or NOT_FOUND. */
enum qw_error store_open(const char *path, const struct store_boot *boot, struct store **out,
                         struct store_error *error);

/* Opens a file for whoever looks into it: without a lock, of whatever boot and owner, read only, and nothing
 * is moved. The records of a process that runs change meanwhile. QW_OK and *out, the caller's; QW_ERR_INVALID
 * for what is no plain file or has no sound header; QW_ERR_SYSTEM; QW_ERR_NO_MEMORY; `error` says why. */
enum qw_error store_look(const char *path, struct store **out, struct store_error *error);

/* Which boot it is of. */
struct store_boot store_boot_of(const struct store *store);

/* Makes a file `path`.new for `plan`, readable by its owner only, locks it and takes all of its space now. It
 * stands at `path` only after store_publish. QW_OK and *out, the caller's; QW_ERR_FULL when another process
 * is making one; QW_ERR_SYSTEM, also for a full disk; QW_ERR_INVALID and QW_ERR_NO_MEMORY as store_new.
 * `error` says why; nothing stays behind then. */
enum qw_error store_create(const char *path, const struct store_plan *plan, struct store **out,
                           struct store_error *error);

/* Puts a store of store_create in its place: at once, in the place of `before`, which store_open gave for the
 * same path (NULL: nothing was there). QW_OK; QW_ERR_FULL when another process came before; QW_ERR_SYSTEM. */
enum qw_error store_publish(struct store *store, const struct store *before, struct store_error *error);

/* Gives the lock back and keeps the rest: another process may open the file, and nobody may write it here. */
void store_unlock(const struct store *store);

/* Gives the memory and the lock back. A published file stays; one that never was goes. NULL is fine. */
void store_free(struct store *store);

/* The part of this name; false when there is none. */
bool store_region(const struct store *store, const char *name, struct store_region *out);

/* The parts, for whoever shows them: NULL behind the last. */
const struct store_part *store_part_at(const struct store *store, unsigned index);

struct qw_hash_key store_secret(const struct store *store);

/* The number of the layout that it was written with. */
uint32_t store_layout(const struct store *store);

/* Makes of `from`, written by this program or the one before, a store whose records have `fields`: anonymous
 * memory, with the same parts, heads and secret. Fields are found by their names; one that `from` does not
 * have is zero, one that is not wanted is left out, and a shorter number becomes a longer one. Where `from`
 * does not describe itself (layout 1) its fields are `first`. QW_OK, and *out (the caller's), or NULL when
 * the records are as wanted already; QW_ERR_INVALID when they cannot be: a description that contradicts
 * itself, a longer field than is wanted; QW_ERR_NO_MEMORY. */
struct store_form {
    const struct store_field *fields;
    unsigned count;
};
enum qw_error store_adapt(const struct store *from, const struct store_form *wanted,
                          const struct store_form *first, struct store **out);

#endif
