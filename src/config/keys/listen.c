/* Where something listens. */
#include "key_string.h"
#include <string.h>

#define ALLOWED                                                                                              \
    "\"off\", a port (on 127.0.0.1), \"ADDRESS:PORT\", \"[IPV6]:PORT\", \"*:PORT\" for all addresses, or "   \
    "the absolute path of a socket"

/* 1 to 65535, without sign or leading zeros; 0 for anything else. */
static uint16_t read_port(const char *text)
{
    uint32_t port = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits] || text[0] == '0')
        return 0;
    for (; *text; text++)
        port = port * 10 + (uint32_t)(*text - '0');
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

bool config_listen_parse(const char *text, struct config_listen *out)
{
    const uint8_t loopback[4] = {127, 0, 0, 1};
    struct config_listen read = {.kind = CONFIG_LISTEN_ADDRESS, .family = QW_IPV4};
    size_t len = strlen(text);
    if (strcmp(text, CONFIG_LISTEN_NONE) == 0)
        read.kind = CONFIG_LISTEN_OFF;
    else if (text[0] == '/' && len < CONFIG_PATH_MAX && text[len - 1] != '/')
        read.kind = CONFIG_LISTEN_PATH;
    else if (strncmp(text, "*:", 2) == 0 && (read.endpoint.port = read_port(text + 2)))
        read.kind = CONFIG_LISTEN_ALL;
    else if ((read.endpoint.port = read_port(text)))
        read.endpoint.addr = qw_addr_v4(loopback);
    else if (!qw_endpoint_parse(text, &read.endpoint, &read.family) || read.endpoint.port == 0)
        return false;
    *out = read;
    return true;
}

static void check_listen(struct check *check, const struct key *key, const struct item *item)
{
    struct config_listen listen;
    const char *text = config_setting_get_string(item->setting);
    if (!text)
        check_wrong_type(check, key, item);
    else if (!config_listen_parse(text, &listen) || strlen(text) >= key->size)
        report_value(&check->report, item, "is no place to listen at; allowed: %s", ALLOWED);
    else
        string_set(check->config, key, text);
}

const struct key_kind LISTEN_KIND = {.form = ALLOWED,
                                     .preset = string_preset,
                                     .check = check_listen,
                                     .print = string_print,
                                     .equal = string_equal};
