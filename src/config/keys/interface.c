#include "interface.h"
#include "suggest.h"
#include "values.h"
#include <stdio.h>
#include <string.h>

bool interface_in(const struct config_interfaces *interfaces, const char *name)
{
    return config_interface_find(interfaces, name) >= 0;
}

static void consider(struct suggestion *near, const struct config_interfaces *interfaces)
{
    for (unsigned i = 0; i < interfaces->count; i++)
        suggest_consider(near, interfaces->names[i]);
}

static void report_other(struct check *check, const struct item *item, const char *sides, const char *allowed,
                         const struct suggestion *near)
{
    if (suggest_found(near))
        report_value(&check->report, item, "is not in %s; did you mean \"%s\"?", sides, suggest_found(near));
    else
        report_value(&check->report, item, "is not in %s; allowed: %s", sides, allowed);
}

void interface_read(struct check *check, const struct item *item, char out[static CONFIG_INTERFACE_NAME_MAX])
{
    const struct config *config = check->config;
    if (!values_string(check, item, INTERFACE_ALLOWED))
        return;
    const char *name = config_setting_get_string(item->setting);
    struct suggestion near = suggest_for(name);
    consider(&near, &config->inside);
    consider(&near, &config->outside);
    if (interface_in(&config->inside, name) || interface_in(&config->outside, name))
        snprintf(out, CONFIG_INTERFACE_NAME_MAX, "%s", name);
    else
        report_other(check, item, "inside or outside", INTERFACE_ALLOWED, &near);
}

void interface_read_outside(struct check *check, const struct item *item,
                            char out[static CONFIG_INTERFACE_NAME_MAX])
{
    const struct config *config = check->config;
    if (!values_string(check, item, INTERFACE_OUTSIDE_ALLOWED))
        return;
    const char *name = config_setting_get_string(item->setting);
    struct suggestion near = suggest_for(name);
    consider(&near, &config->outside);
    if (!interface_in(&config->outside, name))
        report_other(check, item, "outside", INTERFACE_OUTSIDE_ALLOWED, &near);
    else if (config_interface_is_pattern(name))
        report_value(&check->report, item,
                     "is a pattern; allowed: the name of one interface, such as \"%.*s0\"",
                     (int)strlen(name) - 1, name);
    else
        snprintf(out, CONFIG_INTERFACE_NAME_MAX, "%s", name);
}
