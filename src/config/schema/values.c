#include "values.h"
#include "suggest.h"
#include <ctype.h>
#include <string.h>

static bool is_list(const config_setting_t *setting)
{
    return config_setting_is_array(setting) || config_setting_is_list(setting);
}

void values_each(struct check *check, const struct item *item, unsigned max, const char *allowed,
                 value_reader *read, void *target)
{
    unsigned count = is_list(item->setting) ? (unsigned)config_setting_length(item->setting) : 1;
    if (count == 0)
        report_value(&check->report, item, "is empty; allowed: %s", allowed);
    else if (count > max)
        report_value(&check->report, item, "is too long with %u elements: at most %u", count, max);
    else if (!is_list(item->setting))
        read(check, item, target);
    else
        for (unsigned i = 0; i < count && !check->no_memory; i++) {
            const config_setting_t *setting = config_setting_get_elem(item->setting, i);
            read(check, &(struct item){setting, check_place(check, setting), item->path, true}, target);
        }
}

bool values_string(struct check *check, const struct item *item, const char *allowed)
{
    if (config_setting_get_string(item->setting))
        return true;
    check_type_is(check, item, allowed);
    return false;
}

bool values_is_name(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)name[i]) && name[i] != '_' && name[i] != '-')
            return false;
    return len >= 1 && len <= CONFIG_NAME_MAX;
}

bool values_is_account(const char *name)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return name[strspn(name, LETTERS)] == '\0' && name[0] != '-';
}

void *values_room(struct check *check, void *list, unsigned count, size_t size)
{
    void *room = own_room(list, count, size);
    check->no_memory |= !room;
    return room;
}

void *values_add(struct check *check, const struct own_list *list)
{
    void *element = own_add(check->config, list);
    check->no_memory |= !element;
    return element;
}

char *values_text(struct check *check, const char *text)
{
    char *copy = strdup(text);
    check->no_memory |= !copy;
    return copy;
}

/* A plain decimal from 1 to 65535 that ends at `end`; 0 for anything else. */
static uint16_t port_number(const char *at, const char *end)
{
    unsigned value = 0;
    if (at == end || *at == '0')
        return 0;
    for (; at < end; at++) {
        if (!isdigit((unsigned char)*at))
            return 0;
        value = value * 10 + (unsigned)(*at - '0');
        if (value > UINT16_MAX)
            return 0;
    }
    return (uint16_t)value;
}

/* Both ends are 0 when the value is no port. */
static struct qw_port_range port_range(const config_setting_t *setting)
{
    const char *text = config_setting_get_string(setting);
    struct qw_port_range range = {0, 0};
    if (text) {
        const char *dash = strchr(text, '-'), *end = text + strlen(text);
        range.first = port_number(text, dash ? dash : end);
        range.last = dash ? port_number(dash + 1, end) : range.first;
    } else if (config_setting_type(setting) == CONFIG_TYPE_INT) {
        int value = config_setting_get_int(setting);
        range.first = range.last = value >= 1 && value <= UINT16_MAX ? (uint16_t)value : 0;
    }
    return range;
}

bool values_port_range(struct check *check, const struct item *item, struct qw_port_range *out)
{
    struct qw_port_range range = port_range(item->setting);
    bool known = range.first && range.last;
    if (!known)
        report_value(&check->report, item, "is no port; allowed: %s", VALUES_PORT_ALLOWED);
    else if (range.first > range.last)
        report_value(&check->report, item, "ends before it begins; did you mean \"%u-%u\"?", range.last,
                     range.first);
    *out = range;
    return known && range.first <= range.last;
}

void values_port(struct check *check, const struct item *item, void *target)
{
    struct config_ports *ports = target;
    struct qw_port_range range;
    if (!values_port_range(check, item, &range))
        return;
    struct qw_port_range *list = values_room(check, ports->list, ports->count, sizeof(*list));
    if (!list)
        return;
    ports->list = list;
    list[ports->count++] = range;
}

void values_version(struct check *check, const struct item *item, void *target)
{
    struct config_versions *versions = target;
    uint32_t version;
    if (!values_string(check, item, VALUES_VERSION_ALLOWED))
        return;
    if (!config_version_parse(config_setting_get_string(item->setting), &version)) {
        report_value(&check->report, item, "is no QUIC version; allowed: %s", VALUES_VERSION_ALLOWED);
        return;
    }
    uint32_t *list = values_room(check, versions->list, versions->count, sizeof(*list));
    if (!list)
        return;
    versions->list = list;
    list[versions->count++] = version;
}

static void add_text(struct check *check, struct config_texts *texts, const char *text)
{
    char **list = values_room(check, texts->list, texts->count, sizeof(*list));
    if (!list)
        return;
    texts->list = list;
    list[texts->count] = values_text(check, text);
    texts->count += list[texts->count] != NULL;
}

void values_sni(struct check *check, const struct item *item, void *target)
{
    if (!values_string(check, item, VALUES_SNI_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    struct qw_addr addr;
    enum qw_family family;
    if (config_host_name(text, strlen(text)))
        add_text(check, target, text);
    else if (qw_addr_parse(text, &addr, &family))
        report_value(&check->report, item,
                     "is an address, which no ClientHello names; allowed: %s; for addresses "
                     "use to = ...",
                     VALUES_SNI_ALLOWED);
    else
        report_value(&check->report, item, "is no host name; allowed: %s", VALUES_SNI_ALLOWED);
}

void values_alpn(struct check *check, const struct item *item, void *target)
{
    if (!values_string(check, item, VALUES_ALPN_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    size_t len = strlen(text);
    if (len >= 1 && len <= CONFIG_ALPN_MAX)
        add_text(check, target, text);
    else
        report_value(&check->report, item, "has %zu bytes; allowed: %s", len, VALUES_ALPN_ALLOWED);
}

static void unknown_list(struct check *check, const struct item *item, const char *text)
{
    struct suggestion near = suggest_for(text);
    for (unsigned i = 0; i < check->config->sni_list_count; i++)
        suggest_consider(&near, check->config->sni_lists[i].name);
    if (suggest_found(&near))
        report_value(&check->report, item, "names no list; did you mean \"%s\"?", suggest_found(&near));
    else
        report_value(&check->report, item, "names no list; allowed: %s", VALUES_LIST_ALLOWED);
}

void values_sni_list(struct check *check, const struct item *item, void *target)
{
    if (!values_string(check, item, VALUES_LIST_ALLOWED))
        return;
    const char *text = config_setting_get_string(item->setting);
    for (unsigned i = 0; i < check->config->sni_list_count; i++)
        if (strcmp(check->config->sni_lists[i].name, text) == 0) {
            add_text(check, target, text);
            return;
        }
    unknown_list(check, item, text);
}
