#include "key_check.h"
#include <string.h>

static void check_last_queue(struct check *check)
{
    const struct config *config = check->config;
    unsigned last = config->queue_first + config->workers - 1u;
    const config_setting_t *setting = config_lookup(&check->file, "queue.workers");
    if (!setting)
        setting = config_lookup(&check->file, "queue.first");
    if (last > UINT16_MAX && setting)
        report_at(&check->report, check_place(check, setting),
                  "queue.first = %u with queue.workers = %u needs queue %u; allowed: queues up to %d",
                  config->queue_first, config->workers, last, UINT16_MAX);
}

static const config_setting_t *find_string(const config_setting_t *list, const char *text)
{
    for (int i = 0; i < config_setting_length(list); i++) {
        const config_setting_t *setting = config_setting_get_elem(list, (unsigned)i);
        const char *found = config_setting_get_string(setting);
        if (found && strcmp(found, text) == 0)
            return setting;
    }
    return NULL;
}

/* `one` is of outside, `other` of inside, and an interface may match both. */
static void report_both_sides(struct check *check, const char *one, const char *other)
{
    const config_setting_t *inside = config_lookup(&check->file, "inside");
    const config_setting_t *outside = config_lookup(&check->file, "outside");
    const config_setting_t *there = inside ? find_string(inside, other) : NULL;
    const config_setting_t *setting = outside ? find_string(outside, one) : NULL;
    if (!there || !setting)
        return;
    struct item item = {setting, check_place(check, setting), "outside", true};
    struct place place = check_place(check, there);
    if (strcmp(one, other) == 0)
        report_value(&check->report, &item,
                     "is also in inside (%s:%u); allowed: an interface on one side only", place.file,
                     place.line);
    else
        report_value(
            &check->report, &item, "%s \"%s\" of inside (%s:%u); allowed: an interface on one side only",
            config_interface_covers(one, other) ? "matches" : "is matched by", other, place.file, place.line);
}

/* A packet between two interfaces of one side is none of ours; with a name on both sides that could not be
 * told. Nor is there an order of patterns and names: who reads the file must not have to know one. */
static void check_sides(struct check *check)
{
    const struct config_interfaces *inside = &check->config->inside, *outside = &check->config->outside;
    for (unsigned i = 0; i < outside->count; i++)
        for (unsigned k = 0; k < inside->count; k++)
            if (config_interface_covers(outside->names[i], inside->names[k]) ||
                config_interface_covers(inside->names[k], outside->names[i]))
                report_both_sides(check, outside->names[i], inside->names[k]);
}

static void check_throttle_share(struct check *check)
{
    const struct config *config = check->config;
    const config_setting_t *setting = config_lookup(&check->file, "throttle.floor");
    if (!setting)
        setting = config_lookup(&check->file, "throttle.ceiling");
    if (setting && config->throttle_floor > config->throttle_ceiling)
        report_at(&check->report, check_place(check, setting),
                  "throttle.floor = %u is above throttle.ceiling = %u; allowed: at most the ceiling",
                  config->throttle_floor, config->throttle_ceiling);
}

void check_pairs(struct check *check)
{
    check_last_queue(check);
    check_sides(check);
    check_throttle_share(check);
}
