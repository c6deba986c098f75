/* Rules that never match, or seldom what their author means. */
#include "interface.h"
#include "warn.h"

static bool inside(const struct qw_prefix *prefix, const struct qw_prefix *other)
{
    return prefix->family == other->family && prefix->bits >= other->bits &&
           qw_prefix_contains(other, &prefix->addr, prefix->family);
}

/* Is every address in one of these prefixes? */
static bool all_in(const struct config_prefixes *prefixes, const struct qw_prefix *others, unsigned count)
{
    for (unsigned i = 0; i < prefixes->count; i++) {
        bool found = false;
        for (unsigned k = 0; k < count && !found; k++)
            found = inside(&prefixes->list[i], &others[k]);
        if (!found)
            return false;
    }
    return prefixes->count > 0;
}

static bool is_external(const struct config *config, const struct config_prefixes *prefixes)
{
    struct qw_prefix external[CONFIG_EXTERNAL_MAX];
    if (config->mode != CONFIG_NAT || config->external_auto)
        return false;
    for (unsigned i = 0; i < config->external_count; i++)
        external[i] = (struct qw_prefix){config->external[i], QW_IPV4, 32};
    return all_in(prefixes, external, config->external_count);
}

/* Never sent from one network to another: RFC 1122 3.2.1.3, RFC 4291 2.5.2, 2.5.3, 2.5.6. */
static bool stays_at_home(const struct config_prefixes *prefixes)
{
    static struct qw_prefix local[4];
    static const char *const TEXTS[] = {"127.0.0.0/8", "169.254.0.0/16", "::1/128", "fe80::/10"};
    for (unsigned i = 0; i < 4; i++)
        qw_prefix_parse(TEXTS[i], &local[i]);
    return all_in(prefixes, local, 4);
}

static bool asks_quic(const struct config_rule *rule)
{
    return rule->quic == CONFIG_YES || rule->version.count || rule->sni.count || rule->sni_list.count ||
           rule->alpn.count || rule->ech != CONFIG_EITHER || rule->readable != CONFIG_EITHER;
}

static void look_at_addresses(struct check *check, const struct config_rule *rule, struct place place)
{
    const struct config *config = check->config;
    if (is_external(config, &rule->to) && rule->direction == CONFIG_IN)
        warn_at(check, place,
                "rule \"%s\" never matches: to is an external address, and rules see packets from outside "
                "with the inside address; write the address of the host inside",
                rule->name);
    else if (is_external(config, &rule->to) && rule->direction == CONFIG_ANY)
        warn_at(check, place,
                "rule \"%s\" matches nothing from outside: to is an external address, and rules see "
                "packets from outside with the inside address",
                rule->name);
    if (is_external(config, &rule->from) && rule->direction == CONFIG_OUT)
        warn_at(check, place,
                "rule \"%s\" never matches: from is an external address, and rules see packets from inside "
                "before they are translated",
                rule->name);
    if (stays_at_home(&rule->from) || stays_at_home(&rule->to))
        warn_at(check, place,
                "rule \"%s\" never matches: %s is a loopback or link-local address, which no router "
                "forwards",
                rule->name, stays_at_home(&rule->from) ? "from" : "to");
}

/* A host that a forward leads to is inside. */
static void look_at_forwards(struct check *check, const struct config_rule *rule, struct place place)
{
    const struct config *config = check->config;
    for (unsigned i = 0; i < config->forward_count; i++) {
        const struct qw_prefix host = {config->forwards[i].to.addr, QW_IPV4, 32};
        bool from = all_in(&rule->from, &host, 1) && rule->direction == CONFIG_IN;
        bool to = all_in(&rule->to, &host, 1) && rule->direction == CONFIG_OUT;
        if (!from && !to)
            continue;
        warn_at(check, place,
                "rule \"%s\" never matches: %s is a host inside (nat.forwards), and direction = \"%s\"",
                rule->name, from ? "from" : "to", config_direction_text(rule->direction));
        return;
    }
}

void warn_useless_rules(struct check *check)
{
    const struct config *config = check->config;
    for (unsigned i = 0; i < config->rule_count; i++) {
        const struct config_rule *rule = &config->rules[i];
        struct place place = warn_rule_place(check, i);
        look_at_addresses(check, rule, place);
        look_at_forwards(check, rule, place);
        if (config->quic != CONFIG_QUIC_INSPECT && asks_quic(rule))
            warn_at(check, place, "rule \"%s\" never matches: it asks for QUIC, and quic = \"%s\"",
                    rule->name, config->quic == CONFIG_QUIC_BYPASS ? "bypass" : "block");
    }
}
