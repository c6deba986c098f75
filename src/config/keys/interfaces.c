/* The names of the interfaces of one side. */
#include "key_check.h"
#include "quote.h"
#include <ctype.h>
#include <string.h>

#define PATTERN_ALLOWED "a name, or how names begin and a \"*\", such as \"ppp*\""

/* A subset of what the kernel takes (dev_valid_name). The names stand in generated rules and in a shell's
 * script, so nothing is let in that iptables reads as an option (-x) or a wildcard (x+), or nft and the shell
 * as anything else. A "*" at the end is the only one: rules are printed with the wildcard of their tool. */
static bool plain(const char *name)
{
    if (!isalnum((unsigned char)name[0]) && name[0] != '_')
        return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && !strchr("._-", *name) && !(*name == '*' && name[1] == '\0'))
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

static bool is_well_formed(struct check *check, const struct item *item, const char *name)
{
    size_t len = strlen(name);
    const char *star = strchr(name, '*');
    if (len == 0)
        report_value(&check->report, item, "is empty; allowed: the name of an interface");
    else if (len >= CONFIG_INTERFACE_NAME_MAX)
        report_value(&check->report, item, "is too long with %zu bytes: at most %d", len,
                     CONFIG_INTERFACE_NAME_MAX - 1);
    else if (star == name)
        report_value(&check->report, item, "does not say how names begin; allowed: " PATTERN_ALLOWED);
    else if (star && star[1] != '\0')
        report_value(&check->report, item, "has a \"*\" before its end; allowed: " PATTERN_ALLOWED);
    else if (!plain(name))
        report_value(
            &check->report, item,
            "is no interface name; allowed: letters, digits, \".\", \"_\" and \"-\", the first of them "
            "a letter, a digit or \"_\"; a \"*\" at the end stands for any rest of a name");
    else
        return true;
    return false;
}

/* Each interface belongs to one entry: rules, addresses and limits are those of the entry. */
static bool is_new(struct check *check, const struct config_interfaces *interfaces, const struct item *item,
                   const char *name)
{
    for (unsigned i = 0; i < interfaces->count; i++) {
        const char *other = interfaces->names[i];
        if (strcmp(other, name) == 0)
            report_value(&check->report, item, "is named twice; allowed: each interface once");
        else if (config_interface_covers(other, name))
            report_value(&check->report, item, "is matched by \"%s\" already; allowed: each interface once",
                         other);
        else if (config_interface_covers(name, other))
            report_value(&check->report, item,
                         "matches \"%s\", which is named too; allowed: each interface once", other);
        else
            continue;
        return false;
    }
    return true;
}

static void add(struct check *check, struct config_interfaces *interfaces, const struct item *item)
{
    const char *name = config_setting_get_string(item->setting);
    if (!is_well_formed(check, item, name) || !is_new(check, interfaces, item, name))
        return;
    if (interfaces->count == CONFIG_INTERFACES_MAX)
        report_value(&check->report, item,
                     "is one too many: at most %d interfaces; a pattern such as \"ppp*\" is one, whatever it "
                     "matches",
                     CONFIG_INTERFACES_MAX);
    else
        memcpy(interfaces->names[interfaces->count++], name, strlen(name));
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

const struct key_kind INTERFACES_KIND = {.form = "a list of interface names such as [\"eth0\", \"ppp*\"]",
                                         .check = check_interfaces,
                                         .print = print,
                                         .equal = equal};
