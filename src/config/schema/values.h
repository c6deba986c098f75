/* Values that may stand alone or in a list: what rules and groups are made of. */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include "key_check.h"

/* Reads one value into `target`, or reports why not. */
typedef void value_reader(struct check *check, const struct item *item, void *target);

/* Calls `read` for the value, or for each element of a list of at most `max`. */
void values_each(struct check *check, const struct item *item, unsigned max, const char *allowed,
                 value_reader *read, void *target);

/* Whether the setting is a string; else reports what is allowed. */
bool values_string(struct check *check, const struct item *item, const char *allowed);

/* What a rule, a group or a list may be called. */
#define VALUES_NAME_ALLOWED "1 to 63 letters, digits, \"_\" and \"-\""
bool values_is_name(const char *name);

/* Letters, digits, ".", "_" and "-", which it does not begin with: what accounts and routers are called. Of
 * any length, also 0. */
bool values_is_account(const char *name);

/* own_room, own_add and strdup; NULL sets check->no_memory. */
void *values_room(struct check *check, void *list, unsigned count, size_t size);
void *values_add(struct check *check, const struct own_list *list);
char *values_text(struct check *check, const char *text);

/* A port or a range of them, from 1 on, in order; else reports why not. */
bool values_port_range(struct check *check, const struct item *item, struct qw_port_range *out);

/* Readers; `target` is a struct config_ports, config_versions, or config_texts. */
#define VALUES_PORT_ALLOWED SCHEMA_PORT_ALLOWED
#define VALUES_VERSION_ALLOWED "\"v1\", \"v2\", or a number such as \"0x1a2a3a4a\""
#define VALUES_SNI_ALLOWED                                                                                   \
    "\"www.example.org\" for this name, \"*.example.org\" for those below, \".example.org\" for both"
#define VALUES_ALPN_ALLOWED "a protocol of 1 to 255 bytes such as \"h3\""
#define VALUES_LIST_ALLOWED "the name of one of sni_lists"
value_reader values_port, values_version, values_sni, values_alpn, values_sni_list;

#endif
