/* The JSON lines are an API: they are compared byte for byte. */
#include "host_sums.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

static struct engine_flow flow_between(const char *client, const char *server)
{
    struct engine_flow flow = {.id = 7, .state = FLOW_ONE_WAY, .undecided = true};
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(client, &flow.client, &flow.family));
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(server, &flow.server, &flow.family));
    return flow;
}

static void print_flow(void *flow, FILE *out)
{
    CU_ASSERT_TRUE(control_flow_json(flow, out));
}

static void print_evicted(void *flow, FILE *out)
{
    CU_ASSERT_TRUE(control_ended_json(flow, FLOW_EVICTED, out));
}

static void print_unmapped(void *flow, FILE *out)
{
    CU_ASSERT_TRUE(control_ended_json(flow, FLOW_UNMAPPED, out));
}

static void print_expired(void *flow, FILE *out)
{
    CU_ASSERT_TRUE(control_ended_json(flow, FLOW_EXPIRED, out));
}

static void expect_line(void (*print)(void *context, FILE *out), void *context, const char *expected)
{
    char *line = printed(print, context);
    CU_ASSERT_STRING_EQUAL(line, expected);
    if (strcmp(line, expected) != 0)
        fprintf(stderr, "got:  %swant: %s", line, expected);
    free(line);
}

static void unknown_is_null(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    expect_line(
        print_flow, &flow,
        "{\"id\":7,\"proto\":\"udp\",\"client\":\"192.0.2.1:50000\",\"server\":\"198.51.100.7:443\","
        "\"external\":null,\"state\":\"one-way\",\"version\":null,\"sni\":null,\"alpn\":null,\"ech\":null,"
        "\"rule\":null,\"admitted\":false,\"idle_ms\":0,\"expires_ms\":0,\"rtt_us\":null,"
        "\"up\":{\"packets\":0,\"bytes\":0,\"ce\":0,\"ce_share\":0.0,\"ect1\":0},\"down\":{\"packets\":0,"
        "\"bytes\":0,\"ce\":0,\"ce_share\":0.0,\"ect1\":0},"
        "\"symmetry\":null,\"roles\":\"first-packet\"}\n");
}

static void known_is_shown(void)
{
    struct engine_flow flow = flow_between("[2001:db8::1]:50000", "[2001:db8:ffff::7]:443");
    flow.client_known = true;
    flow.state = FLOW_CONFIRMED;
    flow.version = 0x6b3343cf;
    strcpy(flow.rule, "web");
    flow.undecided = false;
    flow.hello = (struct engine_hello){.known = true,
                                       .ech = true,
                                       .sni_len = 10,
                                       .alpn_len = 9,
                                       .sni = "ex\\mple\xc3\xa4\t",
                                       .alpn = "\2h3\5\"q\"\n "};
    flow.idle_ms = 1500;
    flow.expires_ms = 298500;
    flow.up = (struct engine_direction){12, 14000, 1, 0};
    flow.down = (struct engine_direction){9000000000, 9007199254740993, 4294967295, 5};
    expect_line(
        print_flow, &flow,
        "{\"id\":7,\"proto\":\"udp\",\"client\":\"[2001:db8::1]:50000\","
        "\"server\":\"[2001:db8:ffff::7]:443\",\"external\":null,\"state\":\"confirmed\",\"version\":\"v2\","
        "\"sni\":\"ex\\\\x5cmple\\\\xc3\\\\xa4\\\\x09\","
        "\"alpn\":[\"h3\",\"\\\"q\\\"\\\\x0a\\\\x20\"],\"ech\":true,\"rule\":\"web\",\"admitted\":true,"
        "\"idle_ms\":1500,\"expires_ms\":298500,"
        "\"rtt_us\":null,\"up\":{\"packets\":12,\"bytes\":14000,\"ce\":1,\"ce_share\":0.0833,\"ect1\":0},"
        "\"down\":{\"packets\":9000000000,\"bytes\":9007199254740993,\"ce\":4294967295,\"ce_share\":0.4772,"
        "\"ect1\":5},"
        "\"symmetry\":\"server-to-client\",\"roles\":\"handshake\"}\n");
}

