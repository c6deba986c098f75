/* Address prefixes and the groups that hold them. */
#ifndef CONFIG_ADDRESSES_H
#define CONFIG_ADDRESSES_H

#include "values.h"

#define ADDRESSES_ALLOWED                                                                                    \
    "an address, a prefix such as \"192.0.2.0/24\" or \"2001:db8::/32\", \"@GROUP\", or a list of them"

/* Reads one address or prefix, which must be a string, into `out`; else reports what is wrong with it. */
void addresses_add(struct check *check, const struct item *item, struct config_prefixes *out);

/* Adds all of `group` to `out`; `item` is where it is named. */
void addresses_add_all(struct check *check, const struct item *item, const struct config_prefixes *group,
                       struct config_prefixes *out);

/* Notes that the group is used. The group that "@NAME" names, or NULL when `text` has no "@" or there is no
 * such group. */
struct config_group *addresses_group(struct check *check, const char *text);

/* Reports that "@NAME" names no group, with the nearest one. */
void addresses_unknown(struct check *check, const struct item *item);

/* A reader of one of ADDRESSES_ALLOWED; `target` is a struct config_prefixes. */
value_reader addresses_read;

/* "a loopback address" and the like when one host cannot have the IPv4 address as its own, else NULL. */
const char *addresses_not_unicast(const struct qw_addr *addr);

#endif
