#include "field.h"
#include "print_limits.h"
#include "print_list.h"
#include "print_nat.h"
#include "print_rules.h"
#include "quote.h"
#include <inttypes.h>
#include <string.h>

static void print_interfaces(const struct config_interfaces *interfaces, FILE *out)
{
    fputc('[', out);
    for (unsigned i = 0; i < interfaces->count; i++) {
        fputs(i ? ", " : "", out);
        quote_write(out, interfaces->names[i], SIZE_MAX);
    }
    fputc(']', out);
}

/* nat.ports always has some. */
static void print_ports(const struct config *config, const struct key *key, FILE *out)
{
    const struct config_ports *ports = field_ports_of(config, key);
    unsigned count = ports->count;
    const struct config_port_range *list = ports->list;
    if (key->min > 0)
        list = config_nat_ports(config, &count);
    print_list(list, count, print_range, out);
}

typedef void printer(const struct config *config, FILE *out);

static printer *const PRINTERS[KEY_TYPES] = {
    [KEY_GROUPS] = print_groups,
    [KEY_SNI_LISTS] = print_sni_lists,
    [KEY_RULES] = print_rules,
    [KEY_EXTERNAL] = print_external,
    [KEY_FORWARDS] = print_forwards,
    [KEY_THROTTLES] = print_throttles,
    [KEY_SIZE_LIMITS] = print_size_limits,
    [KEY_SECRET] = print_secret,
};

static void print_value(const struct config *config, const struct key *key, FILE *out)
{
    switch (key->type) {
    case KEY_NUMBER:
        fprintf(out, "%" PRId64, field_number(config, key));
        break;
    case KEY_SWITCH:
        fputs(field_number(config, key) ? "true" : "false", out);
        break;
    case KEY_WORD:
        quote_write(out, schema_word_text(key->words, (unsigned)field_number(config, key)), SIZE_MAX);
        break;
    case KEY_PATH:
        quote_write(out, field_text(config, key), SIZE_MAX);
        break;
    case KEY_INTERFACES:
        print_interfaces(field_interfaces_of(config, key), out);
        break;
    case KEY_PORTS:
        print_ports(config, key, out);
        break;
    default:
        PRINTERS[key->type](config, out);
    }
}

static bool same_group(const struct key *a, const struct key *b)
{
    size_t len = schema_group_length(a);
    return len == schema_group_length(b) && memcmp(a->path, b->path, len) == 0;
}

void config_print(const struct config *config, FILE *out)
{
    for (unsigned i = 0; i < SCHEMA_COUNT; i++) {
        const struct key *key = &SCHEMA[i];
        if (schema_of_nat(key) && config->mode != CONFIG_NAT)
            continue;
        size_t group = schema_group_length(key);
        if (group && (i == 0 || !same_group(key, key - 1)))
            fprintf(out, "%.*s = {\n", (int)group, key->path);
        fprintf(out, "%s%s = ", group ? "    " : "", key->path + (group ? group + 1 : 0));
        print_value(config, key, out);
        fputs(";\n", out);
        if (group && (i + 1 == SCHEMA_COUNT || !same_group(key, key + 1)))
            fputs("};\n", out);
    }
}
