/* What is said of records that were taken over. */
#include <inttypes.h>
#include <quicward/io.h>
#include <stdarg.h>
#include <string.h>

struct line {
    char *out;
    size_t size, len;
    unsigned reasons;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(line->out + line->len, line->size - line->len, format, arguments);
    va_end(arguments);
    line->len += len < 0 ? 0 : (size_t)len;
    if (line->len >= line->size)
        line->len = line->size - 1;
}

static void add_reason(struct line *line, const char *what, const char *why, uint64_t count)
{
    if (count == 0)
        return;
    add(line, "%s%" PRIu64 " %s (%s)", line->reasons++ ? ", " : "; dropped: ", count, what, why);
}

/* Timers go on while nobody looks, and what was undecided is asked again. */
static bool usual(enum flow_adopted result)
{
    return result == FLOW_ADOPTED || result == FLOW_ADOPT_UNDECIDED || result == FLOW_ADOPT_EXPIRED;
}

/* The configuration may have lost an address, or its ports. */
static bool usual_mapping(enum nat_adopted result)
{
    return result == NAT_ADOPTED || result == NAT_ADOPT_ADDRESS || result == NAT_ADOPT_UNUSABLE;
}

bool io_state_report(const struct engine_recovery *counts, const char *path, uint64_t ms, char *out,
                     size_t size)
{
    struct line line = {.out = out, .size = size};
    uint64_t odd = 0;
    add(&line,
        "state: took over %" PRIu64 " flows, %" PRIu64 " mappings and %" PRIu64
        " resting ports of %s in %" PRIu64 " ms",
        counts->flows.results[FLOW_ADOPTED], counts->nat.results[NAT_ADOPTED], counts->nat.rests, path, ms);
    for (unsigned i = FLOW_ADOPTED + 1; i < FLOW_ADOPT_RESULTS; i++) {
        add_reason(&line, "flows", flow_adopted_word((enum flow_adopted)i), counts->flows.results[i]);
        odd += usual((enum flow_adopted)i) ? 0 : counts->flows.results[i];
    }
    add_reason(&line, "flows", "without their mapping or rule", counts->flows.refused);
    odd += counts->flows.refused > CONFIG_WORKERS_MAX; /* each worker may be amid the end of one */
    for (unsigned i = NAT_ADOPTED + 1; i < NAT_ADOPT_RESULTS; i++) {
        add_reason(&line, "mappings", nat_adopted_word((enum nat_adopted)i), counts->nat.results[i]);
        odd += usual_mapping((enum nat_adopted)i) ? 0 : counts->nat.results[i];
    }
    add_reason(&line, "mappings", "without a flow", counts->unheld);
    add_reason(&line, "ports", "unclear, they rest", counts->nat.unclear);
    return odd > 0;
}
