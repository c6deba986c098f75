/* An engine that takes over what an earlier one left, and one that does not get its memory. */
#include "attempts.h"
#include "failing.h"
#include "nat_router.h"
#include "packets.h"
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct store *store_for(const struct config *config, unsigned shards)
{
    struct store_part parts[STORE_PARTS_MAX];
    struct store_plan plan = {.parts = parts};
    const struct engine_options options = {.config = config, .shards = shards};
    struct store *store;
    plan.part_count = engine_parts(&options, parts);
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &store), QW_OK);
    return store;
}

/* With another secret each time: nothing depends on it but for which address a host has. */
static struct router start_in(const struct config *config, struct store *store, unsigned shards,
                              uint64_t secret)
{
    struct router r = {.now = {1000 * SECOND}};
    struct engine_options options = {
        .config = config, .shards = shards, .secret = {secret, secret}, .store = store, .now = r.now};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &r.engine), QW_OK);
    return r;
}

static void begin_work(struct router *r)
{
    r->worker = engine_worker_new(r->engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(r->worker);
}

static struct engine_recovery recover(struct router *r, const struct store *from)
{
    struct engine_recovery counts = {0};
    CU_ASSERT_EQUAL(engine_recover(r->engine, from, r->now, 3, &counts), QW_OK);
    return counts;
}

static struct config config_of(enum config_mode mode)
{
    struct config config = mode == CONFIG_NAT ? nat_config(CONFIG_ADDRESS_DEPENDENT) : router_config(mode);
    config.flows_max = 4096;
    return config;
}

enum { HOSTS = 100 };

static void host_text(unsigned i, char out[static QW_ENDPOINT_TEXT_MAX])
{
    snprintf(out, QW_ENDPOINT_TEXT_MAX, "10.0.1.%u:%u", i, 2000 + i);
}

static void connections_go_on(void)
{
    struct config config = config_of(CONFIG_NAT);
    struct store *left = store_for(&config, 4), *next = store_for(&config, 16);
    struct router r = start_in(&config, left, 4, 1);
    char external[HOSTS][QW_ENDPOINT_TEXT_MAX], lan[QW_ENDPOINT_TEXT_MAX], text[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    for (unsigned i = 0; i < HOSTS; i++) {
        host_text(i, lan);
        leave(&r, lan, WAN, external[i]);
        if (i % 2)
            CU_ASSERT_TRUE(in(&r, WAN, external[i], "y", 1));
    }
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    router_stop(&r);
    r = start_in(&config, next, 16, 2);
    r.now.ns += 5 * SECOND;
    struct engine_recovery counts = recover(&r, left);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], HOSTS + 1);
    CU_ASSERT_EQUAL(counts.nat.results[NAT_ADOPTED], HOSTS);
    CU_ASSERT_EQUAL(counts.flows.refused + counts.unheld + counts.nat.unclear, 0);
    begin_work(&r);
    for (unsigned i = 0; i < HOSTS; i++) { /* the server speaks first */
        host_text(i, lan);
        CU_ASSERT_TRUE(in(&r, WAN, external[i], "z", 1));
        CU_ASSERT_STRING_EQUAL(destination(&r, text), lan);
        CU_ASSERT_STRING_EQUAL(leave(&r, lan, WAN_OTHER, text), external[i]);
    }
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, HOSTS);
    r.now.ns += 301 * SECOND; /* and everything ends as ever */
    engine_tick(r.worker, r.now, 10000);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    router_stop(&r);
    store_free(left);
    store_free(next);
}

