#include "rules.h"

void rules_nft_set(const char *keyword, const struct config_interfaces *named, FILE *out)
{
    fprintf(out, "%s { ", keyword);
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", named->names[i]);
    fputs(" } ", out);
}

void rules_nft_queue(const struct config *config, FILE *out)
{
    fprintf(out, "queue num %u", config->queue_first);
    if (config->workers > 1)
        fprintf(out, "-%u", config->queue_first + config->workers - 1u);
    fprintf(out, "%s\n", rules_pass(config) ? " bypass" : "");
}

/* From any interface of `in` to any of `to`. Several queues are chosen by the two addresses, the same for
 * both directions, so that the packets of a flow stay in order. */
static void print_between(const struct config *config, const struct config_interfaces *in,
                          const struct config_interfaces *to, FILE *out)
{
    fputs("        ", out);
    rules_nft_set("iifname", in, out);
    rules_nft_set("oifname", to, out);
    rules_nft_queue(config, out);
}

static void print_forward(FILE *out)
{
    fputs("    chain forward {\n"
          "        type filter hook forward priority mangle; policy accept;\n"
          "        meta l4proto udp goto between\n"
          "        " RULES_NFT_ERRORS " goto between\n"
          "        " RULES_NFT_ERRORS6 " goto between\n"
          "    }\n"
          "\n",
          out);
}

static void print_table(const struct config *config, FILE *out)
{
    fprintf(out, "table inet quicward_%u {\n", config->queue_first);
    if (config->mode == CONFIG_NAT)
        rules_nft_nat_print(config, out);
    else
        print_forward(out);
    fputs("    chain between {\n", out);
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
    if (!remove && config->mode == CONFIG_NAT)
        rules_local_accept(config, out);
}
