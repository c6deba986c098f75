/* Open addressing with linear probing over texts in one arena. The hash is keyed: who writes lists or asks
 * for names cannot aim at a slot. A slot keeps 32 bits of it, and the text decides. */
#include "name_sets.h"
#include <stdlib.h>
#include <string.h>

#define SLOTS_MIN 16u
#define ARENA_MIN 256u

enum { ITSELF = 1, BELOW = 2 };

struct slot {
    uint32_t text; /* offset in the arena; 0: free */
    uint32_t hash;
};

struct policy_names {
    struct qw_hash_key secret;
    struct slot *slots;
    uint32_t slot_count; /* power of two, at least twice `count` */
    uint32_t count;
    unsigned depth;
    uint8_t *arena; /* entries: flags, length, text; offset 0 is no entry */
    size_t used, room;
};

struct policy_names *policy_names_new(struct qw_hash_key secret)
{
    struct policy_names *names = calloc(1, sizeof(*names));
    if (!names)
        return NULL;
    names->secret = secret;
    names->used = 1;
    names->room = ARENA_MIN;
    names->arena = malloc(ARENA_MIN);
    names->slot_count = SLOTS_MIN;
    names->slots = calloc(SLOTS_MIN, sizeof(*names->slots));
    if (names->arena && names->slots)
        return names;
    policy_names_free(names);
    return NULL;
}

void policy_names_free(struct policy_names *names)
{
    if (!names)
        return;
    free(names->slots);
    free(names->arena);
    free(names);
}

static bool is_text(const struct policy_names *names, uint32_t at, const char *text, size_t len)
{
    const uint8_t *entry = names->arena + at;
    return entry[1] == len && memcmp(entry + 2, text, len) == 0;
}

/* The slot of this text, or the free one where it would stand. */
static struct slot *find(const struct policy_names *names, uint32_t hash, const char *text, size_t len,
                         size_t *probes)
{
    uint32_t mask = names->slot_count - 1;
    for (uint32_t at = hash & mask;; at = (at + 1) & mask) {
        struct slot *slot = &names->slots[at];
        ++*probes;
        if (slot->text == 0 || (slot->hash == hash && is_text(names, slot->text, text, len)))
            return slot;
    }
}

static bool grow_slots(struct policy_names *names)
{
    uint32_t count = 2 * names->slot_count;
    struct slot *slots = calloc(count, sizeof(*slots));
    if (!slots)
        return false;
    for (uint32_t i = 0; i < names->slot_count; i++) {
        uint32_t at = names->slots[i].hash & (count - 1);
        while (slots[at].text)
            at = (at + 1) & (count - 1);
        if (names->slots[i].text)
            slots[at] = names->slots[i];
    }
    free(names->slots);
    names->slots = slots;
    names->slot_count = count;
    return true;
}

static bool grow_arena(struct policy_names *names, size_t more)
{
    if (names->used + more <= names->room)
        return true;
    uint8_t *arena = realloc(names->arena, 2 * names->room);
    if (!arena)
        return false;
    names->arena = arena;
    names->room *= 2;
    return true;
}

static enum qw_error insert(struct policy_names *names, uint32_t hash, const char *text, size_t len,
                            uint8_t flags)
{
    size_t probes = 0;
    if (names->count == POLICY_NAMES_MAX)
        return QW_ERR_FULL;
    if (!grow_arena(names, 2 + len) || (2 * names->count >= names->slot_count && !grow_slots(names)))
        return QW_ERR_NO_MEMORY;
    *find(names, hash, text, len, &probes) = (struct slot){(uint32_t)names->used, hash};
    uint8_t *entry = names->arena + names->used;
    entry[0] = flags;
    entry[1] = (uint8_t)len;
    memcpy(entry + 2, text, len);
    names->used += 2 + len;
    names->count++;
    return QW_OK;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Copies `len` bytes in lower case and returns the number of labels. */
static unsigned normalise(const char *text, size_t len, char *out)
{
    unsigned labels = 1;
    for (size_t i = 0; i < len; i++) {
        out[i] = lower(text[i]);
        labels += text[i] == '.';
    }
    return labels;
}

enum qw_error policy_names_add(struct policy_names *names, const char *name)
{
    char text[CONFIG_HOST_NAME_MAX];
    size_t len = strlen(name), probes = 0;
    if (!config_host_name(name, len))
        return QW_ERR_INVALID;
    uint8_t flags = *name == '*' ? BELOW : *name == '.' ? ITSELF | BELOW : ITSELF;
    size_t skip = *name == '*' ? 2 : *name == '.';
    len -= skip + (name[len - 1] == '.');
    unsigned labels = normalise(name + skip, len, text);
    uint32_t hash = (uint32_t)qw_hash(names->secret, text, len);
    struct slot *slot = find(names, hash, text, len, &probes);
    if (slot->text == 0) {
        enum qw_error error = insert(names, hash, text, len, flags);
        if (error != QW_OK)
            return error;
    } else {
        names->arena[slot->text] |= flags;
    }
    if (labels > names->depth)
        names->depth = labels;
    return QW_OK;
}

void names_query(struct qw_hash_key secret, unsigned depth, struct qw_bytes sni, struct names_query *out)
{
    size_t len = sni.len;
    out->labels = out->hashed = 0;
    if (len > 0 && sni.data[len - 1] == '.')
        len--;
    if (len == 0 || len > CONFIG_HOST_NAME_MAX)
        return;
    out->len = len;
    out->labels = normalise((const char *)sni.data, len, out->text);
    for (size_t at = len; at-- > 0 && out->hashed < depth && out->hashed < NAMES_LABELS_MAX;)
        if (at == 0 || out->text[at - 1] == '.')
            out->suffix[out->hashed++] =
                (struct names_suffix){(uint8_t)at, (uint32_t)qw_hash(secret, out->text + at, len - at)};
}

bool names_match(const struct policy_names *names, const struct names_query *query, size_t *probes)
{
    for (unsigned i = 0; i < query->hashed && i < names->depth; i++) {
        const struct names_suffix *suffix = &query->suffix[i];
        const struct slot *slot =
            find(names, suffix->hash, query->text + suffix->at, query->len - suffix->at, probes);
        uint8_t wanted = i + 1 == query->labels ? ITSELF : BELOW;
        if (slot->text && (names->arena[slot->text] & wanted))
            return true;
    }
    return false;
}

unsigned names_depth(const struct policy_names *names)
{
    return names->depth;
}

bool policy_names_match(const struct policy_names *names, struct qw_bytes sni)
{
    struct names_query query;
    size_t probes = 0;
    names_query(names->secret, names->depth, sni, &query);
    return names_match(names, &query, &probes);
}

size_t policy_names_count(const struct policy_names *names)
{
    return names->count;
}
