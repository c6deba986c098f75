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

static bool same_interfaces(const struct config_interfaces *a, const struct config_interfaces *b)
{
    if (a->count != b->count)
        return false;
    for (unsigned i = 0; i < a->count; i++)
        if (strcmp(a->names[i], b->names[i]) != 0)
            return false;
    return true;
}

bool field_equal(const struct config *a, const struct config *b, const struct key *key)
{
    switch (key->type) {
    case KEY_PATH:
        return strcmp(field_text(a, key), field_text(b, key)) == 0;
    case KEY_INTERFACES:
        return same_interfaces(field_interfaces_of(a, key), field_interfaces_of(b, key));
    default:
        return field_number(a, key) == field_number(b, key);
    }
}
