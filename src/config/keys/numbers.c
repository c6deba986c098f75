/* Whole numbers, switches and words: what stands in one plain field. */
#include "key_check.h"
#include "quote.h"
#include <inttypes.h>
#include <string.h>

_Static_assert(sizeof(bool) == sizeof(uint8_t), "a switch is stored as one byte");
_Static_assert(sizeof(enum config_mode) == sizeof(uint32_t), "a word is stored as 32 bits");

static void set(struct config *config, const struct key *key, int64_t value)
{
    char *field = (char *)config + key->offset;
    if (key->size == sizeof(uint8_t))
        memcpy(field, &(uint8_t){(uint8_t)value}, sizeof(uint8_t));
    else if (key->size == sizeof(uint16_t))
        memcpy(field, &(uint16_t){(uint16_t)value}, sizeof(uint16_t));
    else
        memcpy(field, &(uint32_t){(uint32_t)value}, sizeof(uint32_t));
}

static int64_t get(const struct config *config, const struct key *key)
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

static void preset(struct config *config, const struct key *key)
{
    set(config, key, key->number);
}

static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    return get(a, key) == get(b, key);
}

static void check_number(struct check *check, const struct key *key, const struct item *item)
{
    int64_t value;
    if (check_whole(check, key, item, &value))
        set(check->config, key, value);
}

static void check_switch(struct check *check, const struct key *key, const struct item *item)
{
    if (config_setting_type(item->setting) == CONFIG_TYPE_BOOL)
        set(check->config, key, config_setting_get_bool(item->setting));
    else
        check_wrong_type(check, key, item);
}

static void check_word(struct check *check, const struct key *key, const struct item *item)
{
    unsigned value;
    if (check_one_of(check, key->words, item, &value))
        set(check->config, key, value);
}

static void print_number(const struct config *config, const struct key *key, FILE *out)
{
    fprintf(out, "%" PRId64, get(config, key));
}

static void print_switch(const struct config *config, const struct key *key, FILE *out)
{
    fputs(get(config, key) ? "true" : "false", out);
}

static void print_word(const struct config *config, const struct key *key, FILE *out)
{
    quote_write(out, schema_word_text(key->words, (unsigned)get(config, key)), SIZE_MAX);
}

const struct key_kind NUMBER_KIND = {
    .preset = preset, .check = check_number, .print = print_number, .equal = equal};
const struct key_kind SWITCH_KIND = {
    .form = "true or false", .preset = preset, .check = check_switch, .print = print_switch, .equal = equal};
const struct key_kind WORD_KIND = {
    .preset = preset, .check = check_word, .print = print_word, .equal = equal};
