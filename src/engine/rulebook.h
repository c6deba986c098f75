/* The rules in force, and names for them that outlive a reload: a flow remembers which rule admitted it. */
#ifndef ENGINE_RULEBOOK_H
#define ENGINE_RULEBOOK_H

#include <pthread.h>
#include <quicward/engine.h>
#include <quicward/policy.h>

struct rulebook {
    pthread_rwlock_t lock;
    struct policy *policy;          /* owned */
    uint16_t *ids;                  /* owned; of the policy's rules, by index */
    char (*names)[ENGINE_RULE_MAX]; /* owned; by id, of every rule that ever was */
    unsigned name_count;
    struct qw_hash_key secret;
    enum config_quic quic;
    uint64_t hold_ns;
    uint32_t hold_datagrams;
};

/* What was decided of a flow or an attempt. */
struct ruling {
    enum config_action action;
    enum qw_reason reason; /* QW_REASON_NONE when the action is CONFIG_ACCEPT */
    uint16_t rule;         /* id, FLOW_NO_RULE for the default */
    bool needs_hello;      /* nothing is decided yet */
};

/* QW_OK, or as policy_new says. */
enum qw_error rulebook_init(struct rulebook *book, const struct config *config, struct qw_hash_key secret,
                            FILE *errors);
void rulebook_free(struct rulebook *book);

/* Takes the rules of `config`; the values of rulebook_init, and nothing has changed unless QW_OK. */
enum qw_error rulebook_reload(struct rulebook *book, const struct config *config, FILE *errors);

/* What the rules say, counted unless it needs the ClientHello. */
struct ruling rulebook_decide(struct rulebook *book, const struct policy_facts *facts);

struct rulebook_hold {
    uint64_t ns;
    uint32_t datagrams;
};
struct rulebook_hold rulebook_hold(struct rulebook *book);

/* False while quic = "bypass": then QUIC is UDP like any other. */
bool rulebook_reads_quic(struct rulebook *book);

/* Writes the name of the rule with `id`; "" for FLOW_NO_RULE. */
void rulebook_name(struct rulebook *book, uint16_t id, char out[static ENGINE_RULE_MAX]);

bool rulebook_rule(struct rulebook *book, uint32_t index, struct engine_rule *out);

#endif
