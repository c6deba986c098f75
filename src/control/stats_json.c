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

static json_t *queue_object(const struct io_queue_stats *queue)
{
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

static json_t *queue_list(const struct io_queue_stats *queues, unsigned count)
{
    json_t *list = json_array();
    for (unsigned i = 0; list && i < count; i++) {
        if (json_array_append_new(list, queue_object(&queues[i])) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
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

static json_t *stats_object(const struct engine_stats *stats, json_t *rules, json_t *queues)
{
    /* clang-format off */
    return json_pack("{s:{s:s,s:I,s:I,s:I,s:o,s:o,s:I,s:I,s:I,s:I,s:I,s:o,s:o,s:o}}", "stats",
                     "mode", stats->mode == CONFIG_MONITOR ? "monitor" : "firewall",
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
                     "rules", rules,
                     "queues", queues);
    /* clang-format on */
}

bool control_stats_json(const struct engine_stats *stats, struct engine *engine,
                        const struct io_queue_stats *queues, unsigned queue_count, FILE *out)
{
    return control_write_line(stats_object(stats, rule_list(engine), queue_list(queues, queue_count)), out);
}
