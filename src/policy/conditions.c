#include "conditions.h"
#include "say.h"
#include <string.h>

static enum answer yes_if(bool holds)
{
    return holds ? ANSWER_YES : ANSWER_NO;
}

static enum answer same_name(const char *wanted, const char *found)
{
    return yes_if(found && config_interface_covers(wanted, found));
}

static void show_name(const char *what, const char *name, FILE *out)
{
    fprintf(out, "the flow %s ", what);
    if (name)
        say_text(out, name);
    else
        fputs("an unknown interface", out);
}

static void show_endpoint(const char *what, const struct qw_endpoint *endpoint, const struct seen *seen,
                          FILE *out)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    fprintf(out, "%s is %s", what, qw_endpoint_text(endpoint, seen->facts->tuple.family, text));
}

/* ---- addresses ---- */

static bool has_direction(const struct config_rule *rule)
{
    return rule->direction != CONFIG_ANY;
}

static enum answer ask_direction(const struct rule *rule, struct seen *seen)
{
    return yes_if(rule->config->direction == seen->facts->direction);
}

static void show_direction(const struct seen *seen, FILE *out)
{
    fprintf(out, "the direction of the flow is \"%s\"", config_direction_text(seen->facts->direction));
}

static bool has_from_interface(const struct config_rule *rule)
{
    return rule->from_interface[0] != '\0';
}

static enum answer ask_from_interface(const struct rule *rule, struct seen *seen)
{
    return same_name(rule->config->from_interface, seen->facts->from_interface);
}

static void show_from_interface(const struct seen *seen, FILE *out)
{
    show_name("comes from", seen->facts->from_interface, out);
}

static bool has_to_interface(const struct config_rule *rule)
{
    return rule->to_interface[0] != '\0';
}

static enum answer ask_to_interface(const struct rule *rule, struct seen *seen)
{
    return same_name(rule->config->to_interface, seen->facts->to_interface);
}

static void show_to_interface(const struct seen *seen, FILE *out)
{
    show_name("goes to", seen->facts->to_interface, out);
}

static enum answer ask_port(const struct config_ports *ports, uint16_t port)
{
    for (unsigned i = 0; i < ports->count; i++)
        if (ports->list[i].first <= port && port <= ports->list[i].last)
            return ANSWER_YES;
    return ANSWER_NO;
}

static bool has_from_port(const struct config_rule *rule)
{
    return rule->from_port.count > 0;
}

static enum answer ask_from_port(const struct rule *rule, struct seen *seen)
{
    return ask_port(&rule->config->from_port, seen->facts->tuple.src.port);
}

static bool has_to_port(const struct config_rule *rule)
{
    return rule->to_port.count > 0;
}

static enum answer ask_to_port(const struct rule *rule, struct seen *seen)
{
    return ask_port(&rule->config->to_port, seen->facts->tuple.dst.port);
}

static bool has_from(const struct config_rule *rule)
{
    return rule->from.count > 0;
}

static enum answer ask_from(const struct rule *rule, struct seen *seen)
{
    const struct qw_tuple *tuple = &seen->facts->tuple;
    return yes_if(qw_prefix_set_has(&rule->from, &tuple->src.addr, tuple->family));
}

static void show_from(const struct seen *seen, FILE *out)
{
    show_endpoint("the source", &seen->facts->tuple.src, seen, out);
}

static bool has_to(const struct config_rule *rule)
{
    return rule->to.count > 0;
}

static enum answer ask_to(const struct rule *rule, struct seen *seen)
{
    const struct qw_tuple *tuple = &seen->facts->tuple;
    return yes_if(qw_prefix_set_has(&rule->to, &tuple->dst.addr, tuple->family));
}

static void show_to(const struct seen *seen, FILE *out)
{
    show_endpoint("the destination", &seen->facts->tuple.dst, seen, out);
}

/* ---- the first packet ---- */

static bool has_quic(const struct config_rule *rule)
{
    return rule->quic != CONFIG_EITHER;
}

static enum answer ask_quic(const struct rule *rule, struct seen *seen)
{
    return yes_if((rule->config->quic == CONFIG_YES) == seen->quic);
}

void condition_show_quic(const struct seen *seen, FILE *out)
{
    if (seen->facts->quic && !seen->quic)
        fputs("quic = \"bypass\" hides QUIC", out);
    else
        fprintf(out, "the flow %s QUIC", seen->quic ? "begins as" : "does not begin as");
}

static bool has_misshapen(const struct config_rule *rule)
{
    return rule->misshapen != CONFIG_EITHER;
}

static enum answer ask_misshapen(const struct rule *rule, struct seen *seen)
{
    return yes_if((rule->config->misshapen == CONFIG_YES) == seen->misshapen);
}

static void show_misshapen(const struct seen *seen, FILE *out)
{
    fprintf(out, "the first packet is %s",
            seen->misshapen ? "not an Initial, although it claims to be one" : "not misshapen");
}

static bool has_version(const struct config_rule *rule)
{
    return rule->version.count > 0;
}

static enum answer ask_version(const struct rule *rule, struct seen *seen)
{
    const struct config_versions *versions = &rule->config->version;
    for (unsigned i = 0; seen->quic && i < versions->count; i++)
        if (versions->list[i] == seen->facts->version)
            return ANSWER_YES;
    return ANSWER_NO;
}

static void show_version(const struct seen *seen, FILE *out)
{
    char text[CONFIG_VERSION_TEXT_MAX];
    if (seen->quic)
        fprintf(out, "the version of the flow is %s", config_version_text(seen->facts->version, text));
    else
        condition_show_quic(seen, out);
}

const struct condition CONDITIONS[CONDITIONS_MAX] = {
    {"direction", ASKS_ADDRESSES, has_direction, ask_direction, show_direction},
    {"from_port", ASKS_ADDRESSES, has_from_port, ask_from_port, show_from},
    {"to_port", ASKS_ADDRESSES, has_to_port, ask_to_port, show_to},
    {"from_interface", ASKS_ADDRESSES, has_from_interface, ask_from_interface, show_from_interface},
    {"to_interface", ASKS_ADDRESSES, has_to_interface, ask_to_interface, show_to_interface},
    {"from", ASKS_ADDRESSES, has_from, ask_from, show_from},
    {"to", ASKS_ADDRESSES, has_to, ask_to, show_to},
    {"quic", ASKS_PACKET, has_quic, ask_quic, condition_show_quic},
    {"misshapen", ASKS_PACKET, has_misshapen, ask_misshapen, show_misshapen},
    {"version", ASKS_PACKET, has_version, ask_version, show_version},
    {"ech", ASKS_HELLO, hello_has_ech, hello_ask_ech, hello_show_ech},
    {"readable", ASKS_HELLO, hello_has_readable, hello_ask_readable, hello_show_readable},
    {"alpn", ASKS_HELLO, hello_has_alpn, hello_ask_alpn, hello_show_alpn},
    {"sni", ASKS_HELLO, hello_has_sni, hello_ask_sni, hello_show_sni},
};
