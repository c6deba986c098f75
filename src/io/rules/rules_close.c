/* What stands in for the rules while the configuration has mistakes: it drops. The names are those of the
 * rules, so that installing and removing those finds these too. */
#include "fail.h"
#include "kernel_rules.h"
#include <stdlib.h>
#include <unistd.h>

#define CLOSED_STATUS 10 /* of the script, when it has closed something */

/* Between which interfaces is not known: then everywhere. */
static bool knows_sides(const struct config *config)
{
    return config->inside.count > 0 && config->outside.count > 0;
}

static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, const char *authentication, FILE *out)
{
    const char *n = rules_instance(config);
    for (unsigned i = 0; i < in->count; i++)
        for (unsigned j = 0; j < to->count; j++)
            fprintf(out,
                    "-A " RULES_CHAIN " -i %s -o %s -p udp -j DROP\n"
                    "-A " RULES_CHAIN " -i %s -o %s %s -j DROP\n",
                    n, rules_iptables_name(in->names[i]).text, rules_iptables_name(to->names[j]).text, n,
                    rules_iptables_name(in->names[i]).text, rules_iptables_name(to->names[j]).text,
                    authentication);
}

static void print_iptables_family(const struct config *config, const char *tool, const char *authentication,
                                  FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out, "%s-restore -w --noflush <<'RULES'\n*mangle\n:" RULES_CHAIN " - [0:0]\n", tool, n);
    if (knows_sides(config)) {
        print_between(config, &config->inside, &config->outside, authentication, out);
        print_between(config, &config->outside, &config->inside, authentication, out);
    } else
        fprintf(out, "-A " RULES_CHAIN " -p udp -j DROP\n-A " RULES_CHAIN " %s -j DROP\n", n, n,
                authentication);
    fprintf(out, "-A FORWARD -j " RULES_CHAIN "\nCOMMIT\nRULES\n", n);
}

static void print_iptables(const struct config *config, FILE *out)
{
    print_iptables_family(config, "iptables", "-p ah", out);
    fputs("if [ -e /proc/net/if_inet6 ]; then\n", out);
    print_iptables_family(config, "ip6tables", "-m ah", out);
    fputs("fi\n", out);
}

static void print_nft_between(const struct config_interfaces *in, const struct config_interfaces *to,
                              FILE *out)
{
    fputs("        ", out);
    rules_nft_set("iifname", in, out);
    rules_nft_set("oifname", to, out);
    fputs("meta l4proto { udp, ah } drop\n", out);
}

static void print_nft(const struct config *config, FILE *out)
{
    fprintf(out,
            "nft -f - <<'RULES'\n"
            "table inet quicward_%s {\n"
            "    chain forward {\n"
            "        type filter hook forward priority mangle; policy accept;\n",
            rules_instance(config));
    if (knows_sides(config)) {
        print_nft_between(&config->inside, &config->outside, out);
        print_nft_between(&config->outside, &config->inside, out);
    } else
        fputs("        meta l4proto { udp, ah } drop\n", out);
    fputs("    }\n}\nRULES\n", out);
}

/* With the interfaces the routing rules come, too: they outlive a flush of the tables, and nothing gives the
 * mark now. */
static void print_close(const struct config *config, enum config_backend backend, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out,
            "set -e\n"
            "stands() {\n"
            "    for tool in iptables ip6tables; do\n"
            "        \"$tool-save\" 2>/dev/null | grep '^:" RULES_CHAIN " ' && return 0\n"
            "    done\n"
            "    nft list table inet quicward_%s\n"
            "}\n"
            "if stands >/dev/null 2>&1; then exit 0; fi\n",
            n, n);
    if (backend == CONFIG_RULES_NFT)
        print_nft(config, out);
    else
        print_iptables(config, out);
    if (knows_sides(config)) {
        rules_present_print(config, out);
        rules_guard_remove(config, out);
        rules_guard_print(config, out);
    }
    fprintf(out, "exit %d\n", CLOSED_STATUS);
}

static enum qw_error run(const struct config *config, enum config_backend backend, bool *closed,
                         struct io_error *error)
{
    char *script = NULL, said[sizeof(error->text) - 64];
    size_t len = 0;
    FILE *out = open_memstream(&script, &len);
    if (!out)
        return io_fail(error, QW_ERR_SYSTEM, "kernel rules: no memory");
    print_close(config, backend, out);
    int lock = fclose(out) == 0 ? rules_lock(config, RULES_RUN_MS) : -1;
    int status = lock >= 0 ? rules_run(script, len, RULES_RUN_MS, -1, said, sizeof(said)) : RULES_RUN_FAILED;
    if (lock >= 0)
        close(lock);
    free(script);
    *closed = status == CLOSED_STATUS;
    if (status == 0 || *closed)
        return QW_OK;
    return io_fail(error, QW_ERR_SYSTEM, "kernel rules: UDP cannot be closed: %s (exit status %d)",
                   lock >= 0 ? said : "another program holds the lock", status);
}

enum qw_error io_rules_close(const struct config *config, bool *closed, struct io_error *error)
{
    enum config_backend backend;
    *closed = false;
    if (!config->manage_rules || rules_pass(config))
        return QW_OK;
    enum qw_error status = io_rules_choose(config, &backend, error);
    return status == QW_OK ? run(config, backend, closed, error) : status;
}
