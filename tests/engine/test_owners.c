/* Hosts and addresses that other routers own. */
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <string.h>

enum { MINE, OTHERS }; /* the owners: this router has the first one */

#define MARK 0x12u
#define OTHER_EXTERNAL "198.51.100.8"

static struct config_owner owner(const char *address, const char *prefix4, const char *prefix6)
{
    struct config_owner owner = {.has_address = true, .router_count = 2, .routers = {0, 1}};
    const char *const prefixes[] = {prefix4, prefix6};
    CU_ASSERT_TRUE_FATAL(qw_addr_parse(address, &owner.address, &owner.family));
    for (unsigned i = 0; i < 2; i++)
        if (prefixes[i])
            CU_ASSERT_TRUE_FATAL(qw_prefix_parse(prefixes[i], &owner.prefixes[owner.prefix_count++]));
    return owner;
}

static struct config two_addresses(void)
{
    static struct config_owner owners[2];
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    owners[MINE] = owner(EXTERNAL, NULL, "2001:db8:1::/64");
    owners[OTHERS] = owner(OTHER_EXTERNAL, NULL, "2001:db8:1:1::/64");
    config.external_count = 2;
    config.external[1] = owners[OTHERS].address;
    config.cluster_owners = owners;
    config.cluster_owner_count = 2;
    return config;
}

static struct config two_prefixes(void)
{
    static struct config_owner owners[2];
    struct config config = router_config(CONFIG_FIREWALL);
    owners[MINE] = owner("10.0.0.1", "10.0.0.0/24", "2001:db8:1::/64");
    owners[OTHERS] = owner("10.0.0.2", "10.0.1.0/24", "2001:db8:1:1::/64");
    config.cluster_owners = owners;
    config.cluster_owner_count = 2;
    return config;
}

static struct router start(const struct config *config)
{
    struct router r = router_start(config);
    engine_own(r.engine, OTHERS, ENGINE_OWNED_ELSEWHERE, MARK);
    return r;
}

/* The `number`th host that is `whose`, with port 5000. */
static char *host_of(struct router *r, unsigned whose, unsigned number, char out[static QW_ENDPOINT_TEXT_MAX])
{
    struct engine_mirrored flow = {.family = QW_IPV4, .inside.port = 5000};
    for (unsigned i = 1; i < 255; i++) {
        flow.inside.addr = qw_addr_v4((const uint8_t[4]){10, 0, 0, (uint8_t)i});
        if (engine_owner_of(r->engine, &flow) == whose && number-- == 0)
            return qw_endpoint_text(&flow.inside, QW_IPV4, out);
    }
    CU_FAIL_FATAL("there is none");
    return NULL;
}

/* The last packet goes on with the mark and as it came, and nothing remembers it. */
static bool went_on(struct router *r, uint32_t mark)
{
    struct engine_stats s = stats(r);
    return r->last.action == ENGINE_ACCEPT && r->last.mark == mark && !r->last.translated &&
           r->last.flow == 0 && !r->last.reply && s.counters.flows_attempts == 0 && s.counters.mappings == 0;
}

static bool was_dropped(const struct router *r, enum qw_reason reason)
{
    return r->last.action == ENGINE_DROP && r->last.reason == reason && r->last.mark == 0;
}

/* ---- mode nat ---- */

static void packets_of_other_hosts_get_a_mark(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, OTHERS, 0, host);
    r.unrouted = true;
    out(&r, host, WAN, "x", 1);
    CU_ASSERT_TRUE(went_on(&r, MARK));
    CU_ASSERT_STRING_EQUAL(source(&r, text), host);
    CU_ASSERT_EQUAL(stats(&r).counters.marked, 1);
    CU_ASSERT_EQUAL(stats(&r).counters.packets, 1);
    engine_own(r.engine, OTHERS, ENGINE_OWNED_ELSEWHERE, 0x13); /* another router took it over */
    out(&r, host, WAN, "x", 1);
    CU_ASSERT_TRUE(went_on(&r, 0x13));
    engine_own(r.engine, OTHERS, ENGINE_OWNED_ELSEWHERE, 0); /* nothing leads there */
    CU_ASSERT_FALSE(out(&r, host, WAN, "x", 1));
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
    CU_ASSERT_EQUAL(stats(&r).counters.marked, 2);
    router_stop(&r);
}

