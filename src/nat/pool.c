#include "pool.h"
#include <stdlib.h>

#define LOW_PORTS 1024
#define LOW_OF_KIND (LOW_PORTS / 2)
#define HIGH_OF_KIND ((POOL_PORTS - LOW_PORTS) / 2)

/* Ports that go from resting to free before each choice: more than are released for each that is taken, so
 * the queue never grows without need, and few enough that no packet waits for long. */
#define WAKE_AT_ONCE 16

/* Of each kind, when a host is at its limit and perhaps only because of what has rested since. */
#define WAKE_FOR_LIMIT 1024

static unsigned kind_of(uint16_t port)
{
    return (port % 2 ? KIND_ODD : 0u) | (port >= LOW_PORTS ? KIND_HIGH : 0u);
}

static struct pool_kind *kind_at(struct pool *pool, uint16_t port)
{
    return &pool->kinds[kind_of(port)];
}

static void make_free(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    pool->ports[port].state = PORT_FREE;
    pool->ports[port].at = (uint16_t)kind->free_count;
    kind->free[kind->free_count++] = port;
}

/* The last of the array takes the place of `port`. */
static void take_from_free(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    uint16_t last = kind->free[--kind->free_count], at = pool->ports[port].at;
    kind->free[at] = last;
    pool->ports[last].at = at;
}

bool pool_init(struct pool *pool, const uint64_t usable[static NAT_PORT_WORDS], uint64_t hold_down_ns,
               const uint64_t *router, struct nat_table *hosts)
{
    static const unsigned FIRST[POOL_KINDS] = {0, LOW_OF_KIND, LOW_PORTS, LOW_PORTS + HIGH_OF_KIND};
    pool->ports = calloc(POOL_PORTS, sizeof *pool->ports);
    pool->free = calloc(POOL_PORTS, sizeof *pool->free);
    if (!pool->ports || !pool->free)
        return false;
    pool->hold_down_ns = hold_down_ns;
    pool->router = router;
    pool->hosts = hosts;
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        pool->kinds[kind].free = pool->free + FIRST[kind];
    for (unsigned port = 1; port < POOL_PORTS; port++)
        if (nat_ports_has(usable, (uint16_t)port)) {
            kind_at(pool, (uint16_t)port)->configured++;
            make_free(pool, (uint16_t)port);
        }
    return true;
}

void pool_free(struct pool *pool)
{
    free(pool->ports);
    free(pool->free);
}

uint32_t pool_configured(const struct pool *pool)
{
    uint32_t sum = 0;
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        sum += pool->kinds[kind].configured;
    return sum;
}

/* ---- resting ---- */

void pool_release(struct pool *pool, uint16_t port, uint32_t host, struct qw_time now)
{
    struct pool_kind *kind = kind_at(pool, port);
    pool->ports[port] = (struct port){.since_ns = now.ns, .host = host, .state = PORT_RESTING};
    if (kind->newest == 0)
        kind->oldest = port;
    else
        pool->ports[kind->newest].at = port;
    kind->newest = port;
    pool->resting++;
}

static void wake_oldest(struct pool *pool, struct pool_kind *kind)
{
    uint16_t port = kind->oldest;
    kind->oldest = pool->ports[port].at;
    if (kind->oldest == 0)
        kind->newest = 0;
    pool->resting--;
    if (pool->ports[port].host != 0)
        nat_table_down(pool->hosts, pool->ports[port].host);
    if (nat_ports_has(pool->router, port))
        pool->ports[port].state = PORT_RESERVED;
    else
        make_free(pool, port);
}

static bool rested(const struct pool *pool, const struct pool_kind *kind, struct qw_time now)
{
    struct qw_time since = {pool->ports[kind->oldest].since_ns};
    return kind->oldest != 0 && qw_time_since(now, since) >= pool->hold_down_ns;
}

/* Goes on beyond `at_once` only over ports that the router took meanwhile: a port that may be had is had. */
static void wake_some(struct pool *pool, struct pool_kind *kind, unsigned at_once, struct qw_time now)
{
    for (unsigned woken = 0; rested(pool, kind, now); woken++) {
        if (woken >= at_once && kind->free_count > 0)
            return;
        wake_oldest(pool, kind);
    }
}

void pool_wake_rested(struct pool *pool, struct qw_time now)
{
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        wake_some(pool, &pool->kinds[kind], WAKE_FOR_LIMIT, now);
}

void pool_wake(struct pool *pool)
{
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        while (pool->kinds[kind].oldest != 0)
            wake_oldest(pool, &pool->kinds[kind]);
}

/* ---- choosing ---- */

/* Which kind it is depends on the configuration only, never on what is in use (RFC 4787 REQ-11). */
static struct pool_kind *kind_for(struct pool *pool, uint16_t inside_port)
{
    unsigned kind = kind_of(inside_port);
    return &pool->kinds[pool->kinds[kind].configured > 0 ? kind : kind | KIND_HIGH];
}

uint16_t pool_take(struct pool *pool, uint16_t inside_port, uint64_t random, struct qw_time now)
{
    struct pool_kind *kind = kind_for(pool, inside_port);
    wake_some(pool, kind, WAKE_AT_ONCE, now);
    if (kind->free_count == 0)
        return 0;
    uint16_t port = kind->free[random % kind->free_count];
    take_from_free(pool, port);
    pool->ports[port] = (struct port){.since_ns = now.ns, .state = PORT_MAPPED};
    return port;
}

/* ---- the router's own ports ---- */

/* A port in use, or resting, is looked at when it would become free. */
void pool_router_port(struct pool *pool, uint16_t port)
{
    if (nat_ports_has(pool->router, port) && pool->ports[port].state == PORT_FREE) {
        take_from_free(pool, port);
        pool->ports[port].state = PORT_RESERVED;
    } else if (!nat_ports_has(pool->router, port) && pool->ports[port].state == PORT_RESERVED)
        make_free(pool, port);
}
