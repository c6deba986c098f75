/* The thread that follows the router: its address towards the outside, and the ports it uses. */
#include "fail.h"
#include "netlink.h"
#include "port_pool.h"
#include "router_ports.h"
#include "setup_advice.h"
#include "side_thread.h"
#include "wan_link.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <stdlib.h>
#include <string.h>

#define PORTS_MS 1000 /* between two looks at the ports */

struct io_watch {
    struct engine *engine;
    struct config_interfaces interfaces; /* that addresses are followed of; none: they do not change */
    struct mnl_socket *events;           /* NULL without */
    struct side_thread thread;
    pthread_mutex_t lock; /* of what follows */
    struct qw_addr addresses[CONFIG_UPLINKS_MAX];
    bool ambiguous[CONFIG_UPLINKS_MAX]; /* several interfaces of a pattern have addresses, and it was said */
    uint64_t ports[QW_PORT_WORDS];
    struct qw_time looked;        /* at the ports */
    uint64_t pool[QW_PORT_WORDS]; /* that the configuration has */
    bool no_even, no_odd;         /* the router has left none of them, and it was said */
};

static const struct qw_addr NONE;

static void warn_no_address(const struct io_watch *watch, unsigned i)
{
    const char *name = watch->interfaces.names[i];
    qw_log(QW_LOG_WARNING, "%s %s IPv4 address: nothing can be mapped%s", name,
           config_interface_is_pattern(name) ? "(outside) matches no interface with an" : "has no",
           watch->interfaces.count > 1 ? " for packets that leave by it" : "");
}

static void tell_address(struct io_watch *watch, unsigned i, const struct wan_link *link)
{
    char text[QW_ADDR_TEXT_MAX];
    const struct qw_addr *address = &link->address;
    bool none = qw_addr_equal(address, &NONE);
    if (qw_addr_equal(address, &watch->addresses[i]))
        return;
    watch->addresses[i] = *address;
    engine_set_external_of(watch->engine, i, none ? NULL : address, io_now());
    if (none)
        warn_no_address(watch, i);
    else
        qw_log(QW_LOG_INFO, "the external address is now %s (%s)", qw_addr_text(address, QW_IPV4, text),
               link->name);
}

/* One address stands for what leaves by any interface of a pattern, and a provider drops those of another one
 * (BCP 38). */
static void warn_ambiguous(struct io_watch *watch, unsigned i, const struct wan_link *link)
{
    bool ambiguous = link->other[0] != '\0';
    if (ambiguous && !watch->ambiguous[i])
        qw_log(
            QW_LOG_WARNING,
            "\"%s\" (outside) matches %s and %s: what leaves by either has the address of %s; name each in "
            "outside",
            watch->interfaces.names[i], link->name, link->other, link->name);
    watch->ambiguous[i] = ambiguous;
}

/* Events only say that something changed: what is so now is asked, so that none can be misread or missed. */
static void look_at_addresses(struct io_watch *watch)
{
    struct wan_link link;
    for (unsigned i = 0; i < watch->interfaces.count; i++) {
        if (!wan_link_ask(watch->interfaces.names[i], &link))
            continue;
        tell_address(watch, i, &link);
        warn_ambiguous(watch, i, &link);
    }
}

static bool warn_of_none(bool warned, unsigned left, const char *kind)
{
    if (left == 0 && !warned)
        qw_log(QW_LOG_WARNING,
               "no %s port of nat.ports is left for mappings: the router uses them itself "
               "(net.ipv4.ip_local_port_range, ip_local_reserved_ports, sockets) or they are excluded",
               kind);
    return left == 0;
}

/* A port is mapped to one of its parity only, so one that is used up stops half of the flows. */
static void look_at_pool(struct io_watch *watch)
{
    struct qw_port_count left = port_pool_left(watch->pool, watch->ports);
    watch->no_even = warn_of_none(watch->no_even, left.even, "even");
    watch->no_odd = warn_of_none(watch->no_odd, left.odd, "odd");
}

static void look_at_ports(struct io_watch *watch)
{
    uint64_t ports[QW_PORT_WORDS];
    watch->looked = io_now();
    if (!router_ports_read(ports) || memcmp(ports, watch->ports, sizeof(ports)) == 0)
        return;
    memcpy(watch->ports, ports, sizeof(ports));
    engine_set_router_ports(watch->engine, ports);
    look_at_pool(watch);
}

/* Until the next look at the ports. However many events come, there is one a second. */
static int left_ms(const struct io_watch *watch)
{
    uint64_t passed = qw_time_since(io_now(), watch->looked) / QW_NS_PER_MS;
    return passed < PORTS_MS ? (int)(PORTS_MS - passed) : 0;
}

/* The address is asked with the ports, too: there may have been no answer before. */
static void *watch_main(void *argument)
{
    struct io_watch *watch = argument;
    struct pollfd ready[] = {{.fd = watch->thread.stop, .events = POLLIN},
                             {.fd = netlink_fd(watch->events), .events = POLLIN}};
    while (poll(ready, 2, left_ms(watch)) < 0 || !(ready[0].revents & POLLIN)) {
        if (ready[1].revents)
            netlink_forget(watch->events);
        pthread_mutex_lock(&watch->lock);
        look_at_addresses(watch);
        if (left_ms(watch) == 0)
            look_at_ports(watch);
        pthread_mutex_unlock(&watch->lock);
    }
    return NULL;
}

static bool open_events(struct io_watch *watch)
{
    static const int GROUPS[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR};
    watch->events = netlink_listen(NETLINK_ROUTE, GROUPS, 2);
    return watch->events;
}

static enum qw_error begin(struct io_watch *watch, const struct config *config, struct io_error *error)
{
    if (config->external_auto) {
        watch->interfaces = config->outside;
        if (!open_events(watch))
            return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
        look_at_addresses(watch);
        for (unsigned i = 0; i < watch->interfaces.count; i++)
            if (qw_addr_equal(&watch->addresses[i], &NONE))
                warn_no_address(watch, i);
    }
    config_nat_usable(config, watch->pool);
    look_at_ports(watch);
    look_at_pool(watch);
    setup_advice(config, &watch->addresses[0], watch->ports);
    int problem = side_thread_start(&watch->thread, watch_main, watch);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "no thread for the external address: %s", strerror(problem));
    return QW_OK;
}

enum qw_error io_watch_start(struct engine *engine, const struct config *config, struct io_watch **out,
                             struct io_error *error)
{
    *out = NULL;
    if (config->mode != CONFIG_NAT)
        return QW_OK;
    struct io_watch *watch = calloc(1, sizeof(*watch));
    if (!watch)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to follow the external address");
    watch->engine = engine;
    pthread_mutex_init(&watch->lock, NULL);
    enum qw_error status = begin(watch, config, error);
    if (status == QW_OK)
        *out = watch;
    else
        io_watch_stop(watch);
    return status;
}

void io_watch_change(struct io_watch *watch, const struct config *config)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    config_nat_usable(config, watch->pool);
    look_at_pool(watch);
    setup_advice_forwards(config, &watch->addresses[0], watch->ports);
    pthread_mutex_unlock(&watch->lock);
}

void io_watch_stop(struct io_watch *watch)
{
    if (!watch)
        return;
    side_thread_end(&watch->thread);
    netlink_close(watch->events);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}
