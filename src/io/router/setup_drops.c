#include "setup_drops.h"
#include <stdio.h>
#include <string.h>

enum drop_side { SIDE_ANY, SIDE_INSIDE, SIDE_OUTSIDE, SIDE_NEITHER };

/* A rule, as far as it is plain: nothing but interfaces, UDP and its verdict. */
struct plain {
    bool is_plain, drops;
    enum drop_side in, to;
};

static bool is_word(const char *word, size_t len, const char *wanted)
{
    return strlen(wanted) == len && strncmp(word, wanted, len) == 0;
}

/* Takes the next word, in quotes or not. NULL at the end. */
static const char *next_word(const char **rest, size_t *len)
{
    const char *word = *rest + strspn(*rest, " ");
    if (*word == '\0')
        return NULL;
    if (*word == '"') {
        word++;
        *len = strcspn(word, "\"");
        *rest = word + *len + (word[*len] == '"');
    } else {
        *len = strcspn(word, " ");
        *rest = word + *len;
    }
    return word;
}

static enum drop_side side_of(const struct config *config, const char *word, size_t len)
{
    if (setup_lines_named(&config->inside, word, len))
        return SIDE_INSIDE;
    return setup_lines_named(&config->outside, word, len) ? SIDE_OUTSIDE : SIDE_NEITHER;
}

static bool is_between(const struct plain *plain)
{
    if (plain->in == SIDE_NEITHER || plain->to == SIDE_NEITHER)
        return false;
    return plain->in == SIDE_ANY || plain->in != plain->to;
}

static void tell_rule(struct setup_lines *lines, const char *line)
{
    char where[160];
    if (strcmp(lines->tool, "nft") == 0)
        snprintf(where, sizeof(where), "table %.60s, chain %.60s", lines->table, lines->chain);
    else
        snprintf(where, sizeof(where), "%s, table %.60s", lines->tool, lines->table);
    findings_add(lines->out,
                 "\"%s\" (%s) drops all UDP between inside and outside: remove it, or restrict it", line,
                 where);
}

/* ---- iptables ---- */

/* Takes a word and what belongs to it. */
static void read_option(const struct setup_lines *lines, const char *word, size_t len, const char **rest,
                        struct plain *out)
{
    size_t value_len = 0;
    const char *value = next_word(rest, &value_len);
    if (!value)
        out->is_plain = false;
    else if (is_word(word, len, "-i"))
        out->in = side_of(lines->config, value, value_len);
    else if (is_word(word, len, "-o"))
        out->to = side_of(lines->config, value, value_len);
    else if (is_word(word, len, "-j"))
        out->drops = is_word(value, value_len, "DROP") || is_word(value, value_len, "REJECT");
    else if (is_word(word, len, "-p"))
        out->is_plain &= is_word(value, value_len, "udp") || is_word(value, value_len, "all");
    else if (is_word(word, len, "-m"))
        out->is_plain &= is_word(value, value_len, "udp") || is_word(value, value_len, "comment");
    else
        out->is_plain &= is_word(word, len, "--comment") || is_word(word, len, "--reject-with");
}

static struct plain read_iptables(const struct setup_lines *lines, const char *rest)
{
    struct plain plain = {.is_plain = true};
    size_t len;
    const char *word;
    while ((word = next_word(&rest, &len)) && plain.is_plain)
        read_option(lines, word, len, &rest, &plain);
    return plain;
}

/* Does the rule name an interface of neither side behind `option`? */
static bool is_elsewhere(const struct setup_lines *lines, const char *line, const char *option)
{
    const char *at = strstr(line, option);
    if (!at || (at - line >= 2 && strncmp(at - 2, " !", 2) == 0))
        return false;
    at += strlen(option);
    size_t len = strcspn(at, " ");
    bool wildcard = len > 0 && at[len - 1] == '+';
    return !wildcard && side_of(lines->config, at, len) == SIDE_NEITHER;
}

/* Where the rule leads what it matches. */
enum target { TARGET_ON, TARGET_ACCEPT, TARGET_CHAIN };

/* Targets that end nothing, or drop; what is none of these is a chain, or an extension that may accept. */
static enum target target_of(const char *line)
{
    static const char *const ON[] = {"DROP", "REJECT",   "LOG",  "RETURN", "NFLOG", "TCPMSS",
                                     "MARK", "CONNMARK", "DSCP", "TTL",    "TRACE", "CLASSIFY"};
    size_t len = 0;
    const char *at = strstr(line, " -j "), *rest = at ? at + 4 : NULL;
    const char *name = rest ? next_word(&rest, &len) : NULL;
    if (!name)
        return strstr(line, " -g ") ? TARGET_CHAIN : TARGET_ON;
    for (unsigned i = 0; i < sizeof(ON) / sizeof(ON[0]); i++)
        if (is_word(name, len, ON[i]))
            return TARGET_ON;
    return is_word(name, len, "ACCEPT") || is_word(name, len, "NFQUEUE") ? TARGET_ACCEPT : TARGET_CHAIN;
}

