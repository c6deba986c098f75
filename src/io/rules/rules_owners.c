/* Several routers that share their hosts: before routing the daemon is asked whose a packet is. It gives that
 * of another router's host the mark by which the operator's routing rules send it there; what is this
 * router's goes on, and is judged where it always is. */
#include "kernel_rules.h"

#define CHAIN RULES_CHAIN "-look"
#define MARKS "0x3ffffff" /* CONFIG_MARK_MAX */

bool rules_have_owners(const struct config *config)
{
    return config->cluster_owner_count > 0;
}

/* ---- iptables ---- */

static void print_errors(const struct config *config, const char *interface, bool ipv4, FILE *out)
{
    static const unsigned ERRORS4[] = {3, 4, 11, 12}, ERRORS6[] = {1, 2, 3, 4}; /* RFC 792; RFC 4443 3 */
    for (unsigned i = 0; i < 4; i++) {
        if (ipv4)
            fprintf(out, "-A " CHAIN " -i %s -p icmp --icmp-type %u ", rules_instance(config), interface,
                    ERRORS4[i]);
        else
            fprintf(out, "-A " CHAIN " -i %s -p icmpv6 --icmpv6-type %u ", rules_instance(config), interface,
                    ERRORS6[i]);
        rules_iptables_queue(config, out);
    }
}

static void print_side(const struct config *config, const struct config_interfaces *named, bool ipv4,
                       FILE *out)
{
    for (unsigned i = 0; i < named->count; i++) {
        struct rules_name name = rules_iptables_name(named->names[i]);
        fprintf(out, "-A " CHAIN " -i %s -p udp ", rules_instance(config), name.text);
        rules_iptables_queue(config, out);
        print_errors(config, name.text, ipv4, out);
    }
}

void rules_owners_iptables_print(const struct config *config, const char *tool, bool ipv4, FILE *out)
{
    const char *n = rules_instance(config);
    if (!rules_have_owners(config))
        return;
    fprintf(out,
            "%s-restore -w --noflush <<'RULES'\n*raw\n:" CHAIN " - [0:0]\n"
            "# What is for the router itself, and for many, is nobody else's.\n"
            "-A " CHAIN " -m addrtype --dst-type LOCAL -j RETURN\n"
            "-A " CHAIN " -m addrtype --dst-type %s -j RETURN\n",
            tool, n, n, n, ipv4 ? "MULTICAST,BROADCAST" : "MULTICAST");
    print_side(config, &config->inside, ipv4, out);
    print_side(config, &config->outside, ipv4, out);
    fprintf(out, "COMMIT\nRULES\njump %s raw PREROUTING " CHAIN "\n", tool, n);
}

const char *rules_owners_kept(const struct config *config)
{
    return rules_have_owners(config) ? "|-look" : "";
}

void rules_owners_iptables_marked(const struct config *config, const char *interface, FILE *out)
{
    struct config_peer peers[CONFIG_PEERS_MAX];
    unsigned count = rules_have_owners(config) ? config_peers(config, peers) : 0;
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "-A " RULES_CHAIN " -i %s -m mark --mark 0x%x/" MARKS " -j RETURN\n",
                rules_instance(config), rules_iptables_name(interface).text, peers[i].mark);
}

/* ---- nft ---- */

static void print_queue(const struct config *config, const struct config_interfaces *named, const char *what,
                        FILE *out)
{
    fputs("        ", out);
    rules_nft_set("iifname", named, out);
    fprintf(out, "%s ", what);
    rules_nft_queue(config, out);
}

static void print_nft_side(const struct config *config, const struct config_interfaces *named, FILE *out)
{
    print_queue(config, named, "meta l4proto udp", out);
    if (config->mode != CONFIG_NAT)
        print_queue(config, named, RULES_NFT_ERRORS, out);
    print_queue(config, named, RULES_NFT_ERRORS6, out);
}

void rules_owners_nft_print(const struct config *config, FILE *out)
{
    if (!rules_have_owners(config))
        return;
    fputs("    # Whose is it? What is for the router itself, and for many, is nobody else's.\n"
          "    chain look {\n"
          "        type filter hook prerouting priority raw; policy accept;\n"
          "        fib daddr type { local, multicast, broadcast } return\n",
          out);
    if (config->mode == CONFIG_NAT)
        fputs("        meta nfproto ipv4 return\n", out);
    print_nft_side(config, &config->inside, out);
    print_nft_side(config, &config->outside, out);
    fputs("    }\n\n", out);
}

void rules_owners_nft_unmarked(const struct config *config, FILE *out)
{
    struct config_peer peers[CONFIG_PEERS_MAX];
    unsigned count = rules_have_owners(config) ? config_peers(config, peers) : 0;
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s0x%x%s", i ? ", " : "meta mark & " MARKS " != { ", peers[i].mark,
                i + 1 < count ? "" : " } ");
}
