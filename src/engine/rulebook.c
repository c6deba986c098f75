#include "rulebook.h"
#include <stdlib.h>
#include <string.h>

static void copy_name(char out[static ENGINE_RULE_MAX], const char *name)
{
    size_t len = strnlen(name, ENGINE_RULE_MAX - 1);
    memcpy(out, name, len);
    out[len] = '\0';
}

static uint16_t id_of(struct rulebook *book, const char *name)
{
    for (unsigned id = 0; id < book->name_count; id++)
        if (strcmp(book->names[id], name) == 0)
            return (uint16_t)id;
    if (book->name_count >= FLOW_NO_RULE)
        return FLOW_NO_RULE;
    copy_name(book->names[book->name_count], name);
    return (uint16_t)book->name_count++;
}

/* Room for the names of all rules of `policy`, known ones or not. */
static bool make_room(struct rulebook *book, const struct policy *policy, uint16_t **ids)
{
    uint32_t rules = policy_rule_count(policy);
    void *names = realloc(book->names, (book->name_count + rules + 1) * sizeof *book->names);
    if (names)
        book->names = names;
    *ids = malloc((rules + 1) * sizeof **ids);
    return names && *ids;
}

static void take_limits(struct rulebook *book, const struct config *config)
{
    book->quic = config->quic;
    book->hold_ns = config->hold_ms * QW_NS_PER_MS;
    book->hold_datagrams = config->hold_datagrams;
}

/* With the lock held for writing. */
static enum qw_error replace(struct rulebook *book, struct policy *policy, const struct config *config)
{
    uint16_t *ids;
    if (!make_room(book, policy, &ids)) {
        free(ids);
        return QW_ERR_NO_MEMORY;
    }
    for (uint32_t i = 0; i < policy_rule_count(policy); i++)
        ids[i] = id_of(book, policy_rule_name(policy, i));
    if (book->policy)
        policy_take_counters(policy, book->policy);
    policy_free(book->policy);
    free(book->ids);
    book->policy = policy;
    book->ids = ids;
    take_limits(book, config);
    return QW_OK;
}

enum qw_error rulebook_reload(struct rulebook *book, const struct config *config, FILE *errors)
{
    struct policy *policy;
    enum qw_error error = policy_new(config, book->secret, errors, &policy);
    if (error != QW_OK)
        return error;
    pthread_rwlock_wrlock(&book->lock);
    error = replace(book, policy, config);
    pthread_rwlock_unlock(&book->lock);
    if (error != QW_OK)
        policy_free(policy);
    return error;
}

enum qw_error rulebook_init(struct rulebook *book, const struct config *config, struct qw_hash_key secret,
                            FILE *errors)
{
    *book = (struct rulebook){.secret = secret};
    pthread_rwlock_init(&book->lock, NULL);
    return rulebook_reload(book, config, errors);
}

void rulebook_free(struct rulebook *book)
{
    policy_free(book->policy);
    free(book->ids);
    free(book->names);
    pthread_rwlock_destroy(&book->lock);
}

static enum qw_reason reason_for(const struct rulebook *book, const struct policy_facts *facts,
                                 const struct policy_decision *decision)
{
    if (decision->action == CONFIG_ACCEPT)
        return QW_REASON_NONE;
    if (decision->rule != POLICY_NO_RULE)
        return QW_REASON_RULE;
    if (facts->quic && book->quic == CONFIG_QUIC_BLOCK)
        return QW_REASON_QUIC_BLOCKED;
    return facts->direction == CONFIG_IN ? QW_REASON_UNSOLICITED : QW_REASON_DEFAULT;
}

struct ruling rulebook_decide(struct rulebook *book, const struct policy_facts *facts)
{
    pthread_rwlock_rdlock(&book->lock);
    struct policy_decision decision = policy_decide(book->policy, facts);
    struct ruling ruling = {.action = decision.action, .needs_hello = decision.needs_hello};
    ruling.rule = decision.rule == POLICY_NO_RULE ? FLOW_NO_RULE : book->ids[decision.rule];
    ruling.reason = reason_for(book, facts, &decision);
    if (!decision.needs_hello)
        policy_count(book->policy, &decision);
    pthread_rwlock_unlock(&book->lock);
    return ruling;
}

struct rulebook_hold rulebook_hold(struct rulebook *book)
{
    pthread_rwlock_rdlock(&book->lock);
    struct rulebook_hold hold = {book->hold_ns, book->hold_datagrams};
    pthread_rwlock_unlock(&book->lock);
    return hold;
}

bool rulebook_reads_quic(struct rulebook *book)
{
    pthread_rwlock_rdlock(&book->lock);
    bool reads = book->quic != CONFIG_QUIC_BYPASS;
    pthread_rwlock_unlock(&book->lock);
    return reads;
}

void rulebook_name(struct rulebook *book, uint16_t id, char out[static ENGINE_RULE_MAX])
{
    out[0] = '\0';
    if (id == FLOW_NO_RULE)
        return;
    pthread_rwlock_rdlock(&book->lock);
    copy_name(out, book->names[id]);
    pthread_rwlock_unlock(&book->lock);
}

bool rulebook_rule(struct rulebook *book, uint32_t index, struct engine_rule *out)
{
    pthread_rwlock_rdlock(&book->lock);
    uint32_t rules = policy_rule_count(book->policy);
    uint32_t rule = index == rules ? POLICY_NO_RULE : index;
    bool there = index <= rules;
    if (there) {
        copy_name(out->name, policy_rule_name(book->policy, rule));
        out->hits = policy_rule_hits(book->policy, rule);
    }
    pthread_rwlock_unlock(&book->lock);
    return there;
}
