/* What the files of this room share: compiled rules, what they ask for, and what is seen of a flow. */
#ifndef POLICY_RULE_H
#define POLICY_RULE_H

#include "name_sets.h"
#include <quicward/base/prefix_set.h>

struct condition;

#define CONDITIONS_MAX 14

struct rule {
    const struct config_rule *config;
    struct qw_prefix_set from, to;
    struct policy_names *sni;          /* of `sni`; NULL without */
    const struct policy_names **lists; /* of `sni_list`, config->sni_list.count of them */
    unsigned condition_count;
    const struct condition *conditions[CONDITIONS_MAX]; /* those that it has, in order */
};

struct policy {
    struct config *config; /* a copy */
    struct qw_hash_key secret;
    struct policy_names **lists; /* config->sni_lists */
    struct rule *rules;          /* config->rules */
    unsigned depth;              /* labels of the longest name of all sets */
    bool inspects;
};

/* A flow, as the rules see it. */
struct seen {
    const struct policy *policy;
    const struct policy_facts *facts;
    bool quic, misshapen;
    enum { HELLO_NEVER, HELLO_LATER, HELLO_READ } hello;
    bool asked_names; /* `query` is prepared */
    struct names_query query;
};

enum answer { ANSWER_NO, ANSWER_YES, ANSWER_LATER };

enum asks { ASKS_ADDRESSES, ASKS_PACKET, ASKS_HELLO };

struct condition {
    const char *key; /* in the configuration */
    enum asks asks;
    bool (*has)(const struct config_rule *rule);
    enum answer (*ask)(const struct rule *rule, struct seen *seen);
    void (*show)(const struct seen *seen, FILE *out); /* what the flow has there */
};

/* From the cheapest to the dearest; those that ask what a packet says stand last. */
extern const struct condition CONDITIONS[CONDITIONS_MAX];

/* *out as the rules of `policy` see `facts`. */
void rule_see(const struct policy *policy, const struct policy_facts *facts, struct seen *out);

/* Whether the rule matches. *why is the first condition that does not hold or has to wait, NULL when all
 * hold. *content becomes true when what a packet says was asked. */
enum answer rule_ask(const struct rule *rule, struct seen *seen, bool *content, const struct condition **why);

/* The decision when no rule matches. */
enum config_action rule_default(const struct policy *policy, const struct policy_facts *facts);

#endif
