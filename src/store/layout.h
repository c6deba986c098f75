/* What stands where in a store. */
#ifndef STORE_LAYOUT_H
#define STORE_LAYOUT_H

#include <quicward/store.h>
#include <stdatomic.h>

#define HEADER_MAGIC UINT64_C(0x7175696377617264) /* "quicward" */
#define HEADER_PAGE 4096

/* Layout 1: the same without fields. */
struct header_1 {
    _Atomic uint64_t magic;
    uint32_t layout, header_size;
    uint64_t size;
    struct store_boot boot;
    struct qw_hash_key secret;
    uint32_t part_count, spare;
    struct store_part parts[STORE_PARTS_MAX];
    uint64_t check;
};

/* Whole or not believed: `check` is a hash of what stands before it, `magic` is written last of all. */
struct header {
    _Atomic uint64_t magic;
    uint32_t layout, header_size;
    uint64_t size; /* of all, header included */
    struct store_boot boot;
    struct qw_hash_key secret;
    uint32_t part_count, spare;
    struct store_part parts[STORE_PARTS_MAX];
    uint32_t field_count, spare_too;
    struct store_field fields[STORE_FIELDS_MAX];
    uint64_t check;
};

struct store {
    uint8_t *memory; /* owned */
    size_t size;
    struct header header; /* a copy, checked */
    int fd;               /* owned, locked; -1: anonymous */
    bool unpublished;
    char path[STORE_PATH_MAX]; /* where it is or will be published */
};

/* Fills in everything but the magic. QW_OK, or QW_ERR_INVALID. */
enum qw_error header_make(const struct store_plan *plan, struct header *out);

/* Reads the `len` first bytes of a file of `file_size` bytes as a header of any layout that is read. Why it
 * is not believed, NULL when it is. */
const char *header_read(const void *bytes, size_t len, uint64_t file_size, struct header *out);

/* Why one of another boot is not, NULL when it is of this one. */
const char *header_boot_fault(const struct header *header, const struct store_boot *boot);

/* Writes the header into the store's memory; the magic last. */
void header_write(struct store *store);

/* Removes the file of a store that was never published. (file.c) */
void store_discard(const struct store *store);

#endif
