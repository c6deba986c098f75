#include "rule.h"
#include <stdlib.h>
#include <string.h>

static atomic_uint_fast64_t *hits_of(const struct policy *policy, uint32_t rule)
{
    uint32_t count = policy->config->rule_count;
    return &policy->hits[rule < count ? rule : count];
}

void policy_count(struct policy *policy, const struct policy_decision *decision)
{
    atomic_fetch_add_explicit(hits_of(policy, decision->rule), 1, memory_order_relaxed);
}

uint64_t policy_rule_hits(const struct policy *policy, uint32_t rule)
{
    return atomic_load_explicit(hits_of(policy, rule), memory_order_relaxed);
}

uint32_t policy_rule_count(const struct policy *policy)
{
    return policy->config->rule_count;
}

const char *policy_rule_name(const struct policy *policy, uint32_t rule)
{
    return rule < policy->config->rule_count ? policy->config->rules[rule].name : "default";
}

static void add(struct policy *policy, uint32_t rule, uint64_t hits)
{
    atomic_fetch_add_explicit(hits_of(policy, rule), hits, memory_order_relaxed);
}

void policy_take_counters(struct policy *policy, const struct policy *from)
{
    uint32_t count = policy->config->rule_count, i = 0;
    for (uint32_t j = 0; j < from->config->rule_count; j++) {
        while (i < count && strcmp(policy->by_name[i].name, from->by_name[j].name) < 0)
            i++;
        if (i < count && strcmp(policy->by_name[i].name, from->by_name[j].name) == 0)
            add(policy, policy->by_name[i].rule, policy_rule_hits(from, from->by_name[j].rule));
    }
    add(policy, POLICY_NO_RULE, policy_rule_hits(from, POLICY_NO_RULE));
}
