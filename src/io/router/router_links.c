#include "router_links.h"
#include "netlink.h"
#include <string.h>
#include <sys/socket.h>

/* The C library's interfaces stand before the kernel's, or both define them. */
/* clang-format off */
#include <net/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
/* clang-format on */

#define QUESTION 256
#define TRIES 3

static void copy_word(const struct nlattr *attribute, char *out, size_t size)
{
    if (mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) == 0)
        snprintf(out, size, "%s", mnl_attr_get_str(attribute));
}

static uint32_t number_of(const struct nlattr *attribute)
{
    return mnl_attr_get_payload_len(attribute) == sizeof(uint32_t) ? mnl_attr_get_u32(attribute) : 0;
}

/* ---- links ---- */

static int take_info(const struct nlattr *attribute, void *context)
{
    struct survey_interface *one = context;
    if (mnl_attr_get_type(attribute) == IFLA_INFO_KIND)
        copy_word(attribute, one->kind, sizeof(one->kind));
    return MNL_CB_OK;
}

static int take_link_part(const struct nlattr *attribute, void *context)
{
    struct survey_interface *one = context;
    switch (mnl_attr_get_type(attribute)) {
    case IFLA_IFNAME:
        copy_word(attribute, one->name, sizeof(one->name));
        break;
    case IFLA_MTU:
        one->mtu = number_of(attribute);
        break;
    case IFLA_MASTER:
        one->master = number_of(attribute);
        break;
    case IFLA_LINKINFO:
        mnl_attr_parse_nested(attribute, take_info, one);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
    struct survey *out = context;
    if (message->nlmsg_type != RTM_NEWLINK || mnl_nlmsg_get_payload_len(message) < sizeof(struct ifinfomsg))
        return MNL_CB_OK;
    if (out->interface_count == SURVEY_INTERFACES_MAX) {
        out->interfaces_left++;
        return MNL_CB_OK;
    }
    const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
    struct survey_interface *one = &out->interfaces[out->interface_count];
    *one = (struct survey_interface){.index = (unsigned)link->ifi_index,
                                     .up = link->ifi_flags & IFF_UP,
                                     .carrier = link->ifi_flags & IFF_RUNNING,
                                     .loopback = link->ifi_flags & IFF_LOOPBACK,
                                     .ethernet = link->ifi_type == ARPHRD_ETHER,
                                     .forwarding4 = SURVEY_UNKNOWN,
                                     .forwarding6 = SURVEY_UNKNOWN,
                                     .rp_filter = SURVEY_UNKNOWN,
                                     .accept_local = SURVEY_UNKNOWN,
                                     .gro_forwarding = SURVEY_UNKNOWN,
                                     .gro_list = SURVEY_UNKNOWN,
                                     .lro = SURVEY_UNKNOWN,
                                     .takes_frames = SURVEY_UNKNOWN};
    mnl_attr_parse(message, sizeof(*link), take_link_part, one);
    out->interface_count += one->name[0] != '\0';
    return MNL_CB_OK;
}

void router_links_read(const void *buffer, size_t len, struct survey *out)
{
    netlink_messages(buffer, len, 0, take_link, out);
}

static struct survey_interface *find(struct survey *survey, unsigned index)
{
    for (unsigned i = 0; i < survey->interface_count; i++)
        if (survey->interfaces[i].index == index)
            return &survey->interfaces[i];
    return NULL;
}

/* ---- addresses ---- */

struct address_found {
    const struct nlattr *local, *address; /* IFA_ADDRESS is the other end's where there is one (PPP) */
};

static int take_address_part(const struct nlattr *attribute, void *context)
{
    struct address_found *found = context;
    if (mnl_attr_get_type(attribute) == IFA_LOCAL)
        found->local = attribute;
    else if (mnl_attr_get_type(attribute) == IFA_ADDRESS)
        found->address = attribute;
    return MNL_CB_OK;
}

static bool address_of(const struct nlattr *attribute, uint8_t family, struct survey_address *out)
{
    size_t size = family == AF_INET ? 4 : 16;
    if (!attribute || mnl_attr_get_payload_len(attribute) != size)
        return false;
    out->family = family == AF_INET ? QW_IPV4 : QW_IPV6;
    out->addr = family == AF_INET ? qw_addr_v4(mnl_attr_get_payload(attribute))
                                  : qw_addr_v6(mnl_attr_get_payload(attribute));
    return true;
}

static int take_address(const struct nlmsghdr *message, void *context)
{
    const struct ifaddrmsg *entry = mnl_nlmsg_get_payload(message);
    struct address_found found = {0};
    struct survey_address address = {0};
    if (message->nlmsg_type != RTM_NEWADDR || mnl_nlmsg_get_payload_len(message) < sizeof(*entry) ||
        (entry->ifa_family != AF_INET && entry->ifa_family != AF_INET6))
        return MNL_CB_OK;
    struct survey_interface *one = find(context, entry->ifa_index);
    if (!one || one->address_count == SURVEY_ADDRESSES_MAX)
        return MNL_CB_OK;
    mnl_attr_parse(message, sizeof(*entry), take_address_part, &found);
    address.bits = entry->ifa_prefixlen;
    address.global = entry->ifa_scope < RT_SCOPE_LINK;
    if (address_of(found.local ? found.local : found.address, entry->ifa_family, &address))
        one->addresses[one->address_count++] = address;
    return MNL_CB_OK;
}

void router_links_read_addresses(const void *buffer, size_t len, struct survey *out)
{
    netlink_messages(buffer, len, 0, take_address, out);
}

/* ---- default routes ---- */

struct route_found {
    struct survey *survey;
    uint8_t family;
    uint32_t metric, table;
    bool has_target;
    unsigned count, indexes[16]; /* of the interfaces that it leaves by */
};

static void take_way(void *context, unsigned index)
{
    struct route_found *found = context;
    if (found->count < sizeof(found->indexes) / sizeof(found->indexes[0]))
        found->indexes[found->count++] = index;
}

static int take_route_part(const struct nlattr *attribute, void *context)
{
    struct route_found *found = context;
    switch (mnl_attr_get_type(attribute)) {
    case RTA_DST:
        found->has_target = true;
        break;
    case RTA_OIF:
        take_way(found, number_of(attribute));
        break;
    case RTA_PRIORITY:
        found->metric = number_of(attribute);
        break;
    case RTA_TABLE:
        found->table = number_of(attribute);
        break;
    case RTA_MULTIPATH:
        netlink_ways(attribute, take_way, found);
        break;
    default:
        break;
    }
    return MNL_CB_OK;
}

static void add_default(struct route_found *found, unsigned index)
{
    struct survey_interface *one = find(found->survey, index);
    if (!one)
        return;
    struct survey_route *route = found->family == AF_INET ? &one->default4 : &one->default6;
    if (!route->there || found->metric < route->metric)
        *route = (struct survey_route){.there = true, .metric = found->metric};
}

static int take_route(const struct nlmsghdr *message, void *context)
{
    const struct rtmsg *route = mnl_nlmsg_get_payload(message);
    if (message->nlmsg_type != RTM_NEWROUTE || mnl_nlmsg_get_payload_len(message) < sizeof(*route) ||
        route->rtm_type != RTN_UNICAST || route->rtm_dst_len != 0 || route->rtm_flags & RTM_F_CLONED)
        return MNL_CB_OK;
    struct route_found found = {.survey = context, .family = route->rtm_family, .table = route->rtm_table};
    mnl_attr_parse(message, sizeof(*route), take_route_part, &found);
    for (unsigned i = 0; i < found.count && found.table == RT_TABLE_MAIN && !found.has_target; i++)
        add_default(&found, found.indexes[i]);
    return MNL_CB_OK;
}

void router_links_read_routes(const void *buffer, size_t len, struct survey *out)
{
    netlink_messages(buffer, len, 0, take_route, out);
}

/* ---- settings ---- */

int router_setting(const char *family, const char *interface, const char *name)
{
    char path[96 + CONFIG_INTERFACE_NAME_MAX];
    int value = SURVEY_UNKNOWN;
    snprintf(path, sizeof(path), "/proc/sys/net/%s/conf/%s/%s", family, interface, name);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%d", &value) != 1)
        value = SURVEY_UNKNOWN;
    if (file)
        fclose(file);
    return value;
}

static void read_settings(struct survey *out)
{
    out->forward4 = router_setting("ipv4", "all", "forwarding");
    out->forward6 = router_setting("ipv6", "all", "forwarding");
    out->rp_filter = router_setting("ipv4", "all", "rp_filter");
    out->accept_local = router_setting("ipv4", "all", "accept_local");
    for (unsigned i = 0; i < out->interface_count; i++) {
        struct survey_interface *one = &out->interfaces[i];
        one->forwarding4 = router_setting("ipv4", one->name, "forwarding");
        one->forwarding6 = router_setting("ipv6", one->name, "forwarding");
        one->rp_filter = router_setting("ipv4", one->name, "rp_filter");
        one->accept_local = router_setting("ipv4", one->name, "accept_local");
    }
}

/* ---- asking ---- */

/* The three headers begin with the family; the rest of each is zero for "all". */
static bool ask(uint16_t type, size_t size, uint8_t family, mnl_cb_t take, struct survey *out)
{
    _Alignas(struct nlmsghdr) char buffer[QUESTION];
    struct nlmsghdr *question = mnl_nlmsg_put_header(buffer);
    question->nlmsg_type = type;
    question->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    uint8_t *header = mnl_nlmsg_put_extra_header(question, size);
    header[0] = family;
    return netlink_ask(NETLINK_ROUTE, question, take, out);
}

/* A kernel without IPv6 answers questions about it with all that it has. */
static bool ask_families(uint16_t type, size_t size, mnl_cb_t take, struct survey *out)
{
    return ask(type, size, AF_INET, take, out) &&
           (out->forward6 == SURVEY_UNKNOWN || ask(type, size, AF_INET6, take, out));
}

static bool ask_once(struct survey *out)
{
    out->interface_count = out->interfaces_left = 0;
    if (!ask(RTM_GETLINK, sizeof(struct ifinfomsg), AF_UNSPEC, take_link, out))
        return false;
    read_settings(out);
    return ask_families(RTM_GETADDR, sizeof(struct ifaddrmsg), take_address, out) &&
           ask_families(RTM_GETROUTE, sizeof(struct rtmsg), take_route, out);
}

/* What changes meanwhile makes an answer untrue. */
bool router_links_ask(struct survey *out)
{
    for (unsigned i = 0; i < TRIES; i++)
        if (ask_once(out))
            return true;
    return false;
}
