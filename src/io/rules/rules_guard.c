/* What closes the gap when somebody empties netfilter's tables: routing rules, which no such tool touches.
 * UDP by one of our interfaces has no way unless it carries a mark, and our rules give the mark before
 * routing: without them it goes nowhere, whether a daemon runs or not. Where it is forwarded our chain takes
 * the mark away again before anybody else sees it, and what still has it when it leaves has gone past our
 * chain and is dropped. Packets that somebody else has marked stay as they are; the bits that tell how long
 * fragments are do not count as a mark. */
#include "kernel_rules.h"
#include <string.h>

/* Routing rules that come after those for the router's own addresses, and before all others. */
#define PREFERENCE_FIRST 1u
#define PREFERENCES 30u
#define PROTOCOL_FIRST 113u /* how our routing rules say whose they are (rtm_protocol) */
#define PROTOCOLS 64u

#define MARK RULES_GUARD_MARK
#define OTHERS RULES_MARKS_BUT_FRAGMENTS
#define SET_MARK "-m mark --mark 0/" OTHERS " -j MARK --or-mark "
#define CLEAR_MARK "-j MARK --and-mark " RULES_MARKS_OF_FRAGMENTS "\n"
#define NFT_SET_MARK "meta mark & " OTHERS " == 0 meta mark set meta mark | "
#define NFT_CLEAR_MARK "meta mark set meta mark & " RULES_MARKS_OF_FRAGMENTS "\n"

bool rules_guarded(const struct config *config)
{
    return config->rules_guard && !rules_pass(config);
}

static unsigned hash_of(const char *name)
{
    unsigned hash = 0;
    for (; *name; name++)
        hash = hash * 31 + (unsigned char)*name;
    return hash;
}

/* A routing rule carries no name: preference and protocol stand for that of the instance. */
unsigned rules_guard_preference(const struct config *config)
{
    return PREFERENCE_FIRST + hash_of(rules_instance(config)) % PREFERENCES;
}

static unsigned protocol(const struct config *config)
{
    return PROTOCOL_FIRST + hash_of(rules_instance(config)) / PREFERENCES % PROTOCOLS;
}

const char *rules_guard_kept(const struct config *config)
{
    return rules_guarded(config) ? "|-mark|-left" : "";
}

/* Of mode nat. Packets from outside have the mark of what is translated. One with the other mark got it from
 * rules of mode firewall, which stand until those of mode nat are complete. */
void rules_guard_iptables_outside(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    if (!rules_guarded(config))
        return;
    for (unsigned i = 0; i < config->outside.count; i++)
        fprintf(out, "-A " RULES_CHAIN " -i %s -p udp -m mark --mark " MARK "/" OTHERS " -j DROP\n", n,
                rules_iptables_name(config->outside.names[i]).text);
    fprintf(out, "-A " RULES_CHAIN " -m mark --mark " RULES_GUARD_TRANSLATED "/" OTHERS " " CLEAR_MARK, n);
}

void rules_guard_nft_outside(const struct config *config, FILE *out)
{
    if (!rules_guarded(config))
        return;
    fputs("        ", out);
    rules_nft_set("iifname", &config->outside, out);
    fputs("meta nfproto ipv4 meta l4proto udp meta mark & " OTHERS " == " MARK " drop\n"
          "        meta mark & " OTHERS " == " RULES_GUARD_TRANSLATED " " NFT_CLEAR_MARK,
          out);
}

void rules_guard_iptables_seen(const struct config *config, FILE *out)
{
    if (rules_guarded(config))
        fprintf(out, "-A " RULES_CHAIN "-between -m mark --mark " MARK "/" OTHERS " " CLEAR_MARK,
                rules_instance(config));
}

void rules_guard_nft_seen(const struct config *config, FILE *out)
{
    if (rules_guarded(config))
        fputs("        meta mark & " OTHERS " == " MARK " " NFT_CLEAR_MARK, out);
}

void rules_guard_iptables_mark(const struct config *config, const char *chain, FILE *out)
{
    if (rules_guarded(config))
        fprintf(out, "-A " RULES_CHAIN "%s " SET_MARK RULES_GUARD_TRANSLATED "\n", rules_instance(config),
                chain);
}

