#include "warn.h"

/* A limit that another one makes pointless. */
struct pair {
    const char *key, *other; /* of the file; the warning stands where the first of them that is set does */
    const char *called;      /* the other one in words, unless the key says it */
    uint64_t value, bound;   /* pointless when `value` is above `bound` */
    const char *why;
};

static void look(struct check *check, const struct pair *pair)
{
    const config_setting_t *setting = config_lookup(&check->file, pair->key);
    if (!setting)
        setting = config_lookup(&check->file, pair->other);
    if (setting && pair->value > pair->bound)
        warn_at(check, check_place(check, setting), "%s = %llu is above %s = %llu: %s", pair->key,
                (unsigned long long)pair->value, pair->called ? pair->called : pair->other,
                (unsigned long long)pair->bound, pair->why);
}

static void look_at_timers(struct check *check)
{
    const struct config *config = check->config;
    const struct pair pairs[] = {
        {"timers.attempt", "timers.two_way", NULL, config->timer_attempt_s, config->timer_two_way_s,
         "a flow that is answered is forgotten sooner than one that is not"},
        {"timers.two_way", "timers.confirmed", NULL, config->timer_two_way_s, config->timer_confirmed_s,
         "a confirmed connection is forgotten sooner than other flows"},
        {"timers.dns", "timers.attempt", NULL, config->timer_dns_s, config->timer_attempt_s,
         "a question that was answered is kept longer than one that was not"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        look(check, &pairs[i]);
}

static void look_at_sizes(struct check *check)
{
    const struct config *config = check->config;
    const struct pair pairs[] = {
        {"flows.handshakes", "flows.max", NULL, config->handshakes_max, config->flows_max,
         "a handshake belongs to a flow, so the rest is never used"},
        {"hold.total", "queue.length", NULL, config->hold_total, config->queue_length,
         "datagrams that are held stand in the queue, and fill it"},
        {"reject.per_host", "reject.rate", NULL, config->reject_per_host, config->reject_rate,
         "the limit for all hosts is reached first"},
        {"ptb.per_host", "ptb.rate", NULL, config->ptb_per_host, config->ptb_rate,
         "the limit for all hosts is reached first"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        look(check, &pairs[i]);
}

static void look_at_nat(struct check *check)
{
    const struct config *config = check->config;
    uint64_t usable[QW_PORT_WORDS];
    config_nat_usable(config, usable);
    struct qw_port_count left = qw_ports_count(usable);
    /* A host has one external address (RFC 4787 REQ-2), so the ports of one are what it can get. */
    const struct pair pairs[] = {
        {"nat.per_host", "nat.ports", "the usable ports of an address", config->nat_per_host,
         (uint64_t)left.even + left.odd,
         "that many ports can be handed out on an address, so one host can take them all"},
        {"nat.per_host", "flows.max", NULL, config->nat_per_host, config->flows_max,
         "a mapping needs a flow, so one host can take the whole table"},
    };
    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
        look(check, &pairs[i]);
}

/* What is longer than the queue hands over is dropped in mode nat: such a limit is never reached. */
static void look_at_size_limits(struct check *check)
{
    const struct config *config = check->config;
    const config_setting_t *limits = config_lookup(&check->file, "size_limits");
    for (unsigned i = 0; i < config->size_limit_count; i++)
        if (config->mode == CONFIG_NAT && config->size_limits[i].limit > config->copy_range)
            warn_at(check, check_place(check, config_setting_get_elem(limits, i)),
                    "size_limit %u: limit = %u is above queue.copy_range = %u: mode nat drops what is longer "
                    "than that",
                    i + 1, config->size_limits[i].limit, config->copy_range);
}

void warn_limits(struct check *check)
{
    look_at_timers(check);
    look_at_sizes(check);
    if (check->config->mode == CONFIG_NAT)
        look_at_nat(check);
    look_at_size_limits(check);
}