static void round_trips_are_shown(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    flow.rtt.server_us = 80000;
    flow.rtt.client = (struct measure_figure){MEASURE_LOW, 20100, 20000, 0, false, 0};
    char *line = printed(print_flow, &flow);
    CU_ASSERT_PTR_NOT_NULL(strstr(
        line, "\"rtt_us\":{\"client\":null,\"server\":80000,\"handshake\":null,\"handshake_exact\":false,"
              "\"spin\":null,\"spin_client\":20100,\"spin_server\":null,\"spin_min\":null,\"spin_var\":null,"
              "\"spin_confidence\":\"none\",\"spin_client_confidence\":\"low\","
              "\"spin_server_confidence\":\"none\",\"spin_age_ms\":null},"));
    free(line);
}

static void a_cut_list_is_marked(void)
{
    struct engine_flow flow = flow_between("10.0.0.5:50000", "198.51.100.7:443");
    flow.hello = (struct engine_hello){.known = true, .alpn_more = true, .alpn_len = 3, .alpn = "\2h3"};
    flow.placed = true;
    char *line = printed(print_flow, &flow);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"alpn\":[\"h3\"],"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(line, "\"roles\":\"first-packet\",\"alpn_more\":true,\"throttled_from\":0.0}\n"));
    free(line);
}

static void a_given_up_hello_is_told(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    static const char *const SHOWN[] = {[ENGINE_HELLO_NONE] = NULL,
                                        [ENGINE_HELLO_READ] = NULL,
                                        [ENGINE_HELLO_UNREADABLE] = "\"hello\":\"unreadable\"}",
                                        [ENGINE_HELLO_PARTIAL] = "\"hello\":\"partial\"}"};
    for (unsigned i = 0; i < sizeof SHOWN / sizeof SHOWN[0]; i++) {
        char *line = NULL;
        size_t size;
        FILE *out = open_memstream(&line, &size);
        flow.hello.state = (enum engine_hello_state)i;
        CU_ASSERT_TRUE(control_flow_json(&flow, out));
        fclose(out);
        CU_ASSERT_EQUAL(strstr(line, "\"hello\"") != NULL, SHOWN[i] != NULL);
        CU_ASSERT_TRUE(!SHOWN[i] || strstr(line, SHOWN[i]));
        free(line);
    }
}

static void translation_and_place(void)
{
    struct engine_flow flow = flow_between("10.0.0.5:50000", "198.51.100.7:443");
    static const struct {
        uint32_t place;
        const char *text;
    } PLACES[] = {
        {0, "0.0"}, {429497, "0.0001"}, {0x61d14e3c, "0.3821"}, {0x80000000, "0.5"}, {0xffffffff, "1.0"}};
    flow.placed = flow.mapped = true;
    flow.external = flow_between("203.0.113.9:40000", "192.0.2.1:1").client;
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        char expected[64];
        flow.place = PLACES[i].place;
        snprintf(expected, sizeof(expected), "\"roles\":\"first-packet\",\"throttled_from\":%s}\n",
                 PLACES[i].text);
        char *line = printed(print_flow, &flow);
        CU_ASSERT_PTR_NOT_NULL(strstr(line, expected));
        CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"external\":\"203.0.113.9:40000\",\"state\""));
        free(line);
    }
}

static void ends_are_named(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    char *evicted = printed(print_evicted, &flow), *expired = printed(print_expired, &flow);
    char *unmapped = printed(print_unmapped, &flow);
    CU_ASSERT_PTR_NOT_NULL(strstr(evicted, "\"roles\":\"first-packet\",\"ended\":\"evicted\"}\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(expired, "\"roles\":\"first-packet\",\"ended\":\"expired\"}\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(unmapped, "\"roles\":\"first-packet\",\"ended\":\"unmapped\"}\n"));
    free(unmapped);
    free(evicted);
    free(expired);
}

static void versions(void)
{
    char text[16];
    CU_ASSERT_STRING_EQUAL(control_version_text(0, text), "-");
    CU_ASSERT_STRING_EQUAL(control_version_text(1, text), "v1");
    CU_ASSERT_STRING_EQUAL(control_version_text(0x6b3343cf, text), "v2");
    CU_ASSERT_STRING_EQUAL(control_version_text(0x709a50c4, text), "0x709a50c4");
    CU_ASSERT_STRING_EQUAL(control_version_text(2, text), "0x00000002");
}

