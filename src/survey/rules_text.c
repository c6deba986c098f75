/* What iptables-save and nft print, read for who made the rules and what they hand inside. What is not
 * understood says nothing. */
#include <quicward/survey.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_LEN 1024

/* The next line, cut to its room and without blanks before it. False at the end. */
static bool next_line(const char **rest, char out[static LINE_MAX_LEN])
{
    const char *line = *rest;
    if (!line || !*line)
        return false;
    size_t len = strcspn(line, "\n");
    *rest = line + len + (line[len] == '\n');
    while (len > 0 && (*line == ' ' || *line == '\t'))
        line++, len--;
    len = len < LINE_MAX_LEN ? len : LINE_MAX_LEN - 1;
    memcpy(out, line, len);
    out[len] = '\0';
    return true;
}

static bool has(const char *line, const char *what)
{
    return strstr(line, what) != NULL;
}

/* nft names a table and a chain once, on lines of their own, and "#tool" begins another tool's. */
struct where {
    bool our_table, our_chain;
};

static bool is_ours(const char *line, struct where *where)
{
    if (strncmp(line, "#tool ", 6) == 0)
        *where = (struct where){false, false};
    if (strncmp(line, "table ", 6) == 0)
        *where = (struct where){.our_table = has(line, " quicward_")};
    if (strncmp(line, "chain ", 6) == 0)
        where->our_chain = has(line, "chain quicward-");
    return where->our_table || where->our_chain || has(line, "quicward");
}

/* ---- who made them ---- */

static bool names(const char *line, const char *before, const char *name, const char *after)
{
    char text[64];
    snprintf(text, sizeof(text), "%s%s%s", before, name, after);
    return name[0] != '\0' && has(line, text);
}

/* Does the rule translate what leaves by `outside`: by its name, or by naming no interface and no source? */
static bool translates(const char *line, const char *outside)
{
    if (has(line, " -p udp") || has(line, "! -o"))
        return false;
    if (has(line, " -j MASQUERADE") || has(line, " -j SNAT"))
        return strncmp(line, "-A POSTROUTING", 14) == 0 &&
               (names(line, " -o ", outside, " ") || (!has(line, " -o ") && !has(line, " -s ")));
    if (strstr(line, "masquerade") || strstr(line, "snat "))
        return names(line, "oifname \"", outside, "\"") || names(line, "oif \"", outside, "\"") ||
               (!has(line, "oif") && !has(line, "saddr") && line[0] != '-');
    return false;
}

static void read_other(const char *line, const char *outside, struct survey_others *out)
{
    out->docker |= has(line, ":DOCKER ") || has(line, "chain DOCKER");
    out->firewalld |=
        has(line, "table inet firewalld") || has(line, ":FWD_public") || has(line, "FORWARD_direct");
    out->ufw |= has(line, ":ufw-") || has(line, "chain ufw-");
    out->flowtable |= strncmp(line, "flowtable ", 10) == 0 || has(line, "-j FLOWOFFLOAD");
    if (!out->translates && translates(line, outside)) {
        out->translates = true;
        snprintf(out->translator, sizeof(out->translator), "%.90s", line);
    }
}

void survey_read_others(const char *rules, const char *outside, struct survey_others *out)
{
    char line[LINE_MAX_LEN];
    struct where where = {false, false};
    *out = (struct survey_others){0};
    while (next_line(&rules, line))
        if (!is_ours(line, &where))
            read_other(line, outside ? outside : "", out);
}

/* ---- what they hand inside ---- */

/* "10.0.0.2:8443", "10.0.0.2" */
static bool read_target(const char *text, uint16_t port, struct survey_forward *out)
{
    char target[QW_ENDPOINT_TEXT_MAX];
    struct qw_endpoint to;
    enum qw_family family;
    snprintf(target, sizeof(target), "%.*s", (int)strcspn(text, " \n"), text);
    *out = (struct survey_forward){.port = port, .to_port = port};
    if (qw_endpoint_parse(target, &to, &family)) {
        out->to = to.addr;
        out->to_port = to.port;
    } else if (!qw_addr_parse(target, &out->to, &family))
        return false;
    return family == QW_IPV4 && out->to_port != 0;
}

/* A single port behind `word`; 0: none. */
static uint16_t port_behind(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    char *end;
    if (!at)
        return 0;
    at += strlen(word);
    unsigned long port = strtoul(at, &end, 10);
    return end > at && *end == ' ' && port <= UINT16_MAX ? (uint16_t)port : 0;
}

static const char *behind(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    return at ? at + strlen(word) : NULL;
}

static bool read_forward(const char *line, struct survey_forward *out)
{
    const char *to = behind(line, "--to-destination ");
    uint16_t port = port_behind(line, " --dport ");
    if (!to || !has(line, " -p udp") || strncmp(line, "-A OUTPUT ", 10) == 0) {
        to = behind(line, "dnat ip to ");
        to = to ? to : behind(line, "dnat to ");
        port = port_behind(line, "udp dport ");
    }
    return to && port != 0 && read_target(to, port, out);
}

static bool is_known(const struct survey_forward *list, unsigned count, const struct survey_forward *one)
{
    for (unsigned i = 0; i < count; i++)
        if (list[i].port == one->port ||
            (qw_addr_equal(&list[i].to, &one->to) && list[i].to_port == one->to_port))
            return true;
    return false;
}

unsigned survey_read_forwards(const char *rules, struct survey_forward out[static SURVEY_FORWARDS_MAX])
{
    char line[LINE_MAX_LEN];
    unsigned count = 0;
    struct survey_forward one;
    while (count < SURVEY_FORWARDS_MAX && next_line(&rules, line))
        if (read_forward(line, &one) && !is_known(out, count, &one))
            out[count++] = one;
    return count;
}
