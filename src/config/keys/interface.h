/* Names of interfaces in values. */
#ifndef CONFIG_INTERFACE_H
#define CONFIG_INTERFACE_H

#include "key_check.h"

/* Does an entry name, or match, all that `name` stands for? */
bool interface_in(const struct config_interfaces *interfaces, const char *name);

#define INTERFACE_ALLOWED "one of the interfaces of inside and outside"
#define INTERFACE_OUTSIDE_ALLOWED "one of the interfaces of outside"

/* Reads the name or pattern of interfaces of either side, or the name of one of outside, into `out`; else
 * reports what is wrong. */
void interface_read(struct check *check, const struct item *item, char out[static CONFIG_INTERFACE_NAME_MAX]);
void interface_read_outside(struct check *check, const struct item *item,
                            char out[static CONFIG_INTERFACE_NAME_MAX]);

#endif
