/* Mode nat, IPv4. Packets are translated where that goes unseen by connection tracking and before routing:
 * in the table raw, after fragments were put together. */
#include "kernel_rules.h"

#define CHAIN RULES_CHAIN

/* An ICMP error quotes the packet it is about from its ninth byte on; its protocol is the tenth byte of
 * that. */
#define ABOUT_UDP "-m u32 --u32 \"0>>22&0x3C@14&0xFF=17\""

/* unreachable, source quench, time exceeded, parameter problem (RFC 792) */
static const unsigned ERRORS[] = {3, 4, 11, 12};

/* Errors about UDP by `option` (-i, -o) of an interface go on in the chain of `to`. */
static void print_errors(const char *n, const char *from, const char *option, const char *interface,
                         const char *to, FILE *out)
{
    for (unsigned i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++)
        fprintf(out, "-A " CHAIN "%s %s %s -p icmp --icmp-type %u " ABOUT_UDP " -g " CHAIN "%s\n", n, from,
                option, rules_iptables_name(interface).text, ERRORS[i], n, to);
}

/* UDP that comes by an interface, and errors about UDP, likewise. */
static void print_udp(const char *n, const char *from, const char *interface, const char *to, FILE *out)
{
    fprintf(out, "-A " CHAIN "%s -i %s -p udp -g " CHAIN "%s\n", n, from, rules_iptables_name(interface).text,
            n, to);
    print_errors(n, from, "-i", interface, to, out);
}

/* What is addressed to an external address is translated. With "auto" every address of the router counts as
 * one, since nobody knows yet which it will be. */
static void print_external(const struct config *config, const char *chain, FILE *out)
{
    const char *n = rules_instance(config);
    if (config->external_auto) {
        fprintf(out, "-A " CHAIN "%s -m addrtype --dst-type LOCAL -g " CHAIN "-translate\n", n, chain, n);
        return;
    }
    for (unsigned i = 0; i < config->external_count; i++) {
        char address[QW_ADDR_TEXT_MAX];
        qw_addr_text(&config->external[i], QW_IPV4, address);
        fprintf(out, "-A " CHAIN "%s -d %s -g " CHAIN "-translate\n", n, chain, address, n);
    }
    fprintf(out, "# The router's other addresses are the kernel's business.\n");
    fprintf(out, "-A " CHAIN "%s -m addrtype --dst-type LOCAL -j RETURN\n", n, chain);
}

/* A rule of `chain` for each of nat.except and each of the two addresses. */
static void print_excepted(const struct config *config, const char *chain, const char *target, FILE *out)
{
    char text[QW_PREFIX_TEXT_MAX];
    for (unsigned i = 0; i < config->nat_except.count; i++) {
        if (rules_except_again(config, i))
            continue;
        qw_prefix_text(&config->nat_except.list[i], text);
        fprintf(out, "-A " CHAIN "%s -s %s %s\n", rules_instance(config), chain, text, target);
        fprintf(out, "-A " CHAIN "%s -d %s %s\n", rules_instance(config), chain, text, target);
    }
}

/* What is not translated is judged as it is, where what is translated is. So are errors: who sends them, and
 * to whom, says little of what they are about. */
static void print_unchanged(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    char target[64];
    if (config->nat_except.count == 0)
        return;
    snprintf(target, sizeof(target), "-g " CHAIN "-translate", n);
    fputs("# Not translated (nat.except), but judged.\n", out);
    print_excepted(config, "-in", target, out);
    fprintf(out, "-A " CHAIN "-in -p icmp %s\n", n, target);
}

/* A socket on every address would seem to own what is forwarded, too. */
static void print_leave(const char *n, const char *chain, FILE *out)
{
    fprintf(out,
            "# The router's own sockets, and what is for many, stay with the kernel.\n"
            "-A " CHAIN "%s -m addrtype --dst-type LOCAL -m socket --nowildcard -j RETURN\n"
            "-A " CHAIN "%s -m addrtype --dst-type MULTICAST,BROADCAST -j RETURN\n",
            n, chain, n, chain);
}

static void print_ways(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    for (unsigned i = 0; i < config->outside.count; i++)
        print_udp(n, "-before", config->outside.names[i], "-in", out);
    for (unsigned i = 0; i < config->inside.count; i++) {
        fprintf(out, "-A " CHAIN "-before -i %s -m addrtype --src-type LOCAL -j DROP\n", n,
                rules_iptables_name(config->inside.names[i]).text);
        print_udp(n, "-before", config->inside.names[i], "-inside", out);
    }
}

static void print_from_outside(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    print_leave(n, "-in", out);
    print_external(config, "-in", out);
    print_unchanged(config, out);
    fprintf(out, "# Nothing from outside reaches an inside address as it is.\n-A " CHAIN "-in -j DROP\n", n);
}

