/* Small helpers of the flow tests: numbered keys and a table with the default timers. */
#ifndef TEST_FLOWS_H
#define TEST_FLOWS_H

#include <quicward/flow.h>

#define SECOND QW_NS_PER_SECOND
#define TIMERS                                                                                               \
    {                                                                                                        \
        120 * SECOND, 120 * SECOND, 10 * SECOND, 300 * SECOND, 300 * SECOND, 300 * SECOND, 300 * SECOND      \
    }

static const struct qw_hash_key SECRET = {0x0123456789abcdef, 0xfedcba9876543210};

/* 10.0.0.1:n -> 192.0.2.1:443 */
struct qw_tuple tuple(uint32_t n);
struct flow_key key(uint32_t n);
uint64_t hash(uint32_t n);

/* attempts 120 s, all others 300 s */
struct flow_table *table(uint32_t capacity, flow_ended *ended, void *context);

struct flow *add(struct flow_table *table, uint32_t n, uint64_t now_ns);
struct flow *find(struct flow_table *table, uint32_t n, uint64_t now_ns);

void suite_adopt(void);
void suite_marks(void);
void suite_table(void);
void suite_eviction(void);
void suite_model(void);

#endif
