/* The rule language once more, as plainly as it can be said: what policy_decide is compared with. */
#ifndef TEST_POLICY_NAIVE_H
#define TEST_POLICY_NAIVE_H

#include <quicward/policy.h>

/* What stands in the file of a list; NULL ends `names`. A list without a name ends the table. */
struct naive_list {
    const char *name;
    const char *names[8];
};

/* Tries every way in which the rules that need an unread ClientHello could turn out: few rules only. */
struct policy_decision naive_decide(const struct config *config, const struct naive_list *lists,
                                    const struct policy_facts *facts);

#endif