/* No rule of routing took it away: it may not leave by this router. */
static void behind_the_routing_they_are_dropped(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, OTHERS, 0, host);
    CU_ASSERT_FALSE(out(&r, host, WAN, "x", 1));
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
    CU_ASSERT_EQUAL(stats(&r).counters.flows_attempts + stats(&r).counters.mappings, 0);
    router_stop(&r);
}

/* It is looked at before routing, and judged behind: counted once. */
static void own_hosts_are_judged_as_ever(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, MINE, 0, host);
    r.unrouted = true;
    CU_ASSERT_TRUE(out(&r, host, WAN, "x", 1));
    CU_ASSERT_TRUE(went_on(&r, 0));
    CU_ASSERT_EQUAL(stats(&r).counters.packets, 0);
    r.unrouted = false;
    leave(&r, host, WAN, external);
    CU_ASSERT_EQUAL(strncmp(external, EXTERNAL ":", strlen(EXTERNAL) + 1), 0);
    CU_ASSERT_EQUAL(stats(&r).counters.packets, 1);
    r.unrouted = true;
    CU_ASSERT_TRUE(in(&r, WAN, external, "y", 1));
    CU_ASSERT_TRUE(r.last.translated && r.last.mark == 0);
    CU_ASSERT_FALSE(in(&r, WAN_OTHER, EXTERNAL ":9", "y", 1));
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_UNSOLICITED));
    router_stop(&r);
}

static void packets_to_other_addresses_get_a_mark(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char text[QW_ENDPOINT_TEXT_MAX];
    r.unrouted = true;
    in(&r, WAN, OTHER_EXTERNAL ":5000", "x", 1);
    CU_ASSERT_TRUE(went_on(&r, MARK));
    CU_ASSERT_STRING_EQUAL(destination(&r, text), OTHER_EXTERNAL ":5000");
    router_stop(&r);
}

/* Two routers with the same configuration and secret. */
static void each_host_has_one_router_and_one_address(void)
{
    struct config config = two_addresses();
    struct router a = start(&config), b = router_start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    engine_own(b.engine, MINE, ENGINE_OWNED_ELSEWHERE, MARK);
    for (unsigned i = 1; i < 60; i++) {
        snprintf(host, sizeof host, "10.0.0.%u:5000", i);
        bool by_a = out(&a, host, WAN, "x", 1), by_b = out(&b, host, WAN, "x", 1);
        CU_ASSERT_TRUE(by_a != by_b);
        source(by_a ? &a : &b, text);
        const char *address = by_a ? EXTERNAL ":" : OTHER_EXTERNAL ":";
        CU_ASSERT_EQUAL(strncmp(text, address, strlen(address)), 0);
    }
    CU_ASSERT_EQUAL(stats(&a).counters.mappings + stats(&b).counters.mappings, 59);
    router_stop(&a);
    router_stop(&b);
}

/* An owner's host speaks to an external address: of this router it is turned, of another one it leaves like
 * what is for any other host outside. */
static void hairpins_to_other_addresses_leave(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], peer[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX],
        text[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, MINE, 0, host);
    host_of(&r, MINE, 1, peer);
    leave(&r, peer, WAN, external);
    CU_ASSERT_FALSE(out(&r, host, EXTERNAL ":9", "x", 1)); /* nobody's */
    r.unrouted = true;
    CU_ASSERT_TRUE(out(&r, host, OTHER_EXTERNAL ":5000", "x", 1));
    CU_ASSERT_TRUE(!r.last.translated && r.last.mark == 0);
    r.unrouted = false;
    leave(&r, host, OTHER_EXTERNAL ":5000", text);
    CU_ASSERT_EQUAL(strncmp(text, EXTERNAL ":", strlen(EXTERNAL) + 1), 0);
    CU_ASSERT_STRING_EQUAL(destination(&r, text), OTHER_EXTERNAL ":5000");
    router_stop(&r);
}

