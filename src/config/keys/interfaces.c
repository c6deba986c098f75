/* The names of the interfaces of one side. */
#include "interface.h"
#include "quote.h"
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

static struct config_interfaces *get(struct config *config, const struct key *key)
{
    return (struct config_interfaces *)(void *)((char *)config + key->offset);
}

static const struct config_interfaces *get_const(const struct config *config, const struct key *key)
{
    return (const struct config_interfaces *)(const void *)((const char *)config + key->offset);
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

static void check_interfaces(struct check *check, const struct key *key, const struct item *list)
{
    int type = config_setting_type(list->setting), count = config_setting_length(list->setting);
    if (type != CONFIG_TYPE_ARRAY && type != CONFIG_TYPE_LIST) {
        check_wrong_type(check, key, list);
        return;
    }
    if (count == 0)
        report_value(&check->report, list, "names none of %s; allowed: %s", key->meaning, key->kind->form);
    for (int i = 0; i < count; i++) {
        const config_setting_t *setting = config_setting_get_elem(list->setting, (unsigned)i);
        struct item item = {setting, check_place(check, setting), key->path, true};
        if (config_setting_get_string(setting))
            add(check, get(check->config, key), &item);
        else
            report_value(&check->report, &item,
                         "is not a string; allowed: an interface name in double quotes");
    }
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    const struct config_interfaces *interfaces = get_const(config, key);
    fputc('[', out);
    for (unsigned i = 0; i < interfaces->count; i++) {
        fputs(i ? ", " : "", out);
        quote_write(out, interfaces->names[i], SIZE_MAX);
    }
    fputc(']', out);
}

static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    const struct config_interfaces *x = get_const(a, key), *y = get_const(b, key);
    if (x->count != y->count)
        return false;
    for (unsigned i = 0; i < x->count; i++)
        if (strcmp(x->names[i], y->names[i]) != 0)
            return false;
    return true;
}

const struct key_kind INTERFACES_KIND = {.form = "a list of interface names such as [\"eth0\"]",
                                         .check = check_interfaces,
                                         .print = print,
                                         .equal = equal};
