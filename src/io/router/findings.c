#include "findings.h"
#include <quicward/base/log.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool has(const struct findings *findings, const char *text)
{
    for (unsigned i = 0; i < findings->count; i++)
        if (strcmp(findings->texts[i], text) == 0)
            return true;
    return false;
}

void findings_add(struct findings *findings, const char *format, ...)
{
    char text[FINDING_TEXT_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (findings->count < FINDINGS_MAX && !has(findings, text))
        memcpy(findings->texts[findings->count++], text, sizeof(text));
}

void findings_tell(const struct findings *findings, const struct findings *before)
{
    for (unsigned i = 0; i < findings->count; i++)
        if (!has(before, findings->texts[i]))
            qw_log(QW_LOG_WARNING, "%s", findings->texts[i]);
}
