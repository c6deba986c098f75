/* A configuration, its policy, and flows in words. */
#ifndef TEST_POLICY_WORLD_H
#define TEST_POLICY_WORLD_H

#include <quicward/policy.h>

#define WORLD_SECRET ((struct qw_hash_key){0x0123456789abcdef, 0xfedcba9876543210})

/* Two interfaces inside, one outside; what follows begins on line 2. */
#define WORLD_KEYS "mode = \"firewall\"; inside = [\"lan0\", \"lan1\"]; outside = [\"wan0\"];\n"

struct world {
    struct config *config;
    struct policy *policy;
};

/* Ends the program when `condition` does not hold: the test's own needs, not what it tests. */
void need(bool condition, const char *what);

/* Loads WORLD_KEYS and `text`, which must be right. */
struct world world_begin(const char *text);
struct world world_with(const char *keys, const char *text); /* with other keys in their place */
struct world world_load(const char *path);
void world_end(struct world *world);

/* The decision about `flow`, as policy_flow_read takes it. */
struct policy_decision world_decide(const struct world *world, const char *flow);

/* Asserts that the decision is `want`: "accept web", "drop default", or "wait". */
void world_expect(const struct world *world, const char *flow, const char *want);

/* A file with these bytes in a new folder; NULL-terminated path in static storage until the next call.
 * file_remove removes both. */
const char *file_make(const void *bytes, size_t len);
void file_remove(void);

#endif
