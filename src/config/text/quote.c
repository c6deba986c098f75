#include "quote.h"
#include "utf8.h"
#include <string.h>

void quote_write(FILE *out, const char *text, size_t max)
{
    size_t len = strlen(text), at = 0;
    fputc('"', out);
    while (at < len && at < max) {
        size_t step = utf8_length(text + at, len - at);
        if (text[at] == '"' || text[at] == '\\')
            fprintf(out, "\\%c", text[at]);
        else if (step == 0 || utf8_is_control(text + at, step))
            fprintf(out, "\\x%02x", (unsigned char)text[at]);
        else
            fwrite(text + at, 1, step, out);
        at += step && !utf8_is_control(text + at, step) ? step : 1;
    }
    fputs(at < len ? "...\"" : "\"", out);
}
