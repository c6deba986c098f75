#include "setup_watch.h"
#include "fail.h"
#include "kernel_rules.h"
#include "named_links.h"
#include "netlink.h"
#include "router_links.h"
#include "rules_job.h"
#include "setup_host.h"
#include "setup_rules.h"
#include "side_thread.h"
#include <errno.h>
#include <ifaddrs.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <quicward/base/log.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_MS 200 /* changes come in heaps: a look waits for the end of one */
/* Between two looks. Doubled while changes go on, so that a set of rules which never rests is not printed all
 * the time. */
#define PAUSE_MIN_MS 1000
#define PAUSE_MAX_MS 60000
#define LOCK_MS 1000         /* to wait for a script of the keeper; then the next look tries again */
#define RULES_MAX (4u << 20) /* bytes of rules that are read */

struct setup_watch {
    const struct config *config;
    struct mnl_socket *routes, *rules; /* `rules` is NULL on a kernel without nft */
    struct side_thread thread;
    int pause_ms;
    uint64_t inside; /* a sum of what the inside interfaces are, and their addresses */
    struct findings before, now;
    struct named_links links; /* inside */
};

/* ---- inside interfaces ---- */

static uint64_t mix(uint64_t sum, uint64_t value)
{
    return (sum ^ value) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static uint64_t sum_of_address(const struct ifaddrs *one)
{
    struct sockaddr_in address, mask = {0};
    memcpy(&address, one->ifa_addr, sizeof(address));
    if (one->ifa_netmask)
        memcpy(&mask, one->ifa_netmask, sizeof(mask));
    return mix(mix(if_nametoindex(one->ifa_name), address.sin_addr.s_addr), mask.sin_addr.s_addr);
}

/* Addresses and interfaces are added, so that their order does not matter. */
static uint64_t inside_now(struct setup_watch *watch)
{
    const struct config_interfaces *inside = &watch->config->inside;
    struct ifaddrs *all = NULL;
    uint64_t sum = 0;
    if (!named_links_look(inside, &watch->links) || getifaddrs(&all) != 0)
        return 0;
    for (unsigned i = 0; i < watch->links.count; i++)
        sum += mix(1, watch->links.list[i].index);
    for (const struct ifaddrs *one = all; one; one = one->ifa_next)
        if (one->ifa_addr && one->ifa_addr->sa_family == AF_INET &&
            config_interface_find(inside, one->ifa_name) >= 0)
            sum += sum_of_address(one);
    freeifaddrs(all);
    return sum;
}

/* Of the interfaces that inside_now has found. */
static bool local_refused(const struct setup_watch *watch)
{
    bool refused = false;
    for (unsigned i = 0; i < watch->links.count; i++)
        refused = refused || router_setting("ipv4", watch->links.list[i].name, "accept_local") == 0;
    return refused;
}

/* Not while the keeper installs rules. */
static int run_locked(const struct setup_watch *watch, const struct rules_job *job, char *said, size_t size)
{
    int lock = rules_lock(watch->config, LOCK_MS);
    if (lock < 0)
        return RULES_RUN_TOO_LONG;
    int status = rules_job_run(job, watch->config, lock, RULES_RUN_MS, watch->thread.stop, said, size);
    close(lock);
    return status;
}

/* False when it has to be tried again. */
static bool run_refresh(const struct setup_watch *watch)
{
    char said[256];
    const struct rules_job job = {.script = RULES_SCRIPT_REFRESH};
    int status = run_locked(watch, &job, said, sizeof(said));
    if (status > 0)
        qw_log(QW_LOG_WARNING, "the rules do not follow the inside interfaces: %s", said);
    return status == 0;
}

static void keep_inside(struct setup_watch *watch)
{
    const struct config *config = watch->config;
    if (config->mode != CONFIG_NAT || !config->manage_rules)
        return;
    uint64_t inside = inside_now(watch);
    if (inside == watch->inside && !local_refused(watch))
        return;
    if (run_refresh(watch))
        watch->inside = inside;
}

/* ---- looks ---- */

static void look_at_rules(struct setup_watch *watch)
{
    char *text = malloc(RULES_MAX);
    const struct rules_job job = {.script = RULES_SCRIPT_OTHERS};
    if (!text)
        return;
    if (rules_job_run(&job, watch->config, -1, RULES_RUN_MS, watch->thread.stop, text, RULES_MAX) >= 0)
        setup_rules_look(watch->config, text, &watch->now);
    free(text);
}

static void look(struct setup_watch *watch)
{
    keep_inside(watch);
    watch->now.count = 0;
    setup_host_look(watch->config, &watch->now);
    look_at_rules(watch);
    findings_tell(&watch->now, &watch->before);
    watch->before = watch->now;
}

/* ---- events ---- */

enum woken { WOKEN_STOP, WOKEN_CHANGE, WOKEN_TIME };

static enum woken wait_for(struct setup_watch *watch, int ms)
{
    struct pollfd ready[] = {{.fd = watch->thread.stop, .events = POLLIN},
                             {.fd = netlink_fd(watch->routes), .events = POLLIN},
                             {.fd = netlink_fd(watch->rules), .events = POLLIN}};
    poll(ready, 3, ms);
    if (ready[0].revents)
        return WOKEN_STOP;
    if (ready[1].revents)
        netlink_forget(watch->routes);
    if (ready[2].revents)
        netlink_forget(watch->rules);
    return ready[1].revents || ready[2].revents ? WOKEN_CHANGE : WOKEN_TIME;
}

/* Until the stop, `ms` at most. True for the stop. */
static bool rest(const struct setup_watch *watch, int ms)
{
    struct pollfd stop = {.fd = watch->thread.stop, .events = POLLIN};
    return poll(&stop, 1, ms) > 0;
}

/* Rules of the old iptables announce nothing: they are looked at from time to time. */
static void *watch_main(void *argument)
{
    struct setup_watch *watch = argument;
    for (;;) {
        look(watch);
        if (rest(watch, watch->pause_ms))
            return NULL;
        enum woken woken = wait_for(watch, PAUSE_MAX_MS);
        if (woken == WOKEN_STOP)
            return NULL;
        watch->pause_ms =
            woken == WOKEN_CHANGE && watch->pause_ms < PAUSE_MAX_MS / 2 ? watch->pause_ms * 2 : PAUSE_MIN_MS;
        while (woken == WOKEN_CHANGE)
            woken = wait_for(watch, SETTLE_MS);
        if (woken == WOKEN_STOP)
            return NULL;
    }
}

/* ---- start and stop ---- */

static bool open_events(struct setup_watch *watch)
{
    static const int TABLES[] = {NFNLGRP_NFTABLES};
    static const int ROUTES[] = {RTNLGRP_LINK,         RTNLGRP_IPV4_IFADDR,  RTNLGRP_IPV6_IFADDR,
                                 RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF, RTNLGRP_IPV4_ROUTE};
    unsigned count = sizeof(ROUTES) / sizeof(ROUTES[0]);
    if (!watch->config->external_auto)
        count--; /* with a route the address may be another one */
    watch->rules = netlink_listen(NETLINK_NETFILTER, TABLES, 1);
    watch->routes = netlink_listen(NETLINK_ROUTE, ROUTES, count);
    return watch->routes;
}

enum qw_error setup_watch_start(const struct config *config, struct setup_watch **out, struct io_error *error)
{
    struct setup_watch *watch = calloc(1, sizeof(*watch));
    *out = watch;
    if (!watch)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to look at the router");
    watch->config = config;
    watch->pause_ms = PAUSE_MIN_MS;
    watch->inside = inside_now(watch);
    if (!open_events(watch))
        return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
    int problem = side_thread_start(&watch->thread, watch_main, watch);
    if (problem != 0)
        return io_fail(error, QW_ERR_SYSTEM, "no thread to look at the router: %s", strerror(problem));
    return QW_OK;
}

void setup_watch_stop(struct setup_watch *watch)
{
    if (!watch)
        return;
    side_thread_end(&watch->thread);
    netlink_close(watch->routes);
    netlink_close(watch->rules);
    free(watch);
}