static void print_stay(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out, "$(stay_tracked " CHAIN "-stay", n);
    rules_words_print(&config->inside, out);
    fprintf(out, ")\n-A " CHAIN "-stay -j CT --notrack\n", n);
    if (!rules_have_owners(config))
        return;
    fprintf(out, "# Whose is it? It comes again when it is routed.\n-A " CHAIN "-stay ", n);
    rules_iptables_queue(config, out);
}

/* Before routing iptables cannot ask where a packet will leave. One that leaves by an outside interface must
 * be untracked: a tracked one would meet the kernel's NAT behind ours. One for another network inside must
 * not be, for somebody's firewall between the two. Networks that hang on an interface inside are known. */
static void print_from_inside(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    print_leave(n, "-inside", out);
    fprintf(out, "-A " CHAIN "-inside -m addrtype --dst-type LOCAL --limit-iface-in -j RETURN\n", n);
    print_external(config, "-inside", out);
    fprintf(out, "-A " CHAIN "-inside -g " CHAIN "-stay\n", n, n);
    print_stay(config, out);
}

/* Begins a table, with our chains in it. */
static void print_table(const char *n, const char *table, const char *const *chains, size_t count, FILE *out)
{
    fprintf(out, "*%s\n", table);
    for (size_t i = 0; i < count; i++)
        fprintf(out, ":" CHAIN "%s - [0:0]\n", n, chains[i]);
}

static void print_raw(const struct config *config, FILE *out)
{
    static const char *const CHAINS[] = {"-before", "-in", "-inside", "-stay", "-translate"};
    const char *n = rules_instance(config);
    print_table(n, "raw", CHAINS, sizeof(CHAINS) / sizeof(CHAINS[0]), out);
    print_ways(config, out);
    print_from_outside(config, out);
    print_from_inside(config, out);
    rules_guard_iptables_mark(config, "-translate", out);
    fprintf(out, "-A " CHAIN "-translate -j CT --notrack\n-A " CHAIN "-translate ", n, n);
    rules_iptables_queue(config, out);
    fputs("COMMIT\n", out);
}

/* To an external address that is routed here and not the router's: nobody has translated it. */
static void print_not_outwards(const struct config *config, const char *interface, FILE *out)
{
    rules_owners_iptables_marked(config, interface, out);
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++) {
        char address[QW_ADDR_TEXT_MAX];
        qw_addr_text(&config->external[i], QW_IPV4, address);
        fprintf(out, "-A " CHAIN " -i %s -d %s -p udp -j DROP\n", rules_instance(config),
                rules_iptables_name(interface).text, address);
    }
}

static void print_as_it_is(const struct config *config, const char *in, const char *to, FILE *out)
{
    char rule[96];
    snprintf(rule, sizeof(rule), "-A " CHAIN " -i %s -o %s -p ah ", rules_instance(config),
             rules_iptables_name(in).text, rules_iptables_name(to).text);
    rules_iptables_queue_or_drop(config, rule, out);
}

/* UDP behind authentication headers cannot be translated: it is judged like IPv6. */
static void print_authenticated(const struct config *config, const char *interface, FILE *out)
{
    for (unsigned i = 0; i < config->inside.count; i++) {
        print_as_it_is(config, config->inside.names[i], interface, out);
        print_as_it_is(config, interface, config->inside.names[i], out);
    }
}

/* What is for many has passed the chains before routing as it is, for the router may be one of them. What the
 * router forwards of it is judged like IPv6. */
static void print_for_many(const struct config *config, const char *interface, FILE *out)
{
    for (unsigned i = 0; i < config->inside.count; i++) {
        char rule[144];
        snprintf(rule, sizeof(rule),
                 "-A " CHAIN " -i %s -o %s -p udp -m addrtype --dst-type MULTICAST,BROADCAST ",
                 rules_instance(config), rules_iptables_name(interface).text,
                 rules_iptables_name(config->inside.names[i]).text);
        rules_iptables_queue_or_drop(config, rule, out);
    }
}

/* What is for the router itself, and may be for an inside host that has an external address as its source by
 * then. With "auto" nobody knows yet which address that will be. */
static void print_hairpin(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    print_errors(n, "-own", "-o", "lo", "-hairpin", out);
    if (config->external_auto)
        fprintf(out, "-A " CHAIN "-hairpin ! -d 127.0.0.0/8 -g " CHAIN "-queue\n", n, n);
    for (unsigned i = 0; i < config->external_count && !config->external_auto; i++) {
        char address[QW_ADDR_TEXT_MAX];
        qw_addr_text(&config->external[i], QW_IPV4, address);
        fprintf(out, "-A " CHAIN "-hairpin -d %s -g " CHAIN "-queue\n", n, address, n);
    }
}