/* Docker's rules accept what comes by its own bridges, and nothing of ours. */
static void read_target(struct setup_lines *lines, const char *line, bool forwards)
{
    enum target target = target_of(line);
    if (strstr(line, " -p tcp") || is_elsewhere(lines, line, " -i ") || is_elsewhere(lines, line, " -o "))
        return;
    if (!forwards)
        lines->inner |= target == TARGET_ACCEPT;
    else if (target == TARGET_ACCEPT)
        lines->accepts = true;
    else if (target == TARGET_CHAIN)
        lines->jumps = true;
}

static bool is_built_in(const char *line)
{
    return strncmp(line, "-A INPUT ", 9) == 0 || strncmp(line, "-A OUTPUT ", 10) == 0;
}

void setup_drops_iptables(struct setup_lines *lines, const char *line)
{
    bool filter = strcmp(lines->table, "filter") == 0;
    const char *chain = strncmp(line, "-A FORWARD ", 11) == 0      ? line + 11
                        : strncmp(line, "-A PREROUTING ", 14) == 0 ? line + 14
                                                                   : NULL;
    if (filter && strncmp(line, ":FORWARD DROP", 13) == 0)
        lines->policy_drops = true;
    if (filter && *line == '-' && !is_built_in(line))
        read_target(lines, line, chain);
    if (!chain || strcmp(lines->table, "nat") == 0)
        return;
    struct plain plain = read_iptables(lines, chain);
    if (plain.is_plain && plain.drops && is_between(&plain) && !lines->accepts && !lines->jumps &&
        !lines->behind)
        tell_rule(lines, line);
}

/* ---- nft ---- */

static bool skip_counter(const char **rest)
{
    int len = 0;
    if (sscanf(*rest, " packets %*u bytes %*u%n", &len) == 0 && len > 0)
        *rest += len;
    return true;
}

static void read_nft_word(const struct setup_lines *lines, const char *word, size_t len, const char **rest,
                          struct plain *out)
{
    size_t value_len = 0;
    const char *value;
    if (is_word(word, len, "counter") && skip_counter(rest))
        return;
    if (is_word(word, len, "drop") || is_word(word, len, "reject")) {
        out->drops = true;
        *rest += strlen(*rest);
        return;
    }
    if (is_word(word, len, "meta") || is_word(word, len, "ip"))
        return;
    value = next_word(rest, &value_len);
    if (!value)
        out->is_plain = false;
    else if (is_word(word, len, "iifname") || is_word(word, len, "iif"))
        out->in = side_of(lines->config, value, value_len);
    else if (is_word(word, len, "oifname") || is_word(word, len, "oif"))
        out->to = side_of(lines->config, value, value_len);
    else
        out->is_plain &= (is_word(word, len, "l4proto") || is_word(word, len, "protocol")) &&
                         is_word(value, value_len, "udp");
}

static struct plain read_nft(const struct setup_lines *lines, const char *rest)
{
    struct plain plain = {.is_plain = true};
    size_t len;
    const char *word;
    while ((word = next_word(&rest, &len)) && plain.is_plain)
        read_nft_word(lines, word, len, &rest, &plain);
    return plain;
}

void setup_drops_nft(struct setup_lines *lines, const char *line)
{
    bool leads_on = strstr(line, "accept") || strstr(line, "jump ") || strstr(line, "goto ") ||
                    strstr(line, "vmap") || strstr(line, "queue");
    if (!lines->forwards && !lines->arrives)
        return;
    struct plain plain = read_nft(lines, line);
    if (plain.is_plain && plain.drops && is_between(&plain) && !lines->accepts)
        tell_rule(lines, line);
    if (leads_on && !strstr(line, "tcp"))
        lines->accepts = true;
}

/* ---- the policy ---- */

/* What a chain of others accepts may be for something else; then nothing is said. */
void setup_drops_judge(struct setup_lines *lines)
{
    const struct setup_name inside = setup_lines_name(lines, lines->config->inside.names[0]);
    const struct setup_name outside = setup_lines_name(lines, lines->config->outside.names[0]);
    const char *in = inside.text, *to = outside.text;
    if (!lines->policy_drops || lines->accepts || (lines->jumps && lines->inner))
        return;
    if (strcmp(lines->tool, "nft") == 0)
        findings_add(
            lines->out,
            "chain %s of table %s drops all UDP between inside and outside: \"nft add rule %s %s iifname "
            "%s oifname %s meta l4proto { udp, icmp, icmpv6 } accept\", and the same from %s to %s",
            lines->chain, lines->table, lines->table, lines->chain, in, to, to, in);
    else
        findings_add(
            lines->out,
            "FORWARD (%s, table filter) drops all UDP between inside and outside: \"%s -I FORWARD -i %s -o "
            "%s -p udp -j ACCEPT\", and the same from %s to %s, and with -p %s",
            lines->tool, lines->tool, in, to, to, in,
            strcmp(lines->tool, "ip6tables") == 0 ? "icmpv6" : "icmp");
}
