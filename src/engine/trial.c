#include "trial.h"
#include <string.h>

struct policy_facts trial_facts(const struct walk *w, struct policy_facts facts)
{
    const struct engine_claims *claims = &w->trial->claims;
    facts.quic = claims->quic;
    facts.misshapen = claims->misshapen;
    facts.version = claims->version;
    facts.hello_unreadable |= claims->hello_unreadable;
    facts.hello = facts.hello_unreadable ? NULL : claims->hello;
    return facts;
}

void trial_note(const struct walk *w, const struct policy_facts *facts)
{
    struct engine_trial *trial = w->trial;
    if (trial->asked < ENGINE_TRIAL_ASKED_MAX)
        trial->facts[trial->asked++] = *facts;
}

/* What the mapping was made for: nobody, RFC 5737. */
static struct qw_addr elsewhere(void)
{
    struct qw_addr addr;
    enum qw_family family;
    qw_addr_parse("203.0.113.255", &addr, &family);
    return addr;
}

bool engine_trial_map(struct engine *engine, const struct qw_endpoint *inside, struct qw_time now,
                      struct qw_endpoint *external)
{
    nat_external mapping;
    struct qw_addr to = elsewhere();
    if (!engine->nat || nat_session_begin(engine->nat, inside, &to, now, &mapping) != NAT_OK)
        return false;
    *external = nat_endpoint(engine->nat, mapping);
    return true;
}
