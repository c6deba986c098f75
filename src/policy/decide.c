#include "rule.h"

void rule_see(const struct policy *policy, const struct policy_facts *facts, struct seen *out)
{
    bool readable = facts->version == CONFIG_VERSION_1 || facts->version == CONFIG_VERSION_2;
    out->policy = policy;
    out->facts = facts;
    out->quic = facts->quic && policy->config->quic != CONFIG_QUIC_BYPASS;
    out->misshapen = facts->misshapen && policy->config->quic != CONFIG_QUIC_BYPASS;
    out->asked_names = false;
    if (!out->quic || !readable || facts->hello_unreadable)
        out->hello = HELLO_NEVER;
    else
        out->hello = facts->hello ? HELLO_READ : HELLO_LATER;
}

enum answer rule_ask(const struct rule *rule, struct seen *seen, bool *content, const struct condition **why)
{
    enum answer answer = ANSWER_YES;
    *why = NULL;
    for (unsigned i = 0; i < rule->condition_count; i++) {
        const struct condition *condition = rule->conditions[i];
        *content |= condition->asks != ASKS_ADDRESSES;
        enum answer now = condition->ask(rule, seen);
        if (now != ANSWER_YES && (answer == ANSWER_YES || now == ANSWER_NO))
            *why = condition;
        if (now == ANSWER_NO)
            return now;
        if (now == ANSWER_LATER)
            answer = now;
    }
    return answer;
}

enum config_action rule_default(const struct policy *policy, const struct policy_facts *facts)
{
    if (facts->entry != POLICY_BY_DEFAULT)
        return facts->entry == POLICY_LET_IN ? CONFIG_ACCEPT : CONFIG_DROP;
    return facts->direction == CONFIG_IN ? policy->config->default_in : policy->config->default_out;
}

/* Rules that wait for the ClientHello are passed by for as long as all of them, and what would decide without
 * them, say the same. */
struct rules_walk {
    bool waits;
    enum config_action action; /* of those that wait */
};

static struct policy_decision wait_for_hello(const struct policy *policy, const struct policy_facts *facts)
{
    return (struct policy_decision){.action = rule_default(policy, facts),
                                    .rule = POLICY_NO_RULE,
                                    .by_content = true,
                                    .needs_hello = true};
}

static struct policy_decision ask_rules(const struct policy *policy, struct seen *seen, bool content)
{
    struct rules_walk walk = {false, CONFIG_ACCEPT};
    const struct condition *why;
    struct policy_decision decision = {rule_default(policy, seen->facts), POLICY_NO_RULE, false, false};
    for (uint32_t i = 0; i < policy->config->rule_count; i++) {
        enum config_action action = policy->config->rules[i].action;
        enum answer answer = rule_ask(&policy->rules[i], seen, &content, &why);
        if (answer == ANSWER_YES) {
            decision.action = action;
            decision.rule = i;
            break;
        }
        if (answer == ANSWER_LATER && walk.waits && walk.action != action)
            return wait_for_hello(policy, seen->facts);
        if (answer == ANSWER_LATER)
            walk = (struct rules_walk){true, action};
    }
    if (walk.waits && walk.action != decision.action)
        return wait_for_hello(policy, seen->facts);
    /* Without quic = "bypass", what the packet says was asked. */
    decision.by_content = content && policy->config->quic != CONFIG_QUIC_BYPASS;
    return decision;
}

struct policy_decision policy_decide(const struct policy *policy, const struct policy_facts *facts)
{
    bool blocks = policy->config->quic == CONFIG_QUIC_BLOCK;
    struct seen seen;
    if (blocks && facts->quic)
        return (struct policy_decision){CONFIG_REJECT, POLICY_NO_RULE, true, false};
    rule_see(policy, facts, &seen);
    return ask_rules(policy, &seen, blocks);
}

uint32_t policy_rule_count(const struct policy *policy)
{
    return policy->config->rule_count;
}

const char *policy_rule_name(const struct policy *policy, uint32_t rule)
{
    return rule < policy->config->rule_count ? policy->config->rules[rule].name : "default";
}

bool policy_rule_is_fast(const struct policy *policy, uint32_t rule)
{
    return rule >= policy->config->rule_count || policy->config->rules[rule].fast != CONFIG_NO;
}

bool policy_inspects(const struct policy *policy)
{
    return policy->inspects;
}