/* ---- both modes ---- */

/* Packets of an IPv4 and an IPv6 host, each way. */
static void judge_prefixes(const struct config *config, bool ipv4)
{
    static const struct {
        const char *mine, *others, *outside;
    } HOSTS[] = {{LAN6, "[2001:db8:1:1::5]:5000", WAN6}, {"10.0.0.5:5000", "10.0.1.5:5000", WAN}};
    for (unsigned i = 0; i < 1u + ipv4; i++) {
        struct router r = start(config);
        r.unrouted = true;
        out(&r, HOSTS[i].others, HOSTS[i].outside, "x", 1);
        CU_ASSERT_TRUE(went_on(&r, MARK));
        in(&r, HOSTS[i].outside, HOSTS[i].others, "x", 1);
        CU_ASSERT_TRUE(went_on(&r, MARK));
        in(&r, HOSTS[i].outside, HOSTS[i].mine, "x", 1);
        CU_ASSERT_TRUE(went_on(&r, 0)); /* judged behind */
        out(&r, HOSTS[i].mine, HOSTS[i].outside, "x", 1);
        CU_ASSERT_TRUE(went_on(&r, 0));
        CU_ASSERT_EQUAL(stats(&r).counters.packets, 2);
        r.unrouted = false;
        CU_ASSERT_FALSE(in(&r, HOSTS[i].outside, HOSTS[i].mine, "x", 1));
        CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_UNSOLICITED));
        CU_ASSERT_TRUE(out(&r, HOSTS[i].mine, HOSTS[i].outside, "x", 1));
        CU_ASSERT_TRUE(in(&r, HOSTS[i].outside, HOSTS[i].mine, "x", 1));
        CU_ASSERT_FALSE(out(&r, HOSTS[i].others, HOSTS[i].outside, "x", 1));
        CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
        CU_ASSERT_FALSE(in(&r, HOSTS[i].outside, HOSTS[i].others, "x", 1));
        CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
        router_stop(&r);
    }
}

static void prefixes_belong_to_routers(void)
{
    struct config config = two_prefixes();
    judge_prefixes(&config, true);
    config = two_addresses();
    judge_prefixes(&config, false);
}

static void what_nobody_owns_is_judged_here(void)
{
    struct config config = two_prefixes();
    struct router r = start(&config);
    CU_ASSERT_TRUE(out(&r, "10.0.2.5:5000", WAN, "x", 1));
    CU_ASSERT_TRUE(in(&r, WAN, "10.0.2.5:5000", "x", 1));
    in(&r, WAN, "239.1.2.3:5000", "x", 1); /* no host's */
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_UNSOLICITED));
    router_stop(&r);
}

/* ---- ICMP errors ---- */

/* An error about a packet of `src` to `dst`, from that side. */
static void error(struct router *r, enum engine_origin from, const char *hop, const char *src,
                  const char *dst)
{
    uint8_t packet[256], message[512];
    size_t len = test_udp(packet, sizeof packet, src, dst, "x", 1);
    raw(r, from, message, test_icmp_error(message, sizeof message, hop, 3, 1, 0, packet, len, len));
}

/* They go where the packets go that they are about. */
static void errors_follow_their_packets(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, OTHERS, 0, host);
    r.unrouted = true;
    error(&r, ENGINE_OUTSIDE, "192.0.2.9", OTHER_EXTERNAL ":5000", WAN);
    CU_ASSERT_TRUE(went_on(&r, MARK));
    error(&r, ENGINE_INSIDE, "10.0.0.200", WAN, host);
    CU_ASSERT_TRUE(went_on(&r, MARK));
    r.unrouted = false;
    error(&r, ENGINE_INSIDE, "10.0.0.200", WAN, host);
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
    r.own = true; /* the router itself may say that it could not send a packet on */
    error(&r, ENGINE_INSIDE, "10.0.0.200", WAN, OTHER_EXTERNAL ":5000");
    CU_ASSERT_EQUAL(r.last.action, ENGINE_ACCEPT);
    router_stop(&r);
    config = two_prefixes();
    r = start(&config);
    r.unrouted = true;
    error(&r, ENGINE_OUTSIDE, "192.0.2.9", "10.0.1.5:5000", WAN);
    CU_ASSERT_TRUE(went_on(&r, MARK));
    error(&r, ENGINE_INSIDE, "10.0.1.1", WAN, "10.0.1.5:5000");
    CU_ASSERT_TRUE(went_on(&r, MARK));
    error(&r, ENGINE_OUTSIDE, "192.0.2.9", "10.0.0.5:5000", WAN);
    CU_ASSERT_TRUE(went_on(&r, 0));
    router_stop(&r);
}

