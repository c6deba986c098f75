/* What the words leave open. A guess would explain another flow than the one that was meant. */
#include "explain_flow.h"
#include <string.h>

/* Does a rule want one of these interfaces at this end, and is it open which one `told` is? */
static bool is_asked_for(const struct config *config, const struct config_interfaces *side, bool from,
                         const char *told)
{
    for (unsigned i = 0; i < config->rule_count; i++) {
        const char *wanted = from ? config->rules[i].from_interface : config->rules[i].to_interface;
        if (config_interface_find(side, wanted) < 0)
            continue;
        if (!told || (!config_interface_covers(wanted, told) && config_interface_covers(told, wanted)))
            return true;
    }
    return false;
}

static bool ask_for_interface(const struct config_interfaces *side, const char *way)
{
    fprintf(stderr, "the flow may %s by", way);
    for (unsigned i = 0; i < side->count; i++)
        fprintf(stderr, "%s %s", i == 0 ? "" : i + 1 == side->count ? " or" : ",", side->names[i]);
    fputs(", and a rule depends on it; name the interface before the address, as \"lan0 10.0.0.5:5000\"\n",
          stderr);
    return false;
}

static bool interfaces_are_told(const struct config *config, const struct policy_facts *facts)
{
    bool out = facts->direction == CONFIG_OUT;
    const struct config_interfaces *from = out ? &config->inside : &config->outside;
    const struct config_interfaces *to = out ? &config->outside : &config->inside;
    /* Of IPv4 from outside the daemon itself does not know it in mode nat. */
    bool known = out || config->mode != CONFIG_NAT || facts->tuple.family != QW_IPV4;
    if (is_asked_for(config, from, true, facts->from_interface))
        return ask_for_interface(from, "come");
    if (known && is_asked_for(config, to, false, facts->to_interface))
        return ask_for_interface(to, "leave");
    return true;
}

static bool is_external(const struct config *config, const struct qw_addr *addr)
{
    for (unsigned i = 0; !config->external_auto && i < config->external_count; i++)
        if (qw_addr_equal(&config->external[i], addr))
            return true;
    return false;
}

/* Where a forward leads, or where it is reached. */
static bool may_begin_outside(const struct config *config, const struct policy_facts *facts)
{
    if (config->mode != CONFIG_NAT || facts->tuple.family != QW_IPV4)
        return false;
    bool found = is_external(config, &facts->tuple.dst.addr);
    for (unsigned i = 0; i < config->forward_count && !found; i++)
        found = qw_addr_equal(&config->forwards[i].to.addr, &facts->tuple.dst.addr);
    return found;
}

bool explain_is_told(const struct config *config, const struct policy_flow *flow)
{
    if (!flow->sides_told && may_begin_outside(config, &flow->facts)) {
        fputs("the flow may begin inside or outside; say which before its first address, as "
              "\"outside 192.0.2.1:5000\"\n",
              stderr);
        return false;
    }
    return interfaces_are_told(config, &flow->facts);
}
