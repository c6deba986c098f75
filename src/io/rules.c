#include "rules.h"
#include "fail.h"
#include <stdlib.h>
#include <string.h>

/* Asks the kernel, without changing anything, whether it takes a queue statement: it may have been built
 * without. */
static const char ASK_FOR_QUEUE[] = "nft -c -f - <<'RULES'\n"
                                    "table inet quicward_ask {\n"
                                    "    chain ask {\n"
                                    "        meta l4proto udp queue num 0 bypass\n"
                                    "    }\n"
                                    "}\n"
                                    "RULES\n";

enum config_backend io_rules_backend(const struct config *config)
{
    char said[64];
    if (config->backend != CONFIG_RULES_AUTO)
        return config->backend;
    bool has_queue = rules_run(ASK_FOR_QUEUE, strlen(ASK_FOR_QUEUE), said, sizeof(said)) == 0;
    return has_queue ? CONFIG_RULES_NFT : CONFIG_RULES_IPTABLES;
}

static void print_side(const char *side, const struct config_interfaces *named, FILE *out)
{
    fputs(side, out);
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "%s%s", i > 0 ? ", " : " (", named->names[i]);
    fputs(")", out);
}

static void print_heading(const struct config *config, bool remove, FILE *out)
{
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    fputs("#!/bin/sh\n# quicward: UDP and ICMP errors that are forwarded between\n", out);
    print_side("# inside", &config->inside, out);
    print_side(" and outside", &config->outside, out);
    fprintf(out, "\n# %s to queue%s %u", remove ? "go no longer" : "go", last > first ? "s" : "", first);
    if (last > first)
        fprintf(out, " to %u", last);
    if (!remove)
        fprintf(out, "; while no program listens there they %s",
                config->when_down == CONFIG_DOWN_PASS ? "pass" : "are dropped");
    fputs(".\nset -e\n\n", out);
}

void io_rules_print(const struct config *config, enum config_backend backend, bool remove, FILE *out)
{
    print_heading(config, remove, out);
    if (backend == CONFIG_RULES_NFT)
        rules_nft_print(config, remove, out);
    else
        rules_iptables_print(config, remove, out);
}

/* Makes one line of what a tool said: its hints (lines with '#') left out, the others joined. */
static void one_line(char *said)
{
    char *to = said;
    for (char *line = said, *rest; line && *line; line = rest) {
        rest = strchr(line, '\n');
        if (rest)
            *rest++ = '\0';
        if (*line == '#' || *line == '\0')
            continue;
        if (to != said)
            *to++ = ' ';
        size_t len = strlen(line);
        memmove(to, line, len);
        to += len;
    }
    *to = '\0';
}

enum qw_error io_rules_apply(const struct config *config, enum config_backend backend, bool remove,
                             struct io_error *error)
{
    char *script = NULL, said[sizeof(error->text) - 64];
    size_t len = 0;
    FILE *out = open_memstream(&script, &len);
    if (!out)
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: no memory");
    io_rules_print(config, backend, remove, out);
    bool written = fclose(out) == 0;
    int status = written ? rules_run(script, len, said, sizeof(said)) : -1;
    free(script);
    if (status == 0)
        return QW_OK;
    if (status < 0)
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: /bin/sh could not be run");
    one_line(said);
    return io_fail(error, QW_ERR_SYSTEM, "kernel rules: %s (exit status %d)", said, status);
}
