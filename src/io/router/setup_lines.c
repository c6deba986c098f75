#include "setup_lines.h"
#include <stdio.h>
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

/* The wildcard of iptables is "+". */
bool setup_lines_named(const struct config_interfaces *named, const char *word, size_t len)
{
    char text[CONFIG_INTERFACE_NAME_MAX];
    if (len == 0 || len >= sizeof(text))
        return false;
    memcpy(text, word, len);
    text[len] = '\0';
    if (text[len - 1] == '+')
        text[len - 1] = '*';
    for (unsigned i = 0; i < named->count; i++)
        if (config_interface_covers(named->names[i], text) || config_interface_covers(text, named->names[i]))
            return true;
    return false;
}

struct setup_name setup_lines_name(const struct setup_lines *lines, const char *named)
{
    struct setup_name name = {""};
    snprintf(name.text, sizeof(name.text), "%s", named);
    if (config_interface_is_pattern(named) && strcmp(lines->tool, "nft") != 0)
        name.text[strlen(name.text) - 1] = '+';
    return name;
}

/* Only mode nat has UDP untracked. */
void setup_lines_judge(struct setup_lines *lines)
{
    const struct config *config = lines->config;
    const struct setup_name inside = setup_lines_name(lines, config->inside.names[0]);
    const struct setup_name outside = setup_lines_name(lines, config->outside.names[0]);
    const char *in = inside.text, *to = outside.text;
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
