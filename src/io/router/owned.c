/* Which of some addresses the router has: what makes it the active one of a pair, or their owner. */
#include "fail.h"
#include "netlink.h"
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

struct io_owned {
    struct mnl_socket *events;
    struct io_owned_address addresses[IO_OWNED_MAX];
    unsigned count;
    bool has[IO_OWNED_MAX]; /* as the kernel said last */
};

struct search {
    const struct io_owned *owned;
    enum qw_family family; /* of the message at hand */
    bool found[IO_OWNED_MAX];
};

/* IFA_LOCAL is the interface's own where there is one (IPv4, and IPv6 with another end). */
static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct search *search = context;
    uint16_t type = mnl_attr_get_type(attribute), len = mnl_attr_get_payload_len(attribute);
    bool v4 = search->family == QW_IPV4;
    struct qw_addr addr;
    if ((type != IFA_LOCAL && (v4 || type != IFA_ADDRESS)) || len != (v4 ? 4 : 16))
        return MNL_CB_OK;
    addr = v4 ? qw_addr_v4(mnl_attr_get_payload(attribute)) : qw_addr_v6(mnl_attr_get_payload(attribute));
    for (unsigned i = 0; i < search->owned->count; i++)
        search->found[i] |= search->owned->addresses[i].family == search->family &&
                            qw_addr_equal(&addr, &search->owned->addresses[i].addr);
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *context)
{
    struct search *search = context;
    const struct ifaddrmsg *entry = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*entry))
        return MNL_CB_OK;
    search->family = entry->ifa_family == AF_INET ? QW_IPV4 : QW_IPV6;
    if (entry->ifa_family == AF_INET || entry->ifa_family == AF_INET6)
        mnl_attr_parse(message, sizeof(*entry), take_attribute, search);
    return MNL_CB_OK;
}

enum qw_error io_owned_open(const struct io_owned_address *addresses, unsigned count, struct io_owned **out,
                            struct io_error *error)
{
    static const int GROUPS[] = {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
    *out = NULL;
    struct io_owned *owned = calloc(1, sizeof(*owned));
    if (!owned)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to follow an address");
    owned->count = count < IO_OWNED_MAX ? count : IO_OWNED_MAX;
    memcpy(owned->addresses, addresses, owned->count * sizeof(*addresses));
    owned->events = netlink_listen(NETLINK_ROUTE, GROUPS, 2);
    if (owned->events) {
        *out = owned;
        return QW_OK;
    }
    free(owned);
    return io_fail(error, QW_ERR_SYSTEM, "routing socket: %s", strerror(errno));
}

int io_owned_fd(const struct io_owned *owned)
{
    return owned ? netlink_fd(owned->events) : -1;
}

/* News only say that something changed: what is so now is asked. What the kernel does not answer stays. */
void io_owned_look(struct io_owned *owned)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifaddrmsg))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct search search = {.owned = owned};
    netlink_forget(owned->events);
    question->nlmsg_type = RTM_GETADDR;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(question, sizeof(*entry));
    entry->ifa_family = AF_UNSPEC;
    if (netlink_ask(NETLINK_ROUTE, question, take_message, &search))
        memcpy(owned->has, search.found, sizeof(owned->has));
}

bool io_owned_has(const struct io_owned *owned, unsigned number)
{
    return number < owned->count && owned->has[number];
}

void io_owned_close(struct io_owned *owned)
{
    if (!owned)
        return;
    netlink_close(owned->events);
    free(owned);
}
