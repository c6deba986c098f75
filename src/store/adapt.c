/* Records of an earlier layout as this program's: field by field, by their names. What describes them comes
 * from a file, so each of its numbers is checked. */
#include "layout.h"
#include <string.h>

static bool same_name(const char *a, const char *b)
{
    return strncmp(a, b, STORE_NAME_MAX) == 0;
}

/* "flows" of the part "flows.12", "nat.words" of that: a part's name, or what is in front of a dot in it. */
static bool describes(const struct store_field *field, const struct store_part *part)
{
    size_t len = strnlen(field->record, STORE_NAME_MAX);
    return strncmp(part->name, field->record, len) == 0 &&
           (part->name[len] == '\0' || part->name[len] == '.');
}

static const struct store_field *find(const struct store_form *form, const struct store_part *part,
                                      const char *name)
{
    for (unsigned i = 0; i < form->count; i++)
        if (describes(&form->fields[i], part) && same_name(form->fields[i].name, name))
            return &form->fields[i];
    return NULL;
}

static bool fits(const struct store_field *field, uint32_t record_size)
{
    return field->size > 0 && field->offset <= record_size && field->size <= record_size - field->offset;
}

/* Each field of both forms lies within its record, and none becomes shorter. */
static bool can_be(const struct store_part *part, uint32_t size, const struct store_form *from,
                   const struct store_form *wanted)
{
    for (unsigned i = 0; i < from->count; i++)
        if (describes(&from->fields[i], part) && !fits(&from->fields[i], part->record_size))
            return false;
    for (unsigned i = 0; i < wanted->count; i++) {
        const struct store_field *field = &wanted->fields[i];
        if (!describes(field, part))
            continue;
        const struct store_field *old = field->name[0] ? find(from, part, field->name) : NULL;
        if (!fits(field, size) || (old && old->size > field->size))
            return false;
    }
    return true;
}

/* A number keeps its value when it gets longer. */
static void copy_field(uint8_t *to, const struct store_field *field, const uint8_t *from,
                       const struct store_field *old)
{
    const uint16_t one = 1;
    const bool little = *(const uint8_t *)&one == 1;
    memcpy(to + field->offset + (little ? 0 : field->size - old->size), from + old->offset, old->size);
}

static void copy_record(uint8_t *to, const uint8_t *record, const struct store_part *part,
                        const struct store_form *from, const struct store_form *wanted)
{
    for (unsigned i = 0; i < wanted->count; i++) {
        const struct store_field *field = &wanted->fields[i];
        const struct store_field *old =
            field->name[0] && describes(field, part) ? find(from, part, field->name) : NULL;
        if (old)
            copy_field(to, field, record, old);
    }
}

static bool copy_part(const struct store *from, const struct store *to, unsigned index,
                      const struct store_form *forms[2])
{
    const struct store_part *part = store_part_at(from, index);
    struct store_region old, new;
    if (!store_region(from, part->name, &old) || !store_region(to, part->name, &new))
        return false;
    memcpy(new.head, old.head, old.head_size);
    if (!find(forms[1], part, "")) { /* nobody knows its fields, so it stays as it is */
        memcpy(new.records, old.records, old.count * old.record_size);
        return true;
    }
    for (uint64_t i = 0; i < old.count; i++)
        copy_record((uint8_t *)new.records + i *new.record_size,
                    (const uint8_t *)old.records + i * old.record_size, part, forms[0], forms[1]);
    return true;
}

static bool same_form(const struct store_part *part, const struct store_form *from,
                      const struct store_form *wanted)
{
    for (unsigned i = 0; i < wanted->count; i++) {
        const struct store_field *field = &wanted->fields[i];
        if (!describes(field, part))
            continue;
        const struct store_field *old = find(from, part, field->name);
        if (!old || old->offset != field->offset || old->size != field->size)
            return false;
    }
    return true;
}

static bool all_same(const struct store *store, const struct store_form *from,
                     const struct store_form *wanted)
{
    bool same = true;
    const struct store_part *part;
    for (unsigned i = 0; (part = store_part_at(store, i)); i++)
        same = same && same_form(part, from, wanted);
    return same;
}

/* The parts of the new one. False for a form that cannot be. */
static bool plan_parts(const struct store *store, const struct store_form *from,
                       const struct store_form *wanted, struct store_part *out)
{
    const struct store_part *part;
    for (unsigned i = 0; (part = store_part_at(store, i)); i++) {
        const struct store_field *whole = find(wanted, part, "");
        out[i] = *part;
        if (whole)
            out[i].record_size = whole->size;
        if (!can_be(part, out[i].record_size, from, wanted))
            return false;
    }
    return true;
}

enum qw_error store_adapt(const struct store *from, const struct store_form *wanted,
                          const struct store_form *first, struct store **out)
{
    struct store_part parts[STORE_PARTS_MAX];
    const struct store_form told = {from->header.fields, from->header.field_count};
    const struct store_form *form = told.count > 0 ? &told : first;
    const struct store_form *forms[2] = {form, wanted};
    const struct store_plan plan = {.parts = parts,
                                    .part_count = from->header.part_count,
                                    .fields = wanted->fields,
                                    .field_count = wanted->count,
                                    .secret = from->header.secret,
                                    .boot = from->header.boot};
    *out = NULL;
    if (all_same(from, form, wanted))
        return QW_OK;
    if (!plan_parts(from, form, wanted, parts))
        return QW_ERR_INVALID;
    enum qw_error code = store_new(&plan, out);
    for (unsigned i = 0; code == QW_OK && i < plan.part_count; i++)
        if (!copy_part(from, *out, i, forms))
            code = QW_ERR_INVALID;
    if (code != QW_OK) {
        store_free(*out);
        *out = NULL;
    }
    return code;
}