/* ---- changes ---- */

/* While the flows of another router are read, its hosts' new flows wait: they might get a port of theirs. */
static void none_begins_before_all_are_known(void)
{
    struct config config = two_addresses();
    struct router r = start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, OTHERS, 0, host);
    engine_own(r.engine, OTHERS, ENGINE_OWNED_SOON, 0);
    CU_ASSERT_FALSE(out(&r, host, WAN, "x", 1));
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_NO_ADDRESS));
    engine_own(r.engine, OTHERS, ENGINE_OWNED_HERE, 0);
    leave(&r, host, WAN, external);
    CU_ASSERT_EQUAL(strncmp(external, OTHER_EXTERNAL ":", strlen(OTHER_EXTERNAL) + 1), 0);
    engine_own(r.engine, OTHERS, ENGINE_OWNED_SOON, 0);
    CU_ASSERT_TRUE(out(&r, host, WAN, "x", 1)); /* it is known */
    CU_ASSERT_TRUE(in(&r, WAN, external, "y", 1));
    engine_own(r.engine, 2, ENGINE_OWNED_SOON, 0); /* there is no such owner */
    router_stop(&r);
}

/* Flows stay in the table when their address went to another router, so that it can read them. */
static void flows_of_before_are_not_used(void)
{
    struct config config = two_addresses();
    struct router r = router_start(&config);
    char host[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    host_of(&r, OTHERS, 0, host);
    leave(&r, host, WAN, external);
    engine_own(r.engine, OTHERS, ENGINE_OWNED_ELSEWHERE, MARK);
    CU_ASSERT_FALSE(out(&r, host, WAN, "x", 1));
    CU_ASSERT_TRUE(was_dropped(&r, QW_REASON_ELSEWHERE));
    r.unrouted = true;
    CU_ASSERT_TRUE(in(&r, WAN, external, "y", 1));
    CU_ASSERT_TRUE(r.last.mark == MARK && !r.last.translated);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    router_stop(&r);
}

/* What another router has of one address is newer; what there is of others stays. */
static void one_owner_is_cleared(void)
{
    struct config config = two_addresses();
    struct router r = router_start(&config);
    char mine[QW_ENDPOINT_TEXT_MAX], others[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    leave(&r, host_of(&r, MINE, 0, mine), WAN, external);
    leave(&r, host_of(&r, OTHERS, 0, others), WAN, external);
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    CU_ASSERT_TRUE(out(&r, "[2001:db8:1:1::5]:5000", WAN6, "x", 1));
    CU_ASSERT_TRUE(out(&r, "[2001:db8:1:2::5]:5000", WAN6, "x", 1)); /* nobody's */
    engine_mirror_clear(r.engine, OTHERS, r.now);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_attempts, 3);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    CU_ASSERT_FALSE(in(&r, WAN, external, "y", 1));
    engine_mirror_clear(r.engine, ENGINE_OWNER_ALL, r.now);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_attempts, 0);
    router_stop(&r);
}

/* ---- forwards ---- */

/* Host `number`, at each of the two addresses. */
static void make_forwards(struct config_forward out[static 2], unsigned number)
{
    for (unsigned i = 0; i < 2; i++) {
        out[i] = (struct config_forward){.external = i, .port = 443, .to.port = (uint16_t)(8443 + i)};
        out[i].to.addr = qw_addr_v4((const uint8_t[4]){10, 0, 0, (uint8_t)number});
    }
}

