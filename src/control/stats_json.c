#include "text.h"
#include <quicward/control.h>

/* Every reason has its field, so that a reader sees the zeros too. */
static json_t *reasons(const struct engine_stats *stats)
{
    json_t *object = json_object();
    for (int i = QW_REASON_NONE + 1; object && i < QW_REASON_COUNT; i++) {
        json_t *count = json_integer(control_count(stats->reasons[i]));
        if (json_object_set_new(object, qw_reason_word((enum qw_reason)i), count) < 0) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static json_t *flows(const struct engine_stats *stats)
{
    return json_pack("{s:I,s:I,s:I,s:I}", "attempts", control_count(stats->flows[FLOW_ATTEMPT]), "answered",
                     control_count(stats->flows[FLOW_ANSWERED]), "confirmed",
                     control_count(stats->flows[FLOW_KNOWN]), "max", control_count(stats->flows_max));
}

static json_t *queue(const void *context, unsigned i)
{
    const struct io_queue_stats *queue = (const struct io_queue_stats *)context + i;
    /* clang-format off */
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}",
                     "number", control_count(queue->number),
                     "packets", control_count(queue->packets),
                     "waiting", control_count(queue->waiting),
                     "queue_dropped", control_count(queue->queue_dropped),
                     "user_dropped", control_count(queue->user_dropped),
                     "overruns", control_count(queue->overruns),
                     "rebinds", control_count(queue->rebinds),
                     "replies_failed", control_count(queue->replies_failed));
    /* clang-format on */
}

static json_t *rule_list(struct engine *engine)
{
    json_t *list = json_array();
    struct engine_rule rule;
    for (uint32_t i = 0; list && engine && engine_rule(engine, i, &rule); i++) {
        json_t *object = json_pack("{s:s,s:I}", "name", rule.name, "hits", control_count(rule.hits));
        if (json_array_append_new(list, object) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *hellos(const struct engine_stats *stats)
{
    /* clang-format off */
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}",
                     "read", control_count(stats->hellos),
                     "unreadable", control_count(stats->hellos_unreadable),
                     "held", control_count(stats->held),
                     "limits", control_count(stats->hold_limits),
                     "replies", control_count(stats->replies),
                     "replies_refused", control_count(stats->replies_refused));
    /* clang-format on */
}

/* Each in mode nat only. */
static json_t *external(const void *context, unsigned i)
{
    return control_address((const struct qw_addr *)context + i);
}

static json_t *nat(const struct engine_stats *stats)
{
    const struct nat_stats *nat = &stats->nat;
    /* clang-format off */
    return json_pack("{s:I,s:I,s:I,s:I,s:I,s:{s:I,s:I,s:I},s:o}",
                     "mappings", control_count(nat->mappings),
                     "ports", control_count(nat->ports),
                     "resting", control_count(nat->resting),
                     "created", control_count(nat->created),
                     "removed", control_count(nat->removed),
                     "refused",
                     "port", control_count(nat->refused_port),
                     "host", control_count(nat->refused_host),
                     "address", control_count(nat->refused_address),
                     "external", control_list(external, stats->external, stats->external_count));
    /* clang-format on */
}

static json_t *throttle(const void *context, unsigned i)
{
    const struct throttle_view *view = (const struct throttle_view *)context + i;
    /* clang-format off */
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:I,s:I}",
                     "interface", view->limit.interface,
                     "direction", view->limit.direction == THROTTLE_OUT ? "out" : "in",
                     "capacity", control_count(view->limit.capacity),
                     "offered", control_count(view->offered),
                     "passed", control_count(view->passed),
                     "share", control_share(view->share),
                     "share_confirmed", control_share(view->share_confirmed),
                     "dropped", control_count(view->dropped),
                     "flows_hit", control_count(view->flows_hit));
    /* clang-format on */
}

static json_t *counters(const struct engine_stats *stats)
{
    /* clang-format off */
    return json_pack("{s:s,s:I,s:I,s:I,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:I}",
                     "mode", config_mode_text(stats->mode),
                     "packets", control_count(stats->packets),
                     "accepted", control_count(stats->accepted),
                     "dropped", control_count(stats->dropped),
                     "reasons", reasons(stats),
                     "flows", flows(stats),
                     "created", control_count(stats->flows_created),
                     "expired", control_count(stats->flows_expired),
                     "evicted", control_count(stats->flows_evicted),
                     "confirmed", control_count(stats->flows_confirmed),
                     "handshakes_displaced", control_count(stats->handshakes_displaced),
                     "hellos", hellos(stats),
                     "ptbs", control_count(stats->ptbs),
                     "ptbs_refused", control_count(stats->ptbs_refused));
    /* clang-format on */
}

bool control_stats_json(const struct engine_stats *stats, struct engine *engine,
                        const struct io_queue_stats *queues, unsigned queue_count, FILE *out)
{
    json_t *object = counters(stats);
    bool whole =
        (stats->mode != CONFIG_NAT || control_add(object, "nat", nat(stats))) &&
        (stats->throttle_count == 0 ||
         control_add(object, "throttles", control_list(throttle, stats->throttles, stats->throttle_count))) &&
        control_add(object, "rules", rule_list(engine)) &&
        control_add(object, "queues", control_list(queue, queues, queue_count));
    if (whole)
        return control_write_line(json_pack("{s:o}", "stats", object), out);
    json_decref(object);
    return false;
}
