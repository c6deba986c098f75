#include "field.h"
#include <string.h>

_Static_assert(sizeof(bool) == sizeof(uint8_t), "a switch is stored as one byte");
_Static_assert(sizeof(enum config_mode) == sizeof(uint32_t), "a word is stored as 32 bits");

bool field_is_number(const struct key *key)
{
    return key->type == KEY_NUMBER || key->type == KEY_SWITCH || key->type == KEY_WORD;
}

void field_set_number(struct config *config, const struct key *key, int64_t value)
{
    char *field = (char *)config + key->offset;
    if (key->size == sizeof(uint8_t))
        memcpy(field, &(uint8_t){(uint8_t)value}, sizeof(uint8_t));
    else if (key->size == sizeof(uint16_t))
        memcpy(field, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
    else
        memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
}

int64_t field_number(const struct config *config, const struct key *key)
{
    const char *field = (const char *)config + key->offset;
    uint16_t half = 0;
    uint32_t word = 0;
    if (key->size == sizeof(uint8_t))
        return (uint8_t)*field;
    if (key->size == sizeof(half)) {
        memcpy(&half, field, sizeof(half));
        return half;
    }
    memcpy(&word, field, sizeof(word));
    return word;
}

void field_set_text(struct config *config, const struct key *key, const char *text)
{
    char *field = (char *)config + key->offset;
    memset(field, 0, key->size);
    memcpy(field, text, strnlen(text, key->size - 1));
}

const char *field_text(const struct config *config, const struct key *key)
{
    return (const char *)config + key->offset;
}

struct config_interfaces *field_interfaces(struct config *config, const struct key *key)
{
    return (struct config_interfaces *)(void *)((char *)config + key->offset);
}

const struct config_interfaces *field_interfaces_of(const struct config *config, const struct key *key)
{
    return (const struct config_interfaces *)(const void *)((const char *)config + key->offset);
}

struct config_ports *field_ports(struct config *config, const struct key *key)
{
    return (struct config_ports *)(void *)((char *)config + key->offset);
}

const struct config_ports *field_ports_of(const struct config *config, const struct key *key)
{
    return (const struct config_ports *)(const void *)((const char *)config + key->offset);
}

const struct config_port_range *config_nat_ports(const struct config *config, unsigned *count)
{
    static const struct config_port_range DEFAULT = {FIELD_PORT_FIRST, UINT16_MAX};
    *count = config->nat_ports.count ? config->nat_ports.count : 1;
    return config->nat_ports.count ? config->nat_ports.list : &DEFAULT;
}

static bool same_interfaces(const struct config_interfaces *a, const struct config_interfaces *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

/* An "auto" is the address zero. */
static bool same_external(const struct config *a, const struct config *b)
{
    if (a->external_count != b->external_count)
        return false;
    for (unsigned i = 0; i < a->external_count; i++)
        if (!qw_addr_equal(&a->external[i], &b->external[i]))
            return false;
    return true;
}

static bool same_ports(const struct config_ports *a, const struct config_ports *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->list, b->list, a->count * sizeof(*a->list)) == 0);
}

/* Where they stand in their files is no difference. */
static bool same_forwards(const struct config *a, const struct config *b)
{
    if (a->forward_count != b->forward_count)
        return false;
    for (unsigned i = 0; i < a->forward_count; i++) {
        const struct config_forward *x = &a->forwards[i], *y = &b->forwards[i];
        if (x->external != y->external || x->port != y->port || qw_endpoint_compare(&x->to, &y->to) != 0)
            return false;
    }
    return true;
}

static bool same_secret(const struct config *a, const struct config *b)
{
    return a->throttle_key_set == b->throttle_key_set &&
           memcmp(a->throttle_key, b->throttle_key, sizeof(a->throttle_key)) == 0;
}

bool field_equal(const struct config *a, const struct config *b, const struct key *key)
{
    switch (key->type) {
    case KEY_PATH:
        return strcmp(field_text(a, key), field_text(b, key)) == 0;
    case KEY_INTERFACES:
        return same_interfaces(field_interfaces_of(a, key), field_interfaces_of(b, key));
    case KEY_EXTERNAL:
        return same_external(a, b);
    case KEY_PORTS:
        return same_ports(field_ports_of(a, key), field_ports_of(b, key));
    case KEY_FORWARDS:
        return same_forwards(a, b);
    case KEY_SECRET:
        return same_secret(a, b);
    default:
        return field_number(a, key) == field_number(b, key);
    }
}
