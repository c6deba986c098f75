#include "say.h"
#include <string.h>

#define TEXT_SHOWN 80

void say_bytes(FILE *out, struct qw_bytes bytes, size_t max)
{
    fputc('"', out);
    for (size_t i = 0; i < bytes.len && i < max; i++) {
        uint8_t byte = bytes.data[i];
        if (byte == '"' || byte == '\\')
            fprintf(out, "\\%c", byte);
        else if (byte >= 0x20 && byte < 0x7f)
            fputc(byte, out);
        else
            fprintf(out, "\\x%02x", byte);
    }
    fputs(bytes.len > max ? "...\"" : "\"", out);
}

void say_text(FILE *out, const char *text)
{
    say_bytes(out, (struct qw_bytes){(const uint8_t *)text, strlen(text)}, TEXT_SHOWN);
}
