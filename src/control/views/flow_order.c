/* Keys whose order as bytes is the order that is asked for: whether it is known, what it is, and the id. */
#include <quicward/control.h>
#include <string.h>

#define WHAT_AT 1
#define ID_AT (CONTROL_KEY_SIZE - 8)
#define WHAT_SIZE (ID_AT - WHAT_AT)

static void put_number(uint8_t *at, uint64_t number)
{
    for (unsigned i = 0; i < 8; i++)
        at[i] = (uint8_t)(number >> (56 - 8 * i));
}

static uint64_t rtt(const struct engine_flow *flow)
{
    bool believed = flow->rtt.spin.confidence >= MEASURE_MEDIUM;
    return believed ? flow->rtt.spin.rtt_us : flow->rtt.handshake_us;
}

static uint64_t ce_share(const struct engine_direction *direction)
{
    return direction->packets ? (uint64_t)direction->ce * 1000000 / direction->packets : 0;
}

static uint64_t ce(const struct engine_flow *flow)
{
    uint64_t up = ce_share(&flow->up), down = ce_share(&flow->down);
    return up > down ? up : down;
}

static uint64_t number(const struct control_query *query, const struct engine_flow *flow)
{
    switch (query->sort) {
    case CONTROL_BY_BYTES:
        return flow->up.bytes + flow->down.bytes;
    case CONTROL_BY_PACKETS:
        return flow->up.packets + flow->down.packets;
    case CONTROL_BY_UP:
        return flow->up.bytes;
    case CONTROL_BY_DOWN:
        return flow->down.bytes;
    case CONTROL_BY_RTT:
        return rtt(flow);
    case CONTROL_BY_CE:
        return ce(flow);
    case CONTROL_BY_IDLE:
        return flow->idle_ms;
    case CONTROL_BY_EXPIRES:
        return flow->expires_ms;
    case CONTROL_BY_STATE:
        return (uint64_t)flow->state;
    default:
        return UINT64_MAX - flow->id;
    }
}

/* IPv4 before IPv6. */
static void put_endpoint(uint8_t *what, enum qw_family family, const struct qw_endpoint *endpoint)
{
    what[0] = (uint8_t)family;
    memcpy(what + 1, endpoint->addr.bytes, sizeof endpoint->addr.bytes);
    what[17] = (uint8_t)(endpoint->port >> 8);
    what[18] = (uint8_t)endpoint->port;
}

static void put_name(uint8_t *what, const struct engine_hello *hello)
{
    for (size_t i = 0; i < WHAT_SIZE && i < hello->sni_len; i++) {
        char c = hello->sni[i];
        what[i] = (uint8_t)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    }
}

static bool is_known(const struct control_query *query, const struct engine_flow *flow)
{
    if (query->sort == CONTROL_BY_RTT)
        return rtt(flow) > 0;
    return query->sort != CONTROL_BY_NAME || flow->hello.sni_len > 0;
}

static void turn(uint8_t *what)
{
    for (unsigned i = 0; i < WHAT_SIZE; i++)
        what[i] = (uint8_t)~what[i];
}

void control_query_key(const struct control_query *query, const struct engine_flow *flow,
                       uint8_t key[static CONTROL_KEY_SIZE])
{
    uint8_t *what = key + WHAT_AT;
    memset(key, 0, CONTROL_KEY_SIZE);
    key[0] = !is_known(query, flow);
    if (query->sort == CONTROL_BY_CLIENT)
        put_endpoint(what, flow->family, &flow->client);
    else if (query->sort == CONTROL_BY_SERVER)
        put_endpoint(what, flow->family, &flow->server);
    else if (query->sort == CONTROL_BY_NAME)
        put_name(what, &flow->hello);
    else
        put_number(what, ~number(query, flow));
    if (query->reverse)
        turn(what);
    put_number(key + ID_AT, flow->id);
}
