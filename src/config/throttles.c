#include "capacity.h"
#include "entry.h"
#include "interface.h"
#include <string.h>

#define CAPACITY_ALLOWED "bits a second from \"64k\" to \"1000G\": a whole number and one of k, M, G or none"

static void read_interface(struct check *check, const struct item *item, void *target)
{
    interface_read_outside(check, item, ((struct config_throttle *)target)->interface);
}

static void read_direction(struct check *check, const struct item *item, void *target)
{
    struct config_throttle *throttle = target;
    unsigned value;
    if (check_one_of(check, SCHEMA_DIRECTIONS, item, &value))
        throttle->direction = (enum config_direction)value;
}

/* Text, or a plain number. */
static bool parse_capacity(const config_setting_t *setting, uint64_t *out)
{
    const char *text = config_setting_get_string(setting);
    int64_t number = config_setting_get_int64(setting);
    if (text)
        return capacity_parse(text, out);
    *out = number < 0 ? 0 : (uint64_t)number;
    return true;
}

static void read_capacity(struct check *check, const struct item *item, void *target)
{
    struct config_throttle *throttle = target;
    int type = config_setting_type(item->setting);
    uint64_t capacity;
    if (type != CONFIG_TYPE_STRING && type != CONFIG_TYPE_INT && type != CONFIG_TYPE_INT64)
        check_type_is(check, item, CAPACITY_ALLOWED);
    else if (!parse_capacity(item->setting, &capacity))
        report_value(&check->report, item, "is no capacity; allowed: %s", CAPACITY_ALLOWED);
    else if (capacity < CAPACITY_MIN)
        report_value(&check->report, item,
                     "is too small: at least \"64k\", a full-sized packet in 200 milliseconds");
    else if (capacity > CAPACITY_MAX)
        report_value(&check->report, item, "is too large: at most \"1000G\"");
    else
        throttle->capacity = capacity;
}

static const struct entry_key KEYS[] = {
    {"interface", read_interface, true, INTERFACE_OUTSIDE_ALLOWED, NULL},
    {"direction", read_direction, true, NULL, SCHEMA_DIRECTIONS},
    {"capacity", read_capacity, true, CAPACITY_ALLOWED, NULL},
};

static void *add(struct check *check, unsigned line)
{
    struct config *config = check->config;
    struct config_throttle *list =
        values_room(check, config->throttles, config->throttle_count, sizeof(*list));
    if (!list)
        return NULL;
    config->throttles = list;
    list[config->throttle_count] = (struct config_throttle){.line = line};
    return &list[config->throttle_count++];
}

static bool is_whole(const void *element)
{
    return ((const struct config_throttle *)element)->capacity != 0;
}

static int by_place(const void *a, const void *b)
{
    const struct config_throttle *x = a, *y = b;
    int order = strcmp(x->interface, y->interface);
    return order ? order : (int)x->direction - (int)y->direction;
}

static void tell(const struct entry_twins *twins, struct check *check, struct place place,
                 const void *element, struct place before)
{
    const struct config_throttle *throttle = element;
    report_at(&check->report, place,
              "throttle %u: interface = \"%s\" and direction = \"%s\" are those of another (%s:%u); allowed: "
              "each once",
              entries_number(twins, element), throttle->interface, config_direction_text(throttle->direction),
              before.file, before.line);
}

void check_throttles(struct check *check, const struct key *key, const struct item *throttles)
{
    const struct entry_kind kind = {
        .one = "throttle",
        .many = "throttles",
        .max = CONFIG_THROTTLES_MAX,
        .example = "a group such as { interface = \"wan0\"; direction = \"in\"; capacity = \"100M\"; }",
        .keys = KEYS,
        .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
        .add = add,
        .wipe = sizeof(struct config_throttle)};
    const struct config *config = check->config;
    if (entries_read(check, key, throttles, &kind))
        entries_find_twins(check, throttles,
                           &(struct entry_twins){config->throttles, config->throttle_count,
                                                 sizeof(*config->throttles), is_whole, by_place, tell});
}

#define HEX_DIGITS "0123456789abcdefABCDEF"

static uint8_t hex_digit(char c)
{
    long at = strchr(HEX_DIGITS, c) - HEX_DIGITS;
    return (uint8_t)(at < 16 ? at : at - 6);
}

void check_secret(struct check *check, const struct key *key, const struct item *item)
{
    struct config *config = check->config;
    const char *text = config_setting_get_string(item->setting);
    if (!text) {
        check_wrong_type(check, key, item);
        return;
    }
    if (strcmp(text, "random") == 0)
        return;
    size_t len = strlen(text);
    if (len != 2 * sizeof(config->throttle_key) || strspn(text, HEX_DIGITS) != len) {
        report_value(&check->report, item, "is no key; allowed: %s", SCHEMA_SECRET_ALLOWED);
        return;
    }
    config->throttle_key_set = true;
    for (size_t i = 0; i < sizeof(config->throttle_key); i++)
        config->throttle_key[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
}
