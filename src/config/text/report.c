#include "report.h"
#include "quote.h"
#include <stdarg.h>
#include <string.h>

/* Enough to recognise a value; a whole page pasted into a string would hide the message. */
#define QUOTE_MAX 80

static void begin(const struct report *report, struct place place)
{
    fprintf(report->out, "%s:", place.file);
    if (place.line)
        fprintf(report->out, "%u:", place.line);
    fputc(' ', report->out);
}

void report_at(struct report *report, struct place place, const char *format, ...)
{
    report->count++;
    if (!report->out)
        return;
    begin(report, place);
    va_list args;
    va_start(args, format);
    vfprintf(report->out, format, args);
    va_end(args);
    fputc('\n', report->out);
}

/* A whole float keeps its point: that is what is wrong with it. */
static void write_float(FILE *out, double value)
{
    char text[64];
    snprintf(text, sizeof(text), "%.15g", value);
    fprintf(out, "%s%s", text, strpbrk(text, ".en") ? "" : ".0");
}

static void write_value(FILE *out, const config_setting_t *setting)
{
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        fprintf(out, config_setting_get_format(setting) == CONFIG_FORMAT_HEX ? "0x%llx" : "%lld",
                config_setting_get_int64(setting));
        break;
    case CONFIG_TYPE_FLOAT:
        write_float(out, config_setting_get_float(setting));
        break;
    case CONFIG_TYPE_STRING:
        quote_write(out, config_setting_get_string(setting), QUOTE_MAX);
        break;
    case CONFIG_TYPE_BOOL:
        fputs(config_setting_get_bool(setting) ? "true" : "false", out);
        break;
    case CONFIG_TYPE_ARRAY:
        fputs(config_setting_length(setting) ? "[...]" : "[]", out);
        break;
    case CONFIG_TYPE_LIST:
        fputs(config_setting_length(setting) ? "(...)" : "()", out);
        break;
    default:
        fputs(config_setting_length(setting) ? "{...}" : "{}", out);
    }
}

void report_value(struct report *report, const struct item *item, const char *format, ...)
{
    report->count++;
    if (!report->out)
        return;
    begin(report, item->place);
    fprintf(report->out, "%s%s", item->path, item->element ? ": " : " = ");
    write_value(report->out, item->setting);
    fputc(' ', report->out);
    va_list args;
    va_start(args, format);
    vfprintf(report->out, format, args);
    va_end(args);
    fputc('\n', report->out);
}
