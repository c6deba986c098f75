#include "pool.h"
#include "hosts.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define LOW_PORTS 1024
#define LOW_OF_KIND (LOW_PORTS / 2)
#define HIGH_OF_KIND ((POOL_PORTS - LOW_PORTS) / 2)

/* Ports that go from resting to free before each choice: more than are released for each that is taken, so
 * the queue never grows without need, and few enough that no packet waits for long. */
#define WAKE_AT_ONCE 16

/* Of each kind, when a host is at its limit and perhaps only because of what has rested since. */
#define WAKE_FOR_LIMIT 1024

unsigned pool_kind_of(uint16_t port)
{
    return (port % 2 ? KIND_ODD : 0u) | (port >= LOW_PORTS ? KIND_HIGH : 0u);
}

static struct pool_kind *kind_at(struct pool *pool, uint16_t port)
{
    return &pool->kinds[pool_kind_of(port)];
}

/* A crash between two writes leaves what the state before says, or all of what it says now. */
static void write_port(struct port *port, enum port_state state, struct owner owner, bool counts,
                       struct qw_time since)
{
    port->since_ns = since.ns;
    port->host = owner.host;
    port->inside_port = owner.port;
    port->counts = counts;
    atomic_signal_fence(memory_order_seq_cst);
    port->state = (uint8_t)state;
}

static void make_free(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    pool->ports[port].state = PORT_FREE;
    pool->links[port].at = kind->free_count;
    kind->free[kind->free_count++] = port;
}

/* The last of the array takes the place of `port`. */
static void take_from_free(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    uint16_t last = kind->free[--kind->free_count];
    uint32_t at = pool->links[port].at;
    kind->free[at] = last;
    pool->links[last].at = at;
}

bool pool_take_memory(struct pool *pool)
{
    static const unsigned FIRST[POOL_KINDS] = {0, LOW_OF_KIND, LOW_PORTS, LOW_PORTS + HIGH_OF_KIND};
    pool->links = calloc(POOL_PORTS, sizeof *pool->links);
    pool->free = calloc(POOL_PORTS, sizeof *pool->free);
    if (!pool->links || !pool->free) {
        pool_free(pool);
        return false;
    }
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        pool->kinds[kind].free = pool->free + FIRST[kind];
    return true;
}

void pool_free(struct pool *pool)
{
    free(pool->links);
    free(pool->free);
    pool->links = NULL;
    pool->free = NULL;
}

uint32_t pool_configured(const struct pool *pool)
{
    uint32_t sum = 0;
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        sum += pool->kinds[kind].configured;
    return sum;
}

struct nat_ports pool_ports(const struct pool *pool)
{
    struct nat_ports ports = {.used = pool->mapped, .resting = pool->resting};
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        ports.free += pool->kinds[kind].free_count;
    ports.usable = ports.used + ports.resting + ports.free;
    return ports;
}

/* ---- what may be handed out ---- */

static bool is_usable(const struct pool *pool, uint16_t port)
{
    return pool->usable && qw_ports_has(pool->usable, port);
}

/* A port that nobody has, and that does not rest, becomes what it is to be. */
static void settle(struct pool *pool, uint16_t port)
{
    if (!is_usable(pool, port))
        pool->ports[port].state = PORT_FOREIGN;
    else if (qw_ports_has(pool->router, port))
        pool->ports[port].state = PORT_RESERVED;
    else
        make_free(pool, port);
}

static void change_port(struct pool *pool, uint16_t port)
{
    uint8_t state = pool->ports[port].state;
    bool usable = is_usable(pool, port);
    if (state == PORT_FORWARD)
        return;
    kind_at(pool, port)->configured += usable;
    if (state == PORT_FREE && !usable)
        take_from_free(pool, port);
    if (state == PORT_FOREIGN ? usable : !usable && state <= PORT_RESERVED)
        settle(pool, port);
}

void pool_change(struct pool *pool)
{
    for (unsigned kind = 0; kind < POOL_KINDS; kind++)
        pool->kinds[kind].configured = 0;
    for (unsigned port = 1; port < POOL_PORTS; port++)
        change_port(pool, (uint16_t)port);
}

uint32_t pool_left(const struct pool *pool, const uint64_t *usable)
{
    uint32_t left = 0;
    for (unsigned port = 1; port < POOL_PORTS; port++) {
        uint8_t state = pool->ports[port].state;
        left += (state == PORT_MAPPED || state == PORT_RESTING) &&
                !(usable && qw_ports_has(usable, (uint16_t)port));
    }
    return left;
}

/* ---- resting ---- */

static void begin_rest(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    pool->links[port].older = kind->newest;
    pool->links[port].newer = 0;
    if (kind->newest == 0)
        kind->oldest = port;
    else
        pool->links[kind->newest].newer = port;
    kind->newest = port;
    pool->resting++;
}

