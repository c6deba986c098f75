#include "naive.h"
#include <string.h>
#include <strings.h>

static bool in_prefixes(const struct config_prefixes *prefixes, const struct qw_addr *addr,
                        enum qw_family family)
{
    bool found = prefixes->count == 0;
    for (unsigned i = 0; i < prefixes->count; i++) {
        const struct qw_prefix *prefix = &prefixes->list[i];
        bool same = prefix->family == family;
        for (unsigned bit = 0; same && bit < prefix->bits; bit++) {
            unsigned at = bit + (family == QW_IPV4 ? 96 : 0);
            same &= !((prefix->addr.bytes[at / 8] ^ addr->bytes[at / 8]) & (0x80 >> at % 8));
        }
        found |= same;
    }
    return found;
}

static bool in_ports(const struct config_ports *ports, unsigned port)
{
    bool found = ports->count == 0;
    for (unsigned i = 0; i < ports->count; i++)
        for (unsigned p = ports->list[i].first; p <= ports->list[i].last; p++)
            found |= p == port;
    return found;
}

static bool is_interface(const char *wanted, const char *found)
{
    return !*wanted || (found && strcmp(wanted, found) == 0);
}

static bool fits_addresses(const struct config_rule *rule, const struct policy_facts *facts)
{
    const struct qw_tuple *tuple = &facts->tuple;
    return (rule->direction == CONFIG_ANY || rule->direction == facts->direction) &&
           is_interface(rule->from_interface, facts->from_interface) &&
           is_interface(rule->to_interface, facts->to_interface) &&
           in_prefixes(&rule->from, &tuple->src.addr, tuple->family) &&
           in_prefixes(&rule->to, &tuple->dst.addr, tuple->family) &&
           in_ports(&rule->from_port, tuple->src.port) && in_ports(&rule->to_port, tuple->dst.port);
}

static bool fits_packet(const struct config_rule *rule, const struct policy_facts *facts)
{
    bool version = rule->version.count == 0;
    for (unsigned i = 0; i < rule->version.count; i++)
        version |= facts->quic && rule->version.list[i] == facts->version;
    bool shape = rule->misshapen == CONFIG_EITHER || (rule->misshapen == CONFIG_YES) == facts->misshapen;
    return version && shape && (rule->quic == CONFIG_EITHER || (rule->quic == CONFIG_YES) == facts->quic);
}

static bool is_name(const char *pattern, const char *name)
{
    const char *plain = pattern + (*pattern == '*' ? 2 : *pattern == '.');
    size_t len = strlen(plain), name_len = strlen(name);
    if (strcasecmp(plain, name) == 0)
        return *pattern != '*';
    return plain != pattern && name_len > len && name[name_len - len - 1] == '.' &&
           strcasecmp(name + name_len - len, plain) == 0;
}

static bool in_names(const struct config_rule *rule, const struct naive_list *lists, const char *name)
{
    bool found = rule->sni.count + rule->sni_list.count == 0;
    for (unsigned i = 0; i < rule->sni.count; i++)
        found |= is_name(rule->sni.list[i], name);
    for (unsigned i = 0; i < rule->sni_list.count; i++)
        for (const struct naive_list *list = lists; list->name; list++)
            for (unsigned j = 0; list->names[j]; j++)
                found |= strcmp(list->name, rule->sni_list.list[i]) == 0 && is_name(list->names[j], name);
    return found;
}

