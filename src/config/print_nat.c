#include "print_nat.h"
#include "print_list.h"

static void print_address(const void *list, unsigned number, FILE *out)
{
    char text[QW_ADDR_TEXT_MAX];
    fprintf(out, "\"%s\"", qw_addr_text((const struct qw_addr *)list + number, QW_IPV4, text));
}

void print_external(const struct config *config, FILE *out)
{
    if (config->external_auto)
        fputs("\"auto\"", out);
    else
        print_list(config->external, config->external_count, print_address, out);
}

static void print_forward(const struct config *config, const struct config_forward *forward, FILE *out)
{
    char to[QW_ENDPOINT_TEXT_MAX];
    fprintf(out, "        { port = %u; to = \"%s\";", forward->port,
            qw_endpoint_text(&forward->to, QW_IPV4, to));
    if (!config->external_auto) {
        fputs(" external = ", out);
        print_address(config->external, forward->external, out);
        fputs(";", out);
    }
    fputs(" }", out);
}

void print_forwards(const struct config *config, FILE *out)
{
    fputs("(", out);
    for (unsigned i = 0; i < config->forward_count; i++) {
        fputs(i ? ",\n" : "\n", out);
        print_forward(config, &config->forwards[i], out);
    }
    fputs(config->forward_count ? "\n    )" : ")", out);
}
