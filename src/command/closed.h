/* A router whose configuration has mistakes stays closed. */
#ifndef COMMAND_CLOSED_H
#define COMMAND_CLOSED_H

#include <quicward/config.h>

enum closed_where {
    CLOSED_BETWEEN,   /* between inside and outside, if the file says what these are */
    CLOSED_EVERYWHERE /* else all that is forwarded */
};

/* Drops UDP by what is understood of the file `path`, unless rules stand, the file says that packets may pass
 * or that others manage the rules, or there is no file. What was done, or why it cannot be, is said on
 * standard error.
 */
void closed_by_known(const char *path, enum closed_where where);

/* What is understood of the file; NULL when it is not there or memory is short. The caller owns it,
 * config_free. */
struct config *closed_known(const char *path);

#endif
