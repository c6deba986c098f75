/* What the kernel is asked, in a network of its own: links, queueing disciplines, IPsec policies, addresses.
 */
#include "fast_choice.h"
#include "fast_survey.h"
#include "link_features.h"
#include "netlink.h"
#include "setup_advice.h"
#include "suite.h"
#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <quicward/base/log.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SKIPPED 77 /* to ctest */

static bool done(const char *command)
{
    return system(command) == 0;
}

/* ---- links ---- */

static void of_a_pair(void)
{
    struct fast_facts facts;
    CU_ASSERT_TRUE_FATAL(done("ip link add pair0 type veth peer name pair1 && ip link set pair0 up"));
    CU_ASSERT_TRUE(fast_ask("pair0", &facts));
    CU_ASSERT_TRUE(facts.ethernet);
    CU_ASSERT_STRING_EQUAL(facts.kind, "veth");
    CU_ASSERT_STRING_EQUAL(facts.qdisc, "noqueue");
    CU_ASSERT_FALSE(facts.policies);
}

static void of_a_shaper(void)
{
    struct fast_facts facts;
    CU_ASSERT_TRUE_FATAL(done("tc qdisc add dev pair0 root pfifo"));
    CU_ASSERT_TRUE(fast_ask("pair0", &facts));
    CU_ASSERT_STRING_EQUAL(facts.qdisc, "pfifo");
}

/* What the survey says of a configured interface, and of no other. */
static void of_a_survey(void)
{
    struct config config = {.offload = CONFIG_OFFLOAD_AUTO, .outside = {.count = 1, .names = {"pair0"}}};
    struct survey *survey = fast_survey_make(&config);
    CU_ASSERT_PTR_NOT_NULL_FATAL(survey);
    CU_ASSERT_STRING_EQUAL(survey_find(survey, "pair0")->qdisc, "pfifo");
    CU_ASSERT_STRING_EQUAL(survey_find(survey, "pair1")->qdisc, "");
    CU_ASSERT_EQUAL(survey_find(survey, "pair1")->takes_frames, SURVEY_UNKNOWN);
    free(survey);
}

static void of_offloads(void)
{
    CU_ASSERT_EQUAL(link_feature("pair0", "no-such-feature"), SURVEY_UNKNOWN);
    CU_ASSERT_EQUAL(link_feature("gone0", "rx-vlan-hw-parse"), SURVEY_UNKNOWN);
    if (!done("ethtool -K pair0 rxvlan off >/dev/null 2>&1"))
        return; /* no ethtool */
    CU_ASSERT_EQUAL(link_feature("pair0", "rx-vlan-hw-parse"), 0);
    CU_ASSERT_TRUE(done("ethtool -K pair0 rxvlan on >/dev/null"));
    CU_ASSERT_EQUAL(link_feature("pair0", "rx-vlan-hw-parse"), 1);
}

static void of_vlans(void)
{
    struct fast_facts facts;
    if (!done("ip link add link pair0 name vlan7 type vlan id 7 2>/dev/null"))
        return; /* a kernel without */
    CU_ASSERT_TRUE(fast_ask("vlan7", &facts));
    CU_ASSERT_STRING_EQUAL(facts.kind, "vlan");
    CU_ASSERT_EQUAL(facts.tag, 7);
    CU_ASSERT_STRING_EQUAL(facts.carrier, "pair0");
    CU_ASSERT_STRING_EQUAL(facts.carrier_kind, "veth");
    CU_ASSERT_STRING_EQUAL(facts.carrier_qdisc, "pfifo");
    CU_ASSERT_TRUE(done("ip link add link vlan7 name vlan8 type vlan id 8"));
    CU_ASSERT_TRUE(fast_ask("vlan8", &facts));
    CU_ASSERT_EQUAL(facts.tag, 0);
    CU_ASSERT_TRUE(done("ip link del vlan7"));
}

static void of_loopback(void)
{
    struct fast_facts facts;
    CU_ASSERT_TRUE(fast_ask("lo", &facts));
    CU_ASSERT_FALSE(facts.ethernet);
    CU_ASSERT_STRING_EQUAL(facts.kind, "");
}

static void of_nothing(void)
{
    struct fast_facts facts;
    CU_ASSERT_FALSE(fast_ask("gone0", &facts));
}

/* ---- IPsec ---- */

#define POLICY "src 10.1.0.0/16 dst 10.2.0.0/16 dir out"

