/* Mode nat in nft: IPv4 is translated before routing and unseen by connection tracking. */
#include "kernel_rules.h"

/* The protocol of the packet that an error quotes: the tenth byte of it, behind eight of the error. */
#define ABOUT_UDP "@th,136,8 17"

/* UDP, and errors about UDP, by `keyword` one of `named`. */
static void print_udp(const char *keyword, const struct config_interfaces *named, const char *to, FILE *out)
{
    fputs("        ", out);
    rules_nft_set(keyword, named, out);
    fprintf(out, "meta nfproto ipv4 meta l4proto udp %s\n        ", to);
    rules_nft_set(keyword, named, out);
    fprintf(out, RULES_NFT_ERRORS " " ABOUT_UDP " %s\n", to);
}

static void print_external(const struct config *config, FILE *out)
{
    if (config->external_auto)
        fputs("fib daddr type local ", out);
    else {
        fputs("ip daddr { ", out);
        for (unsigned i = 0; i < config->external_count; i++) {
            char address[QW_ADDR_TEXT_MAX];
            fprintf(out, "%s%s", i > 0 ? ", " : "", qw_addr_text(&config->external[i], QW_IPV4, address));
        }
        fputs(" } ", out);
    }
}

/* What `field` (ip saddr, ip daddr) has of nat.except, which has something. */
static void print_excepted(const struct config *config, const char *field, FILE *out)
{
    char text[QW_PREFIX_TEXT_MAX];
    bool first = true;
    fprintf(out, "        %s {", field);
    for (unsigned i = 0; i < config->nat_except.count; i++) {
        if (rules_except_again(config, i))
            continue;
        fprintf(out, "%s %s", first ? "" : ",", qw_prefix_text(&config->nat_except.list[i], text));
        first = false;
    }
    fputs(" } ", out);
}

/* Likewise for either of the two addresses: `statement`, which has no end of line. */
static void print_either_excepted(const struct config *config, const char *statement, FILE *out)
{
    static const char *const FIELDS[] = {"ip saddr", "ip daddr"};
    for (unsigned i = 0; i < 2 && config->nat_except.count > 0; i++) {
        print_excepted(config, FIELDS[i], out);
        fprintf(out, "%s\n", statement);
    }
}

/* A socket on every address would seem to own what is forwarded, too. */
static void print_leave(const char *chain, FILE *out)
{
    fprintf(out,
            "    # The router's own sockets, and what is for many, stay with the kernel.\n"
            "    chain %s {\n"
            "        fib daddr type local socket wildcard { 0, 1 } return\n"
            "        fib daddr type { multicast, broadcast } return\n",
            chain);
}

/* With "auto" every address of the router counts as an external one, since nobody knows yet which it will
 * be. */
static void print_translate(const struct config *config, FILE *out)
{
    if (rules_guarded(config)) {
        fputs("        ", out);
        print_external(config, out);
        fputs(RULES_GUARD_NFT_MARK "\n", out);
    }
    fputs("        ", out);
    print_external(config, out);
    fputs("notrack ", out);
    rules_nft_queue(config, out);
    if (!config->external_auto)
        fputs("        fib daddr type local return # the router's other addresses\n", out);
}

/* What is not translated is judged as it is. So are errors: who sends them, and to whom, says little of what
 * they are about. */
static void print_as_it_is(const struct config *config, FILE *out)
{
    if (config->nat_except.count == 0)
        return;
    fputs("        # Not translated (nat.except), but judged.\n", out);
    print_either_excepted(config, "goto as_it_is", out);
    fputs("        meta l4proto icmp goto as_it_is\n", out);
}

static void print_as_it_is_chain(const struct config *config, FILE *out)
{
    if (config->nat_except.count == 0)
        return;
    fputs("    chain as_it_is {\n", out);
    if (rules_guarded(config))
        fputs("        " RULES_GUARD_NFT_MARK "\n", out);
    fputs("        notrack ", out);
    rules_nft_queue(config, out);
    fputs("    }\n\n", out);
}

static void print_from_outside(const struct config *config, FILE *out)
{
    print_leave("from_outside", out);
    print_translate(config, out);
    print_as_it_is(config, out);
    fputs("        drop # nothing from outside reaches an inside address as it is\n    }\n\n", out);
}

/* What leaves by an outside interface must be untracked: a tracked packet would meet the kernel's NAT behind
 * ours. What leaves by any other must not be, for somebody's firewall there. Where the main rules of routing
 * know no way, others may. */
static void print_from_inside(const struct config *config, FILE *out)
{
    print_leave("from_inside", out);
    fputs("        fib daddr . iif type local return\n", out);
    print_translate(config, out);
    fputs("        ", out);
    rules_nft_set("fib daddr oifname", &config->outside, out);
    if (!rules_have_owners(config)) {
        fputs("notrack return\n        fib daddr oif missing notrack\n    }\n\n", out);
        return;
    }
    fputs("notrack ", out); /* whose is it? It comes again when it is routed */
    rules_nft_queue(config, out);
    fputs("        fib daddr oif missing notrack ", out);
    rules_nft_queue(config, out);
    fputs("    }\n\n", out);
}

