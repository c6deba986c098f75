/* What rules are made of, in words: for the file, for explanations. */
#include "schema.h"
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *config_mode_text(enum config_mode mode)
{
    return schema_word_text(SCHEMA_MODES, mode);
}

const char *config_action_text(enum config_action action)
{
    return schema_word_text(SCHEMA_ACTIONS, action);
}

const char *config_direction_text(enum config_direction direction)
{
    return direction == CONFIG_ANY ? "any" : schema_word_text(SCHEMA_DIRECTIONS, direction);
}

char *config_version_text(uint32_t version, char out[static CONFIG_VERSION_TEXT_MAX])
{
    if (version == CONFIG_VERSION_1 || version == CONFIG_VERSION_2)
        snprintf(out, CONFIG_VERSION_TEXT_MAX, "v%c", version == CONFIG_VERSION_1 ? '1' : '2');
    else
        snprintf(out, CONFIG_VERSION_TEXT_MAX, "0x%08x", version);
    return out;
}

bool config_version_parse(const char *text, uint32_t *out)
{
    size_t digits = strlen(text);
    uint32_t value = strcmp(text, "v1") == 0   ? CONFIG_VERSION_1
                     : strcmp(text, "v2") == 0 ? CONFIG_VERSION_2
                                               : 0;
    if (value == 0 && digits > 2 && digits <= 10 && strncmp(text, "0x", 2) == 0 &&
        strspn(text + 2, "0123456789abcdefABCDEF") == digits - 2)
        value = (uint32_t)strtoul(text + 2, NULL, 16);
    if (value == 0)
        return false;
    *out = value;
    return true;
}

static bool label_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

bool config_host_name(const char *text, size_t len)
{
    const char *at = text, *end = text + len;
    if (len >= 2 && at[0] == '*' && at[1] == '.')
        at += 2;
    else if (len >= 1 && at[0] == '.')
        at++;
    if (end > at && end[-1] == '.')
        end--;
    if (at == end || end - at > CONFIG_HOST_NAME_MAX)
        return false;
    /* The last label is never all digits (RFC 1123 2.1), so "8.8.8.8" is none: it would match no ClientHello.
     */
    bool letters = false;
    for (size_t label = 0; at < end; at++) {
        letters = *at != '.' && (letters || !isdigit((unsigned char)*at));
        label = *at == '.' ? 0 : label + 1;
        bool empty = *at == '.' && (at[-1] == '.' || at + 1 == end);
        if (empty || label > 63 || (*at != '.' && !label_byte(*at)))
            return false;
    }
    return letters;
}
