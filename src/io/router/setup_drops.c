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

static bool is_named(const struct config_interfaces *named, const char *word, size_t len)
{
    for (unsigned i = 0; i < named->count; i++)
        if (is_word(word, len, named->names[i]))
            return true;
    return false;
}

static enum drop_side side_of(const struct config *config, const char *word, size_t len)
{
    if (is_named(&config->inside, word, len))
        return SIDE_INSIDE;
    return is_named(&config->outside, word, len) ? SIDE_OUTSIDE : SIDE_NEITHER;
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
                 "\"%s\" (%s) drops all UDP between inside and outside: take it away, or restrict it", line,
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

/* Would something pass here? Chains of others are not followed: they may accept. */
static bool may_accept(const char *line)
{
    return !strstr(line, " -j DROP") && !strstr(line, " -j REJECT") && !strstr(line, " -j LOG") &&
           !strstr(line, " -p tcp");
}

void setup_drops_iptables(struct setup_lines *lines, const char *line)
{
    bool filter = strcmp(lines->table, "filter") == 0;
    const char *chain = strncmp(line, "-A FORWARD ", 11) == 0      ? line + 11
                        : strncmp(line, "-A PREROUTING ", 14) == 0 ? line + 14
                                                                   : NULL;
    if (filter && strncmp(line, ":FORWARD DROP", 13) == 0)
        lines->policy_drops = true;
    if (!chain || strcmp(lines->table, "nat") == 0)
        return;
    struct plain plain = read_iptables(lines, chain);
    if (plain.is_plain && plain.drops && is_between(&plain) && !lines->accepts && !lines->behind)
        tell_rule(lines, line);
    if (filter && may_accept(line))
        lines->accepts = true;
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

void setup_drops_judge(struct setup_lines *lines)
{
    if (!lines->policy_drops || lines->accepts)
        return;
    if (strcmp(lines->tool, "nft") == 0)
        findings_add(
            lines->out,
            "chain %s of table %s drops all UDP that is forwarded: \"nft add rule %s %s meta l4proto { udp, "
            "icmp, icmpv6 } accept\"",
            lines->chain, lines->table, lines->table, lines->chain);
    else
        findings_add(lines->out,
                     "FORWARD (%s, table filter) drops all UDP that is forwarded: \"%s -I FORWARD -p udp -j "
                     "ACCEPT\"",
                     lines->tool, lines->tool);
}
