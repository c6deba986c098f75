/* What iptables-save prints. */
#include "kernel_rules.h"
#include "setup_drops.h"
#include <quicward/config.h>
#include <stdio.h>
#include <string.h>

static bool has(const char *line, const char *what)
{
    return strstr(line, what) != NULL;
}

/* Does the rule have the target, whatever its options? */
static bool jumps(const char *line, const char *target)
{
    char text[32];
    int len = snprintf(text, sizeof(text), " -j %s", target);
    const char *at = strstr(line, text);
    return at && (at[len] == ' ' || at[len] == '\0');
}

static bool may_be_udp(const char *line)
{
    return (!has(line, " -p ") || has(line, " -p udp") || has(line, " -p all")) && !has(line, "! -p udp");
}

/* Does the rule say nothing but where it leads? */
static bool is_bare(const char *line)
{
    const char *options = strstr(line, " -");
    return options && strncmp(options, " -j ", 4) == 0;
}

static bool names_outside(const struct config *config, const char *line, const char *option)
{
    const char *at = strstr(line, option);
    if (!at)
        return true;
    at += strlen(option);
    return setup_lines_named(&config->outside, at, strcspn(at, " "));
}

/* An accept that needs no state, for what comes from outside. */
static bool opens(const struct setup_lines *lines, const char *line)
{
    return jumps(line, "ACCEPT") && may_be_udp(line) && !has(line, "state ") && !has(line, "--dport") &&
           !has(line, " -s ") && !has(line, "! -i") && names_outside(lines->config, line, " -i ");
}

static void read_filter(struct setup_lines *lines, const char *line)
{
    bool input = strncmp(line, "-A INPUT ", 9) == 0 || strncmp(line, "-A OUTPUT ", 10) == 0;
    if (strncmp(line, ":FORWARD DROP", 13) == 0)
        lines->drops = true;
    if (input)
        return;
    if (strncmp(line, "-A FORWARD ", 11) == 0 && is_bare(line + 10) &&
        (jumps(line, "DROP") || jumps(line, "REJECT")))
        lines->drops = true;
    if (has(line, "ESTABLISHED") && jumps(line, "ACCEPT"))
        lines->stateful = true;
    if (has(line, "UNTRACKED") && jumps(line, "ACCEPT"))
        lines->untracked = true;
    if (strncmp(line, "-A FORWARD ", 11) == 0 && opens(lines, line))
        lines->opened = true;
}

/* Is the interface that the rule names behind `option` one of ours, or does it name none? */
static bool is_between(const struct config *config, const char *line, const char *option)
{
    const char *at = strstr(line, option);
    if (!at || (at - line >= 2 && strncmp(at - 2, " !", 2) == 0))
        return true;
    at += strlen(option);
    size_t len = strcspn(at, " ");
    return (len > 0 && at[len - 1] == '+') || setup_lines_named(&config->inside, at, len) ||
           setup_lines_named(&config->outside, at, len);
}

/* Behind the name of our instance comes the line's end, a blank or a "-": another's may begin with ours. */
static bool jumps_to_us(const struct config *config, const char *line)
{
    char text[sizeof(" -j quicward-") + CONFIG_INSTANCE_MAX];
    int len = snprintf(text, sizeof(text), " -j " RULES_CHAIN, rules_instance(config));
    const char *at = strstr(line, text);
    return at && strchr(" -", at[len]);
}

/* Our queue's verdict ends the chain of the kernel that our jump stands in, so nothing behind it sees UDP. */
static void read_behind(struct setup_lines *lines, const char *line)
{
    const char *hook = strcmp(lines->table, "mangle") == 0 ? "-A FORWARD " : "-A PREROUTING ";
    if (strncmp(line, hook, strlen(hook)) != 0)
        return;
    if (jumps_to_us(lines->config, line))
        lines->behind = true;
    else if (lines->behind && !has(line, "quicward") && may_be_udp(line) &&
             is_between(lines->config, line, " -i ") && is_between(lines->config, line, " -o "))
        findings_add(lines->out,
                     "\"%s\" (table %s) comes after quicward's rules and sees no UDP between inside and "
                     "outside: put it in "
                     "front, \"%s -t %s -D%s\" and then \"%s -t %s -I%s\"",
                     line, lines->table, lines->tool, lines->table, line + 2, lines->tool, lines->table,
                     line + 2);
}

static void read_nat(struct setup_lines *lines, const char *line)
{
    bool changes = jumps(line, "REDIRECT") || jumps(line, "DNAT");
    if (lines->config->mode == CONFIG_NAT && strcmp(lines->tool, "iptables") == 0 && changes &&
        may_be_udp(line) && strncmp(line, "-A OUTPUT ", 10) != 0)
        findings_add(
            lines->out,
            "\"%s\" (table nat) has no effect on UDP between inside and outside, which is untracked: use "
            "nat.forwards, or exclude "
            "these packets from quicward by the same matches in \"iptables -t raw -I PREROUTING "
            "-i INTERFACE -p udp "
            "... -j ACCEPT\"",
            line);
}

static void read_queue(struct setup_lines *lines, const char *line)
{
    const char *numbers = strstr(line, "--queue-num ");
    numbers = numbers ? numbers + 12 : strstr(line, "--queue-balance ");
    if (!numbers)
        return;
    numbers += strncmp(numbers, "--queue-balance ", 16) == 0 ? 16 : 0;
    if (jumps(line, "NFQUEUE") && setup_lines_feeds_us(lines->config, numbers))
        findings_add(
            lines->out,
            "\"%s\" (%s, table %s) sends packets to a queue of quicward: give it another number, or set "
            "queue.first",
            line, lines->tool, lines->table);
}

static void read_offload(struct setup_lines *lines, const char *line)
{
    if (jumps(line, "FLOWOFFLOAD") && may_be_udp(line) &&
        !(lines->config->mode == CONFIG_NAT && strcmp(lines->tool, "iptables") == 0))
        findings_add(lines->out, "\"%s\" (%s) lets flows of UDP bypass quicward: restrict it, \"-p tcp\"",
                     line, lines->tool);
}

static void read_rule(struct setup_lines *lines, const char *line)
{
    bool ours = strncmp(line, "-A quicward-", 12) == 0 || strncmp(line, ":quicward-", 10) == 0;
    if (ours)
        return;
    if (strcmp(lines->table, "filter") == 0)
        read_filter(lines, line);
    if (strcmp(lines->table, "mangle") == 0 || strcmp(lines->table, "raw") == 0)
        read_behind(lines, line);
    if (strcmp(lines->table, "nat") == 0)
        read_nat(lines, line);
    setup_drops_iptables(lines, line);
    read_queue(lines, line);
    read_offload(lines, line);
}

void setup_iptables_line(struct setup_lines *lines, const char *line)
{
    if (*line == '*') {
        setup_lines_begin(lines);
        snprintf(lines->table, sizeof(lines->table), "%s", line + 1);
    } else if (strcmp(line, "COMMIT") == 0) {
        setup_lines_judge(lines);
        setup_drops_judge(lines);
    } else
        read_rule(lines, line);
}
