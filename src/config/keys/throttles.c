/* The UDP that interfaces may carry. */
#include "capacity.h"
#include "interface.h"
#include "list_entry.h"
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
              entries_number(twins, check->config, element), throttle->interface,
              config_direction_text(throttle->direction), before.file, before.line);
}

static void check_throttles(struct check *check, const struct key *key, const struct item *throttles)
{
    const struct entry_kind kind = {
        .one = "throttle",
        .many = "throttles",
        .max = CONFIG_THROTTLES_MAX,
        .example = "a group such as { interface = \"wan0\"; direction = \"in\"; capacity = \"100M\"; }",
        .keys = KEYS,
        .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
        .line = offsetof(struct config_throttle, line),
        .plain = true};
    if (entries_read(check, key, throttles, &kind))
        entries_find_twins(
            check, throttles,
            &(struct entry_twins){.list = key->kind->list, .has = is_whole, .order = by_place, .tell = tell});
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_throttle *throttle = element;
    char capacity[CAPACITY_TEXT_MAX];
    (void)config;
    fprintf(out, "    { interface = \"%s\"; direction = \"%s\"; capacity = \"%s\"; }", throttle->interface,
            config_direction_text(throttle->direction), capacity_text(throttle->capacity, capacity));
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n", out);
}

const struct key_kind THROTTLES_KIND = {
    .form = "a list such as ( { interface = \"wan0\"; direction = \"in\"; capacity = \"100M\"; } )",
    .late = true,
    .list = OWN_LIST(throttles, throttle_count),
    .check = check_throttles,
    .print = print};
