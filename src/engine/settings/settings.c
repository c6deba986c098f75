#include "settings.h"
#include <stdio.h>
#include <stdlib.h>

static struct flow_timers timers_of(const struct config *config)
{
    struct flow_timers timers;
    for (int class = 0; class < FLOW_KNOWN; class ++)
        timers.idle_ns[class] =
            (flow_is_attempt((enum flow_class) class) ? config->timer_attempt_s : config->timer_two_way_s) *
            QW_NS_PER_SECOND;
    timers.idle_ns[FLOW_ASKED] = config->timer_dns_s * QW_NS_PER_SECOND;
    timers.idle_ns[FLOW_KNOWN] = config->timer_confirmed_s * QW_NS_PER_SECOND;
    return timers;
}

static bool has_family(const struct config_prefixes *prefixes, enum qw_family family)
{
    for (unsigned i = 0; i < prefixes->count; i++)
        if (prefixes->list[i].family == family)
            return true;
    return prefixes->count == 0;
}

/* Whatever such a rule does, its packets are its own: dropped, they count under another reason. */
static bool is_asked_for(const struct config_rule *rule, enum qw_family family)
{
    return rule->direction == CONFIG_IN && has_family(&rule->from, family) && has_family(&rule->to, family);
}

/* No packet from outside that belongs to no flow can be anything but unsolicited. In mode nat IPv4 has
 * mappings instead. What a throttle watches counts as load of its interface, and where packets may pass
 * unjudged so may the answers to them. */
static bool is_closed(const struct config *config, enum qw_family family)
{
    bool judged = config->mode == CONFIG_FIREWALL || (config->mode == CONFIG_NAT && family == QW_IPV6);
    if (!judged || config->when_down == CONFIG_DOWN_PASS || config->default_in != CONFIG_DROP ||
        config->quic == CONFIG_QUIC_BLOCK || config->throttle_count > 0)
        return false;
    for (unsigned i = 0; i < config->rule_count; i++)
        if (is_asked_for(&config->rules[i], family))
            return false;
    return true;
}

static uint32_t closed_of(const struct config *config)
{
    return (is_closed(config, QW_IPV4) ? QW_KNOWN_IPV4 : 0u) |
           (is_closed(config, QW_IPV6) ? QW_KNOWN_IPV6 : 0u);
}

static void take_values(struct settings *settings, const struct config *config)
{
    settings->shards.timers = timers_of(config);
    settings->shards.throttled = config->throttle_count > 0;
    settings->quic = config->quic;
    settings->closed = closed_of(config);
    settings->reads_quic = config->quic != CONFIG_QUIC_BYPASS;
    settings->judges =
        config->quic == CONFIG_QUIC_BLOCK || config->rule_count > 0 || config->default_out != CONFIG_ACCEPT;
    settings->nat_rejects = config->nat_exhausted == CONFIG_REJECT;
    settings->inside_how = config->inside_how;
    settings->initials = (struct initials_limits){config->initials_rate, config->initials_per_source};
    settings->guard = config->guard;
    settings->guard_factor = config->guard_factor;
    settings->flows_per_host = config_flows_per_host(config);
    settings->hold_ns = config->hold_ms * QW_NS_PER_MS;
    settings->hold_datagrams = config->hold_datagrams;
    settings->hold_exhausted = config->hold_exhausted;
    sizes_take(&settings->sizes, config);
    throttling_take(&settings->throttling, config);
}

static void take_uplinks(struct settings *settings, const struct config *config)
{
    for (unsigned i = 0; i < config->external_count; i++)
        if (config->external_uplink[i] != 0)
            settings->uplinks = config->outside;
}

static bool take_prefixes(struct settings *settings, const struct config *config)
{
    const struct config_prefixes *inside = &config->inside_prefixes, *except = &config->nat_except;
    return qw_prefix_set_build(inside->list, inside->count, &settings->inside) &&
           qw_prefix_set_build(except->list, except->count, &settings->except);
}

enum qw_error settings_new(const struct config *config, struct rule_ids *rules, FILE *errors,
                           struct settings **out)
{
    *out = NULL;
    struct settings *settings = calloc(1, sizeof *settings);
    if (!settings)
        return QW_ERR_NO_MEMORY;
    take_values(settings, config);
    take_uplinks(settings, config);
    settings->rules = rules;
    enum qw_error error = policy_new(config, rules->secret, errors, &settings->policy);
    if (error == QW_OK && !take_prefixes(settings, config))
        error = QW_ERR_NO_MEMORY;
    if (error == QW_OK) {
        uint32_t count = policy_rule_count(settings->policy);
        settings->ids = malloc((count + 1) * sizeof *settings->ids);
        if (!settings->ids || !rule_ids_reserve(rules, count))
            error = QW_ERR_NO_MEMORY;
    }
    if (error == QW_OK)
        *out = settings;
    else
        settings_free(settings);
    return error;
}

void settings_free(struct settings *settings)
{
    if (!settings)
        return;
    policy_free(settings->policy);
    qw_prefix_set_free(&settings->inside);
    qw_prefix_set_free(&settings->except);
    free(settings->ids);
    free(settings);
}

static bool names(const struct settings *settings, uint16_t id)
{
    return settings && settings->named[id / 64] >> id % 64 & 1;
}

void settings_number(struct settings *settings, const struct settings *before, struct rule_ids *rules)
{
    for (uint32_t i = 0; i < policy_rule_count(settings->policy); i++) {
        uint16_t id = rule_ids_of(rules, policy_rule_name(settings->policy, i));
        settings->ids[i] = id;
        if (id == FLOW_NO_RULE)
            continue;
        if (!names(before, id))
            atomic_store_explicit(&rules->hits[id], 0, memory_order_relaxed);
        settings->named[id / 64] |= (uint64_t)1 << id % 64;
        if (!policy_rule_is_fast(settings->policy, i))
            settings->slow[id / 64] |= (uint64_t)1 << id % 64;
    }
}

bool settings_rule(const struct settings *settings, uint32_t index, struct engine_rule *out)
{
    uint32_t rules = policy_rule_count(settings->policy);
    uint32_t rule = index == rules ? POLICY_NO_RULE : index;
    uint16_t id = index < rules ? settings->ids[index] : FLOW_NO_RULE;
    if (index > rules)
        return false;
    snprintf(out->name, sizeof out->name, "%s", policy_rule_name(settings->policy, rule));
    out->hits = atomic_load_explicit(&settings->rules->hits[id], memory_order_relaxed);
    return true;
}
