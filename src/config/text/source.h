/* A configuration file and what it includes, as one text in which every line knows where it came from.
 * Includes are resolved here, relative to the file that names them: libconfig would look in the working
 * directory, and ends the process when it is told to read a directory. */
#ifndef CONFIG_SOURCE_H
#define CONFIG_SOURCE_H

#include "report.h"
#include <quicward/base/error.h>
#include <stddef.h>

#define SOURCE_TEXT_MAX (1u << 20)
#define SOURCE_LINES_MAX 65535u /* libconfig counts lines in 16 bits */
#define SOURCE_DEPTH_MAX 8u

struct source_name;

struct source {
    char *text; /* NUL-terminated */
    size_t len;
    struct place *places; /* of each line, from 1 */
    unsigned line;        /* the line being written; the last one afterwards */
    struct source_name *names;
};

/* QW_OK; QW_ERR_SYSTEM when `path` itself cannot be read (one line written); QW_ERR_INVALID when there is
 * something in the text that ends reading it (each written); QW_OK with lines written: mended;
 * QW_ERR_NO_MEMORY. source_free in every case. */
enum qw_error source_read(const char *path, struct report *report, struct source *out);
void source_free(struct source *source);

/* Where line `line` of the text came from. */
struct place source_place(const struct source *source, unsigned line);

#endif
