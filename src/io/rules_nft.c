#include "rules.h"

static void print_set(const char *keyword, const struct config_interfaces *named, FILE *out)
{
    fprintf(out, "%s { ", keyword);
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", named->names[i]);
    fputs(" } ", out);
}

/* From any interface of `in` to any of `to`. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    fputs("        ", out);
    print_set("iifname", in, out);
    print_set("oifname", to, out);
    fprintf(out, "queue num %u", config->queue_first);
    if (config->workers > 1)
        fprintf(out, "-%u", config->queue_first + config->workers - 1u);
    fprintf(out, "%s\n", config->when_down == CONFIG_DOWN_PASS ? " bypass" : "");
}

static void print_table(const struct config *config, FILE *out)
{
    fprintf(
        out,
        "table inet quicward_%u {\n"
        "    chain forward {\n"
        "        type filter hook forward priority mangle; policy accept;\n"
        "        meta l4proto udp goto between\n"
        "        icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem } goto "
        "between\n"
        "        icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "
        "goto "
        "between\n"
        "    }\n"
        "\n"
        "    chain between {\n",
        config->queue_first);
    print_between(config, &config->inside, &config->outside, out);
    print_between(config, &config->outside, &config->inside, out);
    fputs("    }\n"
          "\n"
          "    # No packet comes here. That the statement exists has the kernel put fragments together "
          "before they\n"
          "    # are forwarded, without tracking connections.\n"
          "    chain reassemble {\n"
          "        meta l4proto udp tproxy to :1\n"
          "    }\n"
          "}\n",
          out);
}

/* One transaction: all of it happens or nothing. Adding the table before deleting it makes that no error
 * when it is not there. */
void rules_nft_print(const struct config *config, bool remove, FILE *out)
{
    fprintf(out, "nft -f - <<'RULES'\nadd table inet quicward_%u\ndelete table inet quicward_%u\n",
            config->queue_first, config->queue_first);
    if (!remove)
        print_table(config, out);
    fputs("RULES\n", out);
}
