#include "print_limits.h"
#include "capacity.h"
#include "schema.h"

void print_throttles(const struct config *config, FILE *out)
{
    fputs("(", out);
    for (unsigned i = 0; i < config->throttle_count; i++) {
        const struct config_throttle *throttle = &config->throttles[i];
        char capacity[CAPACITY_TEXT_MAX];
        fprintf(out, "%s    { interface = \"%s\"; direction = \"%s\"; capacity = \"%s\"; }", i ? ",\n" : "\n",
                throttle->interface, config_direction_text(throttle->direction),
                capacity_text(throttle->capacity, capacity));
    }
    fputs(config->throttle_count ? "\n)" : ")", out);
}

void print_secret(const struct config *config, FILE *out)
{
    fputs("\"", out);
    for (unsigned i = 0; config->throttle_key_set && i < sizeof(config->throttle_key); i++)
        fprintf(out, "%02x", config->throttle_key[i]);
    fputs(config->throttle_key_set ? "\"" : "random\"", out);
}

void print_size_limits(const struct config *config, FILE *out)
{
    fputs("(", out);
    for (unsigned i = 0; i < config->size_limit_count; i++) {
        const struct config_size_limit *limit = &config->size_limits[i];
        fprintf(out, "%s    { class = \"%s\"; limit = %u;", i ? ",\n" : "\n",
                schema_word_text(SCHEMA_TRAFFIC, limit->traffic), limit->limit);
        if (limit->interface[0])
            fprintf(out, " interface = \"%s\";", limit->interface);
        fputs(" }", out);
    }
    fputs(config->size_limit_count ? "\n)" : ")", out);
}