static bool fits_hello(const struct config_rule *rule, const struct naive_list *lists,
                       const struct tls_client_hello *hello)
{
    char name[TLS_NAME_MAX + 1] = "";
    if (hello->sni.len)
        memcpy(name, hello->sni.data, hello->sni.len);
    if (hello->sni.len && name[hello->sni.len - 1] == '.')
        name[hello->sni.len - 1] = '\0';
    bool alpn = rule->alpn.count == 0;
    for (unsigned i = 0; i < rule->alpn.count; i++)
        for (unsigned j = 0; j < hello->alpn_count; j++)
            alpn |= hello->alpn[j].len == strlen(rule->alpn.list[i]) &&
                    strncmp((const char *)hello->alpn[j].data, rule->alpn.list[i], hello->alpn[j].len) == 0;
    return alpn && in_names(rule, lists, name) &&
           (rule->ech == CONFIG_EITHER || (rule->ech == CONFIG_YES) == hello->ech) &&
           (rule->readable == CONFIG_EITHER || (rule->readable == CONFIG_YES) == (hello->sni.len > 0));
}

static bool needs_hello(const struct config_rule *rule)
{
    return rule->sni.count || rule->sni_list.count || rule->alpn.count || rule->ech != CONFIG_EITHER ||
           rule->readable != CONFIG_EITHER;
}

/* A rule whose only question to the ClientHello is whether there is one with a name. */
static bool asks_only_unreadable(const struct config_rule *rule)
{
    return rule->readable == CONFIG_NO && !rule->sni.count && !rule->sni_list.count && !rule->alpn.count &&
           rule->ech == CONFIG_EITHER;
}

static bool readable(const struct policy_facts *facts)
{
    return facts->quic && !facts->hello_unreadable && (facts->version == 1 || facts->version == 0x6b3343cf);
}

/* The rule that decides; bit i of `guess` says how the ClientHello turns out for rule i while it is unread.
 */
static uint32_t first_match(const struct config *config, const struct naive_list *lists,
                            const struct policy_facts *facts, unsigned guess)
{
    for (uint32_t i = 0; i < config->rule_count; i++) {
        const struct config_rule *rule = &config->rules[i];
        bool hello = !needs_hello(rule);
        if (!hello && readable(facts))
            hello = facts->hello ? fits_hello(rule, lists, facts->hello) : guess >> i & 1;
        else if (!hello)
            hello = facts->quic && asks_only_unreadable(rule);
        if (hello && fits_addresses(rule, facts) && fits_packet(rule, facts))
            return i;
    }
    return POLICY_NO_RULE;
}

static enum config_action action_of(const struct config *config, const struct policy_facts *facts,
                                    uint32_t rule)
{
    if (rule != POLICY_NO_RULE)
        return config->rules[rule].action;
    return facts->direction == CONFIG_OUT ? config->default_out : config->default_in;
}

/* Whether the decision had to look into the packet. */
static bool by_content(const struct config *config, const struct policy_facts *facts, uint32_t decided)
{
    bool found = config->quic == CONFIG_QUIC_BLOCK;
    for (uint32_t i = 0; i < config->rule_count && i <= decided; i++) {
        const struct config_rule *rule = &config->rules[i];
        found |= (needs_hello(rule) || rule->quic != CONFIG_EITHER || rule->misshapen != CONFIG_EITHER ||
                  rule->version.count) &&
                 fits_addresses(rule, facts);
    }
    return found && config->quic != CONFIG_QUIC_BYPASS;
}

struct policy_decision naive_decide(const struct config *config, const struct naive_list *lists,
                                    const struct policy_facts *given)
{
    struct policy_facts facts = *given;
    if (config->quic == CONFIG_QUIC_BLOCK && facts.quic)
        return (struct policy_decision){CONFIG_REJECT, POLICY_NO_RULE, true, false};
    if (config->quic == CONFIG_QUIC_BYPASS)
        facts.quic = facts.misshapen = false;
    uint32_t rule = first_match(config, lists, &facts, 0);
    struct policy_decision decision = {action_of(config, &facts, rule), rule,
                                       by_content(config, &facts, rule), false};
    for (unsigned guess = 1; guess < 1u << config->rule_count; guess++) {
        rule = first_match(config, lists, &facts, guess);
        decision.needs_hello |= action_of(config, &facts, rule) != decision.action;
    }
    return decision;
}
