#include "wan_route.h"
#include "netlink.h"
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Stands for the internet: an address that no network of anybody's has (RFC 7526 took it back). Nothing is
 * sent there. */
static const uint8_t SOMEWHERE[4] = {192, 88, 99, 1};

struct wan_route {
    struct qw_addr source; /* zero: it says none */
    unsigned link;         /* 0: likewise */
};

static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct wan_route *out = context;
    uint16_t type = mnl_attr_get_type(attribute);
    if (mnl_attr_get_payload_len(attribute) != 4)
        return MNL_CB_OK;
    if (type == RTA_PREFSRC)
        out->source = qw_addr_v4(mnl_attr_get_payload(attribute));
    else if (type == RTA_OIF)
        out->link = mnl_attr_get_u32(attribute);
    return MNL_CB_OK;
}

/* There is one route in the answer. */
static int take_route(const struct nlmsghdr *message, void *context)
{
    if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
        return MNL_CB_STOP;
    mnl_attr_parse(message, sizeof(struct rtmsg), take_attribute, context);
    return MNL_CB_STOP;
}

/* By that interface, or by any with 0. */
static bool ask(unsigned index, struct wan_route *out)
{
    _Alignas(struct nlmsghdr) char buffer[128];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = RTM_GETROUTE;
    question->nlmsg_flags = NLM_F_REQUEST;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(question, sizeof(*route));
    route->rtm_family = AF_INET;
    route->rtm_dst_len = 32;
    mnl_attr_put(question, RTA_DST, sizeof(SOMEWHERE), SOMEWHERE);
    if (index != 0)
        mnl_attr_put_u32(question, RTA_OIF, index);
    return netlink_ask(NETLINK_ROUTE, question, take_route, out);
}

bool wan_route_source(unsigned index, struct qw_addr *out)
{
    struct wan_route route = {0};
    if (!ask(index, &route) || route.source.bytes[12] == 127 || route.source.bytes[12] == 0)
        return false;
    *out = route.source;
    return true;
}

unsigned wan_route_link(void)
{
    struct wan_route route = {0};
    return ask(0, &route) ? route.link : 0;
}
