#include "text.h"
#include <quicward/control.h>
#include <string.h>

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

static json_t *queue(const void *context, unsigned i)
{
    const struct io_queue_stats *queue = (const struct io_queue_stats *)context + i;
    json_t *object = json_pack("{s:I}", "number", control_count(queue->number));
    bool whole = object;
    for (unsigned c = 0; whole && c < QW_QUEUE_COUNTERS_END; c++)
        whole = control_add(object, qw_counter_name(&QW_QUEUE_COUNTER_ROWS[c]),
                            json_integer(control_count(queue->counters.all[c])));
    if (whole)
        return object;
    json_decref(object);
    return NULL;
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

/* Where the daemon keeps them. */
static json_t *kernel_rules(const struct io_rules_stats *rules)
{
    return json_pack("{s:s,s:b,s:I}", "backend", rules->backend == CONFIG_RULES_NFT ? "nft" : "iptables",
                     "standing", (int)rules->standing, "put_back", control_count(rules->put_back));
}

static json_t *external(const void *context, unsigned i)
{
    return control_address((const struct qw_addr *)context + i);
}

static json_t *address_ports(const void *context, unsigned i)
{
    const struct engine_stats *stats = context;
    const struct nat_ports *ports = &stats->ports[i];
    return json_pack("{s:o,s:b,s:I,s:I,s:I,s:I}", "address", control_address(&stats->external[i]), "draining",
                     (int)stats->draining[i], "usable", control_count(ports->usable), "used",
                     control_count(ports->used), "resting", control_count(ports->resting), "free",
                     control_count(ports->free));
}

static json_t *throttle(const void *context, unsigned i)
{
    const struct throttle_view *view = (const struct throttle_view *)context + i;
    /* clang-format off */
    return json_pack("{s:s,s:s,s:I,s:I,s:I,s:o,s:o,s:I,s:I,s:o,s:I,s:I,s:{s:I,s:I}}",
                     "interface", view->limit.interface,
                     "direction", view->limit.direction == THROTTLE_OUT ? "out" : "in",
                     "capacity", control_count(view->limit.capacity),
                     "offered", control_count(view->offered),
                     "passed", control_count(view->passed),
                     "share", control_share(view->share),
                     "share_confirmed", control_share(view->share_confirmed),
                     "dropped", control_count(view->dropped),
                     "flows_hit", control_count(view->flows_hit),
                     "share_small", control_share(view->share_small),
                     "fair", control_count(view->fair),
                     "flows_blocked", control_count(view->flows_blocked),
                     "spared", "confirmed", control_count(view->spared_confirmed),
                     "small", control_count(view->spared_small));
    /* clang-format on */
}

static json_t *sink(const void *context, unsigned i)
{
    const struct control_sink_stats *sink = (const struct control_sink_stats *)context + i;
    return json_pack("{s:s,s:I,s:I}", "to", sink->name, "written", control_count(sink->written), "lost",
                     control_count(sink->lost));
}

/* The object that `word` stands in, made if it is not there; *name is what it is called there. */
static json_t *parent_of(json_t *object, const char *word, const char **name)
{
    char group[32];
    const char *dot;
    for (; object && (dot = strchr(word, '.')); word = dot + 1) {
        snprintf(group, sizeof group, "%.*s", (int)(dot - word), word);
        json_t *inner = json_object_get(object, group);
        if (!inner && control_add(object, group, json_object()))
            inner = json_object_get(object, group);
        object = inner;
    }
    *name = word;
    return object;
}

static bool add_counter(json_t *object, enum qw_counter counter, uint64_t value)
{
    const char *name;
    json_t *parent = parent_of(object, QW_COUNTER_ROWS[counter].word, &name);
    return parent && control_add(parent, name, json_integer(control_count(value)));
}

/* Reasons stand behind the packets that they are the reasons of. */
static bool add_counters(json_t *object, const struct engine_stats *stats)
{
    bool whole = true;
    for (unsigned i = 0; whole && i < QW_COUNTERS_END; i++) {
        if (QW_COUNTER_ROWS[i].scope == QW_SCOPE_NAT && stats->mode != CONFIG_NAT)
            continue;
        whole = add_counter(object, (enum qw_counter)i, stats->counters.all[i]);
        if (i == QW_COUNTER_dropped)
            whole = whole && control_add(object, "reasons", reasons(stats));
    }
    return whole;
}

static bool add_external(json_t *object, const struct engine_stats *stats)
{
    json_t *nat = json_object_get(object, "nat");
    return stats->mode != CONFIG_NAT ||
           (control_add(nat, "external", control_list(external, stats->external, stats->external_count)) &&
            control_add(nat, "addresses", control_list(address_ports, stats, stats->external_count)));
}

bool control_stats_json(const struct engine_stats *stats, struct engine *engine,
                        const struct io_queue_stats *queues, unsigned queue_count,
                        const struct io_rules_stats *kernel, const struct control_sink_stats *sinks,
                        unsigned sink_count, FILE *out)
{
    json_t *object = json_pack("{s:s}", "mode", config_mode_text(stats->mode));
    bool whole =
        object && add_counters(object, stats) && add_external(object, stats) &&
        (stats->throttle_count == 0 ||
         control_add(object, "throttles", control_list(throttle, stats->throttles, stats->throttle_count))) &&
        control_add(object, "rules", rule_list(engine)) &&
        control_add(object, "queues", control_list(queue, queues, queue_count)) &&
        (!kernel || !kernel->managed || control_add(object, "kernel_rules", kernel_rules(kernel))) &&
        (sink_count == 0 || control_add(object, "events", control_list(sink, sinks, sink_count)));
    if (whole)
        return control_write_line(json_pack("{s:o}", "stats", object), out);
    json_decref(object);
    return false;
}
