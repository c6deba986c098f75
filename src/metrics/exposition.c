#include "exposition.h"
#include <inttypes.h>

#define US_PER_SECOND 1000000

static const char *type_word(enum metrics_type type)
{
    static const char *const WORDS[] = {"counter", "gauge", "histogram"};
    return WORDS[type];
}

void exposition_family(FILE *out, const char *name, enum metrics_type type, const char *help)
{
    fprintf(out, "# HELP %s %s.\n# TYPE %s %s\n", name, help, name, type_word(type));
}

static void write_value(FILE *out, const char *text)
{
    for (; *text; text++)
        if (*text == '\n')
            fputs("\\n", out);
        else
            fprintf(out, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
}

static void write_name(FILE *out, const char *name, const struct metrics_label *labels)
{
    fputs(name, out);
    for (unsigned i = 0; labels && labels[i].name; i++) {
        fprintf(out, "%c%s=\"", i ? ',' : '{', labels[i].name);
        write_value(out, labels[i].value);
        fputc('"', out);
    }
    if (labels && labels[0].name)
        fputc('}', out);
}

void exposition_count(FILE *out, const char *name, const struct metrics_label *labels, uint64_t value)
{
    write_name(out, name, labels);
    fprintf(out, " %" PRIu64 "\n", value);
}

void exposition_real(FILE *out, const char *name, const struct metrics_label *labels, double value)
{
    write_name(out, name, labels);
    fprintf(out, " %.15g\n", value);
}

/* Buckets are sums: each has all values up to its bound. */
void exposition_histogram(FILE *out, const char *name, const struct engine_histogram *histogram)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < ENGINE_RTT_BOUNDS; i++) {
        sum += histogram->counts[i];
        fprintf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name,
                (double)ENGINE_RTT_BOUNDS_US[i] / US_PER_SECOND, sum);
    }
    sum += histogram->counts[ENGINE_RTT_BOUNDS];
    fprintf(out,
            "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %" PRIu64 ".%06" PRIu64 "\n%s_count %" PRIu64 "\n",
            name, sum, name, histogram->sum_us / US_PER_SECOND, histogram->sum_us % US_PER_SECOND, name, sum);
}
