/* What the rules of the settings say, as steps ask for it. */
#ifndef ENGINE_RULING_H
#define ENGINE_RULING_H

#include "settings.h"

/* What was decided of a flow or an attempt. */
struct ruling {
    enum config_action action;
    enum qw_reason reason; /* QW_REASON_NONE when the action is CONFIG_ACCEPT */
    uint16_t rule;         /* id, FLOW_NO_RULE for the default */
    bool needs_hello;      /* nothing is decided yet */
};

/* What the rules say, counted unless it needs the ClientHello. */
struct ruling ruling_decide(const struct settings *settings, const struct policy_facts *facts);

/* Does the answer depend on the ClientHello? */
bool ruling_needs_hello(const struct settings *settings, const struct policy_facts *facts);

/* What the rules, or hold.exhausted, say of an attempt whose ClientHello is not there when a limit ends the
 * wait. Not counted: it is decided when the ClientHello is there. */
struct ruling ruling_at_limit(const struct settings *settings, const struct policy_facts *facts);

#endif
