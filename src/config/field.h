/* The fields of struct config, reached through their keys. */
#ifndef CONFIG_FIELD_H
#define CONFIG_FIELD_H

#include "schema.h"

/* Numbers, switches and words. */
bool field_is_number(const struct key *key);
void field_set_number(struct config *config, const struct key *key, int64_t value);
int64_t field_number(const struct config *config, const struct key *key);

/* Paths; `text` is shorter than the field. */
void field_set_text(struct config *config, const struct key *key, const char *text);
const char *field_text(const struct config *config, const struct key *key);

struct config_interfaces *field_interfaces(struct config *config, const struct key *key);
const struct config_interfaces *field_interfaces_of(const struct config *config, const struct key *key);

struct config_ports *field_ports(struct config *config, const struct key *key);
const struct config_ports *field_ports_of(const struct config *config, const struct key *key);

/* The first of the ports that are mapped to when the file does not say; the last is 65535. */
#define FIELD_PORT_FIRST 1024

/* For keys that can be fixed. */
bool field_equal(const struct config *a, const struct config *b, const struct key *key);

#endif