/* What is in the memory of NAT and in the flows must agree. */
static void a_flow_without_its_mapping_is_refused(void)
{
    struct config config = config_of(CONFIG_NAT);
    struct store *left = store_for(&config, 1);
    struct router r = start_in(&config, left, 1, 1);
    struct nat_memory memory;
    char external[QW_ENDPOINT_TEXT_MAX], other[QW_ENDPOINT_TEXT_MAX];
    struct qw_endpoint endpoint;
    begin_work(&r);
    leave(&r, LAN, WAN, external);
    leave(&r, LAN2, WAN, other);
    router_stop(&r);
    CU_ASSERT_TRUE_FATAL(nat_memory_of(left, &memory));
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(external, &endpoint, &(enum qw_family){0}));
    ((uint64_t *)memory.words.records)[endpoint.port] ^= UINT64_C(1) << 40; /* another host's */
    r = start_in(&config, NULL, 1, 1);
    struct engine_recovery counts = recover(&r, left);
    CU_ASSERT_EQUAL(counts.nat.results[NAT_ADOPT_IMPOSSIBLE], 1);
    CU_ASSERT_EQUAL(counts.nat.unclear, 1);
    CU_ASSERT_EQUAL(counts.flows.refused, 1);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], 1);
    CU_ASSERT_EQUAL(counts.unheld, 0);
    begin_work(&r);
    CU_ASSERT_FALSE(in(&r, WAN, external, "z", 1));
    CU_ASSERT_TRUE(in(&r, WAN, other, "z", 1));
    router_stop(&r);
    store_free(left);
}

/* To its server it would be another flow. */
static void a_flow_with_another_port_is_refused(void)
{
    struct config config = config_of(CONFIG_NAT);
    struct store *left = store_for(&config, 1);
    struct router r = start_in(&config, left, 1, 1);
    struct store_region flows;
    char external[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    leave(&r, LAN, WAN, external);
    router_stop(&r);
    CU_ASSERT_TRUE_FATAL(store_region(left, "flows.0", &flows));
    struct flow *record = flows.records;
    while (record->id == 0)
        record++;
    record->external ^= 2;
    r = start_in(&config, NULL, 1, 1);
    struct engine_recovery counts = recover(&r, left);
    CU_ASSERT_EQUAL(counts.flows.refused, 1);
    CU_ASSERT_EQUAL(counts.unheld, 1);
    engine_free(r.engine);
    store_free(left);
}

/* A made-up older record: shorter, other places, a field less. */
static void records_of_another_form_are_read(void)
{
    static const struct store_field OLDER[] = {
        {"flows", "", 0, 112},      {"flows", "key.none", 0, 1},  {"flows", "last_seen_ns", 0, 8},
        {"flows", "addr", 8, 32},   {"flows", "port", 40, 4},     {"flows", "family", 44, 1},
        {"flows", "state", 45, 1},  {"flows", "flags", 46, 1},    {"flows", "class", 47, 1},
        {"flows", "id", 48, 4},     {"flows", "version", 52, 4},  {"flows", "packets", 56, 16},
        {"flows", "bytes", 72, 16}, {"flows", "external", 88, 4}, {"flows", "rule", 92, 2},
        {"flows", "marks", 94, 1},
    };
    struct config config = config_of(CONFIG_FIREWALL);
    struct store_part parts[] = {{"flows.0", 64, 112, 10}};
    const struct store_plan plan = {
        .parts = parts, .part_count = 1, .fields = OLDER, .field_count = sizeof(OLDER) / sizeof(OLDER[0])};
    struct store *now = store_for(&config, 1), *older;
    struct store_region from, to;
    CU_ASSERT_EQUAL_FATAL(store_new(&plan, &older), QW_OK);
    struct router r = start_in(&config, now, 1, 1);
    begin_work(&r);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    router_stop(&r);
    CU_ASSERT_TRUE_FATAL(store_region(now, "flows.0", &from) && store_region(older, "flows.0", &to));
    unsigned written = 0;
    for (uint64_t i = 0; i < from.count; i++) {
        const struct flow *flow = (const struct flow *)from.records + i;
        uint8_t *record = (uint8_t *)to.records + written * 112;
        uint32_t id = (uint32_t)flow->id;
        if (id == 0)
            continue;
        written++;
        memcpy(record, &flow->last_seen_ns, 8);
        memcpy(record + 8, flow->key.addr, 32);
        memcpy(record + 40, flow->key.port, 4);
        record[44] = flow->key.family;
        record[45] = flow->state;
        record[46] = flow->flags;
        record[47] = flow->class;
        memcpy(record + 48, &id, 4);
        memcpy(record + 56, flow->packets, 16);
        memcpy(record + 72, flow->bytes, 16);
        memcpy(record + 92, &flow->rule, 2);
    }
    CU_ASSERT_EQUAL(written, 2);
    r = start_in(&config, NULL, 1, 2);
    struct engine_recovery counts = recover(&r, older);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], 2);
    begin_work(&r);
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "y", 1));
    CU_ASSERT_TRUE(in(&r, WAN6, LAN6, "y", 1));
    CU_ASSERT_FALSE(in(&r, WAN, LAN2, "y", 1));
    router_stop(&r);
    store_free(now);
    store_free(older);
}

