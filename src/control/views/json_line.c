#include "json_line.h"
#include <string.h>

static void put(struct json_line *line, const char *text, size_t len)
{
    if (line->len + len > sizeof line->text) {
        line->cut = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

void line_raw(struct json_line *line, const char *text)
{
    put(line, text, strlen(text));
}

void line_key(struct json_line *line, const char *key)
{
    char last = line->len ? line->text[line->len - 1] : '{';
    if (last != '{' && last != '[')
        put(line, ",", 1);
    put(line, "\"", 1);
    line_raw(line, key);
    put(line, "\":", 2);
}

#define DIGITS_MAX 20 /* of 2^64 */

/* JSON's integers are read as signed ones. */
void line_count(struct json_line *line, uint64_t count)
{
    char digits[DIGITS_MAX];
    size_t at = sizeof digits;
    uint64_t left = count > INT64_MAX ? INT64_MAX : count;
    do
        digits[--at] = (char)('0' + left % 10);
    while (left /= 10);
    put(line, digits + at, sizeof digits - at);
}

static void put_escaped(struct json_line *line, unsigned char c)
{
    static const char HEX[] = "0123456789ABCDEF";
    char escaped[] = {'\\', 'u', '0', '0', HEX[c >> 4], HEX[c & 15]};
    if (c == '"' || c == '\\')
        put(line, (const char[]){'\\', (char)c}, 2);
    else
        put(line, escaped, sizeof escaped);
}

static bool is_plain(unsigned char c)
{
    return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

void line_text(struct json_line *line, const char *text)
{
    if (!text) {
        line_raw(line, "null");
        return;
    }
    put(line, "\"", 1);
    while (*text) {
        size_t len = 0;
        while (is_plain((unsigned char)text[len]))
            len++;
        put(line, text, len);
        text += len;
        if (*text)
            put_escaped(line, (unsigned char)*text++);
    }
    put(line, "\"", 1);
}

void line_bool(struct json_line *line, bool value)
{
    line_raw(line, value ? "true" : "false");
}

#define SHARE_SCALE 10000

void line_share(struct json_line *line, double share)
{
    unsigned scaled = (unsigned)(share * SHARE_SCALE + 0.5), digits = scaled % SHARE_SCALE;
    char decimals[] = {(char)('0' + digits / 1000), (char)('0' + digits / 100 % 10),
                       (char)('0' + digits / 10 % 10), (char)('0' + digits % 10)};
    size_t len = sizeof decimals;
    while (len > 1 && decimals[len - 1] == '0')
        len--;
    line_count(line, scaled / SHARE_SCALE);
    put(line, ".", 1);
    put(line, decimals, len);
}
