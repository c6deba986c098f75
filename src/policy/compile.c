#include "rule.h"
#include <stdlib.h>
#include <string.h>

static void deepen(struct policy *policy, const struct policy_names *names)
{
    if (names_depth(names) > policy->depth)
        policy->depth = names_depth(names);
}

/* Every file is read, so that what is wrong is told in one go. */
static enum qw_error load_lists(struct policy *policy, FILE *errors)
{
    enum qw_error result = QW_OK;
    for (unsigned i = 0; i < policy->config->sni_list_count; i++) {
        const struct config_sni_list *list = &policy->config->sni_lists[i];
        policy->lists[i] = policy_names_new(policy->secret);
        if (!policy->lists[i])
            return QW_ERR_NO_MEMORY;
        enum qw_error error = policy_names_load(policy->lists[i], list->path, list->asked, errors);
        if (error == QW_ERR_NO_MEMORY)
            return error;
        if (error != QW_OK)
            result = error;
        deepen(policy, policy->lists[i]);
    }
    return result;
}

static enum qw_error compile_names(struct policy *policy, struct rule *rule)
{
    const struct config_texts *names = &rule->config->sni;
    if (names->count == 0)
        return QW_OK;
    rule->sni = policy_names_new(policy->secret);
    if (!rule->sni)
        return QW_ERR_NO_MEMORY;
    for (unsigned i = 0; i < names->count; i++) {
        enum qw_error error = policy_names_add(rule->sni, names->list[i]);
        if (error != QW_OK)
            return error;
    }
    deepen(policy, rule->sni);
    return QW_OK;
}

static const struct policy_names *list_named(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->config->sni_list_count; i++)
        if (strcmp(policy->config->sni_lists[i].name, name) == 0)
            return policy->lists[i];
    return NULL;
}

static enum qw_error compile_lists(const struct policy *policy, struct rule *rule)
{
    const struct config_texts *names = &rule->config->sni_list;
    rule->lists = names->count ? calloc(names->count, sizeof(*rule->lists)) : NULL;
    if (names->count && !rule->lists)
        return QW_ERR_NO_MEMORY;
    for (unsigned i = 0; i < names->count; i++)
        if (!(rule->lists[i] = list_named(policy, names->list[i])))
            return QW_ERR_INVALID;
    return QW_OK;
}

static enum qw_error compile_rule(struct policy *policy, struct rule *rule, const struct config_rule *config)
{
    rule->config = config;
    for (unsigned i = 0; i < CONDITIONS_MAX; i++) {
        if (!CONDITIONS[i].has(config))
            continue;
        rule->conditions[rule->condition_count++] = &CONDITIONS[i];
        policy->inspects |= CONDITIONS[i].asks == ASKS_HELLO;
    }
    if (!qw_prefix_set_build(config->from.list, config->from.count, &rule->from) ||
        !qw_prefix_set_build(config->to.list, config->to.count, &rule->to))
        return QW_ERR_NO_MEMORY;
    enum qw_error error = compile_names(policy, rule);
    return error == QW_OK ? compile_lists(policy, rule) : error;
}

static enum qw_error compile_rules(struct policy *policy)
{
    const struct config *config = policy->config;
    for (unsigned i = 0; i < config->rule_count; i++) {
        enum qw_error error = compile_rule(policy, &policy->rules[i], &config->rules[i]);
        if (error != QW_OK)
            return error;
    }
    policy->inspects &= config->quic == CONFIG_QUIC_INSPECT;
    return QW_OK;
}

/* One element more than needed: calloc(0) may give NULL. */
static bool allocate(struct policy *policy, const struct config *config)
{
    policy->config = config_copy(config);
    policy->lists = calloc(config->sni_list_count + 1, sizeof(*policy->lists));
    policy->rules = calloc(config->rule_count + 1, sizeof(*policy->rules));
    return policy->config && policy->lists && policy->rules;
}

enum qw_error policy_new(const struct config *config, struct qw_hash_key secret, FILE *errors,
                         struct policy **out)
{
    *out = NULL;
    struct policy *policy = calloc(1, sizeof(*policy));
    if (!policy)
        return QW_ERR_NO_MEMORY;
    policy->secret = secret;
    enum qw_error error = allocate(policy, config) ? load_lists(policy, errors) : QW_ERR_NO_MEMORY;
    if (error == QW_OK)
        error = compile_rules(policy);
    if (error == QW_OK)
        *out = policy;
    else
        policy_free(policy);
    return error;
}

static void free_rule(struct rule *rule)
{
    qw_prefix_set_free(&rule->from);
    qw_prefix_set_free(&rule->to);
    policy_names_free(rule->sni);
    free(rule->lists);
}

void policy_free(struct policy *policy)
{
    if (!policy)
        return;
    for (unsigned i = 0; policy->config && policy->rules && i < policy->config->rule_count; i++)
        free_rule(&policy->rules[i]);
    for (unsigned i = 0; policy->config && policy->lists && i < policy->config->sni_list_count; i++)
        policy_names_free(policy->lists[i]);
    free(policy->rules);
    free(policy->lists);
    config_free(policy->config);
    free(policy);
}