static void a_mapping_without_a_flow_ends(void)
{
    struct config config = config_of(CONFIG_NAT);
    struct store *left = store_for(&config, 1);
    struct router r = start_in(&config, left, 1, 1);
    struct store_region flows;
    char external[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    leave(&r, LAN, WAN, external);
    router_stop(&r);
    CU_ASSERT_TRUE_FATAL(store_region(left, "flows.0", &flows));
    memset(flows.records, 0, (size_t)(flows.count * flows.record_size));
    r = start_in(&config, NULL, 1, 1);
    struct engine_recovery counts = recover(&r, left);
    CU_ASSERT_EQUAL(counts.unheld, 1);
    begin_work(&r);
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0);
    CU_ASSERT_EQUAL(stats(&r).counters.nat_resting, 1);
    router_stop(&r);
    store_free(left);
}

/* ---- rules ---- */

static struct config with_rules(const char *first, const char *second)
{
    static char names[2][8];
    static struct config_rule rules[2];
    static struct qw_port_range ports[2] = {{443, 443}, {444, 444}};
    struct config config = config_of(CONFIG_FIREWALL);
    snprintf(names[0], sizeof names[0], "%s", first);
    snprintf(names[1], sizeof names[1], "%s", second);
    for (int i = 0; i < 2; i++)
        rules[i] = (struct config_rule){
            .name = names[i], .to_port = {1, &ports[i]}, .direction = CONFIG_OUT, .action = CONFIG_ACCEPT};
    config.rule_count = 2;
    config.rules = rules;
    return config;
}

/* By its name, wherever it stands now, and if it is gone. */
static void flows_remember_their_rule(void)
{
    struct config config = with_rules("web", "other");
    struct store *left = store_for(&config, 1);
    struct router r = start_in(&config, left, 1, 1);
    begin_work(&r);
    CU_ASSERT_TRUE(out(&r, LAN, WAN, "x", 1));
    CU_ASSERT_STRING_EQUAL(only_flow(&r).rule, "web");
    router_stop(&r);
    static const char *const LATER[][2] = {{"other", "web"}, {"new", "newer"}, {"web", "x"}};
    for (unsigned i = 0; i < sizeof LATER / sizeof LATER[0]; i++) {
        config = with_rules(LATER[i][0], LATER[i][1]);
        r = start_in(&config, NULL, 1, 1);
        CU_ASSERT_EQUAL(recover(&r, left).flows.results[FLOW_ADOPTED], 1);
        begin_work(&r);
        CU_ASSERT_STRING_EQUAL(only_flow(&r).rule, "web");
        router_stop(&r);
    }
    struct store_region names;
    CU_ASSERT_TRUE_FATAL(store_region(left, "rules", &names));
    memset(names.records, '\n', ENGINE_RULE_MAX); /* no name of a rule, and without an end */
    r = start_in(&config, NULL, 1, 1);
    CU_ASSERT_EQUAL(recover(&r, left).flows.refused, 1);
    engine_free(r.engine);
    store_free(left);
}

/* ---- the class of packets ---- */

/* 1,450 bytes with a short header. */
static bool large(struct router *r, enum engine_origin side, const char *from, const char *to)
{
    static const uint8_t payload[1422] = {0x41};
    return side == ENGINE_INSIDE ? out(r, from, to, payload, sizeof payload)
                                 : in(r, from, to, payload, sizeof payload);
}

