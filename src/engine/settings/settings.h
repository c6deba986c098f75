/* All that a reload may change. Settings never change once they are published: a reload makes others
 * (reload.c), and each worker goes over to them when it takes its next packet. So one packet meets one state
 * of the configuration, and nobody waits for a reload. What workers share keeps a copy of what it needs:
 * shards their timers, the throttle its limits. They take it from the first who has newer settings. */
#ifndef ENGINE_SETTINGS_H
#define ENGINE_SETTINGS_H

#include "initials.h"
#include "rule_ids.h"
#include "sizes.h"
#include "throttling.h"
#include <quicward/base/prefix_set.h>
#include <quicward/flow.h>
#include <quicward/policy.h>

/* What shards need of them. */
struct shard_settings {
    uint64_t generation; /* counts the settings from 1 on */
    struct flow_timers timers;
    bool throttled; /* throttles are configured */
};

struct settings {
    struct shard_settings shards;
    bool reads_quic;  /* false with quic = "bypass": then QUIC is UDP like any other */
    bool judges;      /* some flow may be refused: attempts have to be asked for */
    bool nat_rejects; /* a refused mapping is answered with an ICMP error */
    uint32_t flows_per_host;
    struct initials_limits initials;
    enum config_guard guard;
    uint32_t guard_factor;
    enum config_inside inside_how;
    struct qw_prefix_set inside;      /* owned; CONFIG_INSIDE_LIST */
    struct qw_prefix_set except;      /* owned; of mode nat: what is not translated */
    struct config_interfaces uplinks; /* outside interfaces that have external addresses of their own; none
                                         where all addresses are for any */
    struct sizes sizes;
    struct throttling throttling;
    enum config_quic quic;
    uint32_t closed; /* families of which nothing from outside begins a flow (QW_KNOWN_IPV4, QW_KNOWN_IPV6) */
    enum config_exhausted hold_exhausted;
    uint64_t hold_ns; /* longest wait */
    uint32_t hold_datagrams;
    struct policy *policy;                    /* owned */
    uint16_t *ids;                            /* owned; of the policy's rules, by index */
    const struct rule_ids *rules;             /* the engine's */
    struct settings *older;                   /* of those that are retired */
    uint64_t named[(FLOW_NO_RULE + 63) / 64]; /* a bit for each id that has a rule in force */
    uint64_t slow[(FLOW_NO_RULE + 63) / 64];  /* likewise, whose flows keep off the fast path */
};

/* Makes settings of `config`, and place in `rules` for the names. QW_OK and *out, the caller's; else as
 * policy_new, and nothing has changed. */
enum qw_error settings_new(const struct config *config, struct rule_ids *rules, FILE *errors,
                           struct settings **out);
void settings_free(struct settings *settings);

/* Numbers the rules. Those that were not in force in `before` (NULL: none was) begin to count at 0. `rules`
 * as for settings_new, no other names since. Once, before they are published as the successor of `before`. */
void settings_number(struct settings *settings, const struct settings *before, struct rule_ids *rules);

/* May flows that rule `id` admitted take the fast path? `slow` is that of settings, or a copy. */
static inline bool settings_is_fast(const uint64_t slow[static(FLOW_NO_RULE + 63) / 64], uint16_t id)
{
    return id == FLOW_NO_RULE || !(slow[id / 64] >> id % 64 & 1);
}

/* Mode nat: is what these two say to each other not translated? */
static inline bool settings_except(const struct settings *settings, const struct qw_addr *one,
                                   const struct qw_addr *other)
{
    return settings->except.count > 0 && (qw_prefix_set_has(&settings->except, one, QW_IPV4) ||
                                          qw_prefix_set_has(&settings->except, other, QW_IPV4));
}

/* As engine_rule. */
bool settings_rule(const struct settings *settings, uint32_t index, struct engine_rule *out);

#endif
