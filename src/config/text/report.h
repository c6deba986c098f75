/* Errors of a file, one a line, counted. */
#ifndef CONFIG_REPORT_H
#define CONFIG_REPORT_H

#include <libconfig.h>
#include <stdbool.h>
#include <stdio.h>

struct place {
    const char *file;
    unsigned line; /* 0: the file as a whole */
};

struct report {
    FILE *out; /* NULL: they are only counted */
    unsigned count;
};

/* Writes "FILE:LINE: message". */
void report_at(struct report *report, struct place place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* A value of the file: where it stands, what it belongs to. */
struct item {
    const config_setting_t *setting;
    struct place place;
    const char *path;
    bool element; /* one string of a list */
};

/* Writes "FILE:LINE: PATH = VALUE message". */
void report_value(struct report *report, const struct item *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
