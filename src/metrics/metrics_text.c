/* Everything that is written, family after family. */
#include "counter_metrics.h"

enum metrics_family {
#define X(name, word, type, help) FAMILY_##name,
    METRICS_FAMILIES(X)
#undef X
        FAMILY_COUNT
};

static const struct {
    const char *name, *help;
    enum metrics_type type;
} FAMILIES[FAMILY_COUNT] = {
#define X(name, word, type, help) [FAMILY_##name] = {word, help, METRICS_##type},
    METRICS_FAMILIES(X)
#undef X
};

/* Writes its heading, and returns its name. */
static const char *begin(enum metrics_family family, FILE *out)
{
    exposition_family(out, FAMILIES[family].name, FAMILIES[family].type, FAMILIES[family].help);
    return FAMILIES[family].name;
}

static void single(enum metrics_family family, double value, FILE *out)
{
    exposition_real(out, begin(family, out), NULL, value);
}

static void single_count(enum metrics_family family, uint64_t value, FILE *out)
{
    exposition_count(out, begin(family, out), NULL, value);
}

static void info(const struct metrics_view *view, FILE *out)
{
    const struct metrics_label labels[] = {{"version", view->version},
                                           {"mode", config_mode_text(view->stats->mode)},
                                           {"instance_name", view->instance},
                                           {0}};
    exposition_count(out, begin(FAMILY_INFO, out), labels, 1);
}

static void drops(const struct engine_stats *stats, FILE *out)
{
    const char *name = begin(FAMILY_DROPS, out);
    for (int i = QW_REASON_NONE + 1; i < QW_REASON_COUNT; i++)
        exposition_count(out, name,
                         (const struct metrics_label[]){{"reason", qw_reason_word((enum qw_reason)i)}, {0}},
                         stats->reasons[i]);
}

/* The configuration lets no two rules have one name, and none that of the default. */
static void rule_hits(struct engine *engine, FILE *out)
{
    struct engine_rule rule;
    if (!engine)
        return;
    const char *name = begin(FAMILY_RULE_HITS, out);
    for (uint32_t i = 0; engine_rule(engine, i, &rule); i++)
        exposition_count(out, name, (const struct metrics_label[]){{"rule", rule.name}, {0}}, rule.hits);
}

static void handshakes(const struct engine_measured *measured, FILE *out)
{
    const char *name = begin(FAMILY_HANDSHAKES, out);
    for (unsigned v = 0; v < ENGINE_VERSION_CLASS_COUNT; v++)
        for (unsigned o = 0; o < ENGINE_OUTCOME_COUNT; o++)
            exposition_count(out, name,
                             (const struct metrics_label[]){{"version", ENGINE_VERSION_WORDS[v]},
                                                            {"outcome", ENGINE_OUTCOME_WORDS[o]},
                                                            {0}},
                             measured->handshakes[v][o]);
    exposition_histogram(out, begin(FAMILY_HANDSHAKE_RTT, out), &measured->handshake_rtt);
    exposition_histogram(out, begin(FAMILY_SPIN_RTT, out), &measured->spin_rtt);
}

static void address_ports(const char *name, const char *address, const char *state, uint32_t value, FILE *out)
{
    exposition_count(out, name, (const struct metrics_label[]){{"address", address}, {"state", state}, {0}},
                     value);
}

/* An address that is not known now has no ports either. */
static void nat(const struct engine_stats *stats, FILE *out)
{
    static const struct qw_addr UNKNOWN;
    if (stats->mode != CONFIG_NAT)
        return;
    const char *name = begin(FAMILY_NAT_ADDRESS_PORTS, out);
    for (unsigned i = 0; i < stats->external_count; i++) {
        char address[QW_ADDR_TEXT_MAX];
        if (qw_addr_equal(&stats->external[i], &UNKNOWN))
            continue;
        qw_addr_text(&stats->external[i], QW_IPV4, address);
        address_ports(name, address, "used", stats->ports[i].used, out);
        address_ports(name, address, "resting", stats->ports[i].resting, out);
        address_ports(name, address, "free", stats->ports[i].free, out);
    }
}

/* ---- throttles ---- */

#define BITS 8.0

/* A sample a throttle; the third label is `what`, if it has a name. */
static void throttle_sample(const char *name, const struct throttle_view *view, struct metrics_label what,
                            double value, FILE *out)
{
    const struct metrics_label labels[] = {
        {"interface", view->limit.interface},
        {"direction", view->limit.direction == THROTTLE_OUT ? "out" : "in"},
        what,
        {0}};
    exposition_real(out, name, labels, value);
}

