/* Where the fast path's program is to stand. */
#include "fast_choice.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static const struct fast_facts CARD = {.ethernet = true, .qdisc = "mq", .features = true, .redirects = true};

static void expect(const struct fast_facts *facts, enum offload_place place, const char *why)
{
    struct fast_choice choice = fast_choose(CONFIG_OFFLOAD_AUTO, facts);
    CU_ASSERT_EQUAL(choice.place, place);
    CU_ASSERT_PTR_NOT_NULL(strstr(choice.why, why));
}

static void cards(void)
{
    expect(&CARD, OFFLOAD_XDP, "forwards frames at XDP");
    struct fast_facts facts = CARD;
    facts.redirects = false;
    expect(&facts, OFFLOAD_TC, "does not forward frames at XDP");
    facts.features = false;
    expect(&facts, OFFLOAD_TC, "does not say");
    facts = CARD;
    facts.ethernet = false;
    expect(&facts, OFFLOAD_NOWHERE, "Ethernet");
}

static void shapers(void)
{
    static const char *const SHAPED[] = {"tbf", "htb", "cake", "sfq", "netem", "prio"};
    static const char *const PLAIN[] = {"noqueue", "mq", "pfifo_fast", "fq", "fq_codel", ""};
    struct fast_facts facts = CARD;
    for (unsigned i = 0; i < 6; i++) {
        strcpy(facts.qdisc, SHAPED[i]);
        expect(&facts, OFFLOAD_TC, SHAPED[i]);
        strcpy(facts.qdisc, PLAIN[i]);
        expect(&facts, OFFLOAD_XDP, "");
    }
}

static void far_ends(void)
{
    struct fast_facts facts = CARD;
    strcpy(facts.kind, "veth");
    expect(&facts, OFFLOAD_TC, "\"veth\"");
    strcpy(facts.kind, "tun");
    expect(&facts, OFFLOAD_TC, "\"tun\"");
}

static void ipsec(void)
{
    struct fast_facts facts = CARD;
    facts.policies = true;
    expect(&facts, OFFLOAD_NOWHERE, "IPsec");
}

static const struct fast_facts VLAN = {.ethernet = true,
                                       .kind = "vlan",
                                       .qdisc = "noqueue",
                                       .features = true,
                                       .redirects = true,
                                       .tag = 10,
                                       .carrier = "lan0",
                                       .carrier_qdisc = "mq"};

static void vlans(void)
{
    expect(&VLAN, OFFLOAD_XDP, "forwards frames at XDP");
    struct fast_facts facts = VLAN;
    facts.stripped = true;
    expect(&facts, OFFLOAD_TC, "rx-vlan-hw-parse is on at \"lan0\"");
    facts = VLAN;
    facts.tag = 0;
    expect(&facts, OFFLOAD_TC, "802.1Q");
    facts = VLAN;
    strcpy(facts.carrier_qdisc, "htb");
    expect(&facts, OFFLOAD_TC, "carrier's queueing discipline \"htb\"");
    facts = VLAN;
    strcpy(facts.qdisc, "tbf");
    expect(&facts, OFFLOAD_TC, "its queueing discipline \"tbf\"");
    facts = VLAN;
    strcpy(facts.carrier_kind, "veth");
    expect(&facts, OFFLOAD_TC, "\"veth\"");
    facts = VLAN;
    facts.redirects = false;
    expect(&facts, OFFLOAD_TC, "does not forward frames at XDP");
}

static void as_told(void)
{
    struct fast_facts facts = CARD;
    strcpy(facts.qdisc, "tbf");
    CU_ASSERT_EQUAL(fast_choose(CONFIG_OFFLOAD_XDP, &facts).place, OFFLOAD_XDP);
    CU_ASSERT_EQUAL(fast_choose(CONFIG_OFFLOAD_TC, &CARD).place, OFFLOAD_TC);
}

static void asked(void)
{
    struct fast_facts facts;
    CU_ASSERT_TRUE(fast_ask("lo", &facts));
    CU_ASSERT_FALSE(facts.ethernet);
    CU_ASSERT_FALSE(fast_ask("no-such-0", &facts));
}

void fast_choice_suite(void)
{
    static const struct test TESTS[] = {
        {"X7: auto is XDP only where the driver hands frames on", cards},
        {"X7: auto never goes past a shaper", shapers},
        {"X7: auto is at tc where checksums may be incomplete", far_ends},
        {"X7: auto goes around no IPsec policy", ipsec},
        {"X7: auto has a VLAN at XDP when its carrier leaves tags in the frames and may be gone around",
         vlans},
        {"X7: xdp and tc are as told", as_told},
        {"X7: the kernel is asked about an interface", asked},
    };
    TEST_SUITE("fast path: choice", TESTS);
}
