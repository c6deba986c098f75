#include "nat_router.h"
#include "suite.h"
#include <string.h>

static const uint8_t BYTES[1200] = {0x40}; /* no QUIC */

/* Client outside, server inside. True when the server's answer of `len` bytes passes. */
struct pair {
    const char *client, *server;
};
static const struct pair V4 = {WAN, "10.0.0.2:8443"}, V6 = {WAN6, "[2001:db8:1::2]:8443"};

static bool asks(struct router *r, const struct pair *p, size_t len)
{
    return in(r, p->client, p->server, BYTES, len);
}

static bool answers(struct router *r, const struct pair *p, size_t len)
{
    return out(r, p->server, p->client, BYTES, len);
}

static struct config guarded(enum config_mode mode, enum config_guard guard)
{
    struct config config = router_config(mode);
    config.default_in = CONFIG_ACCEPT;
    config.guard = guard;
    return config;
}

static void three_times(const struct pair *p)
{
    struct config config = guarded(CONFIG_FIREWALL, CONFIG_GUARD_LIMIT);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(asks(&r, p, 1200));
    for (int i = 0; i < 4; i++)
        CU_ASSERT_TRUE(answers(&r, p, 900)); /* the payload counts, not its headers */
    CU_ASSERT_EQUAL(stats(&r).counters.guard_exceeded, 0);
    for (int i = 0; i < 10; i++)
        CU_ASSERT_FALSE(answers(&r, p, 1));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNPROVEN);
    CU_ASSERT_EQUAL(stats(&r).counters.guard_exceeded, 10);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_UNPROVEN], 10);
    CU_ASSERT_TRUE(asks(&r, p, 1)); /* it came back: it is there */
    for (int i = 0; i < 20; i++)
        CU_ASSERT_TRUE(answers(&r, p, 1200));
    router_stop(&r);
}

static void an_unproven_client_gets_three_times(void)
{
    three_times(&V4);
    three_times(&V6);
}

static void a_report_drops_nothing(void)
{
    struct config config = guarded(CONFIG_FIREWALL, CONFIG_GUARD_REPORT);
    struct engine_event event;
    uint64_t after = 0;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(asks(&r, &V4, 60));
    for (int i = 0; i < 10; i++)
        CU_ASSERT_TRUE(answers(&r, &V4, 60));
    CU_ASSERT_EQUAL(stats(&r).counters.guard_exceeded, 7);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_UNPROVEN], 0);
    CU_ASSERT_EQUAL_FATAL(engine_events(r.engine, &after, &event, 1), 1);
    CU_ASSERT_EQUAL(event.kind, ENGINE_EVENT_AMPLIFICATION);
    CU_ASSERT_EQUAL(event.server.port, 8443);
    CU_ASSERT_EQUAL(event.client.port, 443);
    router_stop(&r);
}

static void factor_and_off(void)
{
    struct config config = guarded(CONFIG_FIREWALL, CONFIG_GUARD_LIMIT), off = config;
    config.guard_factor = 10;
    off.guard = CONFIG_GUARD_OFF;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(asks(&r, &V4, 100));
    CU_ASSERT_TRUE(answers(&r, &V4, 1000));
    CU_ASSERT_FALSE(answers(&r, &V4, 1));
    CU_ASSERT_EQUAL(engine_reload(r.engine, &off, NULL), QW_OK);
    CU_ASSERT_TRUE(answers(&r, &V4, 1000));
    router_stop(&r);
}

/* Who asks from inside may get what it wants; so may all in a monitor. */
static void others_are_not_guarded(void)
{
    struct config config = guarded(CONFIG_FIREWALL, CONFIG_GUARD_LIMIT);
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, BYTES, 10));
    for (int i = 0; i < 10; i++)
        CU_ASSERT_TRUE(in(&r, WAN, LAN, BYTES, 1200));
    router_stop(&r);
    config = guarded(CONFIG_MONITOR, CONFIG_GUARD_LIMIT);
    r = router_start(&config);
    CU_ASSERT_TRUE(asks(&r, &V4, 10));
    CU_ASSERT_TRUE(answers(&r, &V4, 1000));
    CU_ASSERT_EQUAL(r.last.reason, QW_REASON_UNPROVEN);
    router_stop(&r);
}

/* Initials of v1 and v2 with a token of one byte (RFC 9000 17.2.2, RFC 9369 3.2). */
static const uint8_t HEADERS[2][19] = {
    {0xc0, 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 'T', 0x44, 0x9d},
    {0xd0, 0x6b, 0x33, 0x43, 0xcf, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 'T', 0x44, 0x9d},
};

/* Only the server can tell whether it gave the token, and to whom (RFC 9000 8.1.3): who forges an address
 * forges a token with it. */
static void forges_a_token(const struct pair *p, const uint8_t header[static 19])
{
    struct config config = guarded(CONFIG_FIREWALL, CONFIG_GUARD_LIMIT);
    struct router r = router_start(&config);
    uint8_t initial[1200];
    memset(initial, 0x55, sizeof initial);
    memcpy(initial, header, 19);
    CU_ASSERT_TRUE(in(&r, p->client, p->server, initial, sizeof initial));
    for (int i = 0; i < 10; i++)
        CU_ASSERT_EQUAL(answers(&r, p, 1200), i < 3);
    CU_ASSERT_EQUAL(stats(&r).reasons[QW_REASON_UNPROVEN], 7);
    CU_ASSERT_TRUE(in(&r, p->client, p->server, initial, sizeof initial)); /* it came back */
    for (int i = 0; i < 10; i++)
        CU_ASSERT_TRUE(answers(&r, p, 1200));
    router_stop(&r);
}

static void a_token_is_no_proof(void)
{
    for (int version = 0; version < 2; version++) {
        forges_a_token(&V4, HEADERS[version]);
        forges_a_token(&V6, HEADERS[version]);
    }
}

static void forwards_are_guarded(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    struct config_forward forward = {.port = 8443};
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse("10.0.0.2:8443", &forward.to, &(enum qw_family){0}));
    config.guard = CONFIG_GUARD_LIMIT;
    config.forward_count = 1;
    config.forwards = &forward;
    struct router r = router_start(&config);
    CU_ASSERT_TRUE(in(&r, WAN, EXTERNAL ":8443", BYTES, 100));
    CU_ASSERT_TRUE(out(&r, "10.0.0.2:8443", WAN, BYTES, 300));
    CU_ASSERT_FALSE(out(&r, "10.0.0.2:8443", WAN, BYTES, 300));
    CU_ASSERT_TRUE(in(&r, WAN, EXTERNAL ":8443", BYTES, 100));
    CU_ASSERT_TRUE(out(&r, "10.0.0.2:8443", WAN, BYTES, 300));
    router_stop(&r);
}

void suite_guard(void)
{
    static const struct test TESTS[] = {
        {"F8: an unproven client gets three times what it sent, in both families",
         an_unproven_client_gets_three_times},
        {"F8: a report names the server and drops nothing", a_report_drops_nothing},
        {"F8: another factor, and none", factor_and_off},
        {"F8: what began inside is not guarded, and a monitor drops nothing", others_are_not_guarded},
        {"F8: a token in the client's Initial proves nothing", a_token_is_no_proof},
        {"F8 N11: servers behind forwards are guarded", forwards_are_guarded},
    };
    TEST_SUITE("guard", TESTS);
}
