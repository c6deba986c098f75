#include "check.h"
#include "field.h"
#include "interface.h"
#include <ctype.h>
#include <string.h>

/* A subset of what the kernel takes (dev_valid_name). The names stand in generated rules and in a shell's
 * script, so nothing is let in that iptables reads as an option (-x) or a wildcard (x+), or nft and the shell
 * as anything else. */
static bool plain(const char *name)
{
    if (!isalnum((unsigned char)name[0]) && name[0] != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name))
            return false;
    return true;
}

static void add(struct check *check, struct config_interfaces *interfaces, const struct item *item)
{
    const char *name = config_setting_get_string(item->setting);
    size_t len = strlen(name);
    if (len == 0)
        report_value(&check->report, item, "is empty; allowed: the name of an interface");
    else if (len >= CONFIG_INTERFACE_NAME_MAX)
        report_value(&check->report, item, "is too long with %zu bytes: at most %d", len,
                     CONFIG_INTERFACE_NAME_MAX - 1);
    else if (!plain(name))
        report_value(
            &check->report, item,
            "is no interface name; allowed: letters, digits, \".\", \"_\" and \"-\", the first of them "
            "a letter, a digit or \"_\"");
    else if (interface_in(interfaces, name))
        report_value(&check->report, item, "is named twice; allowed: each interface once");
    else if (interfaces->count == CONFIG_INTERFACES_MAX)
        report_value(&check->report, item, "is one too many: at most %d interfaces", CONFIG_INTERFACES_MAX);
    else
        memcpy(interfaces->names[interfaces->count++], name, len);
}

void check_interfaces(struct check *check, const struct key *key, const struct item *list)
{
    int type = config_setting_type(list->setting), count = config_setting_length(list->setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
        check_wrong_type(check, key, list);
        return;
    }
    if (count == 0)
        report_value(&check->report, list, "is empty; allowed: at least one interface");
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting = config_setting_get_elem(list->setting, (unsigned)i);
        struct item item = {setting, check_place(check, setting), key->path, true};
        if (config_setting_get_string(setting))
            add(check, field_interfaces(check->config, key), &item);
        else
            report_value(&check->report, &item,
                         "is not a string; allowed: an interface name in double quotes");
    }
}
