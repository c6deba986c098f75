#ifndef CONFIG_PRINT_LIMITS_H
#define CONFIG_PRINT_LIMITS_H

#include <quicward/config.h>

/* The values of throttles, throttle.key and size_limits. */
void print_throttles(const struct config *config, FILE *out);
void print_secret(const struct config *config, FILE *out);
void print_size_limits(const struct config *config, FILE *out);

#endif
