/* The key that decides which flows are blocked first. */
#include "key_check.h"
#include <string.h>

#define SECRET_ALLOWED "\"random\", or 32 hexadecimal digits"
#define HEX_DIGITS "0123456789abcdefABCDEF"

static uint8_t hex_digit(char c)
{
    long at = strchr(HEX_DIGITS, c) - HEX_DIGITS;
    return (uint8_t)(at < 16 ? at : at - 6);
}

static void check_secret(struct check *check, const struct key *key, const struct item *item)
{
    struct config *config = check->config;
    const char *text = config_setting_get_string(item->setting);
    if (!text) {
        check_wrong_type(check, key, item);
        return;
    }
    if (strcmp(text, "random") == 0)
        return;
    size_t len = strlen(text);
    if (len != 2 * sizeof(config->throttle_key) || strspn(text, HEX_DIGITS) != len) {
        report_value(&check->report, item, "is no key; allowed: %s", SECRET_ALLOWED);
        return;
    }
    config->throttle_key_set = true;
    for (size_t i = 0; i < sizeof(config->throttle_key); i++)
        config->throttle_key[i] = (uint8_t)(hex_digit(text[2 * i]) << 4 | hex_digit(text[2 * i + 1]));
}

static void print(const struct config *config, const struct key *key, FILE *out)
{
    (void)key;
    fputs("\"", out);
    for (unsigned i = 0; config->throttle_key_set && i < sizeof(config->throttle_key); i++)
        fprintf(out, "%02x", config->throttle_key[i]);
    fputs(config->throttle_key_set ? "\"" : "random\"", out);
}

static bool equal(const struct config *a, const struct config *b, const struct key *key)
{
    (void)key;
    return a->throttle_key_set == b->throttle_key_set &&
           memcmp(a->throttle_key, b->throttle_key, sizeof(a->throttle_key)) == 0;
}

const struct key_kind SECRET_KIND = {
    .form = SECRET_ALLOWED, .check = check_secret, .print = print, .equal = equal};