static void a_host_is_where_its_forward_is(void)
{
    struct config config = two_addresses();
    struct config_forward forwards[2];
    config.forwards = forwards;
    config.forward_count = 1;
    for (unsigned external = 0; external < 2; external++) {
        make_forwards(forwards, 5);
        forwards[0].external = external;
        struct router r = router_start(&config);
        char text[QW_ENDPOINT_TEXT_MAX];
        const char *address = external == MINE ? EXTERNAL ":" : OTHER_EXTERNAL ":";
        leave(&r, LAN, WAN, text);
        CU_ASSERT_EQUAL(strncmp(text, address, strlen(address)), 0);
        router_stop(&r);
    }
}

static void forwards_at_two_addresses_are_refused(void)
{
    struct config config = two_addresses();
    struct config_forward forwards[2];
    struct engine *engine;
    char said[512] = "";
    FILE *errors = fmemopen(said, sizeof said, "w");
    make_forwards(forwards, 5);
    config.forwards = forwards;
    config.forward_count = 2;
    const struct engine_options options = {
        .config = &config, .shards = 1, .secret = {3, 4}, .errors = errors};
    CU_ASSERT_EQUAL(engine_new(&options, &engine), QW_ERR_INVALID);
    fclose(errors);
    CU_ASSERT_PTR_NULL(engine);
    CU_ASSERT_STRING_EQUAL(said,
                           "forward 2: 10.0.0.5 has the external address 198.51.100.7, as cluster.owners "
                           "and the secret have it; allowed: external = \"198.51.100.7\" for all of its "
                           "forwards, or a restart of all routers when it had none before\n");
}

/* A reload: the address of a host stays what all routers say. */
static void forwards_elsewhere_are_refused_later(void)
{
    struct config config = two_addresses();
    struct config_forward forwards[2];
    struct router r = router_start(&config);
    char host[QW_ENDPOINT_TEXT_MAX];
    struct qw_endpoint endpoint;
    CU_ASSERT_TRUE(qw_endpoint_parse(host_of(&r, MINE, 0, host), &endpoint, &(enum qw_family){0}));
    make_forwards(forwards, endpoint.addr.bytes[15]);
    config.forwards = &forwards[OTHERS];
    config.forward_count = 1;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_ERR_INVALID);
    config.forwards = &forwards[MINE];
    CU_ASSERT_EQUAL(engine_reload(r.engine, &config, NULL), QW_OK);
    router_stop(&r);
}

void suite_owners(void)
{
    static const struct test TESTS[] = {
        {"K3 N1: a packet of another router's host goes on as it is, with the mark of that router",
         packets_of_other_hosts_get_a_mark},
        {"K3: behind the routing decision it is dropped", behind_the_routing_they_are_dropped},
        {"K3: an own host's packet is looked at, and judged and counted as ever",
         own_hosts_are_judged_as_ever},
        {"K3: a packet to another router's address goes there", packets_to_other_addresses_get_a_mark},
        {"K3 N1: each host has one router, and one external address",
         each_host_has_one_router_and_one_address},
        {"K3: a hairpin to another router's address leaves", hairpins_to_other_addresses_leave},
        {"K3: hosts of prefixes belong to routers, IPv4 and IPv6, each way", prefixes_belong_to_routers},
        {"K3: what nobody owns is judged here", what_nobody_owns_is_judged_here},
        {"K3: ICMP errors go where their packets go", errors_follow_their_packets},
        {"K3 K1: no flow begins before those of the other router are known",
         none_begins_before_all_are_known},
        {"K3: flows of an address that went elsewhere are not used", flows_of_before_are_not_used},
        {"K3 K1: flows of one owner are ended, and no others", one_owner_is_cleared},
        {"K3: a host is where its forward is", a_host_is_where_its_forward_is},
        {"K3: forwards of one host at two addresses are refused", forwards_at_two_addresses_are_refused},
        {"K3: so is a new one that is not where its host is", forwards_elsewhere_are_refused_later},
    };
    TEST_SUITE("owners", TESTS);
}
