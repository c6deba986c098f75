#include "rules.h"

static void print_set(const char *keyword, const struct config_interfaces *named, FILE *out)
{
    fprintf(out, "%s { ", keyword);
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "%s\"%s\"", i > 0 ? ", " : "", named->names[i]);
    fputs(" } ", out);
}

static void print_queue(const struct config *config, FILE *out)
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
    print_set("iifname", in, out);
    print_set("oifname", to, out);
    print_queue(config, out);
}

/* Errors are told from what is only named like them: unreachable, source quench, time exceeded, parameter
 * problem (RFC 792). */
#define ERRORS "icmp type { destination-unreachable, source-quench, time-exceeded, parameter-problem }"
#define ERRORS6 "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem }"

/* The protocol of the packet that an error quotes: the tenth byte of it, behind eight of the error. */
#define ABOUT_UDP "@th,136,8 17"

static void print_forward(FILE *out)
{
    fputs("    chain forward {\n"
          "        type filter hook forward priority mangle; policy accept;\n"
          "        meta l4proto udp goto between\n"
          "        " ERRORS " goto between\n"
          "        " ERRORS6 " goto between\n"
          "    }\n"
          "\n",
          out);
}

/* ---- mode nat, IPv4: translated before routing and unseen by connection tracking ---- */

/* UDP, and errors about UDP, by `keyword` one of `named`. */
static void print_udp(const char *keyword, const struct config_interfaces *named, const char *to, FILE *out)
{
    fputs("        ", out);
    print_set(keyword, named, out);
    fprintf(out, "meta nfproto ipv4 meta l4proto udp %s\n        ", to);
    print_set(keyword, named, out);
    fprintf(out, ERRORS " " ABOUT_UDP " %s\n", to);
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

/* A socket on every address would seem to own what is forwarded, too. */
static void print_arrivals(const struct config *config, const char *chain, const char *except, FILE *out)
{
    fprintf(out,
            "    # The router's own sockets, and what is for many, stay with the kernel.\n"
            "    chain %s {\n"
            "        fib daddr type local socket wildcard { 0, 1 } return\n"
            "        fib daddr type { multicast, broadcast } return\n"
            "%s"
            "        notrack\n        ",
            chain, except);
    print_external(config, out);
    print_queue(config, out);
}

static void print_before(const struct config *config, FILE *out)
{
    fputs("    chain before {\n"
          "        type filter hook prerouting priority raw; policy accept;\n",
          out);
    fputs("        ", out);
    print_set("iifname", &config->inside, out);
    fputs("meta nfproto ipv4 fib saddr type local drop\n", out);
    print_udp("iifname", &config->outside, "goto from_outside", out);
    print_udp("iifname", &config->inside, "goto from_inside", out);
    fputs("    }\n\n", out);
    print_arrivals(config, "from_outside", "", out);
    fputs("        drop # nothing from outside reaches an inside address as it is\n    }\n\n", out);
    print_arrivals(config, "from_inside", "        fib daddr . iif type local return\n", out);
    fputs("    }\n\n", out);
}

static void print_nat_forward(const struct config *config, FILE *out)
{
    fputs("    chain forward {\n"
          "        type filter hook forward priority mangle; policy accept;\n"
          "        meta nfproto ipv6 meta l4proto udp goto between\n"
          "        " ERRORS6 " goto between\n",
          out);
    if (!config->external_auto) {
        fputs("        ", out);
        print_set("iifname", &config->outside, out);
        print_external(config, out);
        fputs("meta l4proto udp drop\n", out);
    }
    print_udp("iifname", &config->inside, "goto leave", out);
    fputs("    }\n\n    chain leave {\n        ", out);
    print_set("oifname", &config->outside, out);
    print_queue(config, out);
    fputs("    }\n\n", out);
}

/* The errors that the router itself makes about packets it has translated. */
static void print_own(const struct config *config, FILE *out)
{
    fputs("    chain own {\n"
          "        type filter hook output priority raw; policy accept;\n        ",
          out);
    print_set("oifname", &config->outside, out);
    fputs(ERRORS " " ABOUT_UDP " ", out);
    print_queue(config, out);
    fputs("    }\n\n", out);
}

static void print_masquerade(const struct config *config, FILE *out)
{
    char address[QW_ADDR_TEXT_MAX];
    if (!config->nat_masquerade)
        return;
    fputs("    chain others {\n"
          "        type nat hook postrouting priority srcnat; policy accept;\n        ",
          out);
    print_set("oifname", &config->outside, out);
    fputs("meta nfproto ipv4 meta l4proto != udp ", out);
    if (config->external_auto)
        fputs("masquerade\n", out);
    else
        fprintf(out, "snat ip to %s\n", qw_addr_text(&config->external[0], QW_IPV4, address));
    fputs("    }\n\n", out);
}

static void print_nat(const struct config *config, FILE *out)
{
    print_before(config, out);
    print_nat_forward(config, out);
    print_own(config, out);
    print_masquerade(config, out);
}

static void print_table(const struct config *config, FILE *out)
{
    fprintf(out, "table inet quicward_%u {\n", config->queue_first);
    if (config->mode == CONFIG_NAT)
        print_nat(config, out);
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
