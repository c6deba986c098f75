/* What stands in the kernel of our rules, as text that can be compared. */
#include "kernel_rules.h"
#include "named_links.h"
#include "rules_fragments.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rules of ours as they are, and for each jump to them its hook and how many rules stand before it. Not those
 * of networks that hang on interfaces inside: they come and go with addresses, see rules_refresh_print.
 * Behind our name comes its end or a "-": the name of another instance may begin with ours. What the tool
 * warns of is not read: it comes and goes with tables of others, in the middle of a line. */
static void print_iptables(const char *n, FILE *out)
{
    fprintf(
        out,
        "for tool in iptables ip6tables; do\n"
        "    \"$tool-save\" 2>/dev/null | awk -v tool=$tool -v name=quicward-%s '\n"
        "        function ours(chain) { return chain == name || index(chain, name \"-\") == 1 }\n"
        "        /^\\*/ { table = $1 }\n"
        "        $2 == name \"-stay\" && $3 == \"-d\" { next }\n"
        "        /^:/ && ours(substr($1, 2)) { print tool, table, $1 }\n"
        "        /^-A/ { if (ours($2)) print tool, table, $0; else if (ours($NF))\n"
        "                print \"ahead\", tool, table, $0, before[table, $2] + 0; before[table, $2]++ }'\n"
        "done\n",
        n);
}

void rules_state_print(const struct config *config, enum config_backend backend, FILE *out)
{
    if (backend == CONFIG_RULES_NFT)
        fprintf(out, "nft -s list table inet quicward_%s 2>/dev/null || :\n", rules_instance(config));
    else
        print_iptables(rules_instance(config), out);
    rules_guard_state(config, out);
    rules_fragments_state(config, out);
}

/* A line without its end; *rest goes behind it. */
static size_t take_line(const char **rest, const char **line)
{
    size_t len = strcspn(*rest, "\n");
    *line = *rest;
    *rest += len + ((*rest)[len] == '\n');
    return len;
}

static size_t to_number(const char *line, size_t len)
{
    while (len > 0 && line[len - 1] != ' ')
        len--;
    return len;
}

/* Fewer rules ahead of a jump than before are no harm. */
static enum rules_change compare_lines(const char *then, size_t then_len, const char *now, size_t now_len)
{
    size_t prefix = to_number(then, then_len);
    if (then_len == now_len && memcmp(then, now, now_len) == 0)
        return RULES_SAME;
    if (strncmp(then, "ahead ", 6) != 0 || prefix != to_number(now, now_len) ||
        memcmp(then, now, prefix) != 0)
        return RULES_CHANGED;
    return atoi(now + prefix) <= atoi(then + prefix) ? RULES_SAME : RULES_MOVED;
}

enum rules_change rules_state_compare(const char *then, const char *now)
{
    enum rules_change change = RULES_SAME;
    while (*then && *now && change != RULES_CHANGED) {
        const char *before, *after;
        size_t before_len = take_line(&then, &before), after_len = take_line(&now, &after);
        enum rules_change one = compare_lines(before, before_len, after, after_len);
        if (one != RULES_SAME)
            change = one;
    }
    return *then || *now ? RULES_CHANGED : change;
}

/* Lines of `text` that begin with `start`. */
static unsigned count_lines(const char *text, const char *start)
{
    unsigned count = 0;
    const char *line;
    while (*text) {
        size_t len = take_line(&text, &line);
        count += len >= strlen(start) && strncmp(line, start, strlen(start)) == 0;
    }
    return count;
}

/* The same jumps, and at least the rules that the script names: some more are made of the networks inside. */
static bool has_all(const char *script, const char *state, const char *tool)
{
    char jump[32], ahead[32], rules[32];
    snprintf(jump, sizeof(jump), "jump %s ", tool);
    snprintf(ahead, sizeof(ahead), "ahead %s ", tool);
    snprintf(rules, sizeof(rules), "%s ", tool);
    unsigned chains = count_lines(script, ":quicward-"), wanted = count_lines(script, "-A quicward-");
    return count_lines(state, ahead) >= count_lines(script, jump) &&
           count_lines(state, rules) >= chains + wanted;
}

static bool has_families(char *script, const char *state)
{
    char *ipv6 = strstr(script, "\nif [ -e /proc/net/if_inet6 ]");
    bool with_ipv6 = ipv6 && access("/proc/self/net/if_inet6", F_OK) == 0;
    if (with_ipv6 && !has_all(ipv6, state, "ip6tables"))
        return false;
    if (ipv6)
        *ipv6 = '\0';
    return has_all(script, state, "iptables");
}

bool rules_state_complete(const struct config *config, enum config_backend backend, const char *state)
{
    char *script = NULL;
    size_t len = 0;
    if (backend == CONFIG_RULES_NFT)
        return strncmp(state, "table inet quicward_", strlen("table inet quicward_")) == 0;
    FILE *out = open_memstream(&script, &len);
    if (!out)
        return false;
    io_rules_print(config, backend, false, out);
    bool complete = fclose(out) == 0 && has_families(script, state);
    free(script);
    return complete;
}

/* How many interfaces have a routing rule: those that are named, there or not, and those that match. */
static unsigned guarded_links(const struct config_interfaces *named)
{
    struct named_links *links = malloc(sizeof(*links));
    unsigned count = 0;
    for (unsigned i = 0; i < named->count; i++)
        count += !config_interface_is_pattern(named->names[i]);
    if (links && named_links_look(named, links))
        for (unsigned i = 0; i < links->count; i++)
            count += config_interface_is_pattern(named->names[links->list[i].entry]);
    free(links);
    return count;
}

bool rules_state_guarded(const struct config *config, const char *state)
{
    unsigned families = access("/proc/self/net/if_inet6", F_OK) == 0 ? 2 : 1, found = 0;
    if (!rules_guarded(config))
        return true;
    unsigned links = guarded_links(&config->inside) + guarded_links(&config->outside);
    for (const char *at = state; (at = strstr(at, "blackhole")); at++)
        found++;
    return links > RULES_GUARD_LINKS_MAX || found >= families * links;
}