static double capacity_of(const struct throttle_view *view)
{
    return (double)view->limit.capacity / BITS;
}

static double offered_of(const struct throttle_view *view)
{
    return (double)view->offered / BITS;
}

static double passed_of(const struct throttle_view *view)
{
    return (double)view->passed / BITS;
}

static double drops_of(const struct throttle_view *view)
{
    return (double)view->dropped;
}

static void throttle_family(enum metrics_family family, double value_of(const struct throttle_view *view),
                            const struct engine_stats *stats, FILE *out)
{
    const char *name = begin(family, out);
    for (unsigned i = 0; i < stats->throttle_count; i++)
        throttle_sample(name, &stats->throttles[i], (struct metrics_label){0}, value_of(&stats->throttles[i]),
                        out);
}

static void throttle_shares(const struct engine_stats *stats, FILE *out)
{
    const char *name = begin(FAMILY_THROTTLE_SHARE, out);
    for (unsigned i = 0; i < stats->throttle_count; i++) {
        const struct throttle_view *view = &stats->throttles[i];
        throttle_sample(name, view, (struct metrics_label){"flows", "unspared"}, view->share, out);
        throttle_sample(name, view, (struct metrics_label){"flows", "confirmed"}, view->share_confirmed, out);
        throttle_sample(name, view, (struct metrics_label){"flows", "small"}, view->share_small, out);
    }
}

static void throttle_flows(const struct engine_stats *stats, FILE *out)
{
    const char *name = begin(FAMILY_THROTTLE_FLOWS, out);
    for (unsigned i = 0; i < stats->throttle_count; i++) {
        const struct throttle_view *view = &stats->throttles[i];
        throttle_sample(name, view, (struct metrics_label){"flows", "blocked"}, view->flows_blocked, out);
        throttle_sample(name, view, (struct metrics_label){"flows", "hit"}, view->flows_hit, out);
        throttle_sample(name, view, (struct metrics_label){"flows", "spared_confirmed"},
                        view->spared_confirmed, out);
        throttle_sample(name, view, (struct metrics_label){"flows", "spared_small"}, view->spared_small, out);
    }
}

static void throttles(const struct engine_stats *stats, FILE *out)
{
    if (stats->throttle_count == 0)
        return;
    throttle_family(FAMILY_THROTTLE_CAPACITY, capacity_of, stats, out);
    throttle_family(FAMILY_THROTTLE_OFFERED, offered_of, stats, out);
    throttle_family(FAMILY_THROTTLE_PASSED, passed_of, stats, out);
    throttle_family(FAMILY_THROTTLE_DROPS, drops_of, stats, out);
    throttle_shares(stats, out);
    throttle_flows(stats, out);
}

/* ---- what is around the engine ---- */

static void kernel_rules(const struct io_rules_stats *rules, FILE *out)
{
    if (!rules || !rules->managed)
        return;
    single_count(FAMILY_RULES_STANDING, rules->standing, out);
    single_count(FAMILY_RULES_PUT_BACK, rules->put_back, out);
}

static void ipfix(const struct ipfix_stats *stats, FILE *out)
{
    if (!stats || !stats->on)
        return;
    single_count(FAMILY_IPFIX_CONNECTED, stats->connected, out);
    const char *name = begin(FAMILY_IPFIX_RECORDS, out);
    exposition_count(out, name, (const struct metrics_label[]){{"outcome", "sent"}, {0}}, stats->records);
    exposition_count(out, name, (const struct metrics_label[]){{"outcome", "lost"}, {0}}, stats->lost);
}

static void cluster_flows(const struct peer_stats *stats, FILE *out)
{
    const char *name = begin(FAMILY_CLUSTER_FLOWS, out);
    exposition_count(out, name, (const struct metrics_label[]){{"outcome", "adopted"}, {0}}, stats->adopted);
    exposition_count(out, name, (const struct metrics_label[]){{"outcome", "conflict"}, {0}},
                     stats->conflicts);
    exposition_count(out, name, (const struct metrics_label[]){{"outcome", "refused"}, {0}}, stats->refused);
}

/* Of each owner where there are owners, else of the router. */
static void cluster_owned(const struct peer_stats *stats, enum metrics_family family,
                          uint64_t (*value)(const struct peer_owned_stats *owned), FILE *out)
{
    const char *name = begin(family, out);
    for (unsigned i = 0; i < stats->owned_count; i++) {
        const struct metrics_label labels[] = {{"owner", stats->owned[i].name}, {0}};
        exposition_count(out, name, stats->owners ? labels : NULL, value(&stats->owned[i]));
    }
}

