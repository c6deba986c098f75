#include "rules_fragments.h"
#include "kernel_rules.h"
#include <string.h>

#define BEYOND 7u /* the mark of fragments that are longer than all limits */

/* The different limits, the least first; of more than can be told apart the least ones. Returns how many. */
static unsigned limits_of(const struct config *config, uint32_t out[static FRAGMENT_LIMITS_MAX])
{
    unsigned count = 0;
    for (uint32_t above = 0; count < FRAGMENT_LIMITS_MAX; count++) {
        uint32_t least = UINT32_MAX;
        for (unsigned i = 0; i < config->size_limit_count; i++) {
            uint32_t limit = config->size_limits[i].limit;
            least = limit > above && limit < least ? limit : least;
        }
        if (least == UINT32_MAX)
            break;
        out[count] = above = least;
    }
    return count;
}

uint32_t rules_fragment_length(const struct config *config, uint32_t mark)
{
    uint32_t limits[FRAGMENT_LIMITS_MAX];
    unsigned which = (mark & FRAGMENT_MARK_MASK) >> FRAGMENT_MARK_SHIFT;
    if (which == 0 || !config->rules_fragments)
        return 0;
    return which <= limits_of(config, limits) ? limits[which - 1] : UINT32_MAX;
}

bool rules_measures(const struct config *config)
{
    return config->rules_fragments && config->size_limit_count > 0;
}

static void print_mark(const char *fits, uint32_t limit, unsigned which, FILE *out)
{
    fputs("        ", out);
    if (limit > 0)
        fprintf(out, "%s %u ", fits, limit);
    fprintf(out, "meta mark set meta mark & 0x%08x | 0x%08x\n", ~FRAGMENT_MARK_MASK,
            which << FRAGMENT_MARK_SHIFT);
}

/* A later rule wins: the least limit that fits. */
static void print_measure(const struct config *config, FILE *out)
{
    uint32_t limits[FRAGMENT_LIMITS_MAX];
    unsigned count = limits_of(config, limits);
    fputs("    chain measure {\n", out);
    print_mark("", 0, BEYOND, out);
    for (unsigned i = count; i > 0; i--)
        print_mark("meta length <=", limits[i - 1], i, out);
    fputs("    }\n", out);
}

static void print_rule(const struct config_interfaces *side, const char *matches, FILE *out)
{
    fputs("        ", out);
    rules_nft_set("iifname", side, out);
    fprintf(out, "%s goto measure\n", matches);
}

/* UDP, and the headers that it may stand behind: authentication (51), routing (43), options (60). */
static void print_unassembled(const struct config *config, FILE *out)
{
    const struct config_interfaces *sides[] = {&config->inside, &config->outside};
    fputs("    chain unassembled {\n"
          "        type filter hook prerouting priority -450; policy accept;\n",
          out);
    for (unsigned i = 0; i < 2; i++) {
        print_rule(sides[i], "ip protocol { 17, 51 } ip frag-off & 0x3fff != 0", out);
        print_rule(sides[i], "frag nexthdr { 17, 43, 51, 60 }", out);
    }
    fputs("    }\n", out);
}

/* The marks are of no use to anybody else. */
static void print_forget(const struct config *config, FILE *out)
{
    const struct config_interfaces *sides[] = {&config->inside, &config->outside};
    fputs("    chain measured {\n"
          "        type filter hook postrouting priority -151; policy accept;\n",
          out);
    for (unsigned i = 0; i < 2; i++) {
        fputs("        ", out);
        rules_nft_set("oifname", sides[i], out);
        fprintf(out, "meta mark & 0x%08x != 0 meta mark set meta mark & 0x%08x\n", FRAGMENT_MARK_MASK,
                ~FRAGMENT_MARK_MASK);
    }
    fputs("    }\n", out);
}

static void print_table(const struct config *config, FILE *out)
{
    fprintf(out, "table inet quicward_%s" FRAGMENT_TABLE_END " {\n", rules_instance(config));
    print_measure(config, out);
    print_unassembled(config, out);
    print_forget(config, out);
    fputs("}\n", out);
}

void rules_fragments_print(const struct config *config, FILE *out)
{
    const char *n = rules_instance(config);
    if (!rules_measures(config))
        return;
    fprintf(
        out,
        "\n# Size limits: marks say how long fragments are. They are set before fragments are reassembled.\n"
        "nft -f - 2>/dev/null <<'RULES' ||\n"
        "add table inet quicward_%s" FRAGMENT_TABLE_END "\n"
        "delete table inet quicward_%s" FRAGMENT_TABLE_END "\n",
        n, n);
    print_table(config, out);
    fputs("RULES\n"
          "    echo 'nft cannot mark fragments here: a datagram that came in fragments is judged as a whole' "
          ">&2\n\n",
          out);
}

void rules_fragments_state(const struct config *config, FILE *out)
{
    if (rules_measures(config))
        fprintf(out, "nft -s list table inet quicward_%s" FRAGMENT_TABLE_END " 2>/dev/null || :\n",
                rules_instance(config));
}

bool rules_state_measures(const struct config *config, const char *state)
{
    char begin[sizeof("table inet quicward_") + CONFIG_INSTANCE_MAX + sizeof(FRAGMENT_TABLE_END " {")];
    snprintf(begin, sizeof(begin), "table inet quicward_%s" FRAGMENT_TABLE_END " {", rules_instance(config));
    return !rules_measures(config) || strstr(state, begin);
}
