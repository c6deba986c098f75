#ifndef CONFIG_PRINT_NAT_H
#define CONFIG_PRINT_NAT_H

#include <quicward/config.h>

/* The values of nat.external and nat.forwards. */
void print_external(const struct config *config, FILE *out);
void print_forwards(const struct config *config, FILE *out);

#endif
