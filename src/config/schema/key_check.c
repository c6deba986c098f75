#include "key_check.h"
#include <inttypes.h>
#include <string.h>

static const char *type_name(const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return "a whole number";
    case CONFIG_TYPE_FLOAT:
        return "a number with a fraction or exponent";
    case CONFIG_TYPE_STRING:
        return "a string";
    case CONFIG_TYPE_BOOL:
        return "a boolean";
    case CONFIG_TYPE_ARRAY:
        return "an array";
    case CONFIG_TYPE_LIST:
        return "a list";
    default:
        return "a group";
    }
}

struct place check_place(const struct check *check, const config_setting_t *setting)
{
    return source_place(&check->source, config_setting_source_line(setting));
}

void check_type_is(struct check *check, const struct item *item, const char *allowed)
{
    report_value(&check->report, item, "is %s; allowed: %s", type_name(item->setting), allowed);
}

void check_wrong_type(struct check *check, const struct key *key, const struct item *item)
{
    char allowed[SCHEMA_TEXT_SIZE];
    check_type_is(check, item, schema_allowed(key, allowed));
}

static void report_bound(struct check *check, const struct key *key, const struct item *item, bool low)
{
    const bool time = key->unit && strstr(key->unit, "seconds");
    const char *why = low && key->why_min ? key->why_min : NULL;
    report_value(&check->report, item, "is too %s: at %s %" PRId64 "%s%s%s%s%s",
                 low ? (time ? "short" : "small") : (time ? "long" : "large"), low ? "least" : "most",
                 low ? key->min : key->max, key->unit ? " " : "", key->unit ? key->unit : "", why ? " (" : "",
                 why ? why : "", why ? ")" : "");
}

bool check_whole(struct check *check, const struct key *key, const struct item *item, int64_t *out)
{
    int type = config_setting_type(item->setting);
    if (type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64) {
        check_wrong_type(check, key, item);
        return false;
    }
    *out = config_setting_get_int64(item->setting);
    bool low = *out < key->min;
    if (low || *out > key->max)
        report_bound(check, key, item, low);
    return !low && *out <= key->max;
}

bool check_one_of(struct check *check, const struct word *words, const struct item *item, unsigned *out)
{
    char allowed[SCHEMA_TEXT_SIZE];
    const char *text = config_setting_get_string(item->setting);
    schema_words(words, allowed);
    if (!text) {
        check_type_is(check, item, allowed);
        return false;
    }
    const struct word *word = schema_word_find(words, text);
    if (word)
        *out = word->value;
    else
        report_value(&check->report, item, "is not known; allowed: %s", allowed);
    return word;
}
