/* Whether the router has an address: what makes it the active one of a pair. */
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
    struct qw_addr address;
    enum qw_family family;
    bool has; /* as the kernel said last */
};

struct search {
    const struct io_owned *owned;
    bool found;
};

/* IFA_LOCAL is the interface's own where there is one (IPv4, and IPv6 with another end). */
static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct search *search = context;
    uint16_t type = mnl_attr_get_type(attribute), len = mnl_attr_get_payload_len(attribute);
    bool v4 = search->owned->family == QW_IPV4;
    struct qw_addr addr;
    if ((type != IFA_LOCAL && (v4 || type != IFA_ADDRESS)) || len != (v4 ? 4 : 16))
        return MNL_CB_OK;
    addr = v4 ? qw_addr_v4(mnl_attr_get_payload(attribute)) : qw_addr_v6(mnl_attr_get_payload(attribute));
    search->found |= qw_addr_equal(&addr, &search->owned->address);
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *context)
{
    struct search *search = context;
    const struct ifaddrmsg *entry = mnl_nlmsg_get_payload(message);
    int family = search->owned->family == QW_IPV4 ? AF_INET : AF_INET6;
    if (message->nlmsg_type == RTM_NEWADDR && mnl_nlmsg_get_payload_len(message) >= sizeof(*entry) &&
        entry->ifa_family == family)
        mnl_attr_parse(message, sizeof(*entry), take_attribute, search);
    return MNL_CB_OK;
}

enum qw_error io_owned_open(const struct qw_addr *address, enum qw_family family, struct io_owned **out,
                            struct io_error *error)
{
    static const int GROUPS[] = {RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR};
    *out = NULL;
    struct io_owned *owned = calloc(1, sizeof(*owned));
    if (!owned)
        return io_fail(error, QW_ERR_NO_MEMORY, "no memory to follow an address");
    owned->address = *address;
    owned->family = family;
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
bool io_owned_look(struct io_owned *owned)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifaddrmsg))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct search search = {.owned = owned};
    netlink_forget(owned->events);
    question->nlmsg_type = RTM_GETADDR;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(question, sizeof(*entry));
    entry->ifa_family = owned->family == QW_IPV4 ? AF_INET : AF_INET6;
    if (netlink_ask(NETLINK_ROUTE, question, take_message, &search))
        owned->has = search.found;
    return owned->has;
}

void io_owned_close(struct io_owned *owned)
{
    if (!owned)
        return;
    netlink_close(owned->events);
    free(owned);
}
