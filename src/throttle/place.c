#include "place.h"
#include <quicward/base/bytes.h>
#include <string.h>

/* Lower endpoint first; ports in network order, so that routers of any make agree. */
uint64_t place_hash(struct qw_hash_key key, const struct flow_key *flow)
{
    uint8_t bytes[sizeof(flow->addr) + 5];
    int order = memcmp(&flow->addr[0], &flow->addr[1], sizeof(flow->addr[0]));
    unsigned lower = order > 0 || (order == 0 && flow->port[0] > flow->port[1]);
    struct qw_writer w = qw_writer(bytes, sizeof(bytes));
    qw_put(&w, &flow->addr[lower], sizeof(flow->addr[lower]));
    qw_put(&w, &flow->addr[1 - lower], sizeof(flow->addr[lower]));
    qw_put_u16(&w, flow->port[lower]);
    qw_put_u16(&w, flow->port[1 - lower]);
    qw_put_u8(&w, flow->family);
    return qw_hash24(key, bytes, sizeof(bytes));
}

uint32_t throttle_place(struct qw_hash_key key, const struct flow_key *flow)
{
    return place_of(place_hash(key, flow));
}
