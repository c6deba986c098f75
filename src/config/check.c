#include "check.h"
#include "field.h"
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

static void check_number(struct check *check, const struct key *key, const struct item *item)
{
    int64_t value;
    if (check_whole(check, key, item, &value))
        field_set_number(check->config, key, value);
}

static void check_switch(struct check *check, const struct key *key, const struct item *item)
{
    if (config_setting_type(item->setting) == CONFIG_TYPE_BOOL)
        field_set_number(check->config, key, config_setting_get_bool(item->setting));
    else
        check_wrong_type(check, key, item);
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

static void check_word(struct check *check, const struct key *key, const struct item *item)
{
    unsigned value;
    if (check_one_of(check, key->words, item, &value))
        field_set_number(check->config, key, value);
}

static void check_path(struct check *check, const struct key *key, const struct item *item)
{
    const char *text = config_setting_get_string(item->setting);
    size_t len = text ? strlen(text) : 0;
    if (!text)
        check_wrong_type(check, key, item);
    else if (len == 0)
        report_value(&check->report, item, "is empty; allowed: an absolute path");
    else if (text[0] != '/')
        report_value(&check->report, item, "is not absolute; allowed: a path that begins with \"/\"");
    else if (text[len - 1] == '/')
        report_value(&check->report, item, "names a folder; allowed: the path of a file");
    else if (len >= key->size)
        report_value(&check->report, item, "is too long with %zu bytes: at most %zu", len, key->size - 1);
    else
        field_set_text(check->config, key, text);
}

typedef void key_checker(struct check *check, const struct key *key, const struct item *item);

void check_value(struct check *check, const struct key *key, const struct item *item)
{
    static key_checker *const CHECKERS[] = {
        [KEY_NUMBER] = check_number,
        [KEY_SWITCH] = check_switch,
        [KEY_WORD] = check_word,
        [KEY_PATH] = check_path,
        [KEY_INTERFACES] = check_interfaces,
        [KEY_GROUPS] = check_groups,
        [KEY_SNI_LISTS] = check_sni_lists,
        [KEY_RULES] = check_rules,
        [KEY_EXTERNAL] = check_external,
        [KEY_PORTS] = check_ports,
        [KEY_FORWARDS] = check_forwards,
        [KEY_THROTTLES] = check_throttles,
        [KEY_SIZE_LIMITS] = check_size_limits,
        [KEY_SECRET] = check_secret,
    };
    CHECKERS[key->type](check, key, item);
}
