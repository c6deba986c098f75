#include <quicward/control.h>
#include <string.h>
#include <strings.h>

static unsigned shown_state(const struct engine_flow *flow)
{
    if (flow->refused)
        return CONTROL_REFUSED;
    return flow->undecided ? CONTROL_HELD : 1u << flow->state;
}

static bool version_matches(const struct control_query *query, uint32_t version)
{
    for (unsigned i = 0; i < query->version_count; i++)
        if (query->versions[i] == version)
            return true;
    return query->version_count == 0;
}

static bool port_matches(const struct control_query *query, uint16_t port)
{
    for (unsigned i = 0; i < query->port_count; i++)
        if (query->ports[i] == port)
            return true;
    return query->port_count == 0;
}

static bool address_matches(const struct control_prefixes *prefixes, const struct engine_flow *flow,
                            const struct qw_addr *addr)
{
    for (unsigned i = 0; i < prefixes->count; i++)
        if (qw_prefix_contains(&prefixes->list[i], addr, flow->family))
            return true;
    return prefixes->count == 0;
}

/* Names are compared as DNS does: without case (RFC 6066 3). */
static bool name_is(const char *pattern, const char *name)
{
    size_t len = strlen(name);
    bool apex = *pattern == '.';
    const char *suffix = *pattern == '*' ? pattern + 1 : pattern;
    if (*suffix != '.' || (apex && strcasecmp(suffix + 1, name) == 0))
        return strcasecmp(*suffix == '.' ? suffix + 1 : suffix, name) == 0;
    size_t tail = strlen(suffix);
    return len > tail && strcasecmp(name + len - tail, suffix) == 0;
}

static bool name_matches(const struct control_texts *names, const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    if (names->count == 0)
        return true;
    control_name_text(hello->sni, hello->sni_len, text);
    for (unsigned i = 0; hello->sni_len && i < names->count; i++)
        if (name_is(names->list[i], text))
            return true;
    return false;
}

static bool is_one_of(const struct control_texts *texts, const char *text)
{
    for (unsigned i = 0; i < texts->count; i++)
        if (strcmp(texts->list[i], text) == 0)
            return true;
    return false;
}

static bool protocol_matches(const struct control_texts *protocols, const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    for (size_t at = 0, len; protocols->count && at < hello->alpn_len; at += len) {
        len = (unsigned char)hello->alpn[at++];
        if (is_one_of(protocols, control_name_text(hello->alpn + at, len, text)))
            return true;
    }
    return protocols->count == 0;
}

static bool rule_matches(const struct control_texts *rules, const struct engine_flow *flow)
{
    return rules->count == 0 || is_one_of(rules, flow->rule[0] ? flow->rule : "default");
}

/* What is cheap to ask comes first. */
bool control_query_matches(const struct control_query *query, const struct engine_flow *flow)
{
    return (query->states == 0 || query->states & shown_state(flow)) &&
           (!query->limits_idle || flow->idle_ms <= query->idle_ms) &&
           version_matches(query, flow->version) && port_matches(query, flow->server.port) &&
           address_matches(&query->clients, flow, &flow->client.addr) &&
           address_matches(&query->servers, flow, &flow->server.addr) && rule_matches(&query->rules, flow) &&
           protocol_matches(&query->protocols, &flow->hello) && name_matches(&query->names, &flow->hello);
}