/* What the router itself says of packets that it has translated, and not of those that it tracks. */
static void print_own(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out, "-A " CHAIN "-own -m conntrack --ctstate RELATED -j RETURN\n", n);
    for (unsigned i = 0; i < config->outside.count; i++)
        print_errors(n, "-own", "-o", config->outside.names[i], "-queue", out);
    print_hairpin(config, out);
    fprintf(out, "-A " CHAIN "-queue ", n);
    rules_iptables_queue(config, out);
}

static void print_mangle(const struct config *config, FILE *out)
{
    static const char *const CHAINS[] = {"", "-between", "-own", "-hairpin", "-queue"};
    const char *n = rules_instance(config);
    print_table(n, "mangle", CHAINS, sizeof(CHAINS) / sizeof(CHAINS[0]), out);
    rules_guard_iptables_outside(config, out);
    rules_guard_iptables_seen(config, out);
    for (unsigned i = 0; i < config->inside.count; i++)
        print_udp(n, "", config->inside.names[i], "-between", out);
    for (unsigned i = 0; i < config->outside.count; i++) {
        char rule[64];
        snprintf(rule, sizeof(rule), "-A " CHAIN "-between -o %s ", n,
                 rules_iptables_name(config->outside.names[i]).text);
        rules_iptables_queue_or_drop(config, rule, out);
    }
    for (unsigned i = 0; i < config->outside.count; i++)
        print_authenticated(config, config->outside.names[i], out);
    for (unsigned i = 0; i < config->outside.count; i++)
        print_for_many(config, config->outside.names[i], out);
    for (unsigned i = 0; i < config->outside.count; i++)
        print_not_outwards(config, config->outside.names[i], out);
    print_own(config, out);
    fputs("COMMIT\n", out);
}

static void print_masquerade(const struct config *config, FILE *out)
{
    char address[QW_ADDR_TEXT_MAX];
    const char *n = rules_instance(config);
    if (!config->nat_masquerade)
        return;
    fprintf(out, "*nat\n:" CHAIN "-masquerade - [0:0]\n", n);
    print_excepted(config, "-masquerade", "-j RETURN", out);
    for (unsigned i = 0; i < config->outside.count; i++) {
        fprintf(out, "-A " CHAIN "-masquerade -o %s ! -p udp ", n,
                rules_iptables_name(config->outside.names[i]).text);
        if (config->external_auto)
            fputs("-j MASQUERADE\n", out);
        else
            fprintf(out, "-j SNAT --to-source %s\n",
                    qw_addr_text(rules_masquerade_address(config, i), QW_IPV4, address));
    }
    fputs("COMMIT\n", out);
}

/* Before routing at last: what would leave as it is has no way by then. */
static void print_jumps(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    fprintf(out,
            "jump iptables mangle FORWARD " CHAIN "\n"
            "jump iptables mangle OUTPUT " CHAIN "-own\n"
            "jump iptables raw PREROUTING " CHAIN "-before\n",
            n, n, n);
    if (config->nat_masquerade)
        fprintf(out, "jump iptables nat POSTROUTING " CHAIN "-masquerade\n", n);
    fprintf(out,
            "remove iptables '|-between|-own|-hairpin|-queue|-translate|-before|-in|-inside|-stay%s%s'\n",
            config->nat_masquerade ? "|-masquerade" : "", rules_guard_kept(config));
}

static void print_stay_tracked(FILE *out)
{
    fputs("# Rules for the networks that hang on these interfaces: what goes there is not translated, and "
          "stays\n"
          "# tracked.\n"
          "stay_tracked() { # CHAIN INTERFACE...\n"
          "    chain=$1\n"
          "    shift\n"
          "    for interface; do\n"
          "        ip -4 route show dev \"$interface\" proto kernel scope link || :\n"
          "    done 2>/dev/null | sed -n \"s|^\\([0-9][0-9./]*\\).*|-A $chain -d \\1 -j RETURN|p\"\n"
          "}\n\n",
          out);
}

void rules_iptables_stay_print(const struct config *config, FILE *out)
{
    print_stay_tracked(out);
    fprintf(out, "iptables-restore -w --noflush <<RULES\n*raw\n:" CHAIN "-stay - [0:0]\n",
            rules_instance(config));
    print_stay(config, out);
    fputs("COMMIT\nRULES\n", out);
}

void rules_iptables_nat_print(const struct config *config, FILE *out)
{
    print_stay_tracked(out);
    fputs("iptables-restore -w --noflush <<RULES\n", out);
    print_raw(config, out);
    print_mangle(config, out);
    print_masquerade(config, out);
    fputs("RULES\n", out);
    print_jumps(config, out);
    rules_local_accept(config, out);
}