static uint64_t is_active(const struct peer_owned_stats *owned)
{
    return owned->role == PEER_ACTIVE;
}

static uint64_t epoch_of(const struct peer_owned_stats *owned)
{
    return owned->epoch;
}

static uint64_t is_split(const struct peer_owned_stats *owned)
{
    return owned->split;
}

static void cluster_peers(const struct peer_stats *stats, enum metrics_family family,
                          uint64_t (*value)(const struct peer_other_stats *other), FILE *out)
{
    const char *name = begin(family, out);
    for (unsigned i = 0; i < stats->other_count; i++)
        exposition_count(out, name, (const struct metrics_label[]){{"router", stats->others[i].router}, {0}},
                         value(&stats->others[i]));
}

static uint64_t is_mismatched(const struct peer_other_stats *other)
{
    return other->mismatch;
}

static uint64_t flows_of(const struct peer_other_stats *other)
{
    return other->flows;
}

static void cluster_stores(const struct peer_stats *stats, FILE *out)
{
    const char *name = begin(FAMILY_CLUSTER_STORE_UP, out);
    exposition_count(out, name, (const struct metrics_label[]){{"store", "own"}, {0}}, stats->store_up);
    for (unsigned i = 0; i < stats->other_count; i++)
        exposition_count(
            out, name,
            (const struct metrics_label[]){{"store", "peer"}, {"router", stats->others[i].router}, {0}},
            stats->others[i].up);
}

static void cluster_ages(const struct peer_stats *stats, FILE *out)
{
    const char *name = NULL;
    for (unsigned i = 0; i < stats->other_count; i++) {
        if (!stats->others[i].known)
            continue;
        name = name ? name : begin(FAMILY_CLUSTER_PEER_AGE, out);
        exposition_real(out, name, (const struct metrics_label[]){{"router", stats->others[i].router}, {0}},
                        (double)stats->others[i].age_ns / QW_NS_PER_SECOND);
    }
}

static void cluster(const struct peer_stats *stats, FILE *out)
{
    if (!stats || !stats->on)
        return;
    cluster_owned(stats, FAMILY_CLUSTER_ACTIVE, is_active, out);
    cluster_owned(stats, FAMILY_CLUSTER_EPOCH, epoch_of, out);
    cluster_owned(stats, FAMILY_CLUSTER_SPLIT, is_split, out);
    cluster_peers(stats, FAMILY_CLUSTER_MISMATCH, is_mismatched, out);
    cluster_stores(stats, out);
    cluster_ages(stats, out);
    single(FAMILY_CLUSTER_UNSENT, (double)stats->unsent_ns / QW_NS_PER_SECOND, out);
    cluster_peers(stats, FAMILY_CLUSTER_FOREIGN, flows_of, out);
    single_count(FAMILY_CLUSTER_WRITTEN, stats->written, out);
    single_count(FAMILY_CLUSTER_ERRORS, stats->write_errors, out);
    single_count(FAMILY_CLUSTER_TAKEOVERS, stats->takeovers, out);
    cluster_flows(stats, out);
}

static void process(const struct metrics_process *process, FILE *out)
{
    if (!process || !process->known)
        return;
    single(FAMILY_CPU, process->cpu_s, out);
    single_count(FAMILY_RESIDENT, process->resident, out);
    single_count(FAMILY_VIRTUAL, process->virtual, out);
    single_count(FAMILY_THREADS, process->threads, out);
    single_count(FAMILY_OPEN_FDS, process->open_fds, out);
    single_count(FAMILY_MAX_FDS, process->max_fds, out);
    fprintf(out, "%s %.2f\n", begin(FAMILY_START_TIME, out), process->start_s);
}

bool metrics_write(const struct metrics_view *view, FILE *out)
{
    info(view, out);
    counter_metrics(view->stats, out);
    drops(view->stats, out);
    rule_hits(view->engine, out);
    handshakes(view->measured, out);
    nat(view->stats, out);
    throttles(view->stats, out);
    queue_metrics(view->queues, view->queue_count, out);
    kernel_rules(view->kernel_rules, out);
    ipfix(view->ipfix, out);
    cluster(view->peer, out);
    process(view->process, out);
    return !ferror(out);
}