static void is_limited(struct router *r, enum engine_origin side, const char *from, const char *to)
{
    CU_ASSERT_FALSE(large(r, side, from, to));
    CU_ASSERT_EQUAL(r->last.reason, QW_REASON_TOO_BIG);
}

/* One connection of a client inside and one of a client outside, each of which has moved to another port. */
static void two_that_moved(struct router *r)
{
    struct client inside = client_of("www.example.org", 1, 0), outside = client_of("www.example.org", 2, 0);
    client_connects(r, &inside);
    outside.from = WAN_OTHER;
    outside.to = LAN2;
    outside.side = ENGINE_OUTSIDE;
    client_connects(r, &outside);
    CU_ASSERT_TRUE(out(r, "10.0.0.5:6000", WAN, "A", 1));
    CU_ASSERT_TRUE(in(r, WAN, "10.0.0.5:6000", "A", 1));
    CU_ASSERT_TRUE(in(r, "192.0.2.2:6000", LAN2, "A", 1));
    CU_ASSERT_TRUE(out(r, LAN2, "192.0.2.2:6000", "A", 1));
    is_limited(r, ENGINE_INSIDE, LAN, WAN);
    is_limited(r, ENGINE_OUTSIDE, "192.0.2.2:6000", LAN2);
}

/* That a flow was confirmed, that it is QUIC, and what its host may go on with from another port. */
static void the_class_goes_on(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ONLY_QUIC, .limit = 1400};
    struct config config = config_of(CONFIG_FIREWALL);
    config.default_in = CONFIG_ACCEPT;
    config.size_limit_count = 1;
    config.size_limits = &limit;
    struct store *left = store_for(&config, 2);
    struct router r = start_in(&config, left, 2, 1);
    begin_work(&r);
    two_that_moved(&r);
    router_stop(&r);
    r = start_in(&config, NULL, 4, 2);
    CU_ASSERT_EQUAL(recover(&r, left).flows.results[FLOW_ADOPTED], 4);
    begin_work(&r);
    CU_ASSERT_EQUAL(stats(&r).counters.flows_known, 2);
    is_limited(&r, ENGINE_INSIDE, LAN, WAN);
    is_limited(&r, ENGINE_INSIDE, "10.0.0.5:6000", WAN);
    is_limited(&r, ENGINE_INSIDE, "10.0.0.5:6001", WAN);
    is_limited(&r, ENGINE_OUTSIDE, WAN_OTHER, LAN2);
    is_limited(&r, ENGINE_OUTSIDE, "192.0.2.2:6000", LAN2);
    is_limited(&r, ENGINE_OUTSIDE, "192.0.2.2:6001", LAN2);
    CU_ASSERT_TRUE(large(&r, ENGINE_INSIDE, "10.0.0.7:6000", WAN));
    router_stop(&r);
    store_free(left);
}

/* Another mode: what was translated is not the flow that it was. */
static void modes_are_told_apart(void)
{
    struct config nat = config_of(CONFIG_NAT), firewall = config_of(CONFIG_FIREWALL);
    struct store *left = store_for(&nat, 1);
    struct router r = start_in(&nat, left, 1, 1);
    char text[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    leave(&r, LAN, WAN, text);
    CU_ASSERT_TRUE(out(&r, LAN6, WAN6, "x", 1));
    router_stop(&r);
    r = start_in(&firewall, NULL, 1, 1);
    struct engine_recovery counts = recover(&r, left);
    CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], 1);
    CU_ASSERT_EQUAL(counts.flows.refused, 1);
    engine_free(r.engine);
    store_free(left);
}

/* ---- memory that is not there ---- */

static void no_allocation_is_taken_for_granted(void)
{
    static const enum config_mode MODES[] = {CONFIG_FIREWALL, CONFIG_NAT};
    for (unsigned m = 0; m < 2; m++) {
        struct config config = config_of(MODES[m]);
        struct engine_options options = {.config = &config, .shards = 4};
        struct engine *engine = NULL;
        unsigned fails = 0;
        for (unsigned nth = 1; !engine; nth++) {
            failing_begin(nth);
            enum qw_error error = engine_new(&options, &engine);
            if (!failing_end())
                break;
            CU_ASSERT_PTR_NULL_FATAL(engine);
            CU_ASSERT_TRUE_FATAL(error == QW_ERR_NO_MEMORY || error == QW_ERR_CRYPTO);
            fails++;
        }
        CU_ASSERT_PTR_NOT_NULL(engine);
        CU_ASSERT_TRUE(fails > 20);
        engine_free(engine);
    }
}

