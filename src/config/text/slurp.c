#include "slurp.h"
#include "utf8.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum qw_error slurp(const char *path, size_t max, char **text, size_t *len)
{
    *text = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return QW_ERR_SYSTEM;
    char *bytes = malloc(max + 1);
    if (!bytes) {
        fclose(file);
        return QW_ERR_NO_MEMORY;
    }
    errno = 0;
    *len = fread(bytes, 1, max + 1, file);
    int reason = ferror(file) ? errno : 0;
    fclose(file);
    if (reason || *len > max) {
        free(bytes);
        errno = reason;
        return reason ? QW_ERR_SYSTEM : QW_ERR_FULL;
    }
    bytes[*len] = '\0';
    /* No larger than the file: a read beyond its end is then one that a sanitizer sees. */
    char *fitted = realloc(bytes, *len + 1);
    if (fitted)
        bytes = fitted;
    *text = bytes;
    return QW_OK;
}

bool slurp_is_text(const char *text, size_t len, const char *file, struct report *report)
{
    struct place place = {file, 1};
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
        report_at(report, place, "the file begins with a byte order mark; allowed: UTF-8 without one");
        return false;
    }
    for (size_t at = 0, step; at < len; at += step) {
        step = utf8_length(text + at, len - at);
        if (step == 0 || (utf8_is_control(text + at, step) && !(text[at] && strchr("\t\n\f\r", text[at])))) {
            report_at(report, place, "byte 0x%02x is not text; allowed: UTF-8 without control characters",
                      (unsigned char)text[at]);
            return false;
        }
        place.line += text[at] == '\n';
    }
    return true;
}
