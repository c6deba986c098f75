/* Interfaces, addresses and default routes, as the kernel tells them. */
#include "random.h"
#include "router_links.h"
#include "suite.h"
#include "suites.h"
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

static _Alignas(struct nlmsghdr) char buffer[8192];
static size_t filled;
static struct survey router;

static struct nlmsghdr *begin(unsigned type)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer + filled);
    message->nlmsg_type = (uint16_t)type;
    message->nlmsg_flags = NLM_F_MULTI;
    return message;
}

static void end(const struct nlmsghdr *message)
{
    filled += NLMSG_ALIGN(message->nlmsg_len);
}

static void tell_link(int index, const char *name, const char *kind, uint32_t master)
{
    struct nlmsghdr *message = begin(RTM_NEWLINK);
    struct ifinfomsg *link = mnl_nlmsg_put_extra_header(message, sizeof(*link));
    link->ifi_index = index;
    link->ifi_flags = IFF_UP;
    mnl_attr_put_strz(message, IFLA_IFNAME, name);
    mnl_attr_put_u32(message, IFLA_MTU, 1492);
    if (master)
        mnl_attr_put_u32(message, IFLA_MASTER, master);
    struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
    mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
    mnl_attr_nest_end(message, info);
    end(message);
}

static void tell_address(uint8_t family, unsigned index, unsigned scope, const char *local,
                         const char *address)
{
    struct nlmsghdr *message = begin(RTM_NEWADDR);
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof(*entry));
    struct qw_addr addr;
    enum qw_family found;
    entry->ifa_family = family;
    entry->ifa_index = index;
    entry->ifa_prefixlen = 24;
    entry->ifa_scope = (uint8_t)scope;
    size_t size = family == AF_INET ? 4 : 16;
    if (address && qw_addr_parse(address, &addr, &found))
        mnl_attr_put(message, IFA_ADDRESS, size, addr.bytes + 16 - size);
    if (local && qw_addr_parse(local, &addr, &found))
        mnl_attr_put(message, IFA_LOCAL, size, addr.bytes + 16 - size);
    end(message);
}

struct route_told {
    uint8_t family, type, bits;
    uint32_t table, index, metric;
};

static void tell_route(struct route_told told)
{
    struct nlmsghdr *message = begin(RTM_NEWROUTE);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
    route->rtm_family = told.family;
    route->rtm_type = told.type;
    route->rtm_dst_len = told.bits;
    route->rtm_table = told.table < 256 ? (uint8_t)told.table : RT_TABLE_COMPAT;
    mnl_attr_put_u32(message, RTA_TABLE, told.table);
    mnl_attr_put_u32(message, RTA_OIF, told.index);
    mnl_attr_put_u32(message, RTA_PRIORITY, told.metric);
    end(message);
}

static void two_links(void)
{
    memset(&router, 0, sizeof(router));
    filled = 0;
    tell_link(2, "lan0", "veth", 0);
    tell_link(3, "ppp0", "ppp", 9);
    router_links_read(buffer, filled, &router);
    filled = 0;
}

static void links(void)
{
    two_links();
    CU_ASSERT_EQUAL_FATAL(router.interface_count, 2);
    CU_ASSERT_STRING_EQUAL(router.interfaces[1].name, "ppp0");
    CU_ASSERT_STRING_EQUAL(router.interfaces[1].kind, "ppp");
    CU_ASSERT_EQUAL(router.interfaces[1].index, 3);
    CU_ASSERT_EQUAL(router.interfaces[1].master, 9);
    CU_ASSERT_EQUAL(router.interfaces[1].mtu, 1492);
    CU_ASSERT_TRUE(router.interfaces[1].up);
    CU_ASSERT_FALSE(router.interfaces[1].carrier || router.interfaces[1].loopback);
    CU_ASSERT_EQUAL(router.interfaces[1].lro, SURVEY_UNKNOWN);
}

static void more_links_than_there_is_room_for(void)
{
    memset(&router, 0, sizeof(router));
    for (int i = 1; i <= SURVEY_INTERFACES_MAX + 3; i++) {
        filled = 0;
        tell_link(i, "eth", "", 0);
        router_links_read(buffer, filled, &router);
    }
    CU_ASSERT_EQUAL(router.interface_count, SURVEY_INTERFACES_MAX);
    CU_ASSERT_EQUAL(router.interfaces_left, 3);
}

