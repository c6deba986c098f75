#include "client.h"
#include "router.h"
#include "suite.h"
#include <stdio.h>
#include <string.h>

#define BLOCK_ADS "rules = ({ name = \"ads\"; sni = \"blocked.test\"; action = \"drop\"; });"

/* A forged one that is as dear as a real one: it has to be opened to see that it cannot. */
static bool forge(struct router *r, unsigned network, unsigned n)
{
    static const uint8_t HEADER[] = {0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0x44, 0x9e};
    uint8_t initial[1200];
    char from[40];
    memset(initial, 0x55, sizeof initial);
    memcpy(initial, HEADER, sizeof HEADER);
    snprintf(from, sizeof from, "203.0.%u.%u:%u", network % 256, n % 256, 1000 + n);
    return in(r, from, "10.0.0.2:443", initial, sizeof initial);
}

static struct router budgeted(uint32_t rate, uint32_t per_source)
{
    struct config config = router_config(CONFIG_FIREWALL);
    config.default_in = CONFIG_ACCEPT;
    config.flows_max = 4096;
    config.initials_rate = rate;
    config.initials_per_source = per_source;
    return router_start(&config);
}

static void a_source_has_its_budget(void)
{
    struct router r = budgeted(10000, 100); /* a tenth of it in each tenth of a second */
    for (unsigned n = 0; n < 30; n++)
        CU_ASSERT_TRUE(forge(&r, 1, n)); /* what is not read passes */
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 10);
    CU_ASSERT_EQUAL(stats(&r).counters.initials_over, 20);
    for (unsigned n = 0; n < 10; n++)
        CU_ASSERT_TRUE(forge(&r, 2, n));
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 20);
    r.now.ns += SECOND / 10;
    CU_ASSERT_TRUE(forge(&r, 1, 99));
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 21);
    router_stop(&r);
}

/* A million forged Initials a minute, all in one second of it, and real clients inside meanwhile. */
static void a_quarter_is_for_the_inside(void)
{
    struct router r = budgeted(400, 0);
    for (unsigned n = 0; n < 200; n++)
        CU_ASSERT_TRUE(forge(&r, n, n));
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 30);
    for (uint8_t i = 0; i < 10; i++) {
        struct client c = client_of("www.example.org", i, 0);
        CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.hellos, 10);
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 40);
    router_stop(&r);
}

static void no_limit_is_none(void)
{
    struct router r = budgeted(0, 0);
    for (unsigned n = 0; n < 2000; n++)
        CU_ASSERT_TRUE(forge(&r, n, n));
    CU_ASSERT_EQUAL(stats(&r).counters.initials_opened, 2000);
    router_stop(&r);
}

static struct router one_a_window(const char *more)
{
    char text[300];
    snprintf(text, sizeof text, "%s %s", BLOCK_ADS, more);
    struct config *config = config_with("firewall", text);
    config->initials_per_source = 10;
    struct router r = router_start(config);
    config_free(config);
    return r;
}

static enum engine_action second_client(struct router *r, const char *name)
{
    struct client first = client_of("www.example.org", 1, 0), second = client_of(name, 2, 0);
    CU_ASSERT_EQUAL(client_sends_all(r, &first), ENGINE_ACCEPT);
    second.from = "10.0.0.5:5001";
    return client_sends_all(r, &second);
}

/* As the rules say of a ClientHello that cannot be read, or not at all. The next one is read again. */
static void what_is_unread_is_decided_as_such(void)
{
    struct router r = one_a_window("");
    CU_ASSERT_EQUAL(second_client(&r, "blocked.test"), ENGINE_ACCEPT);
    r.now.ns += SECOND;
    struct client again = client_of("blocked.test", 2, 0);
    again.from = "10.0.0.5:5001";
    CU_ASSERT_EQUAL(client_sends_all(&r, &again), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
    router_stop(&r);
    r = one_a_window("hold = { exhausted = \"drop\"; };");
    CU_ASSERT_EQUAL(second_client(&r, "www.example.org"), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_HOLD_LIMIT);
    router_stop(&r);
}

/* A name that is blocked must not come on a flow that was let in for something else. */
static void a_spent_budget_opens_no_way(void)
{
    struct router r = one_a_window("");
    struct client first = client_of("www.example.org", 1, 0), second = client_of("blocked.test", 2, 0);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:5001", WAN, "x", 1) && in(&r, WAN, "10.0.0.5:5001", "y", 1));
    CU_ASSERT_EQUAL(client_sends_all(&r, &first), ENGINE_ACCEPT);
    second.from = "10.0.0.5:5001";
    CU_ASSERT_EQUAL(client_sends_all(&r, &second), ENGINE_DROP);
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_HOLD_LIMIT);
    CU_ASSERT_TRUE(out(&r, "10.0.0.5:5001", WAN, "x", 1));
    router_stop(&r);
}

void suite_initials(void)
{
    static const struct test TESTS[] = {
        {"S3: a source has its budget of Initials; what is beyond passes unread", a_source_has_its_budget},
        {"S3: a quarter of all is for flows that began inside", a_quarter_is_for_the_inside},
        {"S3: no limit is none", no_limit_is_none},
        {"S3 F1: what is unread is decided as a ClientHello that cannot be read",
         what_is_unread_is_decided_as_such},
        {"S3 F1: a spent budget lets no blocked name through on another flow", a_spent_budget_opens_no_way},
    };
    TEST_SUITE("budgets of Initials", TESTS);
}
