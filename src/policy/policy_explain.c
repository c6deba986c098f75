#include "entry.h"
#include "rule.h"
#include "say.h"
#include <inttypes.h>

static void say_endpoint(const char *interface, const struct qw_endpoint *endpoint, enum qw_family family,
                         FILE *out)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    if (interface)
        fprintf(out, "%s ", interface);
    fputs(qw_endpoint_text(endpoint, family, text), out);
}

static void say_hello(const struct tls_client_hello *hello, FILE *out)
{
    fputs(", ClientHello: sni ", out);
    if (hello->sni.len)
        say_bytes(out, hello->sni, TLS_NAME_MAX);
    else
        fputs("none", out);
    fputs(", alpn", out);
    for (unsigned i = 0; i < hello->alpn_count; i++) {
        fputc(' ', out);
        say_bytes(out, hello->alpn[i], TLS_NAME_MAX);
    }
    fprintf(out, "%s, ech %s", hello->alpn_count ? "" : " none", hello->ech ? "yes" : "no");
}

static void say_flow(const struct policy_facts *facts, FILE *out)
{
    char version[CONFIG_VERSION_TEXT_MAX];
    fprintf(out, "flow: %s, ", config_direction_text(facts->direction));
    say_endpoint(facts->from_interface, &facts->tuple.src, facts->tuple.family, out);
    fputs(" -> ", out);
    say_endpoint(facts->to_interface, &facts->tuple.dst, facts->tuple.family, out);
    if (facts->quic)
        fprintf(out, ", QUIC %s", config_version_text(facts->version, version));
    else
        fputs(", no QUIC", out);
    if (facts->hello_unreadable)
        fputs(", ClientHello unreadable", out);
    else if (facts->hello)
        say_hello(facts->hello, out);
    fputc('\n', out);
}

static enum answer say_rule(const struct rule *rule, struct seen *seen, FILE *out)
{
    bool content = false;
    const struct condition *why;
    enum answer answer = rule_ask(rule, seen, &content, &why);
    fprintf(out, "rule %s (line %u): ", rule->config->name, rule->config->line);
    if (answer == ANSWER_YES) {
        fprintf(out, "matches: %s\n", config_action_text(rule->config->action));
        return answer;
    }
    fprintf(out, "%s: %s: ", answer == ANSWER_NO ? "no match" : "waits", why->key);
    why->show(seen, out);
    fputc('\n', out);
    return answer;
}

static void say_default(const struct policy *policy, const struct policy_facts *facts, FILE *out)
{
    if (policy->config->quic == CONFIG_QUIC_BLOCK && facts->quic)
        fputs("quic = \"block\"", out);
    else if (facts->entry != POLICY_BY_DEFAULT)
        entry_say(policy->config, facts, out);
    else
        fputs(facts->direction == CONFIG_IN ? "default_in" : "default_out", out);
}

/* A rule opens mappings that stand, and makes none. */
static void say_mapping(const struct policy *policy, const struct policy_facts *facts,
                        const struct policy_decision *decision, FILE *out)
{
    if (facts->entry != POLICY_BY_DEFAULT && decision->rule != POLICY_NO_RULE &&
        decision->action == CONFIG_ACCEPT && !entry_is_forward(policy->config, facts))
        fputs(", while there is a mapping", out);
}

static void say_decision(const struct policy *policy, const struct policy_facts *facts,
                         const struct policy_decision *decision, FILE *out)
{
    if (decision->needs_hello) {
        fputs("decision: wait for the ClientHello\n", out);
        return;
    }
    fprintf(out, "decision: %s, by ", config_action_text(decision->action));
    if (decision->rule != POLICY_NO_RULE)
        fprintf(out, "rule %s", policy_rule_name(policy, decision->rule));
    else
        say_default(policy, facts, out);
    say_mapping(policy, facts, decision, out);
    fputs(decision->by_content ? " (by content)\n" : "\n", out);
}

void policy_explain(const struct policy *policy, const struct policy_facts *facts, FILE *out)
{
    struct policy_decision decision = policy_decide(policy, facts);
    bool blocked = policy->config->quic == CONFIG_QUIC_BLOCK && facts->quic;
    uint32_t count = policy->config->rule_count, asked = 0;
    struct seen seen;
    rule_see(policy, facts, &seen);
    say_flow(facts, out);
    while (!blocked && asked < count)
        if (say_rule(&policy->rules[asked++], &seen, out) == ANSWER_YES)
            break;
    if (asked < count)
        fprintf(out, "not asked: %" PRIu32 " more\n", count - asked);
    say_decision(policy, facts, &decision, out);
}
