#include "setup_lines.h"
#include <stdlib.h>
#include <string.h>

void setup_lines_begin(struct setup_lines *lines)
{
    lines->table[0] = lines->chain[0] = '\0';
    lines->ours = lines->ours_table = lines->behind = lines->forwards = lines->spared = false;
    lines->drops = lines->stateful = lines->untracked = lines->opened = false;
    lines->arrives = lines->policy_drops = lines->accepts = lines->jumps = lines->inner = false;
}

bool setup_lines_feeds_us(const struct config *config, const char *numbers)
{
    char *end = NULL;
    unsigned long first = strtoul(numbers, &end, 10), last = first;
    if (end == numbers)
        return false;
    if (*end == ':' || *end == '-')
        last = strtoul(end + 1, NULL, 10);
    return first < config->queue_first + config->workers && last >= config->queue_first;
}

/* Only mode nat has UDP untracked. */
void setup_lines_judge(struct setup_lines *lines)
{
    const struct config *config = lines->config;
    const char *in = config->inside.names[0], *to = config->outside.names[0];
    if (config->mode != CONFIG_NAT || !lines->drops || !lines->stateful || lines->untracked ||
        lines->opened || strcmp(lines->tool, "ip6tables") == 0)
        return;
    if (strcmp(lines->tool, "nft") == 0)
        findings_add(
            lines->out,
            "chain %s of table %s drops untracked packets, and translated UDP is untracked: \"nft insert "
            "rule %s %s "
            "iifname %s oifname %s meta l4proto { udp, icmp } ct state untracked accept\", and the same from "
            "%s to %s",
            lines->chain, lines->table, lines->table, lines->chain, to, in, in, to);
    else
        findings_add(
            lines->out,
            "FORWARD (table filter) drops untracked packets, and translated UDP is untracked: \"iptables -I "
            "FORWARD -i "
            "%s "
            "-o %s -p udp -m conntrack --ctstate UNTRACKED -j ACCEPT\", and the same from %s to %s, and with "
            "-p icmp",
            to, in, in, to);
}
