#include "rules.h"
#include "fail.h"
#include <quicward/base/log.h>
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

bool rules_pass(const struct config *config)
{
    return config->mode != CONFIG_NAT && config->when_down == CONFIG_DOWN_PASS;
}

static void print_queues(const struct config *config, FILE *out)
{
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    if (last > first)
        fprintf(out, "queues %u to %u", first, last);
    else
        fprintf(out, "queue %u", first);
}

static void print_heading(const struct config *config, bool remove, FILE *out)
{
    fprintf(out, "#!/bin/sh\n# quicward: UDP and ICMP errors that are %s between\n",
            config->mode == CONFIG_NAT ? "translated (IPv4) or forwarded (IPv6)" : "forwarded");
    print_side("# inside", &config->inside, out);
    print_side(" and outside", &config->outside, out);
    fprintf(out, "\n# go %sto ", remove ? "no longer " : "");
    print_queues(config, out);
    if (!remove)
        fprintf(out, "; while no program listens there they %s", rules_pass(config) ? "pass" : "are dropped");
    fputs(".\nset -e\n\n", out);
}

void io_rules_print(const struct config *config, enum config_backend backend, bool remove, FILE *out)
{
    print_heading(config, remove, out);
    if (config->mode == CONFIG_NAT)
        rules_local_begin(config, remove, out);
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
    if (status < 0)
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: /bin/sh could not be run");
    one_line(said);
    if (status == 0 && said[0] != '\0')
        qw_log(QW_LOG_WARNING, "kernel rules: %s", said);
    if (status == 0)
        return QW_OK;
    return io_fail(error, QW_ERR_SYSTEM, "kernel rules: %s (exit status %d)", said, status);
}
