/* The thread that tells the engine which networks are inside (inside_prefixes = "auto"). */
#include "fail.h"
#include "inside_routes.h"
#include "netlink.h"
#include "side_thread.h"
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>

/* After each look, so that routes that flap do not keep a processor busy. A first change is seen at once. */
#define PAUSE_MS 200

#define TRIES 5 /* at the start; after that everybody belongs inside until a look succeeds */

struct io_inside {
    struct engine *engine;
    struct config_interfaces interfaces;
    struct mnl_socket *events;
    struct side_thread thread;
    struct inside_links links;
    struct inside_routes routes;
    struct qw_prefix *told; /* owned: what the engine knows */
    size_t told_count;
    bool everybody; /* it was said that all belong inside */
};

static const struct qw_prefix EVERYBODY[] = {{.family = QW_IPV4}, {.family = QW_IPV6}};

static void tell(struct io_inside *inside, const struct qw_prefix *prefixes, size_t count)
{
    if (count == inside->told_count && memcmp(inside->told, prefixes, count * sizeof(*prefixes)) == 0)
        return;
    if (engine_set_inside(inside->engine, prefixes, count) != QW_OK)
        return; /* asked again with the next change */
    memcpy(inside->told, prefixes, count * sizeof(*prefixes));
    inside->told_count = count;
    qw_log(QW_LOG_DEBUG, "%zu networks are inside, according to the routes of the inside interfaces", count);
}

static void warn_of_everybody(struct io_inside *inside, bool everybody)
{
    if (everybody && !inside->everybody)
        qw_log(
            QW_LOG_WARNING,
            "more than %d routes by inside interfaces, or more than %d such interfaces: every source address "
            "counts as inside",
            INSIDE_ROUTES_MAX, NAMED_LINKS_MAX);
    inside->everybody = everybody;
}

/* Events only say that something changed: what is so now is asked, so that none can be misread or missed. */
static bool look(struct io_inside *inside)
{
    if (!inside_links_look(&inside->interfaces, &inside->links) ||
        !inside_routes_ask(&inside->links, &inside->routes))
        return false;
    bool everybody = inside->links.too_many || inside->routes.too_many;
    warn_of_everybody(inside, everybody);
    if (everybody)
        tell(inside, EVERYBODY, sizeof(EVERYBODY) / sizeof(EVERYBODY[0]));
    else
        tell(inside, inside->routes.list, inside->routes.count);
    return true;
}

/* True when an event concerns the inside, or may have and was lost. A router may have a million routes
 * outside, which change all the time: those are not looked at. */
static bool drain_events(const struct io_inside *inside)
{
    _Alignas(struct nlmsghdr) char buffer[NETLINK_PART];
    bool concerned = false;
    ssize_t got;
    while ((got = netlink_news(inside->events, buffer, sizeof(buffer))) >= 0)
        concerned |= got == 0 || inside_routes_concern(buffer, (size_t)got, &inside->links);
    return concerned;
}

/* True when the thread is to end. */
static bool stops_within(const struct io_inside *inside, int ms)
{
    struct pollfd stop = {.fd = inside->thread.stop, .events = POLLIN};
    return poll(&stop, 1, ms) > 0;
}

/* A look that failed, as the routes changed meanwhile, is done again without a further event. */
static void *inside_main(void *argument)
{
    struct io_inside *inside = argument;
    struct pollfd ready[] = {{.fd = inside->thread.stop, .events = POLLIN},
                             {.fd = netlink_fd(inside->events), .events = POLLIN}};
    bool again = inside->told_count == SIZE_MAX;
    while (poll(ready, 2, again ? 0 : -1) < 0 || !(ready[0].revents & POLLIN)) {
        if (!drain_events(inside) && !again)
            continue;
        again = !look(inside);
        if (stops_within(inside, PAUSE_MS))
            break;
    }
    return NULL;
}

static bool open_events(struct io_inside *inside)
{
    static const int GROUPS[] = {RTNLGRP_LINK, RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
    inside->events = netlink_listen(NETLINK_ROUTE, GROUPS, 3);
    return inside->events;
}

static enum qw_error begin(struct io_inside *inside, struct io_error *error)
{
    inside->told = calloc(INSIDE_ROUTES_MAX, sizeof(*inside->told));
    if (!inside_routes_init(&inside->routes) || !inside->told)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to follow the routes inside");
    if (!open_events(inside))
        return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
    for (int i = 0; i < TRIES && !look(inside); i++) /* routes change meanwhile */
        poll(NULL, 0, PAUSE_MS);
    int problem = side_thread_start(&inside->thread, inside_main, inside);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "no thread for the routes inside: %s", strerror(problem));
    return QW_OK;
}

enum qw_error io_inside_start(struct engine *engine, const struct config *config, struct io_inside **out,
                              struct io_error *error)
{
    *out = NULL;
    struct io_inside *inside = calloc(1, sizeof(*inside));
    if (!inside)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to follow the routes inside");
    inside->engine = engine;
    inside->interfaces = config->inside;
    inside->told_count = SIZE_MAX; /* the engine was told of nothing, not even of none */
    enum qw_error status = begin(inside, error);
    if (status == QW_OK)
        *out = inside;
    else
        io_inside_stop(inside);
    return status;
}

void io_inside_stop(struct io_inside *inside)
{
    if (!inside)
        return;
    side_thread_end(&inside->thread);
    netlink_close(inside->events);
    inside_routes_free(&inside->routes);
    free(inside->told);
    free(inside);
}