static void a_takeover_without_memory_says_so(void)
{
    struct config config = config_of(CONFIG_NAT);
    struct store *left = store_for(&config, 1);
    struct router r = start_in(&config, left, 1, 1);
    char text[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    leave(&r, LAN, WAN, text);
    router_stop(&r);
    for (unsigned nth = 1;; nth++) {
        struct engine_recovery counts = {0};
        r = start_in(&config, NULL, 1, 1);
        failing_begin(nth);
        enum qw_error error = engine_recover(r.engine, left, r.now, 1, &counts);
        bool failed = failing_end();
        CU_ASSERT_EQUAL(error, failed ? QW_ERR_NO_MEMORY : QW_OK);
        engine_free(r.engine);
        if (!failed)
            break;
    }
    store_free(left);
}

enum { MANY = 6000 };

static struct engine_flow listed[2][MANY];

static int by_ends(const void *a, const void *b)
{
    const struct engine_flow *x = a, *y = b;
    int client = qw_endpoint_compare(&x->client, &y->client);
    return client ? client : qw_endpoint_compare(&x->server, &y->server);
}

static size_t list(struct router *r, struct engine_flow out[static MANY])
{
    uint64_t cursor = 0;
    size_t count = 0, got;
    while ((got = engine_flows(r->engine, &cursor, r->now, out + count, MANY - count)) > 0)
        count += got;
    qsort(out, count, sizeof *out, by_ends);
    return count;
}

/* Its handshake is over, so it is told by the spin bit alone; what nobody confirmed is not told. */
static void a_connection_is_measured_again(void)
{
    struct config config = config_of(CONFIG_FIREWALL);
    struct store *left = store_for(&config, 2);
    struct router r = start_in(&config, left, 2, 1);
    struct client client = client_of("www.example.org", 1, 0);
    begin_work(&r);
    client_connects(&r, &client);
    CU_ASSERT_TRUE(out(&r, "10.0.0.7:6000", WAN, "A", 1));
    CU_ASSERT_TRUE(in(&r, WAN, "10.0.0.7:6000", "A", 1));
    router_stop(&r);
    r = start_in(&config, NULL, 4, 2);
    CU_ASSERT_EQUAL(recover(&r, left).flows.results[FLOW_ADOPTED], 2);
    begin_work(&r);
    both_spin(&r, LAN, 20);
    both_spin(&r, "10.0.0.7:6000", 20);
    CU_ASSERT_EQUAL_FATAL(list(&r, listed[0]), 2);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(listed[0][i].rtt.spin.confidence != MEASURE_NONE,
                        listed[0][i].state == FLOW_CONFIRMED);
    router_stop(&r);
    store_free(left);
}

static struct store *leave_many(const struct config *config, struct qw_time *now)
{
    struct store *left = store_for(config, 8);
    struct router r = start_in(config, left, 8, 1);
    char lan[QW_ENDPOINT_TEXT_MAX], wan[QW_ENDPOINT_TEXT_MAX];
    begin_work(&r);
    for (unsigned i = 0; i < MANY - 100; i++) {
        snprintf(lan, sizeof lan, "10.0.%u.%u:%u", i % 20, i % 200, 3000 + i % 1000);
        snprintf(wan, sizeof wan, "192.0.2.%u:%u", i % 251, 400 + i / 1000);
        CU_ASSERT_TRUE_FATAL(out(&r, lan, wan, "x", 1));
        r.now.ns += QW_NS_PER_MS / 10;
    }
    *now = r.now;
    router_stop(&r);
    return left;
}

/* Eight parts go into as many shards, or into fewer, each of which several threads want then. */
static void threads_share_the_work(void)
{
    static const unsigned SHARDS[] = {8, 4, 16, 1};
    struct config config = config_of(CONFIG_NAT);
    struct qw_time now;
    config.flows_max = 4 * MANY; /* no shard is full, however the keys fall */
    config.nat_per_host = MANY;
    struct store *left = leave_many(&config, &now);
    size_t count = 0;
    for (unsigned i = 0; i < sizeof SHARDS / sizeof *SHARDS; i++)
        for (unsigned threads = 1; threads <= 4; threads += 3) {
            struct store *next = store_for(&config, SHARDS[i]);
            struct router r = start_in(&config, next, SHARDS[i], 1);
            struct engine_recovery counts = {0};
            r.now = now;
            CU_ASSERT_EQUAL(engine_recover(r.engine, left, now, threads, &counts), QW_OK);
            CU_ASSERT_EQUAL(counts.flows.results[FLOW_ADOPTED], MANY - 100);
            CU_ASSERT_EQUAL(counts.flows.refused + counts.unheld + counts.nat.unclear, 0);
            bool first = i == 0 && threads == 1;
            size_t found = list(&r, listed[!first]);
            count = first ? found : count;
            CU_ASSERT_EQUAL(found, MANY - 100);
            CU_ASSERT_EQUAL_FATAL(found, count);
            for (size_t at = 0; at < found; at++) {
                CU_ASSERT_EQUAL_FATAL(by_ends(&listed[!first][at], &listed[0][at]), 0);
                CU_ASSERT_EQUAL_FATAL(listed[!first][at].idle_ms, listed[0][at].idle_ms);
                CU_ASSERT_EQUAL_FATAL(
                    qw_endpoint_compare(&listed[!first][at].external, &listed[0][at].external), 0);
            }
            r.now.ns += 301 * SECOND;
            begin_work(&r);
            engine_tick(r.worker, r.now, MANY);
            CU_ASSERT_EQUAL(stats(&r).counters.mappings, 0); /* each session was counted once */
            CU_ASSERT_EQUAL(stats(&r).counters.flows_attempts, 0);
            router_stop(&r);
            store_free(next);
        }
    store_free(left);
}

static void a_store_of_another_engine_is_refused(void)
{
    struct config config = config_of(CONFIG_NAT), firewall = config_of(CONFIG_FIREWALL);
    struct engine *engine;
    struct store *store = store_for(&firewall, 4);
    struct engine_options options = {.config = &config, .shards = 4, .store = store};
    CU_ASSERT_EQUAL(engine_new(&options, &engine), QW_ERR_NO_MEMORY);
    options.config = &firewall;
    options.shards = 2; /* other sizes */
    CU_ASSERT_EQUAL(engine_new(&options, &engine), QW_ERR_NO_MEMORY);
    store_free(store);
}

void suite_recover(void)
{
    static const struct test TESTS[] = {
        {"S1 N2: connections go on in another engine, with their endpoints, whoever speaks first",
         connections_go_on},
        {"S1: a flow whose mapping is not believed is refused, and its port rests",
         a_flow_without_its_mapping_is_refused},
        {"S1 N9: a flow that had another port than its mapping is refused",
         a_flow_with_another_port_is_refused},
        {"S1: records of another form are read by their fields", records_of_another_form_are_read},
        {"S1: a mapping that no flow holds ends", a_mapping_without_a_flow_ends},
        {"S1 S2: flows remember their rule by its name", flows_remember_their_rule},
        {"M1 C9 S1: the class of a connection, and of what went on with it, goes on", the_class_goes_on},
        {"O2 S1: a connection that goes on is measured again", a_connection_is_measured_again},
        {"S1: what was translated does not go on in another mode", modes_are_told_apart},
        {"S3: each allocation of a start fails once, and nothing stays behind",
         no_allocation_is_taken_for_granted},
        {"S1 S3: and each of a takeover", a_takeover_without_memory_says_so},
        {"S1: threads that share the work take over what one alone does", threads_share_the_work},
        {"S1: memory for another engine is refused", a_store_of_another_engine_is_refused},
    };
    TEST_SUITE("recover", TESTS);
}