static void addresses(void)
{
    char text[QW_ADDR_TEXT_MAX];
    two_links();
    tell_address(AF_INET, 3, RT_SCOPE_UNIVERSE, "198.51.100.7",
                 "192.0.2.1"); /* the far end is no address here */
    tell_address(AF_INET6, 3, RT_SCOPE_LINK, NULL, "fe80::1");
    tell_address(AF_INET6, 3, RT_SCOPE_UNIVERSE, NULL, "2001:db8::1");
    tell_address(AF_INET, 7, RT_SCOPE_UNIVERSE, "10.0.0.1", NULL);
    for (unsigned i = 0; i < 2 * SURVEY_ADDRESSES_MAX; i++)
        tell_address(AF_INET, 2, RT_SCOPE_UNIVERSE, "10.0.0.1", NULL);
    router_links_read_addresses(buffer, filled, &router);
    CU_ASSERT_EQUAL(router.interfaces[0].address_count, SURVEY_ADDRESSES_MAX);
    const struct survey_interface *one = &router.interfaces[1];
    CU_ASSERT_EQUAL_FATAL(one->address_count, 3);
    CU_ASSERT_STRING_EQUAL(qw_addr_text(&one->addresses[0].addr, QW_IPV4, text), "198.51.100.7");
    CU_ASSERT_EQUAL(one->addresses[0].bits, 24);
    CU_ASSERT_FALSE(one->addresses[1].global);
    CU_ASSERT_TRUE(one->addresses[2].global);
    CU_ASSERT_EQUAL(one->addresses[2].family, QW_IPV6);
}

static void default_routes(void)
{
    two_links();
    tell_route((struct route_told){AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN, 3, 500});
    tell_route((struct route_told){AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN, 3, 100});
    tell_route((struct route_told){AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN, 3, 700});
    router_links_read_routes(buffer, filled, &router);
    CU_ASSERT_TRUE(router.interfaces[1].default4.there);
    CU_ASSERT_EQUAL(router.interfaces[1].default4.metric, 100);
    CU_ASSERT_FALSE(router.interfaces[1].default6.there);
    static const struct route_told NONE[] = {
        {AF_INET6, RTN_UNREACHABLE, 0, RT_TABLE_MAIN, 2, 0}, {AF_INET6, RTN_UNICAST, 64, RT_TABLE_MAIN, 2, 0},
        {AF_INET6, RTN_UNICAST, 0, RT_TABLE_LOCAL, 2, 0},    {AF_INET6, RTN_UNICAST, 0, 1000, 2, 0},
        {AF_INET6, RTN_UNICAST, 0, RT_TABLE_MAIN, 99, 0},
    };
    filled = 0;
    for (unsigned i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++)
        tell_route(NONE[i]);
    router_links_read_routes(buffer, filled, &router);
    CU_ASSERT_FALSE(router.interfaces[0].default6.there || router.interfaces[0].default4.there);
    filled = 0;
    tell_route((struct route_told){AF_INET6, RTN_UNICAST, 0, RT_TABLE_MAIN, 2, 1024});
    router_links_read_routes(buffer, filled, &router);
    CU_ASSERT_TRUE(router.interfaces[0].default6.there);
}

static void several_ways(void)
{
    two_links();
    struct nlmsghdr *message = begin(RTM_NEWROUTE);
    struct rtmsg *route = mnl_nlmsg_put_extra_header(message, sizeof(*route));
    *route = (struct rtmsg){.rtm_family = AF_INET, .rtm_type = RTN_UNICAST, .rtm_table = RT_TABLE_MAIN};
    const struct rtnexthop ways[] = {{.rtnh_len = sizeof(ways[0]), .rtnh_ifindex = 2},
                                     {.rtnh_len = sizeof(ways[0]), .rtnh_ifindex = 3}};
    mnl_attr_put(message, RTA_MULTIPATH, sizeof(ways), ways);
    end(message);
    router_links_read_routes(buffer, filled, &router);
    CU_ASSERT_TRUE(router.interfaces[0].default4.there && router.interfaces[1].default4.there);
}

static void hostile(void)
{
    uint64_t state = 20;
    for (unsigned i = 0; i < 3000; i++) {
        two_links();
        tell_address(AF_INET, 3, RT_SCOPE_UNIVERSE, "198.51.100.7", NULL);
        tell_route((struct route_told){AF_INET, RTN_UNICAST, 0, RT_TABLE_MAIN, 3, 500});
        tell_link(4, "x", "y", 1);
        for (unsigned k = 0; k < 4; k++)
            buffer[test_random(&state) % filled] = (char)test_random(&state);
        size_t len = test_random(&state) % (filled + 1);
        router_links_read(buffer, len, &router);
        router_links_read_addresses(buffer, len, &router);
        router_links_read_routes(buffer, len, &router);
    }
    CU_ASSERT_TRUE(router.interface_count <= SURVEY_INTERFACES_MAX);
}

static void this_machine(void)
{
    memset(&router, 0, sizeof(router));
    CU_ASSERT_TRUE(router_links_ask(&router));
    const struct survey_interface *lo = survey_find(&router, "lo");
    CU_ASSERT_TRUE(lo && lo->loopback);
}

void router_links_suite(void)
{
    static const struct test TESTS[] = {
        {"I2: links", links},
        {"I2: more links than there is room for", more_links_than_there_is_room_for},
        {"I2: addresses, one's own and not the far end's", addresses},
        {"I2: default routes of the main table", default_routes},
        {"I2: a route with several ways", several_ways},
        {"S7: answers of any bytes are read", hostile},
        {"I2: the kernel of this machine answers", this_machine},
    };
    TEST_SUITE("router links", TESTS);
}
