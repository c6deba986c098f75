#include "text.h"
#include <quicward/control.h>
#include <stdarg.h>
#include <time.h>

/* The versions with a name of their own: RFC 9000 15, RFC 9369 3.1. */
#define VERSION_1 0x00000001u
#define VERSION_2 0x6b3343cfu

char *control_version_text(uint32_t version, char out[static 16])
{
    if (version == 0)
        snprintf(out, 16, "-");
    else if (version == VERSION_1 || version == VERSION_2)
        snprintf(out, 16, "v%d", version == VERSION_1 ? 1 : 2);
    else
        snprintf(out, 16, "0x%08x", (unsigned)version);
    return out;
}

char *control_name_text(const char *name, size_t len, char out[static CONTROL_NAME_TEXT_MAX])
{
    static const char DIGITS[] = "0123456789abcdef";
    char *at = out;
    for (size_t i = 0; i < len && i < TLS_NAME_MAX; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c > ' ' && c <= '~' && c != '\\') {
            *at++ = (char)c;
            continue;
        }
        *at++ = '\\';
        *at++ = 'x';
        *at++ = DIGITS[c >> 4];
        *at++ = DIGITS[c & 15];
    }
    *at = '\0';
    return out;
}

char *control_time_text(int64_t wall_ns, char out[static CONTROL_TIME_TEXT_MAX])
{
    static const int64_t SECOND = QW_NS_PER_SECOND;
    int64_t since = wall_ns > 0 ? wall_ns : 0;
    time_t seconds = (time_t)(since / SECOND);
    struct tm utc = {0};
    char date[CONTROL_TIME_TEXT_MAX - sizeof(".000Z") + 1];
    gmtime_r(&seconds, &utc);
    strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(out, CONTROL_TIME_TEXT_MAX, "%s.%03uZ", date,
             (unsigned)(since % SECOND / (int64_t)QW_NS_PER_MS));
    return out;
}

json_int_t control_count(uint64_t count)
{
    return count > INT64_MAX ? INT64_MAX : (json_int_t)count;
}

#define SHARE_SCALE 10000 /* four decimals */

json_t *control_share(double share)
{
    return json_real((double)(uint64_t)(share * SHARE_SCALE + 0.5) / SHARE_SCALE);
}

json_t *control_list(json_t *make(const void *context, unsigned i), const void *context, unsigned count)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < count; i++) {
        if (json_array_append_new(list, make(context, i)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

json_t *control_address(const struct qw_addr *addr)
{
    static const struct qw_addr NONE;
    char text[QW_ADDR_TEXT_MAX];
    return qw_addr_equal(addr, &NONE) ? json_null() : json_string(qw_addr_text(addr, QW_IPV4, text));
}

bool control_add(json_t *object, const char *key, json_t *value)
{
    return json_object_set_new(object, key, value) == 0;
}

/* As many digits as a number with four decimals needs, and none that its binary form adds. */
#define LINE_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(10))

bool control_write_line(json_t *object, FILE *out)
{
    bool written = object && json_dumpf(object, out, LINE_FLAGS) == 0 && fputc('\n', out) != EOF;
    json_decref(object);
    return written;
}

void control_make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

char *control_printable(json_t *object, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(object, key));
    snprintf(out, size, "%s", text ? text : "-");
    control_make_printable(out);
    return out;
}

#define EXACT_BELOW 100000

char *control_amount(json_int_t amount, char out[static CONTROL_AMOUNT_MAX])
{
    double scaled = (double)amount;
    unsigned power = 0;
    if (amount < EXACT_BELOW) {
        snprintf(out, CONTROL_AMOUNT_MAX, "%" JSON_INTEGER_FORMAT, amount);
        return out;
    }
    for (; scaled >= 999.5 && power < 5; power++)
        scaled /= 1000;
    snprintf(out, CONTROL_AMOUNT_MAX, "%.*f%c",
             scaled < 9.995   ? 2
             : scaled < 99.95 ? 1
                              : 0,
             scaled, " kMGTP"[power]);
    return out;
}

void control_say(struct io_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
}