/* In mode nat nothing that comes from outside by IPv4 has a way before it was translated: that chain marks.
 */
static bool marks_outside(const struct config *config, bool ipv4)
{
    return config->mode != CONFIG_NAT || !ipv4;
}

static void print_marks(const char *n, const struct config_interfaces *named, FILE *out)
{
    for (unsigned i = 0; i < named->count; i++)
        fprintf(out, "-A " RULES_CHAIN "-mark -i %s -p udp " SET_MARK MARK "\n", n,
                rules_iptables_name(named->names[i]).text);
}

void rules_guard_iptables_print(const struct config *config, const char *tool, FILE *out)
{
    const char *n = rules_instance(config);
    if (!rules_guarded(config))
        return;
    fprintf(out,
            "%s-restore -w --noflush <<'RULES'\n*mangle\n:" RULES_CHAIN "-mark - [0:0]\n:" RULES_CHAIN
            "-left - [0:0]\n",
            tool, n, n);
    print_marks(n, &config->inside, out);
    if (marks_outside(config, strcmp(tool, "iptables") == 0))
        print_marks(n, &config->outside, out);
    fprintf(out,
            "# It has gone past our chain in FORWARD.\n"
            "-A " RULES_CHAIN "-left -p udp -m mark --mark " MARK "/" OTHERS
            " -m addrtype ! --src-type LOCAL -j DROP\nCOMMIT\nRULES\n"
            "jump %s mangle POSTROUTING " RULES_CHAIN "-left\n"
            "jump %s mangle PREROUTING " RULES_CHAIN "-mark\n",
            n, tool, n, tool, n);
}

void rules_guard_nft_print(const struct config *config, FILE *out)
{
    if (!rules_guarded(config))
        return;
    fputs("    # UDP without this mark has no way: see the routing rules below.\n"
          "    chain marked {\n"
          "        type filter hook prerouting priority mangle; policy accept;\n        ",
          out);
    rules_nft_set("iifname", &config->inside, out);
    fputs("meta l4proto udp " NFT_SET_MARK MARK "\n        ", out);
    rules_nft_set("iifname", &config->outside, out);
    if (!marks_outside(config, true))
        fputs("meta nfproto ipv6 ", out);
    fputs("meta l4proto udp " NFT_SET_MARK MARK "\n"
          "    }\n\n"
          "    # It has gone past our chain in forward.\n"
          "    chain missed {\n"
          "        type filter hook postrouting priority mangle; policy accept;\n"
          "        meta mark & " OTHERS " == " MARK " meta l4proto udp fib saddr type != local drop\n"
          "    }\n\n",
          out);
}

void rules_guard_remove(const struct config *config, FILE *out)
{
    unsigned preference = rules_guard_preference(config);
    fputs("# 2 is as good as 1, and says that it was 0 before.\n"
          "way_back_as_before() { # INTERFACE\n"
          "    own=/proc/sys/net/ipv4/conf/$1/src_valid_mark\n"
          "    if [ \"$(cat \"$own\" 2>/dev/null)\" = 2 ]; then { echo 0 >\"$own\"; } 2>/dev/null || :; fi\n"
          "}\n\n",
          out);
    fprintf(out,
            "# Of this instance: others may have the same preference, or the same protocol.\n"
            "routing_rules() { # FAMILY\n"
            "    ip \"$1\" rule show pref %u 2>/dev/null | sed -n 's/ .detached.//; / proto %u *$/p'\n"
            "}\n\n"
            "unguard() { # FAMILY...\n"
            "    for family; do\n"
            "        interfaces=$(routing_rules \"$family\" | sed -n 's/.* iif \\([^ ]*\\) "
            ".*blackhole.*/\\1/p')\n"
            "        while ip \"$family\" rule del pref %u protocol %u; do :; done 2>/dev/null\n"
            "        [ \"$family\" = -4 ] || continue\n"
            "        for interface in $interfaces; do way_back_as_before \"$interface\"; done\n"
            "    done\n"
            "}\n\n",
            preference, protocol(config), preference, protocol(config));
}

