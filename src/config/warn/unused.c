#include "warn.h"
#include <stdarg.h>
#include <string.h>

void warn_at(struct check *check, struct place place, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    report_at(&check->warnings, place, "warning: %s", text);
}

struct place warn_rule_place(const struct check *check, unsigned number)
{
    const config_setting_t *rules = config_lookup(&check->file, "rules");
    return check_place(check, config_setting_get_elem(rules, number));
}

static bool names_list(const struct config_rule *rule, const char *name)
{
    for (unsigned i = 0; i < rule->sni_list.count; i++)
        if (strcmp(rule->sni_list.list[i], name) == 0)
            return true;
    return false;
}

static bool list_is_used(const struct config *config, const char *name)
{
    for (unsigned i = 0; i < config->rule_count; i++)
        if (names_list(&config->rules[i], name))
            return true;
    return false;
}

static struct place place_in(const struct check *check, const char *group, const char *name)
{
    const config_setting_t *setting = config_setting_get_member(config_lookup(&check->file, group), name);
    return check_place(check, setting);
}

void warn_unused(struct check *check)
{
    const struct config *config = check->config;
    for (unsigned i = 0; i < config->group_count; i++)
        if (!check->group_used[i])
            warn_at(check, place_in(check, "groups", config->groups[i].name),
                    "groups.%s: no rule and no group uses it", config->groups[i].name);
    for (unsigned i = 0; i < config->sni_list_count; i++)
        if (!list_is_used(config, config->sni_lists[i].name))
            warn_at(check, place_in(check, "sni_lists", config->sni_lists[i].name),
                    "sni_lists.%s: no rule uses it", config->sni_lists[i].name);
}