static const struct io_queue_stats QUEUE = {.number = 7400,
                                            .counters = {.packets = 10,
                                                         .waiting = 1,
                                                         .queue_dropped = 2,
                                                         .user_dropped = 3,
                                                         .overruns = 4,
                                                         .rebinds = 5,
                                                         .replies_failed = 6,
                                                         .unseen = 7,
                                                         .newcomers_dropped = 8}};

static const struct io_rules_stats KERNEL_RULES = {
    .managed = true, .standing = true, .backend = CONFIG_RULES_NFT, .put_back = 7};

static void print_stats(void *stats, FILE *out)
{
    CU_ASSERT_TRUE(control_stats_json(stats, NULL, &QUEUE, 1, &KERNEL_RULES, NULL, 0, out));
}

static void print_stats_alone(void *stats, FILE *out)
{
    CU_ASSERT_TRUE(control_stats_json(stats, NULL, NULL, 0, NULL, NULL, 0, out));
}

static void stats_line(void)
{
    struct engine_stats stats = {.mode = CONFIG_FIREWALL,
                                 .counters.packets = 30,
                                 .counters.accepted = 26,
                                 .counters.dropped = 4,
                                 .counters.flows_created = 9,
                                 .counters.flows_expired = 1,
                                 .counters.flows_evicted = 2,
                                 .counters.flows_confirmed = 3,
                                 .counters.handshakes_displaced = 5,
                                 .counters.flows_attempts = 1,
                                 .counters.flows_answered = 2,
                                 .counters.flows_returned = 1,
                                 .counters.flows_known = 3,
                                 .counters.flows_max = 100};
    stats.reasons[QW_REASON_NONE] = 26;
    stats.reasons[QW_REASON_UNSOLICITED] = 4;
    stats.reasons[QW_REASON_RULE] = 6;
    stats.counters.hellos = 11;
    stats.counters.hellos_unreadable = 12;
    stats.counters.held = 13;
    stats.counters.hold_limits = 14;
    stats.counters.replies = 15;
    stats.counters.replies_refused = 16;
    stats.counters.ptbs = 17;
    stats.counters.initials_opened = 41;
    stats.counters.initials_over = 42;
    stats.counters.guard_exceeded = 43;
    stats.counters.ptbs_refused = 18;
    expect_line(
        print_stats, &stats,
        "{\"stats\":{\"mode\":\"firewall\",\"packets\":30,\"accepted\":26,\"dropped\":4,"
        "\"reasons\":{\"malformed\":0,\"fragment\":0,\"unsolicited\":4,\"unsolicited-icmp\":0,"
        "\"rule\":6,\"default\":0,\"quic-blocked\":0,\"hold-limit\":0,\"contradiction\":0,\"table-full\":0,"
        "\"spoofed\":0,\"flow-limit\":0,\"flow-share\":0,\"no-port\":0,\"host-limit\":0,"
        "\"port-share\":0,\"no-address\":0,\"elsewhere\":0,\"copy-limit\":0,\"throttled\":0,\"unproven\":0,"
        "\"too-big\":0},\"marked\":0,\"flows\":{"
        "\"attempts\":1,\"answered\":2,\"returned\":1,\"confirmed\":3,\"max\":100},"
        "\"created\":9,\"expired\":1,\"evicted\":2,\"unmapped\":0,\"confirmed\":3,\"handshakes_displaced\":5,"
        "\"hellos\":{\"read\":11,\"unreadable\":12,\"held\":13,\"limits\":14,\"replies\":15,"
        "\"replies_refused\":16},\"initials\":{\"opened\":41,\"over\":42},\"guard\":{\"exceeded\":43},"
        "\"ptbs\":17,\"ptbs_refused\":18,\"fast\":{\"packets\":0,\"bytes\":0},\"rules\":[],\"queues\":[{"
        "\"number\":7400,\"packets\":10,"
        "\"waiting\":1,\"queue_dropped\":2,"
        "\"user_dropped\":3,\"overruns\":4,\"rebinds\":5,\"replies_failed\":6,\"unseen\":7,\"newcomers_"
        "dropped\":8}],"
        "\"kernel_rules\":{\"backend\":\"nft\",\"standing\":true,\"put_back\":7}}}\n");
    stats.mode = CONFIG_MONITOR;
    char *alone = printed(print_stats_alone, &stats);
    CU_ASSERT_PTR_NOT_NULL(strstr(alone, "{\"stats\":{\"mode\":\"monitor\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(alone, "\"queues\":[]}}\n"));
    free(alone);
}

