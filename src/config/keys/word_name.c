/* Short names that parts of the kernel's tables are called by. */
#include "key_string.h"
#include <string.h>

#define ALLOWED "1 to 8 lower-case letters, digits and \"_\", the first of them a letter"

/* Names of chains are made of it, of which iptables takes 28 bytes. A name cannot begin with a digit: earlier
 * rules were known by the number of their queue. */
static void check_name(struct check *check, const struct key *key, const struct item *item)
{
    static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    const char *text = config_setting_get_string(item->setting);
    size_t len = text ? strlen(text) : 0;
    if (!text)
        check_wrong_type(check, key, item);
    else if (len == 0 || len >= key->size || strspn(text, LETTERS) != len || text[0] < 'a')
        report_value(&check->report, item, "is no name; allowed: %s", ALLOWED);
    else
        string_set(check->config, key, text);
}

const struct key_kind NAME_KIND = {.form = ALLOWED,
                                   .preset = string_preset,
                                   .check = check_name,
                                   .print = string_print,
                                   .equal = string_equal};
