#include "layout.h"
#include <string.h>

#define SIZE_LIMIT (UINT64_C(1) << 46) /* far above any machine's memory, far below an overflow */

static uint64_t aligned(uint64_t size, uint64_t to)
{
    return (size + to - 1) / to * to;
}

static uint64_t header_space(uint32_t layout)
{
    return aligned(layout == STORE_LAYOUT_FIRST ? sizeof(struct header_1) : sizeof(struct header),
                   HEADER_PAGE);
}

static uint64_t records_offset(const struct store_part *part)
{
    return aligned(part->head_size, STORE_ALIGNMENT);
}

/* 0 for a part that cannot be. */
static uint64_t part_space(const struct store_part *part)
{
    bool named = part->name[0] != '\0' && memchr(part->name, '\0', sizeof part->name);
    if (!named || part->record_size == 0 || part->records > SIZE_LIMIT / part->record_size)
        return 0;
    uint64_t space = records_offset(part) + part->records * part->record_size;
    return aligned(space ? space : 1, HEADER_PAGE);
}

/* 0 for a table that cannot be. */
static uint64_t whole_size(const struct header *header)
{
    uint64_t size = header_space(header->layout);
    if (header->part_count > STORE_PARTS_MAX)
        return 0;
    for (unsigned i = 0; i < header->part_count; i++) {
        uint64_t space = part_space(&header->parts[i]);
        if (space == 0 || size + space > SIZE_LIMIT)
            return 0;
        size += space;
    }
    return size;
}

/* Against accidents, not against people: whoever can write the file can do more than that. `header` has
 * `size` bytes, of which the last eight are the check. */
static uint64_t check_of(const void *header, uint32_t layout, size_t size)
{
    const struct qw_hash_key known = {HEADER_MAGIC, layout};
    const size_t from = offsetof(struct header, layout);
    return qw_hash24(known, (const uint8_t *)header + from, size - sizeof(uint64_t) - from);
}

enum qw_error header_make(const struct store_plan *plan, struct header *out)
{
    memset(out, 0, sizeof *out);
    if (plan->part_count > STORE_PARTS_MAX || plan->field_count > STORE_FIELDS_MAX)
        return QW_ERR_INVALID;
    out->layout = STORE_LAYOUT;
    out->header_size = sizeof *out;
    out->boot = plan->boot;
    out->secret = plan->secret;
    out->part_count = plan->part_count;
    if (plan->part_count > 0)
        memcpy(out->parts, plan->parts, plan->part_count * sizeof *plan->parts);
    out->field_count = plan->field_count;
    if (plan->field_count > 0)
        memcpy(out->fields, plan->fields, plan->field_count * sizeof *plan->fields);
    out->size = whole_size(out);
    out->check = check_of(out, out->layout, sizeof *out);
    return out->size ? QW_OK : QW_ERR_INVALID;
}

static const char *read_first(const void *bytes, struct header *out)
{
    struct header_1 old;
    memcpy(&old, bytes, sizeof old);
    if (old.header_size != sizeof old)
        return "it has another layout";
    if (old.check != check_of(&old, old.layout, sizeof old))
        return "its header is damaged";
    memset(out, 0, sizeof *out);
    memcpy(out, &old, offsetof(struct header_1, check));
    return NULL;
}

static const char *read_this(const void *bytes, size_t len, struct header *out)
{
    if (len < sizeof *out)
        return "it is cut off";
    memcpy(out, bytes, sizeof *out);
    if (out->header_size != sizeof *out)
        return "it has another layout";
    if (out->check != check_of(out, out->layout, sizeof *out) || out->field_count > STORE_FIELDS_MAX)
        return "its header is damaged";
    return NULL;
}

const char *header_read(const void *bytes, size_t len, uint64_t file_size, struct header *out)
{
    struct {
        uint64_t magic;
        uint32_t layout;
    } begin;
    if (len < sizeof(struct header_1))
        return "it is cut off";
    memcpy(&begin, bytes, sizeof begin);
    if (begin.magic != HEADER_MAGIC)
        return "it is no state of quicward";
    if (begin.layout < STORE_LAYOUT_FIRST || begin.layout > STORE_LAYOUT)
        return "its layout is neither that of this program nor that of the version before";
    const char *why =
        begin.layout == STORE_LAYOUT_FIRST ? read_first(bytes, out) : read_this(bytes, len, out);
    if (!why && (out->size != file_size || out->size != whole_size(out)))
        why = "it is cut off, or longer than it says";
    return why;
}

const char *header_boot_fault(const struct header *header, const struct store_boot *boot)
{
    if (memcmp(&header->boot, boot, sizeof *boot) == 0)
        return NULL;
    return "it is from before the last reboot of this machine";
}

void header_write(struct store *store)
{
    struct header *there = (struct header *)(void *)store->memory;
    size_t from = offsetof(struct header, layout);
    memcpy((uint8_t *)there + from, (const uint8_t *)&store->header + from, sizeof *there - from);
    atomic_store_explicit(&there->magic, HEADER_MAGIC, memory_order_release);
}

bool store_region(const struct store *store, const char *name, struct store_region *out)
{
    uint8_t *at = store->memory + header_space(store->header.layout);
    for (unsigned i = 0; i < store->header.part_count; i++) {
        const struct store_part *part = &store->header.parts[i];
        if (strcmp(part->name, name) == 0) {
            *out = (struct store_region){.head = at,
                                         .records = at + records_offset(part),
                                         .count = part->records,
                                         .head_size = part->head_size,
                                         .record_size = part->record_size};
            return true;
        }
        at += part_space(part);
    }
    return false;
}

const struct store_part *store_part_at(const struct store *store, unsigned index)
{
    return index < store->header.part_count ? &store->header.parts[index] : NULL;
}

struct qw_hash_key store_secret(const struct store *store)
{
    return store->header.secret;
}

struct store_boot store_boot_of(const struct store *store)
{
    return store->header.boot;
}

uint32_t store_layout(const struct store *store)
{
    return store->header.layout;
}
