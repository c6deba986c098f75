#include "entry.h"

bool entry_is_forward(const struct config *config, const struct policy_facts *facts)
{
    const struct qw_endpoint *inside = &facts->tuple.dst;
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct config_forward *forward = &config->forwards[i];
        if (qw_addr_equal(&forward->to.addr, &inside->addr) && inside->port >= forward->to.port &&
            inside->port < forward->to.port + config_forward_ports(forward))
            return true;
    }
    return false;
}

enum policy_entry entry_of(const struct config *config, const struct policy_facts *facts)
{
    if (config->mode != CONFIG_NAT || facts->direction != CONFIG_IN || facts->tuple.family != QW_IPV4)
        return POLICY_BY_DEFAULT;
    if (config_is_excepted(config, &facts->tuple.src.addr, &facts->tuple.dst.addr))
        return POLICY_BY_DEFAULT;
    bool everybody = config->filtering == CONFIG_ENDPOINT_INDEPENDENT;
    return everybody || entry_is_forward(config, facts) ? POLICY_LET_IN : POLICY_KEPT_OUT;
}

void entry_say(const struct config *config, const struct policy_facts *facts, FILE *out)
{
    if (entry_is_forward(config, facts))
        fputs("nat.forwards", out);
    else if (config->filtering == CONFIG_ENDPOINT_INDEPENDENT)
        fputs("nat.filtering = \"endpoint-independent\", while there is a mapping", out);
    else
        fprintf(out, "nat.filtering, as for a stranger; %s to which the inside has sent are let in",
                config->filtering == CONFIG_ADDRESS_DEPENDENT ? "hosts" : "endpoints");
}