/* The kernel looks up the way back of what comes in, too, and must not take that for a packet without the
 * mark: src_valid_mark has it look with the packet's own. It looks only where rp_filter is on. */
static void print_way_back(FILE *out)
{
    fputs("# Checks of source addresses look up the way back: they must do that with the packet's mark.\n"
          "way_back() { # INTERFACE\n"
          "    all=/proc/sys/net/ipv4/conf/all own=/proc/sys/net/ipv4/conf/$1\n"
          "    [ -e \"$own\" ] || return 0\n"
          "    [ \"$(cat \"$all/src_valid_mark\" \"$own/src_valid_mark\")\" = \"0\n0\" ] || return 0\n"
          "    { echo 2 >\"$own/src_valid_mark\"; } 2>/dev/null && return 0\n"
          "    [ \"$(cat \"$all/rp_filter\" \"$own/rp_filter\")\" = \"0\n0\" ]\n"
          "}\n\n",
          out);
}

/* "udp" as a number: without /etc/protocols, which a small system may lack, ip knows no names. */
static void print_guard_function(const struct config *config, FILE *out)
{
    unsigned preference = rules_guard_preference(config);
    print_way_back(out);
    fprintf(out,
            "guard() { # FAMILY INTERFACE...\n"
            "    family=$1\n"
            "    shift\n"
            "    for interface; do\n"
            "        ip \"$family\" rule add pref %u iif \"$interface\" ipproto 17 fwmark 0/" OTHERS " "
            "protocol %u blackhole 2>/dev/null || :\n"
            "    done\n"
            "    routing_rules \"$family\" | sed -n 's/.* iif \\([^ ]*\\).*/\\1/p' |\n"
            "        while read -r interface; do\n"
            "            case \" $* \" in *\" $interface \"*) ;; *)\n"
            "                ip \"$family\" rule del pref %u protocol %u iif \"$interface\"\n"
            "                way_back_as_before \"$interface\" ;;\n"
            "            esac\n"
            "        done\n"
            "    [ \"$(routing_rules \"$family\" | grep -c blackhole)\" = $# ] && return 0\n"
            "    echo \"the kernel refused the routing rules that protect after a flush of its tables\" >&2\n"
            "}\n\n",
            preference, protocol(config), preference, protocol(config));
}

/* Every lookup of a route reads all routing rules: without end they would cost more than they are worth. */
static void print_bound(const struct config *config, FILE *out)
{
    if (rules_has_patterns(config) || config->inside.count + config->outside.count > RULES_GUARD_LINKS_MAX)
        fprintf(
            out,
            "if [ $# -gt %d ]; then\n"
            "    set --\n"
            "    unguard -4 -6\n"
            "    echo \"more than %d interfaces: after a flush of the kernel's tables UDP passes until the "
            "rules are back\" >&2\n"
            "fi\n",
            RULES_GUARD_LINKS_MAX, RULES_GUARD_LINKS_MAX);
}

void rules_guard_print(const struct config *config, FILE *out)
{
    if (!rules_guarded(config))
        return;
    print_guard_function(config, out);
    fputs("set --", out);
    rules_words_print(&config->inside, out);
    rules_words_print(&config->outside, out);
    fputs("\n", out);
    print_bound(config, out);
    fputs("ready=1\n"
          "for interface; do way_back \"$interface\" || ready=; done\n"
          "if [ \"$ready\" ]; then\n"
          "    guard -4 \"$@\"\n"
          "else\n"
          "    unguard -4\n"
          "    echo \"net.ipv4.conf.*.src_valid_mark cannot be set: after a flush of the kernel's "
          "tables\" "
          "\\\n"
          "        \"UDP passes until the rules are back\" >&2\n"
          "fi\n"
          "[ ! -e /proc/net/if_inet6 ] || guard -6 \"$@\"\n",
          out);
}

void rules_guard_state(const struct config *config, FILE *out)
{
    fprintf(out,
            "for family in -4 -6; do ip $family rule show pref %u 2>/dev/null |\n"
            "    sed -n 's/ .detached.//; / proto %u *$/p'; done\n",
            rules_guard_preference(config), protocol(config));
}
