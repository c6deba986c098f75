#include "text.h"
#include <quicward/control.h>
#include <stdarg.h>

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

json_int_t control_count(uint64_t count)
{
    return count > INT64_MAX ? INT64_MAX : (json_int_t)count;
}

bool control_write_line(json_t *object, FILE *out)
{
    bool written = object && json_dumpf(object, out, JSON_COMPACT) == 0 && fputc('\n', out) != EOF;
    json_decref(object);
    return written;
}

void control_make_printable(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

void control_say(struct io_error *error, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof(error->text), format, arguments);
    va_end(arguments);
}
