#ifndef CONFIG_SLURP_H
#define CONFIG_SLURP_H

#include "report.h"
#include <quicward/base/error.h>
#include <stddef.h>

/* Reads at most `max` bytes of `path`. QW_OK and *text (NUL-terminated, owned by the caller, free);
 * QW_ERR_SYSTEM with errno; QW_ERR_FULL when the file is larger; QW_ERR_NO_MEMORY. */
enum qw_error slurp(const char *path, size_t max, char **text, size_t *len);

/* Whether the bytes are text: UTF-8 without control characters other than blanks. Reports the first that is
 * not. */
bool slurp_is_text(const char *text, size_t len, const char *file, struct report *report);

#endif
