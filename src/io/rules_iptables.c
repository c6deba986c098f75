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

/* From any interface of `in` to any of `to`. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    for (unsigned i = 0; i < in->count; i++)
        for (unsigned j = 0; j < to->count; j++) {
            fprintf(out, "-A quicward-%u-between -i %s -o %s -j NFQUEUE ", first, in->names[i], to->names[j]);
            if (last > first)
                fprintf(out, "--queue-balance %u:%u", first, last);
            else
                fprintf(out, "--queue-num %u", first);
            fprintf(out, "%s\n", config->when_down == CONFIG_DOWN_PASS ? " --queue-bypass" : "");
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
        "jump %s\n",
        n, family->tool);
}

/* The chains are emptied first, which creates those that are missing: then removing them is no error. */
static void print_remove_function(unsigned n, FILE *out)
{
    fprintf(out,
            "remove() { # TOOL\n"
            "    while \"$1\" -w -t mangle -C FORWARD -j quicward-%u 2>/dev/null; do\n"
            "        \"$1\" -w -t mangle -D FORWARD -j quicward-%u\n"
            "    done\n"
            "    \"$1-restore\" -w --noflush <<'RULES'\n"
            "*mangle\n" CHAINS "-X quicward-%u\n"
            "-X quicward-%u-between\n"
            "-X quicward-%u-reassemble\n"
            "COMMIT\n"
            "RULES\n"
            "}\n\n",
            n, n, n, n, n, n, n, n);
}

static void print_jump_function(unsigned n, FILE *out)
{
    fprintf(out,
            "jump() { # TOOL\n"
            "    \"$1\" -w -t mangle -C FORWARD -j quicward-%u 2>/dev/null ||\n"
            "        \"$1\" -w -t mangle -A FORWARD -j quicward-%u\n"
            "}\n\n",
            n, n);
    fputs("# What fails half way leaves nothing behind.\n"
          "undo() { # STATUS\n"
          "    [ \"$1\" -eq 0 ] || { remove iptables || :; remove ip6tables || :; } 2>/dev/null\n"
          "}\n"
          "trap 'undo $?' EXIT\n\n",
          out);
}

void rules_iptables_print(const struct config *config, bool remove, FILE *out)
{
    print_remove_function(config->queue_first, out);
    if (!remove)
        print_jump_function(config->queue_first, out);
    for (unsigned i = 0; i < sizeof(FAMILIES) / sizeof(FAMILIES[0]); i++) {
        if (i > 0)
            fputs("\n# A kernel without IPv6 needs nothing more.\n[ -e /proc/net/if_inet6 ] || exit 0\n",
                  out);
        if (remove)
            fprintf(out, "remove %s\n", FAMILIES[i].tool);
        else
            print_install(config, &FAMILIES[i], out);
    }
}
