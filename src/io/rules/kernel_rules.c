#include "kernel_rules.h"
#include "fail.h"
#include "rules_job.h"
#include <quicward/base/log.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

static bool works(enum rules_script question, const struct config *config, char *said, size_t size)
{
    const struct rules_job job = {.script = question};
    bool yes = rules_job_run(&job, config, -1, RULES_RUN_MS, -1, said, size) == 0;
    one_line(said);
    return yes;
}

enum config_backend io_rules_backend(const struct config *config)
{
    char said[64];
    if (config->backend != CONFIG_RULES_AUTO)
        return config->backend;
    return works(RULES_SCRIPT_ASK_NFT, config, said, sizeof(said)) ? CONFIG_RULES_NFT : CONFIG_RULES_IPTABLES;
}

/* The tools' own words for it are many. CAP_NET_ADMIN is bit 12 (linux/capability.h). */
bool rules_may_administer(void)
{
    char line[128];
    unsigned long long mask = 0;
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "CapEff: %llx", &mask) == 1)
            break;
    if (file)
        fclose(file);
    return !file || mask >> 12 & 1;
}

enum qw_error io_rules_choose(const struct config *config, enum config_backend *out, struct io_error *error)
{
    char nft[160], iptables[160];
    *out = config->backend;
    if (config->backend != CONFIG_RULES_AUTO)
        return QW_OK;
    *out = CONFIG_RULES_NFT;
    if (works(RULES_SCRIPT_ASK_NFT, config, nft, sizeof(nft)))
        return QW_OK;
    *out = CONFIG_RULES_IPTABLES;
    if (works(RULES_SCRIPT_ASK_MANGLE, config, iptables, sizeof(iptables)))
        return QW_OK;
    if (!rules_may_administer())
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: not permitted; CAP_NET_ADMIN is needed");
    return io_fail(
        error, QW_ERR_SYSTEM,
        "neither nft nor iptables can be used here, so nothing keeps UDP from passing: nft says \"%s\", "
        "iptables says \"%s\"",
        nft, iptables);
}

const char *rules_instance(const struct config *config)
{
    return config->instance[0] != '\0' ? config->instance : CONFIG_INSTANCE_DEFAULT;
}

/* Of two that are the same the first one counts. */
bool rules_except_again(const struct config *config, unsigned i)
{
    const struct qw_prefix *list = config->nat_except.list, *one = &list[i];
    for (unsigned n = 0; n < config->nat_except.count; n++) {
        const struct qw_prefix *other = &list[n];
        bool wider = other->bits < one->bits || (other->bits == one->bits && n < i);
        if (wider && qw_prefix_contains(other, &one->addr, QW_IPV4))
            return true;
    }
    return false;
}

const struct qw_addr *rules_masquerade_address(const struct config *config, unsigned i)
{
    const unsigned uplinks[] = {i + 1, 0};
    for (unsigned u = 0; u < 2; u++)
        for (unsigned n = 0; n < config->external_count; n++)
            if (config->external_uplink[n] == uplinks[u])
                return &config->external[n];
    return &config->external[0];
}

bool rules_has_uplinks(const struct config *config)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (config->external_uplink[i] != 0)
            return true;
    return false;
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
    if (config->mode == CONFIG_MONITOR)
        return true;
    return config->mode == CONFIG_FIREWALL && config->when_down == CONFIG_DOWN_PASS;
}

bool rules_reassemble(const struct config *config)
{
    return config->mode != CONFIG_MONITOR;
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

static void print_manner(const struct rules_manner *manner, FILE *out)
{
    if (manner->in_front)
        fputs("in_front=1\n", out);
    if (manner->quick)
        fputs("quick=1\n", out);
}

void rules_script_print(const struct config *config, enum config_backend backend, bool remove,
                        const struct rules_manner *manner, FILE *out)
{
    print_heading(config, remove, out);
    print_manner(manner, out);
    rules_present_print(config, out);
    rules_remove_functions(config, out);
    rules_local_begin(config, remove, out);
    if (remove) {
        rules_remove_print(out);
        return;
    }
    if (!rules_guarded(config))
        fputs("unguard -4 -6\n", out);
    if (backend == CONFIG_RULES_NFT)
        rules_nft_print(config, out);
    else
        rules_iptables_print(config, out);
}

void io_rules_print(const struct config *config, enum config_backend backend, bool remove, FILE *out)
{
    static const struct rules_manner PLAIN;
    rules_script_print(config, backend, remove, &PLAIN, out);
}

static enum qw_error explain(int status, const char *said, struct io_error *error)
{
    if (status == RULES_RUN_FAILED)
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: /bin/sh could not be run");
    if (status == RULES_RUN_GONE)
        return io_fail(error, QW_ERR_SYSTEM,
                       "kernel rules: the process that runs their tools has ended; start quicward again");
    if (status == RULES_RUN_TOO_LONG)
        return io_fail(error, QW_ERR_SYSTEM,
                       "kernel rules: given up after %u seconds; does another program hold the lock of "
                       "iptables? %s",
                       RULES_RUN_MS / 1000u, said);
    if (!rules_may_administer())
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: not permitted; CAP_NET_ADMIN is needed");
    return io_fail(error, QW_ERR_SYSTEM, "kernel rules: %s (exit status %d)", said, status);
}

static enum qw_error apply(const struct config *config, enum config_backend backend, bool remove,
                           const struct rules_manner *manner, struct io_error *error)
{
    char said[sizeof(error->text) - 160] = "";
    const struct rules_job job = {
        .script = remove ? RULES_SCRIPT_REMOVE : RULES_SCRIPT_INSTALL, .backend = backend, .manner = *manner};
    int lock = rules_lock(config, RULES_RUN_MS), status = RULES_RUN_TOO_LONG;
    if (lock >= 0) {
        status = rules_job_run(&job, config, lock, RULES_RUN_MS, -1, said, sizeof(said));
        close(lock);
    }
    if (status != RULES_RUN_FAILED && status != RULES_RUN_GONE)
        one_line(said);
    if (status == 0 && said[0] != '\0')
        qw_log(QW_LOG_WARNING, "kernel rules: %s", said);
    return status == 0 ? QW_OK : explain(status, said, error);
}

enum qw_error rules_install(const struct config *config, enum config_backend backend,
                            const struct rules_manner *manner, struct io_error *error)
{
    return apply(config, backend, false, manner, error);
}

enum qw_error io_rules_apply(const struct config *config, enum config_backend backend, bool remove,
                             struct io_error *error)
{
    static const struct rules_manner PLAIN;
    return apply(config, backend, remove, &PLAIN, error);
}