static void nat_counters(void)
{
    struct engine_stats stats = {.mode = CONFIG_NAT, .external_count = 2};
    stats.counters.mappings = 21;
    stats.counters.nat_ports = 64000;
    stats.counters.nat_resting = 22;
    stats.counters.mappings_created = 23;
    stats.counters.mappings_removed = 24;
    stats.counters.refused_port = 25;
    stats.counters.refused_host = 26;
    stats.counters.refused_share = 28;
    stats.counters.refused_address = 27;
    stats.ports[0] = (struct nat_ports){5, 2, 1, 2};
    stats.draining[1] = true;
    stats.external[0] = flow_between("198.51.100.7:1", "192.0.2.1:1").client.addr;
    char *line = printed(print_stats_alone, &stats);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "{\"stats\":{\"mode\":\"nat\","));
    CU_ASSERT_PTR_NOT_NULL(strstr(
        line,
        "\"ptbs_refused\":0,\"fast\":{\"packets\":0,\"bytes\":0},\"nat\":{\"mappings\":21,\"ports\":64000,"
        "\"resting\":22,"
        "\"created\":23,\"removed\":24,\"refused\":{\"port\":25,\"host\":26,\"share\":28,\"address\":27},"
        "\"external\":[\"198.51.100.7\",null],\"addresses\":[{\"address\":\"198.51.100.7\",\"draining\":"
        "false,\"usable\":5,"
        "\"used\":2,\"resting\":1,\"free\":2},{\"address\":null,\"draining\":true,\"usable\":0,\"used\":0,"
        "\"resting\":0,"
        "\"free\":0}]},\"rules\":[]"));
    free(line);
}

static void throttle_loads(void)
{
    struct engine_stats stats = {.throttle_count = 2};
    stats.throttles[0] = (struct throttle_view){.limit = {"wan0", THROTTLE_OUT, 100000000},
                                                .offered = 130000000,
                                                .passed = 99000000,
                                                .share = 0.23456,
                                                .share_confirmed = 0,
                                                .dropped = 31,
                                                .flows_hit = 32,
                                                .share_small = 0.125,
                                                .fair = 33,
                                                .flows_blocked = 34,
                                                .spared_confirmed = 35,
                                                .spared_small = 36};
    stats.throttles[1] = (struct throttle_view){.limit = {"wan1", THROTTLE_IN, 1}, .share = 1};
    stats.throttles[1].share_confirmed = 0.5;
    char *line = printed(print_stats_alone, &stats);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(line, "\"ptbs_refused\":0,\"fast\":{\"packets\":0,\"bytes\":0},\"throttles\":[{\"interface\":"
                     "\"wan0\",\"direction\":\"out\","
                     "\"capacity\":100000000,\"offered\":130000000,\"passed\":99000000,\"share\":0.2346,"
                     "\"share_confirmed\":0.0,\"dropped\":31,\"flows_hit\":32,"
                     "\"share_small\":0.125,\"fair\":33,\"flows_blocked\":34,"
                     "\"spared\":{\"confirmed\":35,\"small\":36}},{\"interface\":\"wan1\","
                     "\"direction\":\"in\",\"capacity\":1,\"offered\":0,\"passed\":0,\"share\":1.0,"
                     "\"share_confirmed\":0.5,\"dropped\":0,\"flows_hit\":0,"
                     "\"share_small\":0.0,\"fair\":0,\"flows_blocked\":0,"
                     "\"spared\":{\"confirmed\":0,\"small\":0}}],\"rules\":[]"));
    free(line);
}

static void full_disk(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    struct engine_stats stats = {0};
    FILE *full = fopen("/dev/full", "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(full);
    setvbuf(full, NULL, _IONBF, 0);
    CU_ASSERT_FALSE(control_flow_json(&flow, full));
    CU_ASSERT_FALSE(control_stats_json(&stats, NULL, NULL, 0, NULL, NULL, 0, full));
    fclose(full);
}

/* A hint is there only where there is one. */
static void hints_are_shown(void)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    flow.continues = 12;
    char *line = printed(print_flow, &flow);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, "\"roles\":\"first-packet\",\"continues\":12}"));
    free(line);
}

