#include "kernel_rules.h"
#include "rules_fragments.h"

/* One family: its tool, how it matches authentication headers, which UDP may stand behind, and its ICMP
 * errors. */
struct family {
    const char *tool, *authentication;
    void (*print_errors)(const struct config *config, FILE *out);
};

/* Unreachable, source quench, time exceeded, parameter problem (RFC 792). */
static void print_errors4(const struct config *config, FILE *out)
{
    static const unsigned TYPES[] = {3, 4, 11, 12};
    const char *n = rules_instance(config);
    for (unsigned i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++)
        fprintf(out, "-A " RULES_CHAIN " -p icmp --icmp-type %u -g " RULES_CHAIN "-between\n", n, TYPES[i],
                n);
}

static void print_informational(const struct config *config, unsigned first, unsigned last, FILE *out)
{
    for (unsigned type = first; type <= last; type++)
        fprintf(out, "-A " RULES_CHAIN "-errors -p icmpv6 --icmpv6-type %u -j RETURN\n",
                rules_instance(config), type);
}

/* Types below 128 are errors, known ones or not (RFC 4443 2.1). iptables knows no ranges of types, so that
 * those which are no errors leave one by one: what IANA has assigned, and those for experiments. The few
 * others are let through by the program. */
static void print_errors6(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out, ":" RULES_CHAIN "-errors - [0:0]\n-A " RULES_CHAIN " -p icmpv6 -g " RULES_CHAIN "-errors\n",
            n, n, n);
    print_informational(config, 128, 161, out);
    print_informational(config, 200, 201, out);
    print_informational(config, 255, 255, out);
    fprintf(out, "-A " RULES_CHAIN "-errors -g " RULES_CHAIN "-between\n", n, n);
}

static const struct family FAMILIES[] = {
    {"iptables", "-p ah", print_errors4},
    {"ip6tables", "-m ah", print_errors6},
};

/* Creates a chain or empties it. */
#define CHAINS                                                                                               \
    ":" RULES_CHAIN " - [0:0]\n"                                                                             \
    ":" RULES_CHAIN "-between - [0:0]\n"

void rules_iptables_queue(const struct config *config, FILE *out)
{
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    if (last > first)
        fprintf(out, "-j NFQUEUE --queue-balance %u:%u", first, last);
    else
        fprintf(out, "-j NFQUEUE --queue-num %u", first);
    fprintf(out, "%s\n", rules_pass(config) ? " --queue-bypass" : "");
}

void rules_iptables_queue_or_drop(const struct config *config, const char *rule, FILE *out)
{
    fputs(rule, out);
    rules_iptables_queue(config, out);
    if (!rules_pass(config))
        fprintf(out, "%s-j DROP\n", rule);
}

/* From any interface of `in` to any of `to`. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    for (unsigned i = 0; i < in->count; i++)
        for (unsigned j = 0; j < to->count; j++) {
            char rule[96];
            snprintf(rule, sizeof(rule), "-A " RULES_CHAIN "-between -i %s -o %s ", rules_instance(config),
                     rules_iptables_name(in->names[i]).text, rules_iptables_name(to->names[j]).text);
            rules_iptables_queue_or_drop(config, rule, out);
        }
}

static void print_reassemble(const char *n, FILE *out)
{
    fprintf(out,
            ":" RULES_CHAIN "-reassemble - [0:0]\n"
            "# No packet comes here. That the match exists has the kernel put fragments together before "
            "they\n"
            "# are forwarded, without tracking connections.\n"
            "-A " RULES_CHAIN "-reassemble -p udp -m socket\n",
            n, n);
}

static void print_install(const struct config *config, const struct family *family, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out, "%s-restore -w --noflush <<'RULES'\n*mangle\n" CHAINS, family->tool, n, n);
    rules_guard_iptables_seen(config, out);
    fprintf(out, "-A " RULES_CHAIN " -p udp -g " RULES_CHAIN "-between\n", n, n);
    fprintf(out, "-A " RULES_CHAIN " %s -g " RULES_CHAIN "-between\n", n, family->authentication, n);
    family->print_errors(config, out);
    print_between(config, &config->inside, &config->outside, out);
    print_between(config, &config->outside, &config->inside, out);
    if (rules_reassemble(config))
        print_reassemble(n, out);
    fprintf(out,
            "COMMIT\nRULES\n"
            "jump %s mangle FORWARD " RULES_CHAIN "\n"
            "remove %s '|-between%s%s%s%s'\n",
            family->tool, n, family->tool, family->print_errors == print_errors6 ? "|-errors" : "",
            rules_reassemble(config) ? "|-reassemble" : "", rules_owners_kept(config),
            rules_guard_kept(config));
    rules_owners_iptables_print(config, family->tool, family->print_errors == print_errors4, out);
}

/* Where nothing may pass, rules that stood before are better than none: they drop. So do routing rules alone,
 * after a flush of the tables. */