static void print_before(const struct config *config, FILE *out)
{
    fputs("    chain before {\n"
          "        type filter hook prerouting priority raw; policy accept;\n",
          out);
    fputs("        ", out);
    rules_nft_set("iifname", &config->inside, out);
    fputs("meta nfproto ipv4 fib saddr type local drop\n", out);
    print_udp("iifname", &config->outside, "goto from_outside", out);
    print_udp("iifname", &config->inside, "goto from_inside", out);
    fputs("    }\n\n", out);
    print_as_it_is_chain(config, out);
    print_from_outside(config, out);
    print_from_inside(config, out);
}

/* What is for many has passed the chains before routing as it is, for the router may be one of them. What the
 * router forwards of it is judged like IPv6. */
static void print_for_many(const struct config *config, FILE *out)
{
    for (unsigned rule = 0; rule < 2; rule++) {
        fputs("        ", out);
        rules_nft_set("iifname", &config->outside, out);
        rules_nft_set("oifname", &config->inside, out);
        fputs("meta nfproto ipv4 meta l4proto udp fib daddr type { multicast, broadcast } ", out);
        if (rule == 0)
            rules_nft_queue(config, out);
        else
            fputs("drop\n", out);
    }
}

static void print_forward(const struct config *config, FILE *out)
{
    fputs("    chain forward {\n"
          "        type filter hook forward priority mangle; policy accept;\n",
          out);
    rules_guard_nft_outside(config, out);
    fputs("        meta nfproto ipv6 meta l4proto udp goto between\n"
          "        " RULES_NFT_AUTHENTICATION " goto between\n"
          "        " RULES_NFT_ERRORS6 " goto between\n",
          out);
    if (!config->external_auto) {
        fputs("        ", out);
        rules_nft_set("iifname", &config->outside, out);
        print_external(config, out);
        rules_owners_nft_unmarked(config, out);
        fputs("meta l4proto udp drop\n", out);
    }
    print_for_many(config, out);
    print_udp("iifname", &config->inside, "goto leave", out);
    fputs("    }\n\n    chain leave {\n", out);
    rules_guard_nft_seen(config, out);
    fputs("        ", out);
    rules_nft_set("oifname", &config->outside, out);
    rules_nft_queue(config, out);
    fputs("        ", out);
    rules_nft_set("oifname", &config->outside, out);
    fputs("drop\n", out);
    fputs("    }\n\n", out);
}

/* What the router itself says of packets that it has translated, and not of those that it tracks. To itself,
 * that is of a packet from inside that had an external address as its source by then. With "auto" nobody
 * knows yet which address that will be. */
static void print_own(const struct config *config, FILE *out)
{
    fputs("    chain own {\n"
          "        type filter hook output priority mangle; policy accept;\n"
          "        ct state related return\n        ",
          out);
    rules_nft_set("oifname", &config->outside, out);
    fputs(RULES_NFT_ERRORS " " ABOUT_UDP " ", out);
    rules_nft_queue(config, out);
    fputs("        oifname \"lo\" ", out);
    if (config->external_auto)
        fputs("ip daddr != 127.0.0.0/8 ", out);
    else
        print_external(config, out);
    fputs(RULES_NFT_ERRORS " " ABOUT_UDP " ", out);
    rules_nft_queue(config, out);
    fputs("    }\n\n", out);
}

/* By each interface the address that is for it. */
static void print_snat(const struct config *config, FILE *out)
{
    char address[QW_ADDR_TEXT_MAX];
    for (unsigned i = 0; i < config->outside.count; i++)
        fprintf(out, "        oifname \"%s\" meta nfproto ipv4 meta l4proto != udp snat ip to %s\n",
                config->outside.names[i],
                qw_addr_text(rules_masquerade_address(config, i), QW_IPV4, address));
}

static void print_masquerade(const struct config *config, FILE *out)
{
    char address[QW_ADDR_TEXT_MAX];
    if (!config->nat_masquerade)
        return;
    fputs("    chain others {\n"
          "        type nat hook postrouting priority srcnat; policy accept;\n",
          out);
    print_either_excepted(config, "return", out);
    if (rules_has_uplinks(config) && !config->external_auto) {
        print_snat(config, out);
        fputs("    }\n\n", out);
        return;
    }
    fputs("        ", out);
    rules_nft_set("oifname", &config->outside, out);
    fputs("meta nfproto ipv4 meta l4proto != udp ", out);
    if (config->external_auto)
        fputs("masquerade\n", out);
    else
        fprintf(out, "snat ip to %s\n", qw_addr_text(&config->external[0], QW_IPV4, address));
    fputs("    }\n\n", out);
}

void rules_nft_nat_print(const struct config *config, FILE *out)
{
    print_before(config, out);
    print_forward(config, out);
    print_own(config, out);
    print_masquerade(config, out);
}
