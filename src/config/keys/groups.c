/* Addresses under names. */
#include "addresses.h"
#include "print_list.h"
#include <stdlib.h>
#include <string.h>

/* Groups name groups: each is resolved once, those it names first. */
struct resolving {
    struct check *check;
    const config_setting_t *settings[CONFIG_GROUPS_MAX]; /* of config->groups */
    enum { UNREAD, READING, READ } state[CONFIG_GROUPS_MAX];
    unsigned way[CONFIG_GROUPS_MAX], depth; /* the groups being read, each named by the one before */
    struct config_prefixes *out;            /* of the innermost */
};

static void resolve(struct resolving *resolving, unsigned number);

#define WAY_SIZE 256

/* "a -> b -> a"; a long way is cut in its middle. */
static char *way_back(const struct resolving *resolving, unsigned number, char out[static WAY_SIZE])
{
    size_t used = 0;
    bool inside = false;
    out[0] = '\0';
    for (unsigned i = 0; i < resolving->depth; i++) {
        const char *name = resolving->check->config->groups[resolving->way[i]].name;
        inside |= resolving->way[i] == number;
        if (inside && used + 2 * CONFIG_NAME_MAX + sizeof(" ->  -> ... -> ") < WAY_SIZE)
            used += (size_t)snprintf(out + used, WAY_SIZE - used, "%s -> ", name);
        else if (inside && i + 1 == resolving->depth)
            used += (size_t)snprintf(out + used, WAY_SIZE - used, "... -> ");
    }
    snprintf(out + used, WAY_SIZE - used, "%s", resolving->check->config->groups[number].name);
    return out;
}

static void add_group(struct resolving *resolving, const struct item *item, struct config_group *group)
{
    struct check *check = resolving->check;
    unsigned number = (unsigned)(group - check->config->groups);
    char way[WAY_SIZE];
    if (resolving->state[number] == READING) {
        report_value(&check->report, item, "goes in a circle: %s", way_back(resolving, number, way));
        return;
    }
    struct config_prefixes *out = resolving->out;
    resolve(resolving, number);
    resolving->out = out;
    addresses_add_all(check, item, &group->prefixes, out);
}

static void read_member(struct check *check, const struct item *item, void *target)
{
    struct resolving *resolving = target;
    if (!values_string(check, item, ADDRESSES_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    struct config_group *group = addresses_group(check, text);
    if (group)
        add_group(resolving, item, group);
    else if (*text == '@')
        addresses_unknown(check, item);
    else
        addresses_add(check, item, resolving->out);
}

static void resolve(struct resolving *resolving, unsigned number)
{
    if (resolving->state[number] == READ)
        return;
    struct check *check = resolving->check;
    struct config_group *group = &check->config->groups[number];
    char path[sizeof("groups.") + CONFIG_NAME_MAX];
    snprintf(path, sizeof(path), "groups.%.63s", group->name);
    const config_setting_t *setting = resolving->settings[number];
    struct item item = {setting, check_place(check, setting), path, false};
    resolving->state[number] = READING;
    resolving->way[resolving->depth++] = number;
    resolving->out = &group->prefixes;
    values_each(check, &item, CONFIG_PREFIXES_MAX, ADDRESSES_ALLOWED, read_member, resolving);
    resolving->depth--;
    resolving->state[number] = READ;
}

static void add_name(struct resolving *resolving, const config_setting_t *setting)
{
    struct check *check = resolving->check;
    const char *name = config_setting_name(setting);
    if (!values_is_name(name)) {
        report_at(&check->report, check_place(check, setting), "groups: \"%.64s\" is no name; allowed: %s",
                  name, VALUES_NAME_ALLOWED);
        return;
    }
    char *copy = values_text(check, name);
    struct config_group *group = copy ? values_add(check, &GROUPS_KIND.list) : NULL;
    if (!group) {
        free(copy);
        return;
    }
    group->name = copy;
    resolving->settings[check->config->group_count - 1] = setting;
}

static void check_groups(struct check *check, const struct key *key, const struct item *groups)
{
    struct resolving resolving = {.check = check};
    unsigned count = (unsigned)config_setting_length(groups->setting);
    if (!config_setting_is_group(groups->setting)) {
        check_wrong_type(check, key, groups);
        return;
    }
    if (count > CONFIG_GROUPS_MAX) {
        report_value(&check->report, groups, "has %u groups: at most %d", count, CONFIG_GROUPS_MAX);
        return;
    }
    for (unsigned i = 0; i < count && !check->no_memory; i++)
        add_name(&resolving, config_setting_get_elem(groups->setting, i));
    for (unsigned i = 0; i < check->config->group_count && !check->no_memory; i++)
        resolve(&resolving, i);
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    fputs("{", out);
    for (unsigned i = 0; i < config->group_count; i++) {
        const struct config_group *group = &config->groups[i];
        fprintf(out, "%s    %s = ", i ? "" : "\n", group->name);
        print_list(group->prefixes.list, group->prefixes.count, print_prefix, out);
        fputs(";\n", out);
    }
    fputs("}", out);
}

static void copy(struct own_copying *copying, struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->group_count; i++) {
        struct config_group *group = &config->groups[i];
        struct config_prefixes *prefixes = &group->prefixes;
        group->name = own_text(copying, group->name);
        prefixes->list = own_copy(copying, prefixes->list, &prefixes->count, sizeof(*prefixes->list));
    }
}

static void release(struct config *config, const struct key *key)
{
    (void)key;
    for (unsigned i = 0; i < config->group_count; i++) {
        free(config->groups[i].name);
        free(config->groups[i].prefixes.list);
    }
}

const struct key_kind GROUPS_KIND = {.form = "address lists such as { lan = [\"192.0.2.0/24\"]; }",
                                     .late = true,
                                     .list = OWN_LIST(groups, group_count),
                                     .check = check_groups,
                                     .print = print,
                                     .copy = copy,
                                     .release = release};