static void print_undo_function(const struct config *config, FILE *out)
{
    fputs("# What fails half way leaves nothing behind.\n"
          "undo() { # STATUS\n"
          "    [ \"$1\" -ne 0 ] || return 0\n",
          out);
    if (!rules_pass(config))
        fputs("    [ -z \"$stood\" ] || return 0\n", out);
    if (config->mode == CONFIG_NAT) {
        fputs("    ", out);
        rules_local_end(config, out);
    }
    fputs("    unguard -4 -6\n"
          "    { remove iptables - || :; remove ip6tables - || :; } 2>/dev/null\n"
          "}\n",
          out);
    if (!rules_pass(config))
        fprintf(out,
                "stood=$(iptables-save | grep '^:" RULES_CHAIN
                " ' || :; routing_rules -4; routing_rules -6)\n",
                rules_instance(config));
    fputs("trap 'undo $?' EXIT\n\n", out);
}

/* A jump that stands stays where it is; in_front has it go, like a new one, before the rules of others, in
 * one transaction. */
static void print_install_functions(const struct config *config, FILE *out)
{
    fputs("command -v iptables-restore >/dev/null || { echo 'iptables is not installed' >&2; exit 1; }\n\n"
          "jump() { # TOOL TABLE HOOK CHAIN\n"
          "    stands=\n"
          "    if \"$1\" -w -t \"$2\" -C \"$3\" -j \"$4\" 2>/dev/null; then stands=1; fi\n"
          "    if [ \"${in_front:-}\" ]; then\n"
          "        printf '%s\\n' \"*$2\" ${stands:+\"-D $3 -j $4\"} \"-I $3 -j $4\" COMMIT | \"$1-restore\" "
          "-w "
          "--noflush\n"
          "    elif [ -z \"$stands\" ]; then\n"
          "        \"$1\" -w -t \"$2\" -A \"$3\" -j \"$4\"\n"
          "    fi\n"
          "}\n\n",
          out);
    print_undo_function(config, out);
}

static void print_family(const struct config *config, const struct family *family, FILE *out)
{
    if (family == &FAMILIES[0] && config->mode == CONFIG_NAT)
        rules_iptables_nat_print(config, out);
    else
        print_install(config, family, out);
    rules_guard_iptables_print(config, family->tool, out);
}

void rules_iptables_print(const struct config *config, FILE *out)
{
    print_install_functions(config, out);
    print_family(config, &FAMILIES[0], out);
    fputs("\n# A kernel without IPv6 needs nothing more.\nif [ -e /proc/net/if_inet6 ]; then\n", out);
    print_family(config, &FAMILIES[1], out);
    fputs("fi\n\n", out);
    rules_guard_print(config, out);
    rules_fragments_print(config, out);
    fprintf(out,
            "[ -z \"${quick:-}\" ] || exit 0\n"
            "remove_tables %s\n"
            "remove_other_kind iptables ip6tables\n",
            rules_measures(config) ? FRAGMENT_TABLE_END : "-");
}
