/* Flows that may go on with the connection of an older one: told, and nothing else. */
#include "attempts.h"
#include "suite.h"
#include <string.h>

/* Short headers; the connection ID is as long as that of the server in client_connects, six bytes. */
#define SAME "\x40shortshortshortshort" /* as there */
#define OTHER "\x40otherXshortshortshort"
#define LEN 21

#define MOVED "10.0.0.5:5001"
#define MOVED_AGAIN "10.0.0.5:5002"
#define ELSEWHERE "10.0.0.77:7000"

static struct router connected(struct client *c)
{
    struct router r = router_with("");
    *c = client_of("www.example.org", 1, 600);
    client_connects(&r, c);
    return r;
}

/* The last hint that was told, and how many were. */
static unsigned hints(struct router *r, struct engine_event *last)
{
    static struct engine_event events[64];
    uint64_t after = 0;
    unsigned told = 0;
    size_t count = engine_events(r->engine, &after, events, 64);
    for (size_t i = 0; i < count; i++)
        if (events[i].kind == ENGINE_EVENT_FLOW_CONTINUES) {
            *last = events[i];
            told++;
        }
    return told;
}

static uint64_t continues(struct router *r, uint64_t id)
{
    struct engine_flow flows[8];
    uint64_t cursor = 0, found = 0;
    for (size_t count; (count = engine_flows(r->engine, &cursor, r->now, flows, 8)) > 0;)
        for (size_t i = 0; i < count; i++)
            if (flows[i].id == id)
                found = flows[i].continues;
    return found;
}

/* A client at `from` sends, is answered, and sends again. */
static void speak(struct router *r, const char *from, const char *to, const char *payload)
{
    CU_ASSERT_TRUE(out(r, from, to, payload, LEN));
    r->now.ns += 20 * QW_NS_PER_MS;
    CU_ASSERT_TRUE(in(r, to, from, "\x40 an answer", 11));
    r->now.ns += 20 * QW_NS_PER_MS;
    CU_ASSERT_TRUE(out(r, from, to, payload, LEN));
}

static void expect(struct router *r, unsigned count, uint64_t flow, uint64_t older)
{
    struct engine_event event = {.flow = 0};
    CU_ASSERT_EQUAL(hints(r, &event), count);
    CU_ASSERT_EQUAL(event.flow, flow);
    CU_ASSERT_EQUAL(event.continues, older);
    if (flow)
        CU_ASSERT_EQUAL(continues(r, flow), older);
}

/* ---- tests ---- */

static void told(void)
{
    struct client c;
    struct engine_event event;
    struct router r = connected(&c);
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    CU_ASSERT_TRUE(in(&r, WAN, MOVED, "\x40 an answer", 11));
    expect(&r, 0, 0, 0); /* anybody can send a connection ID, and servers answer much */
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, OTHER, LEN));
    expect(&r, 1, 2, 1);
    CU_ASSERT_EQUAL(hints(&r, &event), 1);
    CU_ASSERT(event.client.port == 5001 && event.server.port == 443);
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    speak(&r, MOVED, WAN, SAME);
    expect(&r, 1, 2, 1);
    CU_ASSERT_EQUAL(continues(&r, 1), 0);
    router_stop(&r);
}

static void from_anywhere(void)
{
    struct client c;
    struct router r = connected(&c);
    speak(&r, ELSEWHERE, WAN, SAME);
    expect(&r, 1, 2, 1);
    router_stop(&r);
}

static void again(void)
{
    struct client c;
    struct router r = connected(&c);
    speak(&r, MOVED, WAN, SAME);
    speak(&r, MOVED_AGAIN, WAN, SAME);
    expect(&r, 2, 3, 2);
    router_stop(&r);
}

/* Who is not silent has not moved. */
static void goes_on_speaking(void)
{
    struct client c;
    struct router r = connected(&c);
    CU_ASSERT_TRUE(out(&r, ELSEWHERE, WAN, SAME, LEN));
    CU_ASSERT_TRUE(out(&r, LAN, WAN, SAME, LEN));
    CU_ASSERT_TRUE(in(&r, WAN, ELSEWHERE, "\x40 an answer", 11));
    CU_ASSERT_TRUE(out(&r, ELSEWHERE, WAN, SAME, LEN));
    expect(&r, 0, 0, 0);
    speak(&r, MOVED, WAN, SAME); /* the connection ID is still the first one's */
    expect(&r, 1, 3, 1);
    router_stop(&r);
}

/* Only the server spoke on the older path: it does not know yet. */
static void server_speaks(void)
{
    struct client c;
    struct router r = connected(&c);
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "\x40 an answer", 11));
    CU_ASSERT_TRUE(in(&r, WAN, MOVED, "\x40 an answer", 11));
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    expect(&r, 1, 2, 1);
    router_stop(&r);
}

static void others(void)
{
    struct client c;
    struct router r = connected(&c);
    speak(&r, MOVED, "192.0.2.1:444", SAME);
    speak(&r, MOVED, "192.0.2.2:443", SAME);
    speak(&r, MOVED, WAN, OTHER);
    speak(&r, MOVED_AGAIN, WAN, "\xc0shortshortshortshort");
    expect(&r, 0, 0, 0);
    router_stop(&r);
}

