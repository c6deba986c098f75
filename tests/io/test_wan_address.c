#include "random.h"
#include "suite.h"
#include "suites.h"
#include "wan_address.h"
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#define INDEX 7

struct told {
    unsigned type, family, index, scope, flags;
    const char *local, *address;
};

static const struct told GOOD = {RTM_NEWADDR, AF_INET, INDEX, RT_SCOPE_UNIVERSE, 0, "198.51.100.7", NULL};

static _Alignas(struct nlmsghdr) char buffer[4096];
static size_t filled;

static void put_address(struct nlmsghdr *message, uint16_t type, const char *text)
{
    struct qw_addr addr;
    enum qw_family family;
    if (text && qw_addr_parse(text, &addr, &family))
        mnl_attr_put(message, type, 4, addr.bytes + 12);
}

static void tell(struct told told)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer + filled);
    message->nlmsg_type = (uint16_t)told.type;
    message->nlmsg_flags = NLM_F_MULTI;
    struct ifaddrmsg *entry = mnl_nlmsg_put_extra_header(message, sizeof(*entry));
    entry->ifa_family = (uint8_t)told.family;
    entry->ifa_index = told.index;
    entry->ifa_scope = (uint8_t)told.scope;
    entry->ifa_flags = (uint8_t)told.flags;
    put_address(message, IFA_ADDRESS, told.address);
    put_address(message, IFA_LOCAL, told.local);
    filled += NLMSG_ALIGN(message->nlmsg_len);
}

/* What was told is read, and forgotten. */
static bool read_is(const char *expected)
{
    char text[QW_ADDR_TEXT_MAX];
    struct qw_addr addr = {0}, none = {0};
    wan_address_read(buffer, filled, INDEX, &addr);
    filled = 0;
    if (qw_addr_equal(&addr, &none))
        return expected == NULL;
    return expected && strcmp(qw_addr_text(&addr, QW_IPV4, text), expected) == 0;
}

static bool told_is(struct told told, const char *expected)
{
    tell(told);
    return read_is(expected);
}

static void primary_of_the_interface(void)
{
    struct told told = GOOD;
    CU_ASSERT_TRUE(told_is(told, "198.51.100.7"));
    told.index = INDEX + 1;
    CU_ASSERT_TRUE(told_is(told, NULL));
    told = GOOD, told.flags = IFA_F_SECONDARY;
    CU_ASSERT_TRUE(told_is(told, NULL));
    told = GOOD, told.scope = RT_SCOPE_LINK;
    CU_ASSERT_TRUE(told_is(told, NULL));
    told = GOOD, told.family = AF_INET6;
    CU_ASSERT_TRUE(told_is(told, NULL));
    told = GOOD, told.type = RTM_DELADDR;
    CU_ASSERT_TRUE(told_is(told, NULL));
    told = GOOD, told.flags = IFA_F_PERMANENT;
    CU_ASSERT_TRUE(told_is(told, "198.51.100.7"));
}

static void own_end(void)
{
    struct told told = GOOD;
    told.address = "192.0.2.1";
    CU_ASSERT_TRUE(told_is(told, "198.51.100.7"));
    told.local = NULL;
    CU_ASSERT_TRUE(told_is(told, NULL));
}

static void first_of_several(void)
{
    struct told other = GOOD, second = GOOD;
    other.index = INDEX - 1, other.local = "10.0.0.1";
    second.local = "198.51.100.8";
    tell(other);
    tell(GOOD);
    tell(second);
    CU_ASSERT_TRUE(read_is("198.51.100.7"));
}

/* The headers are the kernel's own: libmnl believes their lengths, but for the end of what was received. */
static void cut_and_damaged(void)
{
    uint64_t random = 2;
    struct qw_addr addr;
    for (unsigned i = 0; i < 20000; i++) {
        filled = 0;
        tell(GOOD);
        for (uint64_t changes = test_random(&random) % 4; changes > 0; changes--)
            buffer[NLMSG_HDRLEN + test_random(&random) % (filled - NLMSG_HDRLEN)] =
                (char)test_random(&random);
        memset(&addr, 0, sizeof(addr));
        wan_address_read(buffer, test_random(&random) % (filled + 1), INDEX, &addr);
    }
    filled = 0;
    tell(GOOD);
    ((struct nlmsghdr *)(void *)buffer)->nlmsg_len = NLMSG_HDRLEN + 4;
    CU_ASSERT_TRUE(read_is(NULL));
}

void wan_address_suite(void)
{
    static const struct test TESTS[] = {
        {"N11: the address is the primary one of the interface", primary_of_the_interface},
        {"N11: of a point-to-point link it is the router's end", own_end},
        {"N11: of several it is the first", first_of_several},
        {"damaged answers do no harm", cut_and_damaged},
    };
    TEST_SUITE("wan address", TESTS);
}
