#include "wan_route.h"
#include "netlink.h"
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/* Stands for the internet: an address that no network of anybody's has (RFC 7526 took it back). Nothing is
 * sent there. */
static const uint8_t SOMEWHERE[4] = {192, 88, 99, 1};

static int take_attribute(const struct nlattr *attribute, void *context)
{
    const struct nlattr **source = context;
    if (mnl_attr_get_type(attribute) == RTA_PREFSRC && mnl_attr_get_payload_len(attribute) == 4)
        *source = attribute;
    return MNL_CB_OK;
}

/* There is one route in the answer. */
static int take_route(const struct nlmsghdr *message, void *context)
{
    const struct nlattr *source = NULL;
    struct qw_addr *out = context;
    if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(struct rtmsg))
        return MNL_CB_STOP;
    mnl_attr_parse(message, sizeof(struct rtmsg), take_attribute, (void *)&source);
    if (source)
        *out = qw_addr_v4(mnl_attr_get_payload(source));
    return MNL_CB_STOP;
}

bool wan_route_source(unsigned index, struct qw_addr *out)
{
    _Alignas(struct nlmsghdr) char buffer[128];
    struct qw_addr source = {0};
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = RTM_GETROUTE;
    question->nlmsg_flags = NLM_F_REQUEST;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(question, sizeof(*route));
    route->rtm_family = AF_INET;
    route->rtm_dst_len = 32;
    mnl_attr_put(question, RTA_DST, sizeof(SOMEWHERE), SOMEWHERE);
    mnl_attr_put_u32(question, RTA_OIF, index);
    if (!netlink_ask(NETLINK_ROUTE, question, take_route, &source) || source.bytes[12] == 127 ||
        source.bytes[12] == 0)
        return false;
    *out = source;
    return true;
}
