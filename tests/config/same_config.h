#ifndef TEST_CONFIG_SAME_CONFIG_H
#define TEST_CONFIG_SAME_CONFIG_H

#include <quicward/config.h>
#include <stdbool.h>

/* Whether two configurations hold the same in every field, the lines of rules left out, and share no memory.
 */
bool same_config(const struct config *a, const struct config *b);

#endif
