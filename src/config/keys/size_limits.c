/* How long packets may be. */
#include "interface.h"
#include "list_entry.h"
#include <string.h>

/* Below: QUIC's first packets would not fit, and neither would IPv6's smallest MTU. */
static const struct key LIMIT = {.path = "limit",
                                 .kind = &NUMBER_KIND,
                                 .min = 1280,
                                 .max = UINT16_MAX,
                                 .unit = "bytes",
                                 .why_min = "RFC 9000 14"};

static void read_class(struct check *check, const struct item *item, void *target)
{
    struct config_size_limit *limit = target;
    unsigned value;
    if (check_one_of(check, SCHEMA_TRAFFIC, item, &value))
        limit->traffic = (enum config_traffic)value;
}

static void read_limit(struct check *check, const struct item *item, void *target)
{
    struct config_size_limit *limit = target;
    int64_t value;
    if (check_whole(check, &LIMIT, item, &value))
        limit->limit = (uint32_t)value;
}

static void read_interface(struct check *check, const struct item *item, void *target)
{
    interface_read(check, item, ((struct config_size_limit *)target)->interface);
}

static const struct entry_key KEYS[] = {
    {"class", read_class, true, NULL, SCHEMA_TRAFFIC},
    {"limit", read_limit, true, "a whole number from 1280 to 65535 bytes", NULL},
    {"interface", read_interface, false, NULL, NULL},
};

static void check_inside(const struct entry *entry)
{
    struct check *check = entry->check;
    const struct config *config = check->config;
    const struct config_size_limit *limit = entry->target;
    const config_setting_t *setting = config_setting_get_member(entry->setting, "interface");
    bool only = config->inside.count == 1 && strcmp(config->inside.names[0], limit->interface) == 0;
    if (config->mode != CONFIG_NAT || only || !interface_in(&config->inside, limit->interface))
        return;
    report_at(
        &check->report, check_place(check, setting),
        "%s: interface = \"%s\" is not all of inside, and mode = \"nat\" judges IPv4 from outside before it "
        "is routed; allowed: one of outside, or no interface",
        entry->label, limit->interface);
}

static bool is_whole(const void *element)
{
    return ((const struct config_size_limit *)element)->limit != 0;
}

static int by_place(const void *a, const void *b)
{
    const struct config_size_limit *x = a, *y = b;
    int order = strcmp(x->interface, y->interface);
    return order ? order : (int)x->traffic - (int)y->traffic;
}

static void tell(const struct entry_twins *twins, struct check *check, struct place place,
                 const void *element, struct place before)
{
    const struct config_size_limit *limit = element;
    const char *name = limit->interface;
    report_at(&check->report, place,
              "size limit %u: class = \"%s\" and %s%s%s are those of another (%s:%u); allowed: each once",
              entries_number(twins, check->config, element), schema_word_text(SCHEMA_TRAFFIC, limit->traffic),
              *name ? "interface = \"" : "no interface", name, *name ? "\"" : "", before.file, before.line);
}

static void check_size_limits(struct check *check, const struct key *key, const struct item *limits)
{
    const struct entry_kind kind = {.one = "size limit",
                                    .many = "size limits",
                                    .max = CONFIG_SIZE_LIMITS_MAX,
                                    .example = "a group such as { class = \"quic\"; limit = 1400; }",
                                    .keys = KEYS,
                                    .key_count = sizeof(KEYS) / sizeof(KEYS[0]),
                                    .line = offsetof(struct config_size_limit, line),
                                    .check_pairs = check_inside,
                                    .plain = true};
    if (entries_read(check, key, limits, &kind))
        entries_find_twins(
            check, limits,
            &(struct entry_twins){.list = key->kind->list, .has = is_whole, .order = by_place, .tell = tell});
}

static void print_one(const struct config *config, const void *element, FILE *out)
{
    const struct config_size_limit *limit = element;
    (void)config;
    fprintf(out, "    { class = \"%s\"; limit = %u;", schema_word_text(SCHEMA_TRAFFIC, limit->traffic),
            limit->limit);
    if (limit->interface[0])
        fprintf(out, " interface = \"%s\";", limit->interface);
    fputs(" }", out);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    entries_print(config, key, print_one, "\n", out);
}

const struct key_kind SIZE_LIMITS_KIND = {.form = "a list such as ( { class = \"quic\"; limit = 1400; } )",
                                          .late = true,
                                          .list = OWN_LIST(size_limits, size_limit_count),
                                          .check = check_size_limits,
                                          .print = print};