static void end_rest(struct pool *pool, uint16_t port)
{
    struct pool_kind *kind = kind_at(pool, port);
    uint16_t older = pool->links[port].older, newer = pool->links[port].newer;
    if (older == 0)
        kind->oldest = newer;
    else
        pool->links[older].newer = newer;
    if (newer == 0)
        kind->newest = older;
    else
        pool->links[newer].older = older;
    pool->resting--;
    if (pool->ports[port].counts)
        host_down(pool->hosts, pool->ports[port].host);
}

void pool_release(struct pool *pool, uint16_t port, bool counts, struct qw_time now)
{
    const struct port *record = &pool->ports[port];
    struct owner owner = {record->host, record->inside_port};
    write_port(&pool->ports[port], PORT_RESTING, owner, counts, now);
    pool->mapped--;
    begin_rest(pool, port);
}

void pool_drain(struct pool *pool, uint16_t port, struct owner owner, struct qw_time now)
{
    write_port(&pool->ports[port], PORT_MAPPED, owner, false, now);
    pool->mapped++;
}

/* The queue stays in order of time. */
void pool_rest(struct pool *pool, uint16_t port, struct owner owner, bool counts, struct qw_time since)
{
    const struct pool_kind *kind = kind_at(pool, port);
    if (pool->ports[port].state == PORT_FREE)
        take_from_free(pool, port);
    if (kind->newest != 0 && pool->ports[kind->newest].since_ns > since.ns)
        since.ns = pool->ports[kind->newest].since_ns;
    if (counts)
        host_up(pool->hosts, owner.host, pool->slot);
    write_port(&pool->ports[port], PORT_RESTING, owner, counts, since);
    begin_rest(pool, port);
}

void pool_give(struct pool *pool, uint16_t port)
{
    uint8_t state = pool->ports[port].state;
    if (state == PORT_FREE)
        take_from_free(pool, port);
    else if (state == PORT_RESTING)
        end_rest(pool, port);
    else if (state == PORT_MAPPED)
        pool->mapped--;
    if (state != PORT_FORWARD)
        kind_at(pool, port)->configured -= is_usable(pool, port);
}

static void wake(struct pool *pool, uint16_t port)
{
    end_rest(pool, port);
    settle(pool, port);
}

static bool has_rested(const struct pool *pool, uint16_t port, struct qw_time now)
{
    return qw_time_since(now, (struct qw_time){pool->ports[port].since_ns}) >= pool->hold_down_ns;
}

/* Wakes more than `at_once` only while no port is free, for example when the ports just woken turned out to
 * be reserved by the router. */
static void wake_some(struct pool *pool, struct pool_kind *kind, unsigned at_once, struct qw_time now)
{
    for (unsigned woken = 0; kind->oldest != 0 && has_rested(pool, kind->oldest, now); woken++) {
        if (woken >= at_once && kind->free_count > 0)
            return;
        wake(pool, kind->oldest);
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
            wake(pool, pool->kinds[kind].oldest);
}

/* ---- choosing ---- */

unsigned pool_kind_for(const struct pool *pool, uint16_t inside_port)
{
    unsigned kind = pool_kind_of(inside_port);
    return pool->kinds[kind].configured > 0 ? kind : kind | KIND_HIGH;
}

bool pool_prepare(struct pool *pool, unsigned kind, struct qw_time now)
{
    wake_some(pool, &pool->kinds[kind], WAKE_AT_ONCE, now);
    return pool->kinds[kind].free_count > 0;
}

uint16_t pool_pick(const struct pool *pool, unsigned kind, uint64_t random)
{
    return pool->kinds[kind].free[random % pool->kinds[kind].free_count];
}

static bool is_owner(const struct port *record, struct owner owner)
{
    return record->host == owner.host && record->inside_port == owner.port;
}

bool pool_open_to(const struct pool *pool, uint16_t port, struct owner owner, struct qw_time now)
{
    const struct port *record = &pool->ports[port];
    if (record->state != PORT_RESTING || qw_ports_has(pool->router, port) || !is_usable(pool, port))
        return record->state == PORT_FREE;
    return has_rested(pool, port, now) || is_owner(record, owner);
}

bool pool_counts_for(const struct pool *pool, uint16_t port, uint32_t host)
{
    const struct port *record = &pool->ports[port];
    return record->state == PORT_RESTING && record->counts && record->host == host;
}

void pool_take(struct pool *pool, uint16_t port, struct owner owner, struct qw_time now)
{
    if (pool->ports[port].state == PORT_RESTING)
        end_rest(pool, port);
    else if (pool->ports[port].state == PORT_FREE)
        take_from_free(pool, port);
    write_port(&pool->ports[port], PORT_MAPPED, owner, false, now);
    pool->mapped++;
    pool->links[port].sessions = 0;
}

/* ---- the router's own ports ---- */

/* A port in use, or resting, is looked at when it would become free. */
void pool_router_port(struct pool *pool, uint16_t port)
{
    if (qw_ports_has(pool->router, port) && pool->ports[port].state == PORT_FREE) {
        take_from_free(pool, port);
        pool->ports[port].state = PORT_RESERVED;
    } else if (!qw_ports_has(pool->router, port) && pool->ports[port].state == PORT_RESERVED)
        make_free(pool, port);
}