static void of_policies(void)
{
    struct fast_facts facts;
    if (!done("ip xfrm policy add " POLICY " action block 2>/dev/null"))
        return; /* a kernel without */
    CU_ASSERT_TRUE(fast_ask("lo", &facts));
    CU_ASSERT_TRUE(facts.policies);
    CU_ASSERT_TRUE(done("ip xfrm policy delete " POLICY));
    CU_ASSERT_TRUE(fast_ask("lo", &facts));
    CU_ASSERT_FALSE(facts.policies);
}

/* ---- news ---- */

/* A socket that overflowed says so once, and then has the rest. */
static void forgotten_news(void)
{
    struct mnl_socket *nl = mnl_socket_open(NETLINK_ROUTE);
    char buffer[NETLINK_PART];
    int size = 1, group = RTNLGRP_LINK;
    CU_ASSERT_PTR_NOT_NULL_FATAL(nl);
    CU_ASSERT_EQUAL(mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID), 0);
    CU_ASSERT_EQUAL(setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVBUF, &size, sizeof size), 0);
    CU_ASSERT_EQUAL(mnl_socket_setsockopt(nl, NETLINK_ADD_MEMBERSHIP, &group, sizeof group), 0);
    CU_ASSERT_TRUE(
        done("for i in 1 2 3 4 5; do ip link set pair1 up && ip link set pair1 down || exit 1; done"));
    CU_ASSERT_EQUAL(netlink_news(nl, buffer, sizeof buffer), 0);
    netlink_forget(nl);
    CU_ASSERT_EQUAL(netlink_news(nl, buffer, sizeof buffer), -1);
    CU_ASSERT_TRUE(
        done("for i in 1 2 3 4 5; do ip link set pair1 up && ip link set pair1 down || exit 1; done"));
    netlink_forget(nl); /* what overflowed is forgotten too */
    CU_ASSERT_EQUAL(netlink_news(nl, buffer, sizeof buffer), -1);
    mnl_socket_close(nl);
}

/* ---- addresses ---- */

/* What is logged about an external address; the caller frees it. */
static char *advice(const char *external)
{
    static const uint64_t no_ports[QW_PORT_WORDS];
    struct config config = {.mode = CONFIG_NAT, .external_count = 1};
    struct qw_addr none = {0};
    FILE *file = tmpfile();
    int before = dup(STDERR_FILENO);
    char *text = calloc(1, 4096);
    CU_ASSERT_TRUE_FATAL(file && text && before >= 0);
    enum qw_family family;
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(external, &config.external[0], &family));
    strcpy(config.outside.names[0], "pair0");
    config.outside.count = 1;
    fflush(stderr);
    dup2(fileno(file), STDERR_FILENO);
    qw_log_set_level(QW_LOG_INFO);
    setup_advice(&config, &none, no_ports);
    qw_log_set_level(QW_LOG_ERROR);
    fflush(stderr);
    dup2(before, STDERR_FILENO);
    close(before);
    rewind(file);
    text[fread(text, 1, 4095, file)] = '\0';
    fclose(file);
    return text;
}

static void foreign_addresses(void)
{
    CU_ASSERT_TRUE_FATAL(done("ip address add 198.51.100.7/24 dev pair0"));
    char *own = advice("198.51.100.7"), *foreign = advice("198.51.100.8");
    CU_ASSERT_PTR_NULL(strstr(own, "not an address of this router"));
    CU_ASSERT_PTR_NOT_NULL(strstr(foreign, "ip address add 198.51.100.8/32 dev pair0"));
    free(own);
    free(foreign);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"X7: a pair of interfaces is Ethernet, of its kind, without a queue", of_a_pair},
        {"X7: the queueing discipline at the root is told", of_a_shaper},
        {"X7 I2: a survey has what concerns the fast path", of_a_survey},
        {"X7 I2: an offload of an interface, by its name", of_offloads},
        {"X7: a VLAN's tag and carrier; a VLAN in a VLAN has none for us", of_vlans},
        {"X7: loopback is no Ethernet", of_loopback},
        {"X7: an interface that is missing", of_nothing},
        {"X7: IPsec policies are seen, and that they went", of_policies},
        {"S3: news that came too fast are forgotten with the others", forgotten_news},
        {"N11: an external address that is not the router's is told", foreign_addresses},
    };
    if (unshare(CLONE_NEWNET) != 0 || !done("ip -V >/dev/null 2>&1")) {
        printf("no network namespace, or no ip: %s\n", strerror(errno));
        return SKIPPED;
    }
    qw_log_set_level(QW_LOG_ERROR);
    TEST_SUITE("what the kernel is asked", TESTS);
    return test_main();
}
