#ifndef CONFIG_PRINT_RULES_H
#define CONFIG_PRINT_RULES_H

#include <quicward/config.h>

/* The values of `groups`, `sni_lists` and `rules` in canonical form. */
void print_groups(const struct config *config, FILE *out);
void print_sni_lists(const struct config *config, FILE *out);
void print_rules(const struct config *config, FILE *out);

#endif
