#include "ruling.h"

static enum qw_reason reason_for(const struct settings *settings, const struct policy_facts *facts,
                                 const struct policy_decision *decision)
{
    if (decision->action == CONFIG_ACCEPT)
        return QW_REASON_NONE;
    if (decision->rule != POLICY_NO_RULE)
        return QW_REASON_RULE;
    if (facts->quic && settings->quic == CONFIG_QUIC_BLOCK)
        return QW_REASON_QUIC_BLOCKED;
    return facts->direction == CONFIG_IN ? QW_REASON_UNSOLICITED : QW_REASON_DEFAULT;
}

static struct ruling ask(const struct settings *settings, const struct policy_facts *facts)
{
    struct policy_decision decision = policy_decide(settings->policy, facts);
    struct ruling ruling = {.action = decision.action, .needs_hello = decision.needs_hello};
    ruling.rule = decision.rule == POLICY_NO_RULE ? FLOW_NO_RULE : settings->ids[decision.rule];
    ruling.reason = reason_for(settings, facts, &decision);
    return ruling;
}

struct ruling ruling_decide(const struct settings *settings, const struct policy_facts *facts)
{
    struct ruling ruling = ask(settings, facts);
    if (!ruling.needs_hello)
        rule_ids_count(settings->rules, ruling.rule);
    return ruling;
}

bool ruling_needs_hello(const struct settings *settings, const struct policy_facts *facts)
{
    struct policy_facts open = *facts;
    open.hello = NULL;
    open.hello_unreadable = false;
    return policy_decide(settings->policy, &open).needs_hello;
}

struct ruling ruling_at_limit(const struct settings *settings, const struct policy_facts *facts)
{
    struct ruling ruling = {.action = CONFIG_ACCEPT, .rule = FLOW_NO_RULE};
    struct policy_facts unread = *facts;
    unread.hello = NULL;
    unread.hello_unreadable = true;
    if (settings->hold_exhausted == CONFIG_EXHAUSTED_DEFAULT)
        ruling = ask(settings, &unread);
    else if (settings->hold_exhausted == CONFIG_EXHAUSTED_DROP)
        ruling.action = CONFIG_DROP;
    if (ruling.action != CONFIG_ACCEPT)
        ruling.reason = QW_REASON_HOLD_LIMIT;
    return ruling;
}
