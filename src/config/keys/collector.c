/* Where NAT events are sent. */
#include "key_string.h"
#include <string.h>

#define ALLOWED                                                                                              \
    "\"off\", \"udp:ADDRESS:PORT\", \"tcp:ADDRESS:PORT\" or \"tls:ADDRESS:PORT\", an IPv6 address in \"[]\""

bool config_collector_parse(const char *text, struct config_collector *out)
{
    static const char *const WORDS[] = {
        [CONFIG_COLLECTOR_UDP] = "udp:", [CONFIG_COLLECTOR_TCP] = "tcp:", [CONFIG_COLLECTOR_TLS] = "tls:"};
    struct config_collector read = {.kind = CONFIG_COLLECTOR_OFF, .family = QW_IPV4};
    for (unsigned i = CONFIG_COLLECTOR_UDP; i <= CONFIG_COLLECTOR_TLS; i++)
        if (strncmp(text, WORDS[i], 4) == 0 && qw_endpoint_parse(text + 4, &read.endpoint, &read.family) &&
            read.endpoint.port != 0)
            read.kind = i;
    if (read.kind == CONFIG_COLLECTOR_OFF && strcmp(text, CONFIG_COLLECTOR_NONE) != 0)
        return false;
    *out = read;
    return true;
}

static void check_collector(struct check *check, const struct key *key, const struct item *item)
{
    struct config_collector collector;
    const char *text = config_setting_get_string(item->setting);
    if (!text)
        check_wrong_type(check, key, item);
    else if (!config_collector_parse(text, &collector) || strlen(text) >= key->size)
        report_value(&check->report, item, "is no collector; allowed: %s", ALLOWED);
    else
        string_set(check->config, key, text);
}

const struct key_kind COLLECTOR_KIND = {.form = ALLOWED,
                                        .preset = string_preset,
                                        .check = check_collector,
                                        .print = string_print,
                                        .equal = string_equal};
