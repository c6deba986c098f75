#include "inside_routes.h"
#include "suite.h"
#include "suites.h"
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

enum { LAN = 7, WAN = 9 };

static const struct inside_links LINKS = {.count = 2, .index = {LAN + 1, LAN}};

struct route {
    _Alignas(struct nlmsghdr) char bytes[512];
    struct nlmsghdr *message;
};

static struct rtmsg *begin_route(struct route *route, uint8_t family, const void *target, uint8_t bits)
{
    memset(route, 0, sizeof(*route));
    route->message = mnl_nlmsg_put_header(route->bytes);
    route->message->nlmsg_type = RTM_NEWROUTE;
    struct rtmsg *head = mnl_nlmsg_put_extra_header(route->message, sizeof(*head));
    head->rtm_family = family;
    head->rtm_dst_len = bits;
    head->rtm_type = RTN_UNICAST;
    if (target)
        mnl_attr_put(route->message, RTA_DST, family == AF_INET ? 4 : 16, target);
    return head;
}

static size_t read_route(const struct route *route, struct inside_routes *routes)
{
    inside_routes_read(route->bytes, route->message->nlmsg_len, &LINKS, routes);
    return routes->count;
}

static void expect_last(const struct inside_routes *routes, const char *text)
{
    char is[QW_PREFIX_TEXT_MAX];
    CU_ASSERT_STRING_EQUAL(qw_prefix_text(&routes->list[routes->count - 1], is), text);
}

static void routes_by_inside_interfaces(void)
{
    static const uint8_t V4[4] = {10, 1, 0, 0}, V6[16] = {0x20, 1, 0xd, 0xb8};
    struct inside_routes routes;
    struct route route;
    CU_ASSERT_TRUE_FATAL(inside_routes_init(&routes));
    begin_route(&route, AF_INET, V4, 16);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL_FATAL(read_route(&route, &routes), 1);
    expect_last(&routes, "10.1.0.0/16");
    CU_ASSERT_TRUE(inside_routes_concern(route.bytes, route.message->nlmsg_len, &LINKS));
    route.message->nlmsg_type = RTM_DELROUTE;
    CU_ASSERT_EQUAL(read_route(&route, &routes), 1);
    CU_ASSERT_TRUE(inside_routes_concern(route.bytes, route.message->nlmsg_len, &LINKS));
    begin_route(&route, AF_INET6, V6, 32);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL_FATAL(read_route(&route, &routes), 2);
    expect_last(&routes, "2001:db8::/32");
    begin_route(&route, AF_INET, NULL, 0);
    mnl_attr_put_u32(route.message, RTA_OIF, WAN);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 2);
    CU_ASSERT_FALSE(inside_routes_concern(route.bytes, route.message->nlmsg_len, &LINKS));
    begin_route(&route, AF_INET, NULL, 0); /* a default route by the inside */
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL_FATAL(read_route(&route, &routes), 3);
    expect_last(&routes, "0.0.0.0/0");
    begin_route(&route, AF_INET, V4, 32)->rtm_type = RTN_LOCAL;
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 3);
    begin_route(&route, AF_INET, V4, 16); /* by no interface: index 0 is none of LINKS' */
    mnl_attr_put_u32(route.message, RTA_OIF, 0);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 3);
    inside_routes_free(&routes);
}

static void put_ways(struct route *route, const int *links, unsigned count, uint16_t last_len)
{
    struct rtnexthop ways[4];
    for (unsigned i = 0; i < count; i++)
        ways[i] = (struct rtnexthop){.rtnh_len = sizeof(ways[i]), .rtnh_ifindex = links[i]};
    ways[count - 1].rtnh_len = last_len;
    mnl_attr_put(route->message, RTA_MULTIPATH, count * sizeof(ways[0]), ways);
}

static void routes_of_several_ways(void)
{
    static const uint8_t V4[4] = {10, 2, 0, 0};
    struct inside_routes routes;
    struct route route;
    CU_ASSERT_TRUE_FATAL(inside_routes_init(&routes));
    begin_route(&route, AF_INET, V4, 16);
    put_ways(&route, (const int[]){WAN, LAN}, 2, sizeof(struct rtnexthop));
    CU_ASSERT_EQUAL(read_route(&route, &routes), 1);
    begin_route(&route, AF_INET, V4, 16);
    put_ways(&route, (const int[]){WAN, WAN}, 2, sizeof(struct rtnexthop));
    CU_ASSERT_EQUAL(read_route(&route, &routes), 1);
    for (uint16_t len = 0; len < 40; len++) { /* lengths that lie */
        begin_route(&route, AF_INET, V4, 16);
        put_ways(&route, (const int[]){WAN, WAN}, 2, len);
        CU_ASSERT_EQUAL(read_route(&route, &routes), 1);
    }
    inside_routes_free(&routes);
}

static void what_cannot_be_is_no_route(void)
{
    static const uint8_t V4[4] = {10, 2, 0, 0};
    struct inside_routes routes;
    struct route route;
    CU_ASSERT_TRUE_FATAL(inside_routes_init(&routes));
    begin_route(&route, AF_INET, V4, 33);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 0);
    begin_route(&route, AF_INET, NULL, 8);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 0);
    begin_route(&route, AF_INET6, NULL, 64);
    mnl_attr_put(route.message, RTA_DST, 4, V4);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    CU_ASSERT_EQUAL(read_route(&route, &routes), 0);
    begin_route(&route, AF_INET, V4, 16);
    mnl_attr_put_u32(route.message, RTA_OIF, LAN);
    for (uint32_t len = 0; len < route.message->nlmsg_len; len++)
        inside_routes_read(route.bytes, len, &LINKS, &routes);
    CU_ASSERT_EQUAL(routes.count, 0);
    for (unsigned i = 0; i <= INSIDE_ROUTES_MAX; i++)
        read_route(&route, &routes);
    CU_ASSERT_EQUAL(routes.count, INSIDE_ROUTES_MAX);
    CU_ASSERT_TRUE(routes.too_many);
    inside_routes_free(&routes);
}

void inside_routes_suite(void)
{
    static const struct test TESTS[] = {
        {"F7: routes by an inside interface, of both families", routes_by_inside_interfaces},
        {"F7: routes of several ways", routes_of_several_ways},
        {"F7 S7: messages that cannot be, and too many routes", what_cannot_be_is_no_route},
    };
    TEST_SUITE("routes inside", TESTS);
}
