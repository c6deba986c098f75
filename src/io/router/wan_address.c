#include "wan_address.h"
#include "netlink.h"
#include "wan_route.h"
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

struct wanted {
    unsigned index;
    struct qw_addr *out;
};

static bool is_zero(const struct qw_addr *addr)
{
    static const struct qw_addr NONE;
    return qw_addr_equal(addr, &NONE);
}

/* IFA_LOCAL is the interface's own; IFA_ADDRESS the other end's where there is one (PPP). */
static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct qw_addr *local = context;
    if (mnl_attr_get_type(attribute) == IFA_LOCAL && mnl_attr_get_payload_len(attribute) == 4)
        *local = qw_addr_v4(mnl_attr_get_payload(attribute));
    return MNL_CB_OK;
}

static int take_message(const struct nlmsghdr *message, void *context)
{
    const struct wanted *wanted = context;
    const struct ifaddrmsg *entry = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*entry))
        return MNL_CB_OK;
    bool ours = entry->ifa_family == AF_INET && entry->ifa_index == wanted->index &&
                entry->ifa_scope == RT_SCOPE_UNIVERSE && !(entry->ifa_flags & IFA_F_SECONDARY);
    if (ours && is_zero(wanted->out))
        mnl_attr_parse(message, sizeof(*entry), take_attribute, wanted->out);
    return MNL_CB_OK;
}

void wan_address_read(const void *buffer, size_t len, unsigned index, struct qw_addr *out)
{
    struct wanted wanted = {index, out};
    netlink_messages(buffer, len, 0, take_message, &wanted);
}

bool wan_address_ask(unsigned index, struct qw_addr *out)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct ifaddrmsg))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    struct wanted wanted = {index, out};
    question->nlmsg_type = RTM_GETADDR;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(question, sizeof(*entry));
    entry->ifa_family = AF_INET;
    memset(out, 0, sizeof(*out));
    bool answered = netlink_ask(NETLINK_ROUTE, question, take_message, &wanted);
    if (answered && !is_zero(out))
        wan_route_source(wanted.index, out);
    return answered;
}
