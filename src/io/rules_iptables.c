#include "rules.h"

/* One family: its tool, and its ICMP errors. */
struct family {
    const char *tool, *icmp, *type_option;
    const char *types[5]; /* ends with NULL */
};

static const struct family FAMILIES[] = {
    /* unreachable, source quench, time exceeded, parameter problem (RFC 792) */
    {"iptables", "icmp", "--icmp-type", {"3", "4", "11", "12", NULL}},
    /* unreachable, packet too big, time exceeded, parameter problem (RFC 4443) */
    {"ip6tables", "icmpv6", "--icmpv6-type", {"1", "2", "3", "4", NULL}},
};

/* Creates a chain or empties it. */
#define CHAINS                                                                                               \
    ":quicward-%u - [0:0]\n"                                                                                 \
    ":quicward-%u-between - [0:0]\n"                                                                         \
    ":quicward-%u-reassemble - [0:0]\n"

void rules_iptables_queue(const struct config *config, FILE *out)
{
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    if (last > first)
        fprintf(out, "-j NFQUEUE --queue-balance %u:%u", first, last);
    else
        fprintf(out, "-j NFQUEUE --queue-num %u", first);
    fprintf(out, "%s\n", rules_pass(config) ? " --queue-bypass" : "");
}

/* From any interface of `in` to any of `to`. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    for (unsigned i = 0; i < in->count; i++)
        for (unsigned j = 0; j < to->count; j++) {
            fprintf(out, "-A quicward-%u-between -i %s -o %s ", config->queue_first, in->names[i],
                    to->names[j]);
            rules_iptables_queue(config, out);
        }
}

static void print_install(const struct config *config, const struct family *family, FILE *out)
{
    unsigned n = config->queue_first;
    fprintf(out, "%s-restore -w --noflush <<'RULES'\n*mangle\n" CHAINS, family->tool, n, n, n);
    fprintf(out, "-A quicward-%u -p udp -g quicward-%u-between\n", n, n);
    for (const char *const *type = family->types; *type; type++)
        fprintf(out, "-A quicward-%u -p %s %s %s -g quicward-%u-between\n", n, family->icmp,
                family->type_option, *type, n);
    print_between(config, &config->inside, &config->outside, out);
    print_between(config, &config->outside, &config->inside, out);
    fprintf(
        out,
        "# No packet comes here. That the match exists has the kernel put fragments together before they\n"
        "# are forwarded, without tracking connections.\n"
        "-A quicward-%u-reassemble -p udp -m socket\n"
        "COMMIT\nRULES\n"
        "jump %s mangle FORWARD quicward-%u\n"
        "remove %s '|-between|-reassemble'\n",
        n, family->tool, n, family->tool);
}

/* What stands there is asked, so that nothing stays of rules that another configuration has made. The two
 * lists that sed makes are one transaction a table: chains are emptied, and go last. */
static void print_remove_function(unsigned n, FILE *out)
{
    fprintf(out,
            "# Takes away our chains and what leads there, but for those whose ends are KEPT.\n"
            "remove() { # TOOL KEPT\n"
            "    \"$1-save\" | grep -Ev -- \"[: ]quicward-%u($2)( |\\$)\" | sed -n '\n"
            "        /^\\*/p\n"
            "        /^:quicward-%u[- ]/{ p; s/^:\\([^ ]*\\).*/-X \\1/; H; }\n"
            "        /^-A quicward-%u[- ]/d\n"
            "        s/^-A \\(.* -j quicward-%u\\(-[a-z]*\\)*\\)$/-D \\1/p\n"
            "        /^COMMIT/{ x; s/^\\n//; p; s/.*//; x; p; }' |\n"
            "        \"$1-restore\" -w --noflush\n"
            "}\n\n",
            n, n, n, n);
}

/* In mode nat what stood before is better than nothing: it drops. */
static void print_undo_function(const struct config *config, FILE *out)
{
    fputs("# What fails half way leaves nothing behind.\n"
          "undo() { # STATUS\n"
          "    [ \"$1\" -ne 0 ] || return 0\n",
          out);
    if (config->mode == CONFIG_NAT) {
        fputs("    [ -z \"$stood\" ] || return 0\n    ", out);
        rules_local_end(config, out);
    }
    fputs("    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null\n"
          "}\n",
          out);
    if (config->mode == CONFIG_NAT)
        fprintf(out, "stood=$(iptables-save | grep '^:quicward-%u-before ') || :\n", config->queue_first);
    fputs("trap 'undo $?' EXIT\n\n", out);
}

static void print_install_functions(const struct config *config, FILE *out)
{
    fputs("jump() { # TOOL TABLE HOOK CHAIN\n"
          "    \"$1\" -w -t \"$2\" -C \"$3\" -j \"$4\" 2>/dev/null || \"$1\" -w -t \"$2\" -A \"$3\" -j "
          "\"$4\"\n"
          "}\n\n",
          out);
    print_undo_function(config, out);
}

static void print_family(const struct config *config, const struct family *family, bool remove, FILE *out)
{
    if (remove)
        fprintf(out, "remove %s -\n", family->tool);
    else if (family == &FAMILIES[0] && config->mode == CONFIG_NAT)
        rules_iptables_nat_print(config, out);
    else
        print_install(config, family, out);
}

void rules_iptables_print(const struct config *config, bool remove, FILE *out)
{
    print_remove_function(config->queue_first, out);
    if (!remove)
        print_install_functions(config, out);
    print_family(config, &FAMILIES[0], remove, out);
    fputs("\n# A kernel without IPv6 needs nothing more.\n[ -e /proc/net/if_inet6 ] || exit 0\n", out);
    print_family(config, &FAMILIES[1], remove, out);
}
