#include "own.h"
#include <stdlib.h>
#include <string.h>

/* Room doubles whenever it is used up, which is when the count is a power of two. */
void *own_room(void *list, unsigned count, size_t size)
{
    if (count & (count - 1))
        return list;
    return realloc(list, (count ? 2 * (size_t)count : 1) * size);
}

static void free_texts(struct config_texts *texts)
{
    for (unsigned i = 0; i < texts->count; i++)
        free(texts->list[i]);
    free(texts->list);
}

static void free_rule(struct config_rule *rule)
{
    free(rule->name);
    free(rule->from.list);
    free(rule->to.list);
    free(rule->from_port.list);
    free(rule->to_port.list);
    free(rule->version.list);
    free_texts(&rule->sni);
    free_texts(&rule->sni_list);
    free_texts(&rule->alpn);
}

void own_free(struct config *config)
{
    for (unsigned i = 0; i < config->rule_count; i++)
        free_rule(&config->rules[i]);
    for (unsigned i = 0; i < config->group_count; i++) {
        free(config->groups[i].name);
        free(config->groups[i].prefixes.list);
    }
    for (unsigned i = 0; i < config->sni_list_count; i++) {
        free(config->sni_lists[i].name);
        free(config->sni_lists[i].path);
    }
    free(config->rules);
    free(config->groups);
    free(config->sni_lists);
    free(config->nat_ports.list);
    free(config->nat_exclude.list);
    free(config->forwards);
    free(config->throttles);
    free(config->size_limits);
}

/* In a copy each list is replaced at once, by its own or by none: whatever fails, own_free then finds nothing
 * of the original. */
struct copying {
    bool failed;
};

static void *own_list(struct copying *copying, const void *list, unsigned *count, size_t size)
{
    void *copy = *count ? malloc(*count * size) : NULL;
    if (copy)
        memcpy(copy, list, *count * size);
    copying->failed |= *count && !copy;
    if (!copy)
        *count = 0;
    return copy;
}

static char *own_text(struct copying *copying, const char *text)
{
    char *copy = strdup(text);
    copying->failed |= !copy;
    return copy;
}

static void own_texts(struct copying *copying, struct config_texts *texts)
{
    texts->list = own_list(copying, texts->list, &texts->count, sizeof(*texts->list));
    for (unsigned i = 0; i < texts->count; i++)
        texts->list[i] = own_text(copying, texts->list[i]);
}

static void own_prefixes(struct copying *copying, struct config_prefixes *prefixes)
{
    prefixes->list = own_list(copying, prefixes->list, &prefixes->count, sizeof(*prefixes->list));
}

static void own_ports(struct copying *copying, struct config_ports *ports)
{
    ports->list = own_list(copying, ports->list, &ports->count, sizeof(*ports->list));
}

static void own_rule(struct copying *copying, struct config_rule *rule)
{
    rule->name = own_text(copying, rule->name);
    own_prefixes(copying, &rule->from);
    own_prefixes(copying, &rule->to);
    own_ports(copying, &rule->from_port);
    own_ports(copying, &rule->to_port);
    rule->version.list =
        own_list(copying, rule->version.list, &rule->version.count, sizeof(*rule->version.list));
    own_texts(copying, &rule->sni);
    own_texts(copying, &rule->sni_list);
    own_texts(copying, &rule->alpn);
}

static void own_names(struct copying *copying, struct config *copy)
{
    copy->groups = own_list(copying, copy->groups, &copy->group_count, sizeof(*copy->groups));
    for (unsigned i = 0; i < copy->group_count; i++) {
        copy->groups[i].name = own_text(copying, copy->groups[i].name);
        own_prefixes(copying, &copy->groups[i].prefixes);
    }
    copy->sni_lists = own_list(copying, copy->sni_lists, &copy->sni_list_count, sizeof(*copy->sni_lists));
    for (unsigned i = 0; i < copy->sni_list_count; i++) {
        copy->sni_lists[i].name = own_text(copying, copy->sni_lists[i].name);
        copy->sni_lists[i].path = own_text(copying, copy->sni_lists[i].path);
    }
}

static void own_plain(struct copying *copying, struct config *copy)
{
    own_ports(copying, &copy->nat_ports);
    own_ports(copying, &copy->nat_exclude);
    copy->forwards = own_list(copying, copy->forwards, &copy->forward_count, sizeof(*copy->forwards));
    copy->throttles = own_list(copying, copy->throttles, &copy->throttle_count, sizeof(*copy->throttles));
    copy->size_limits =
        own_list(copying, copy->size_limits, &copy->size_limit_count, sizeof(*copy->size_limits));
}

struct config *config_copy(const struct config *config)
{
    struct copying copying = {false};
    struct config *copy = malloc(sizeof(*copy));
    if (!copy)
        return NULL;
    memcpy(copy, config, sizeof(*copy));
    own_names(&copying, copy);
    own_plain(&copying, copy);
    copy->rules = own_list(&copying, copy->rules, &copy->rule_count, sizeof(*copy->rules));
    for (unsigned i = 0; i < copy->rule_count; i++)
        own_rule(&copying, &copy->rules[i]);
    if (!copying.failed)
        return copy;
    config_free(copy);
    return NULL;
}
