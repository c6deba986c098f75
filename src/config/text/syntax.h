/* The grammar of libconfig, read before libconfig reads it: libconfig stops at the first mistake and says
 * little of it. Here each mistake is reported with what is allowed in its place, and mended in the text, so
 * that libconfig and all checks behind it see the rest of the file. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "source.h"

/* Mistakes that are told; more are counted. */
#define SYNTAX_SHOWN 20u
/* Groups and lists in one another; the schema needs three. */
#define SYNTAX_DEPTH 16u

/* Names of settings that had to be left out ("nat.external"), so that nobody reports them as missing. */
#define SYNTAX_LOST_MAX 16u
#define SYNTAX_PATH_SIZE 140u
struct syntax_lost {
    bool brackets; /* one was never closed, or a file not included: what is missing cannot be told */
    unsigned count;
    char paths[SYNTAX_LOST_MAX][SYNTAX_PATH_SIZE];
};

/* Replaces source->text by one that follows the grammar, with the same lines. QW_OK, also when mistakes were
 * reported; QW_ERR_INVALID when the rest of the text is not worth reading (reported); QW_ERR_NO_MEMORY. */
enum qw_error syntax_check(struct source *source, struct report *report, struct syntax_lost *lost);

/* Was the setting of this path left out? */
bool syntax_is_lost(const struct syntax_lost *lost, const char *path);

#endif
