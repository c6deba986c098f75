/* Shell text for nft, not libnftables' JSON: `quicward rules` prints what a person can read, change and run
 * without the daemon, for iptables likewise, so JSON would be a second form of the same rules. */
#include "kernel_rules.h"
#include "rules_fragments.h"

void rules_nft_queue(const struct config *config, FILE *out)
{
    fprintf(out, "queue num %u", config->queue_first);
    if (config->workers > 1)
        fprintf(out, "-%u", config->queue_first + config->workers - 1u);
    fprintf(out, "%s\n", rules_pass(config) ? " bypass" : "");
}

/* From any interface of `in` to any of `to`; where nothing may pass, a second rule drops what a deleted first
 * one would let by. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    fputs("        ", out);
    rules_nft_set("iifname", in, out);
    rules_nft_set("oifname", to, out);
    rules_nft_queue(config, out);
    if (rules_pass(config))
        return;
    fputs("        ", out);
    rules_nft_set("iifname", in, out);
    rules_nft_set("oifname", to, out);
    fputs("drop\n", out);
}

static void print_forward(FILE *out)
{
    fputs("    chain forward {\n"
          "        type filter hook forward priority mangle; policy accept;\n"
          "        meta l4proto udp goto between\n"
          "        " RULES_NFT_AUTHENTICATION " goto between\n"
          "        " RULES_NFT_ERRORS " goto between\n"
          "        " RULES_NFT_ERRORS6 " goto between\n"
          "    }\n"
          "\n",
          out);
}

static void print_reassemble(FILE *out)
{
    fputs("\n"
          "    # No packet comes here. That the statement exists has the kernel put fragments together "
          "before they\n"
          "    # are forwarded, without tracking connections.\n"
          "    chain reassemble {\n"
          "        meta l4proto udp tproxy to :1\n"
          "    }\n",
          out);
}

static void print_table(const struct config *config, FILE *out)
{
    fprintf(out, "table inet quicward_%s {\n", rules_instance(config));
    rules_guard_nft_print(config, out);
    rules_owners_nft_print(config, out);
    if (config->mode == CONFIG_NAT)
        rules_nft_nat_print(config, out);
    else
        print_forward(out);
    fputs("    chain between {\n", out);
    rules_guard_nft_seen(config, out);
    print_between(config, &config->inside, &config->outside, out);
    print_between(config, &config->outside, &config->inside, out);
    fputs("    }\n", out);
    if (rules_reassemble(config))
        print_reassemble(out);
    fputs("}\n", out);
}

/* One transaction: all of it happens or nothing. Adding the table before deleting it makes that no error
 * when it is not there. Rules that another tool or an earlier release made go once these stand. */
void rules_nft_print(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fputs("command -v nft >/dev/null || { echo 'nft is not installed' >&2; exit 1; }\n", out);
    fprintf(out, "nft -f - <<'RULES'\nadd table inet quicward_%s\ndelete table inet quicward_%s\n", n, n);
    print_table(config, out);
    fputs("RULES\n", out);
    if (config->mode == CONFIG_NAT)
        rules_local_accept(config, out);
    rules_guard_print(config, out);
    rules_fragments_print(config, out);
    fprintf(out,
            "[ -z \"${quick:-}\" ] || exit 0\n"
            "remove_tables '%s'\n"
            "remove_all iptables ip6tables\n"
            "remove_other_kind iptables ip6tables\n",
            rules_measures(config) ? "|" FRAGMENT_TABLE_END : "");
}