static void expect_symmetry(uint64_t up, uint64_t down, uint64_t packets, const char *expected)
{
    struct engine_flow flow = flow_between("192.0.2.1:50000", "198.51.100.7:443");
    flow.up = (struct engine_direction){.packets = packets, .bytes = up};
    flow.down = (struct engine_direction){.bytes = down};
    char *line = printed(print_flow, &flow);
    CU_ASSERT_PTR_NOT_NULL(strstr(line, expected));
    free(line);
}

static void which_way_it_goes(void)
{
    expect_symmetry(4000, 1000, 10, "\"symmetry\":\"client-to-server\"");
    expect_symmetry(3999, 1000, 10, "\"symmetry\":\"bidirectional\"");
    expect_symmetry(1000, 3999, 10, "\"symmetry\":\"bidirectional\"");
    expect_symmetry(1000, 4000, 10, "\"symmetry\":\"server-to-client\"");
    expect_symmetry(4000, 0, 10, "\"symmetry\":\"client-to-server\"");
    expect_symmetry(4000, 0, 9, "\"symmetry\":null");
}

/* ---- hosts ---- */

static void add_host(struct host_sums *sums, const char *client, enum flow_state state, uint64_t up,
                     uint64_t down)
{
    struct engine_flow flow = flow_between(client, "203.0.113.9:443");
    flow.state = state;
    flow.up = (struct engine_direction){.packets = 2, .bytes = up};
    flow.down = (struct engine_direction){.packets = 3, .bytes = down};
    host_sums_add(sums, &flow);
}

static void expect_hosts(struct host_sums *sums, uint64_t limit, const char *lines)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    CU_ASSERT_TRUE(host_sums_write(sums, limit, out));
    fclose(out);
    CU_ASSERT_STRING_EQUAL(text, lines);
    free(text);
}

#define FIRST "{\"host\":\"10.0.0.3\",\"flows\":1,\"confirmed\":0,\"packets\":5,\"up\":100,\"down\":901}\n"
#define SECOND "{\"host\":\"10.0.0.2\",\"flows\":2,\"confirmed\":1,\"packets\":10,\"up\":30,\"down\":70}\n"

/* Whoever moved most comes first. */
static void hosts_are_summed(void)
{
    struct host_sums *sums = host_sums_new();
    CU_ASSERT_PTR_NOT_NULL_FATAL(sums);
    expect_hosts(sums, 0, "");
    add_host(sums, "10.0.0.2:1000", FLOW_CONFIRMED, 10, 30);
    add_host(sums, "10.0.0.3:1000", FLOW_ONE_WAY, 100, 901);
    add_host(sums, "10.0.0.2:1001", FLOW_ONE_WAY, 20, 40);
    expect_hosts(sums, 0, FIRST SECOND);
    expect_hosts(sums, 1, FIRST);
    host_sums_free(sums);
}

static const struct test TESTS[] = {
    {"O5: flows of a host are summed, and who moved most comes first", hosts_are_summed},
    {"O4: what a flow may go on with is shown where there is something", hints_are_shown},
    {"O3: which way a flow primarily goes", which_way_it_goes},
    {"O5: what is not known of a flow is null", unknown_is_null},
    {"O5, O3, C2: a confirmed flow's line", known_is_shown},
    {"O1 O2 O5: round trips that are known are numbers, others null", round_trips_are_shown},
    {"W5: a list of protocols that was cut is marked", a_cut_list_is_marked},
    {"O5, W5: a ClientHello that was given up", a_given_up_hello_is_told},
    {"N1, P1: the external endpoint of a flow, and the share that blocks it", translation_and_place},
    {"O5: how a flow ended", ends_are_named},
    {"O5: versions by name or number", versions},
    {"O5, S4: the stats line, every reason, every queue", stats_line},
    {"O5, N11: mappings, ports and addresses in mode nat", nat_counters},
    {"O5, P2: load and shares of each limit", throttle_loads},
    {"O5: a full disk is reported", full_disk},
};

void suite_views(void)
{
    TEST_SUITE("control JSON", TESTS);
}
