/* What `nft list ruleset` prints. */
#include "setup_drops.h"
#include <stdio.h>
#include <string.h>

static bool has(const char *line, const char *what)
{
    return strstr(line, what) != NULL;
}

static bool ends(const char *line, const char *with)
{
    size_t len = strlen(line), end = strlen(with);
    return len >= end && strcmp(line + len - end, with) == 0;
}

static bool may_be_udp(const char *line)
{
    return has(line, "udp") ||
           (!has(line, "tcp") && !has(line, "l4proto icmp") && !has(line, "ip protocol icmp"));
}

/* "NAME {" behind the first word. */
static void name(const char *line, char *out, size_t size)
{
    snprintf(out, size, "%s", line);
    char *brace = strstr(out, " {");
    if (brace)
        *brace = '\0';
}

static bool names_outside(const struct config *config, const char *line)
{
    if (!has(line, "iif"))
        return true;
    const char *end = strstr(line, "oif"), *at = line;
    while ((at = strchr(at, '"')) && (!end || at < end)) {
        size_t len = strcspn(++at, "\"");
        if (setup_lines_named(&config->outside, at, len))
            return true;
        at += len + (at[len] == '"');
    }
    return false;
}

/* Does the rule drop whatever comes to it? */
static bool drops_all(const char *line)
{
    int behind = 0;
    if (sscanf(line, "counter packets %*s bytes %*s %n", &behind) == 0 && behind > 0)
        line += behind;
    return strcmp(line, "drop") == 0 || strncmp(line, "reject", 6) == 0;
}

static void read_filter(struct setup_lines *lines, const char *line)
{
    lines->drops = lines->drops || drops_all(line);
    if (has(line, "ct state") && has(line, "established") &&
        (ends(line, "accept") || has(line, "accept comment") || has(line, "established : accept")))
        lines->stateful = true;
    if (has(line, "untracked"))
        lines->untracked = true;
    if (ends(line, "accept") && !has(line, "ct state") && !has(line, "ct status") && !has(line, "saddr") &&
        !has(line, "dport") && may_be_udp(line) && names_outside(lines->config, line))
        lines->opened = true;
}

static void read_offload(struct setup_lines *lines, const char *line)
{
    bool untracked = lines->config->mode == CONFIG_NAT && strncmp(lines->table, "ip ", 3) == 0;
    if (lines->spared || untracked || !may_be_udp(line))
        return;
    findings_add(lines->out,
                 "\"%s\" (table %s, chain %s) lets flows of %sUDP bypass quicward, its timers and limits: "
                 "restrict it, \"meta "
                 "l4proto tcp %s\"; \"conntrack -D -p udp\" ends the flows that it has taken already",
                 line, lines->table, lines->chain, lines->config->mode == CONFIG_NAT ? "IPv6 " : "", line);
}

static void read_nat(struct setup_lines *lines, const char *line)
{
    bool changes = has(line, "redirect") || has(line, "dnat ");
    if (lines->config->mode == CONFIG_NAT && changes && may_be_udp(line) &&
        strncmp(lines->table, "ip6 ", 4) != 0)
        findings_add(
            lines->out,
            "\"%s\" (table %s) has no effect on UDP between inside and outside, which is untracked: use "
            "nat.forwards",
            line, lines->table);
}

static void read_queue(struct setup_lines *lines, const char *line)
{
    static const char *const WORDS[] = {"queue num ", "queue to ", " to "};
    const char *queue = strstr(line, "queue ");
    for (unsigned i = 0; queue && i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        const char *numbers = strstr(queue, WORDS[i]);
        if (numbers && setup_lines_feeds_us(lines->config, numbers + strlen(WORDS[i]))) {
            findings_add(
                lines->out,
                "\"%s\" (table %s) sends packets to a queue of quicward: give it another number, or set "
                "queue.first",
                line, lines->table);
            return;
        }
    }
}

/* Tables that iptables made were read as iptables shows them. Its chains begin with capitals, as nobody
 * writes in nft's own language. */
static bool is_iptables(const struct setup_lines *lines)
{
    static const char *const TABLES[] = {"filter", "nat", "mangle", "raw", "security"};
    const char *table = strchr(lines->table, ' ');
    for (unsigned i = 0; table && i < sizeof(TABLES) / sizeof(TABLES[0]); i++)
        if (strcmp(table + 1, TABLES[i]) == 0)
            return lines->chain[0] >= 'A' && lines->chain[0] <= 'Z';
    return false;
}

static void read_rule(struct setup_lines *lines, const char *line)
{
    if (has(line, "hook forward")) {
        lines->forwards = true;
        lines->drops = lines->policy_drops = has(line, "policy drop");
        return;
    }
    if (has(line, "hook prerouting")) {
        lines->arrives = true;
        return;
    }
    if (has(line, "flow add @") || has(line, "flow offload @"))
        read_offload(lines, line);
    if (has(line, "l4proto udp") && (ends(line, "accept") || ends(line, "return")))
        lines->spared = true;
    if (is_iptables(lines))
        return;
    if (lines->forwards)
        read_filter(lines, line);
    read_nat(lines, line);
    read_queue(lines, line);
    setup_drops_nft(lines, line);
}

void setup_nft_line(struct setup_lines *lines, const char *line)
{
    if (strncmp(line, "table ", 6) == 0) {
        setup_lines_begin(lines);
        name(line + 6, lines->table, sizeof(lines->table));
        lines->ours_table = has(line, " quicward_");
    } else if (strncmp(line, "chain ", 6) == 0) {
        lines->forwards = lines->spared = false;
        lines->drops = lines->stateful = lines->untracked = lines->opened = false;
        lines->arrives = lines->policy_drops = lines->accepts = false;
        name(line + 6, lines->chain, sizeof(lines->chain));
        lines->ours = lines->ours_table || strncmp(lines->chain, "quicward-", 9) == 0;
    } else if (strcmp(line, "}") == 0) {
        if (lines->forwards && !lines->ours && !is_iptables(lines))
            setup_lines_judge(lines);
        if (lines->forwards && !lines->ours && !is_iptables(lines))
            setup_drops_judge(lines);
        lines->forwards = lines->arrives = lines->policy_drops = false;
    } else if (!lines->ours && !has(line, "quicward"))
        read_rule(lines, line);
}