/* RFC 9000 5.1.2: on the same path a client may take another one at any time. */
static void changed(void)
{
    struct client c;
    struct router r = connected(&c);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, OTHER, LEN));
    speak(&r, MOVED, WAN, SAME);
    expect(&r, 0, 0, 0);
    speak(&r, MOVED_AGAIN, WAN, OTHER);
    expect(&r, 1, 3, 1);
    router_stop(&r);
}

/* Later than its first packets, but for one a second, no packet costs a look. */
static void changed_later(void)
{
    struct client c;
    struct router r = connected(&c);
    for (int i = 0; i < 100; i++)
        CU_ASSERT_TRUE(out(&r, LAN, WAN, SAME, LEN));
    CU_ASSERT_TRUE(out(&r, LAN, WAN, OTHER, LEN));
    speak(&r, MOVED, WAN, OTHER);
    expect(&r, 0, 0, 0);
    r.now.ns += 2 * SECOND;
    CU_ASSERT_TRUE(out(&r, LAN, WAN, OTHER, LEN));
    speak(&r, MOVED_AGAIN, WAN, OTHER);
    expect(&r, 1, 3, 1);
    router_stop(&r);
}

/* It fell silent for longer than its flow lived. */
static void ended(void)
{
    struct client c;
    struct engine_event event;
    struct router r = connected(&c);
    later(&r, 1800 * 1000);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 0);
    speak(&r, MOVED, WAN, SAME);
    expect(&r, 1, 2, 1);
    later(&r, 2 * 3600 * 1000);
    speak(&r, MOVED_AGAIN, WAN, SAME);
    CU_ASSERT_EQUAL(hints(&r, &event), 1);
    router_stop(&r);
}

/* Its flow ends between the first packet of the new one and the second. */
static void ends_meanwhile(void)
{
    struct client c;
    struct router r = connected(&c);
    later(&r, 290 * 1000);
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    CU_ASSERT_TRUE(in(&r, WAN, MOVED, "\x40 an answer", 11));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 1);
    later(&r, 20 * 1000);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 0);
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    expect(&r, 1, 2, 1);
    router_stop(&r);
}

static void server_inside(void)
{
    struct router r = router_with("rules = ( { name = \"in\"; direction = \"in\"; action = \"accept\"; } );");
    struct client c = client_of("www.example.org", 1, 600);
    c.from = "192.0.2.1:5000";
    c.to = "10.0.0.5:443";
    c.side = ENGINE_OUTSIDE;
    client_connects(&r, &c);
    CU_ASSERT_TRUE(in(&r, "192.0.2.9:6000", c.to, SAME, LEN));
    CU_ASSERT_TRUE(out(&r, c.to, "192.0.2.9:6000", "\x40", 1));
    CU_ASSERT_TRUE(in(&r, "192.0.2.9:6000", c.to, SAME, LEN));
    expect(&r, 1, 2, 1);
    router_stop(&r);
}

static void translated(void)
{
    struct router r = nat_with("nat = { external = [\"203.0.113.1\"]; };");
    struct client c = client_of("www.example.org", 1, 600);
    struct engine_flow flows[8];
    struct engine_event event;
    uint64_t cursor = 0;
    char outside[QW_ENDPOINT_TEXT_MAX];
    CU_ASSERT_EQUAL(client_sends_all(&r, &c), ENGINE_ACCEPT);
    CU_ASSERT_EQUAL_FATAL(engine_flows(r.engine, &cursor, r.now, flows, 8), 1);
    qw_endpoint_text(&flows[0].external, QW_IPV4, outside);
    c.outside = outside;
    CU_ASSERT_TRUE(server_answers(&r, &c));
    CU_ASSERT_TRUE(client_sends_handshake(&r, &c));
    CU_ASSERT_TRUE(out(&r, LAN, WAN, SAME, LEN));
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    cursor = 0;
    char moved[QW_ENDPOINT_TEXT_MAX] = "";
    size_t count = engine_flows(r.engine, &cursor, r.now, flows, 8);
    for (size_t i = 0; i < count; i++)
        if (flows[i].id == 2)
            qw_endpoint_text(&flows[i].external, QW_IPV4, moved);
    CU_ASSERT_TRUE(in(&r, WAN, moved, "\x40 an answer", 11));
    CU_ASSERT_TRUE(out(&r, MOVED, WAN, SAME, LEN));
    expect(&r, 1, 2, 1);
    CU_ASSERT_EQUAL(hints(&r, &event), 1);
    CU_ASSERT_EQUAL(event.client.port, 5001); /* as inside */
    router_stop(&r);
}

void suite_hints(void)
{
    static const struct test TESTS[] = {
        {"O4: a flow with the connection ID of one that fell silent is told, once its client was answered",
         told},
        {"O4: wherever it comes from", from_anywhere},
        {"O4: and again from there", again},
        {"O4: not while the older flow's client goes on speaking", goes_on_speaking},
        {"O4: its server may, for a while", server_speaks},
        {"O4: other servers, other connection IDs, long headers: nothing", others},
        {"O4: a client that changes its connection ID is followed", changed},
        {"O4: later once a second", changed_later},
        {"O4: also when the older flow has ended; for an hour", ended},
        {"O4: also when it ends meanwhile", ends_meanwhile},
        {"O4: of a client outside", server_inside},
        {"O4: in mode nat by its inside endpoint", translated},
    };
    TEST_SUITE("hints", TESTS);
}
