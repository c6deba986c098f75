#include "flows.h"
#include <CUnit/CUnit.h>

struct qw_tuple tuple(uint32_t n)
{
    struct qw_tuple t = {.family = QW_IPV4};
    t.src.addr = qw_addr_v4((const uint8_t[4]){10, (uint8_t)(n >> 24), (uint8_t)(n >> 16), 1});
    t.src.port = (uint16_t)n;
    t.dst.addr = qw_addr_v4((const uint8_t[4]){192, 0, 2, 1});
    t.dst.port = 443;
    return t;
}

struct flow_key key(uint32_t n)
{
    struct flow_key k;
    struct qw_tuple t = tuple(n);
    flow_key_of(&t, &k);
    return k;
}

uint64_t hash(uint32_t n)
{
    struct flow_key k = key(n);
    return flow_hash(SECRET, &k);
}

struct flow_table *table(uint32_t capacity, flow_ended *ended, void *context)
{
    struct flow_table *t = flow_table_new(NULL, capacity, SECRET, 1, 1, ended, context);
    CU_ASSERT_PTR_NOT_NULL_FATAL(t);
    flow_set_timers(t, &(struct flow_timers){TIMERS});
    return t;
}

struct flow *add(struct flow_table *t, uint32_t n, uint64_t now_ns)
{
    struct flow_key k = key(n);
    return flow_create(t, &k, hash(n), (struct qw_time){now_ns});
}

struct flow *find(struct flow_table *t, uint32_t n, uint64_t now_ns)
{
    struct flow_key k = key(n);
    return flow_lookup(t, &k, hash(n), (struct qw_time){now_ns});
}
