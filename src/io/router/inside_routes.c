#include "inside_routes.h"
#include "netlink.h"
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

bool inside_routes_init(struct inside_routes *routes)
{
    *routes = (struct inside_routes){.list = calloc(INSIDE_ROUTES_MAX, sizeof(*routes->list))};
    return routes->list != NULL;
}

void inside_routes_free(struct inside_routes *routes)
{
    free(routes->list);
}

bool inside_links_look(const struct config_interfaces *inside, struct inside_links *out)
{
    struct named_links *links = malloc(sizeof(*links));
    bool known = links && named_links_look(inside, links);
    if (known) {
        out->count = links->count;
        out->too_many = links->too_many;
        for (unsigned i = 0; i < links->count; i++)
            out->index[i] = links->list[i].index;
    }
    free(links);
    return known;
}

static bool is_inside(const struct inside_links *links, unsigned index)
{
    for (unsigned i = 0; i < links->count; i++)
        if (index != 0 && links->index[i] == index)
            return true;
    return false;
}

/* ---- one route ---- */

struct route_found {
    const struct inside_links *links;
    bool inside;                 /* one of its ways leaves by an inside interface */
    const struct nlattr *target; /* RTA_DST; NULL: everything */
};

static void take_way(void *context, unsigned index)
{
    struct route_found *found = context;
    found->inside |= is_inside(found->links, index);
}

static int take_attribute(const struct nlattr *attribute, void *context)
{
    struct route_found *found = context;
    uint16_t type = mnl_attr_get_type(attribute);
    if (type == RTA_DST)
        found->target = attribute;
    else if (type == RTA_OIF && mnl_attr_get_payload_len(attribute) == sizeof(uint32_t))
        take_way(found, mnl_attr_get_u32(attribute));
    else if (type == RTA_MULTIPATH)
        netlink_ways(attribute, take_way, found);
    return MNL_CB_OK;
}

/* The kernel's prefixes have no bits beyond their length. */
static bool prefix_of(const struct rtmsg *route, const struct nlattr *target, struct qw_prefix *out)
{
    bool v4 = route->rtm_family == AF_INET;
    size_t size = v4 ? 4 : 16;
    if ((!v4 && route->rtm_family != AF_INET6) || route->rtm_dst_len > 8 * size)
        return false;
    *out = (struct qw_prefix){.family = v4 ? QW_IPV4 : QW_IPV6, .bits = route->rtm_dst_len};
    if (!target)
        return route->rtm_dst_len == 0;
    if (mnl_attr_get_payload_len(target) != size)
        return false;
    memcpy(out->addr.bytes + (v4 ? 12 : 0), mnl_attr_get_payload(target), size);
    return true;
}

static void add(struct inside_routes *routes, const struct qw_prefix *prefix)
{
    if (routes->count == INSIDE_ROUTES_MAX)
        routes->too_many = true;
    else
        routes->list[routes->count++] = *prefix;
}

struct routes_reading {
    const struct inside_links *links;
    struct inside_routes *out;
};

static int take_message(const struct nlmsghdr *message, void *context)
{
    const struct routes_reading *reading = context;
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    struct route_found found = {.links = reading->links};
    struct qw_prefix prefix;
    if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(*route) ||
        route->rtm_type != RTN_UNICAST || route->rtm_flags & RTM_F_CLONED)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*route), take_attribute, &found);
    if (found.inside && prefix_of(route, found.target, &prefix))
        add(reading->out, &prefix);
    return MNL_CB_OK;
}

void inside_routes_read(const void *buffer, size_t len, const struct inside_links *links,
                        struct inside_routes *out)
{
    struct routes_reading reading = {links, out};
    netlink_messages(buffer, len, 0, take_message, &reading);
}

/* ---- events ---- */

struct routes_concern {
    const struct inside_links *links;
    bool concerned;
};

static int take_event(const struct nlmsghdr *message, void *context)
{
    struct routes_concern *concern = context;
    struct route_found found = {.links = concern->links};
    bool route = message->nlmsg_type == RTM_NEWROUTE || message->nlmsg_type == RTM_DELROUTE;
    if (route && mnl_nlmsg_get_payload_len(message) >= sizeof(struct rtmsg))
        mnl_attr_parse(message, sizeof(struct rtmsg), take_attribute, &found);
    concern->concerned |= !route || found.inside;
    return MNL_CB_OK;
}

bool inside_routes_concern(const void *buffer, size_t len, const struct inside_links *links)
{
    struct routes_concern concern = {.links = links};
    netlink_messages(buffer, len, 0, take_event, &concern);
    return concern.concerned;
}

/* ---- asking ---- */

static bool ask_family(uint8_t family, struct routes_reading *reading)
{
    _Alignas(struct nlmsghdr) char buffer[NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct rtmsg))];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = RTM_GETROUTE;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    struct rtmsg *route = mnl_nlmsg_put_extra_header(question, sizeof(*route));
    route->rtm_family = family;
    return netlink_ask(NETLINK_ROUTE, question, take_message, reading);
}

bool inside_routes_ask(const struct inside_links *links, struct inside_routes *out)
{
    struct routes_reading reading = {links, out};
    out->count = 0;
    out->too_many = false;
    return ask_family(AF_INET, &reading) && ask_family(AF_INET6, &reading);
}
