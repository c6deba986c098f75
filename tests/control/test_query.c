/* Queries of flows: what they say, what matches, and in which order it stands. */
#include "session.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

static const struct qw_time NOW = {1000 * QW_NS_PER_SECOND};

static struct engine_flow flow_of(uint64_t id, const char *client, const char *sni)
{
    struct engine_flow flow = {.id = id, .state = FLOW_CONFIRMED, .version = CONFIG_VERSION_1};
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(client, &flow.client, &flow.family));
    flow.server = flow.client;
    flow.server.port = 443;
    flow.hello.sni_len = (uint8_t)strlen(sni);
    memcpy(flow.hello.sni, sni, strlen(sni));
    return flow;
}

static struct control_query query_of(const char *key, const char *value)
{
    struct control_query query = {0};
    struct io_error error = {.text = ""};
    CU_ASSERT_EQUAL(control_query_add(&query, key, value, &error), QW_OK);
    if (error.text[0])
        fprintf(stderr, "%s=%s: %s\n", key, value, error.text);
    return query;
}

static bool matches(const char *key, const char *value, const struct engine_flow *flow)
{
    struct control_query query = query_of(key, value);
    return control_query_matches(&query, flow);
}

static void names(void)
{
    const struct engine_flow www = flow_of(1, "10.0.0.1:1", "WWW.example.org"),
                             apex = flow_of(2, "10.0.0.1:1", "example.org"),
                             other = flow_of(3, "10.0.0.1:1", "badexample.org"),
                             none = flow_of(4, "10.0.0.1:1", "");
    CU_ASSERT_TRUE(matches("sni", "www.example.org", &www));
    CU_ASSERT_FALSE(matches("sni", "www.example.org", &apex));
    CU_ASSERT_TRUE(matches("sni", "*.example.org", &www));
    CU_ASSERT_FALSE(matches("sni", "*.example.org", &apex));
    CU_ASSERT_FALSE(matches("sni", "*.example.org", &other));
    CU_ASSERT_TRUE(matches("sni", ".example.org", &www));
    CU_ASSERT_TRUE(matches("sni", ".example.org", &apex));
    CU_ASSERT_FALSE(matches("sni", ".example.org", &other));
    CU_ASSERT_FALSE(matches("sni", ".example.org", &none));
    CU_ASSERT_TRUE(matches("sni", "a.test,badexample.org", &other));
}

static void states(void)
{
    struct engine_flow flow = flow_of(1, "10.0.0.1:1", "");
    CU_ASSERT_TRUE(matches("state", "confirmed", &flow));
    CU_ASSERT_TRUE(matches("state", "one-way,confirmed", &flow));
    CU_ASSERT_FALSE(matches("state", "one-way", &flow));
    flow.undecided = true;
    CU_ASSERT_TRUE(matches("state", "held", &flow));
    CU_ASSERT_FALSE(matches("state", "confirmed", &flow));
    flow.refused = true;
    CU_ASSERT_TRUE(matches("state", "refused", &flow));
    CU_ASSERT_FALSE(matches("state", "held", &flow));
}

static void addresses(void)
{
    const struct engine_flow four = flow_of(1, "10.1.2.3:1", ""), six = flow_of(2, "[2001:db8::1]:1", "");
    CU_ASSERT_TRUE(matches("client", "10.0.0.0/8", &four));
    CU_ASSERT_TRUE(matches("client", "10.1.2.3", &four));
    CU_ASSERT_FALSE(matches("client", "10.1.2.4", &four));
    CU_ASSERT_FALSE(matches("client", "10.0.0.0/8", &six));
    CU_ASSERT_FALSE(matches("client", "0.0.0.0/0", &six));
    CU_ASSERT_TRUE(matches("server", "2001:db8::/32,10.0.0.0/8", &six));
    CU_ASSERT_TRUE(matches("port", "443", &four));
    CU_ASSERT_FALSE(matches("port", "1", &four));
}

static void the_rest(void)
{
    struct engine_flow flow = flow_of(1, "10.0.0.1:1", "");
    CU_ASSERT_TRUE(matches("version", "v1", &flow));
    CU_ASSERT_TRUE(matches("version", "0x1", &flow));
    CU_ASSERT_FALSE(matches("version", "v2,none", &flow));
    flow.version = 0;
    CU_ASSERT_TRUE(matches("version", "none", &flow));
    CU_ASSERT_TRUE(matches("rule", "default", &flow));
    strcpy(flow.rule, "web");
    CU_ASSERT_TRUE(matches("rule", "web", &flow));
    CU_ASSERT_FALSE(matches("rule", "default", &flow));
    CU_ASSERT_FALSE(matches("alpn", "h3", &flow));
    memcpy(flow.hello.alpn, "\3doq\2h3", 7);
    flow.hello.alpn_len = 7;
    CU_ASSERT_TRUE(matches("alpn", "h3", &flow));
    CU_ASSERT_FALSE(matches("alpn", "h", &flow));
    flow.idle_ms = 5001;
    CU_ASSERT_FALSE(matches("idle", "5", &flow));
    CU_ASSERT_TRUE(matches("idle", "6", &flow));
}

static void mistakes(void)
{
    static const char *const WRONG[][2] = {
        {"state", "confirm"},
        {"state", ""},
        {"state", "confirmed,"},
        {"version", "v3"},
        {"version", "0x"},
        {"version", "0x123456789"},
        {"client", "10.0.0.1/8"},
        {"client", "x"},
        {"port", "0"},
        {"port", "65536"},
        {"port", "-1"},
        {"sni", "*"},
        {"sni", "*."},
        {"sni", "a*.test"},
        {"sni", "a b"},
        {"sni", "a\nb"},
        {"sort", "size"},
        {"sort", ""},
        {"limit", "0"},
        {"limit", "1x"},
        {"idle", "86401"},
        {"alpn", ""},
        {"reverse", "1"},
        {"colour", "red"},
        {"limit", "99999999999999999999"},
    };
    for (size_t i = 0; i < sizeof(WRONG) / sizeof(WRONG[0]); i++) {
        struct control_query query = {0};
        struct io_error error = {.text = ""};
        CU_ASSERT_EQUAL(control_query_add(&query, WRONG[i][0], WRONG[i][1], &error), QW_ERR_INVALID);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "allowed: "));
        CU_ASSERT_PTR_NULL(strchr(error.text, '\n'));
    }
    struct control_query query = {0};
    struct io_error error;
    CU_ASSERT_EQUAL(control_query_add(&query, "port", "1,2,3,4,5,6,7,8,9", &error), QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "at most 8"));
}

static int order(const char *sort, bool reverse, const struct engine_flow *a, const struct engine_flow *b)
{
    uint8_t one[CONTROL_KEY_SIZE], other[CONTROL_KEY_SIZE];
    struct control_query query = query_of("sort", sort);
    query.reverse = reverse;
    control_query_key(&query, a, one);
    control_query_key(&query, b, other);
    return memcmp(one, other, sizeof one) < 0 ? -1 : 1;
}

/* `a` stands first, and last the other way round. */
static void expect_first(const char *sort, const struct engine_flow *a, const struct engine_flow *b)
{
    CU_ASSERT_EQUAL(order(sort, false, a, b), -1);
    CU_ASSERT_EQUAL(order(sort, true, a, b), 1);
}

static void numbers_in_order(void)
{
    struct engine_flow more = flow_of(2, "10.0.0.1:1", ""), less = flow_of(1, "10.0.0.1:1", "");
    more.up = (struct engine_direction){.packets = 300, .bytes = 5, .ce = 30};
    more.down = (struct engine_direction){.packets = 1, .bytes = 1u << 31};
    less.up = (struct engine_direction){.packets = 299, .bytes = 4, .ce = 3};
    less.down = (struct engine_direction){.packets = 1, .bytes = 70000};
    more.idle_ms = more.expires_ms = 256;
    less.idle_ms = less.expires_ms = 255;
    more.rtt.handshake_us = 2000;
    less.rtt.handshake_us = 1000;
    less.state = FLOW_REPLIED;
    static const char *const SORTS[] = {"bytes", "packets", "up",      "down", "rtt",
                                        "ce",    "idle",    "expires", "state"};
    for (size_t i = 0; i < sizeof(SORTS) / sizeof(SORTS[0]); i++)
        expect_first(SORTS[i], &more, &less);
    expect_first("age", &less, &more);
    less.rtt.spin = (struct measure_figure){.confidence = MEASURE_LOW, .rtt_us = 9000};
    expect_first("rtt", &more, &less);
    less.rtt.spin.confidence = MEASURE_MEDIUM;
    expect_first("rtt", &less, &more);
}

static void texts_in_order(void)
{
    const struct engine_flow a = flow_of(2, "9.0.0.1:2", "B.test"), b = flow_of(1, "10.0.0.1:1", "c.test"),
                             c = flow_of(3, "10.0.0.1:2", ""), six = flow_of(0, "[::1]:1", "a");
    expect_first("client", &a, &b);
    expect_first("client", &b, &c);
    expect_first("client", &c, &six);
    expect_first("server", &a, &b);
    expect_first("name", &a, &b);
    CU_ASSERT_EQUAL(order("name", false, &b, &c), -1);
    CU_ASSERT_EQUAL(order("name", true, &b, &c), -1);
}

/* The older first, whichever way. */
static void equal_ones(void)
{
    const struct engine_flow old = flow_of(1, "10.0.0.1:1", ""), young = flow_of(2, "10.0.0.1:1", "");
    CU_ASSERT_EQUAL(order("bytes", false, &old, &young), -1);
    CU_ASSERT_EQUAL(order("bytes", true, &old, &young), -1);
    CU_ASSERT_EQUAL(order("rtt", true, &old, &young), -1);
}

/* ---- answers ---- */

#define FLOWS 200

static char *answer(const struct world *world, const char *request)
{
    const struct session_source source = {.engine = world->engine};
    struct session session = {.fd = -1, .request_len = strlen(request)};
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    memcpy(session.request, request, session.request_len);
    session_write *piece = answer_request;
    for (unsigned i = 0; piece && i < 1000; i++) {
        session.next = NULL;
        CU_ASSERT_TRUE(piece(&session, &source, NOW, out));
        piece = session.next;
    }
    fclose(out);
    session_close(&session);
    return text;
}

static unsigned lines_of(const char *text)
{
    unsigned lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

/* The answer has so many lines before {"ok":true}; `first` and `last` stand in the first and the last. */
static void expect_answer(const char *request, unsigned lines, const char *first, const char *last)
{
    struct world world;
    world_make(&world, FLOWS, NOW);
    char *text = answer(&world, request), *end = text;
    CU_ASSERT_EQUAL(lines_of(text), lines + 1);
    if (lines_of(text) != lines + 1)
        fprintf(stderr, "%s: %u lines\n", request, lines_of(text));
    for (unsigned i = 0; i + 1 < lines && strchr(end, '\n'); i++)
        end = strchr(end, '\n') + 1;
    char *at_first = strstr(text, first), *at_last = strstr(end, last);
    CU_ASSERT_TRUE(at_first && at_first < strchr(text, '\n'));
    CU_ASSERT_TRUE(at_last && (lines == 0 || at_last < strchr(end, '\n')));
    if (!at_first || !at_last)
        fprintf(stderr, "%s: %.300s\n", request, text);
    free(text);
    world_end(&world);
}

static void ranked_answers(void)
{
    expect_answer("flows", FLOWS, "{\"id\":", "{\"id\":");
    expect_answer("flows limit=3", 3, "{\"id\":", "{\"id\":");
    expect_answer("flows sort=client limit=3", 3, ":1024\"", ":1026\"");
    expect_answer("flows sort=client reverse limit=150 brief", 150, ":1223\"", ":1074\"");
    expect_answer("flows sort=client limit=4096", FLOWS, ":1024\"", ":1223\"");
    expect_answer("flows state=confirmed sort=bytes limit=5", 0, "{\"ok\":true}", "{\"ok\":true}");
    expect_answer("flows client=192.0.2.2", 0, "{\"ok\":true}", "{\"ok\":true}");
    expect_answer("flows sort=client limit=4097", FLOWS, "[\"00", "}]");
    expect_answer("flows sort=client", FLOWS, "[\"00", "}]");
    expect_answer("flows sort=size", 0, "{\"error\":\"sort 'size' is not known; allowed: bytes, ", "error");
}

/* Lines as the table takes them are a part of those for programs. */
static void brief_lines(void)
{
    struct world world;
    world_make(&world, 1, NOW);
    char *whole = answer(&world, "flows"), *brief = answer(&world, "flows brief");
    struct control_table *one = control_table_new(CONTROL_FLOWS), *other = control_table_new(CONTROL_FLOWS);
    *strchr(whole, '\n') = *strchr(brief, '\n') = '\0';
    CU_ASSERT_TRUE(strlen(brief) < strlen(whole) / 2);
    CU_ASSERT_TRUE(control_table_add(one, whole));
    CU_ASSERT_TRUE(control_table_add(other, brief));
    char *first = NULL, *second = NULL;
    size_t len, len2;
    FILE *out = open_memstream(&first, &len);
    control_table_print(one, 0, out);
    fclose(out);
    out = open_memstream(&second, &len2);
    control_table_print(other, 0, out);
    fclose(out);
    CU_ASSERT_STRING_EQUAL(first, second);
    free(first);
    free(second);
    control_table_free(one);
    control_table_free(other);
    free(whole);
    free(brief);
    world_end(&world);
}

static const struct test TESTS[] = {
    {"O5: names match as rules have them", names},
    {"O5: states as tables show them", states},
    {"O5: prefixes and ports", addresses},
    {"O5: versions, rules, protocols and silence", the_rest},
    {"O5, S2: mistakes in a query are quoted", mistakes},
    {"O5: flows in the order of numbers", numbers_in_order},
    {"O5: flows in the order of addresses and names, unknown ones last", texts_in_order},
    {"O5: of equal flows the older stands first", equal_ones},
    {"O5, S3: answers to queries, ranked by the server up to 4096", ranked_answers},
    {"O5: a brief line gives the same row", brief_lines},
};

void suite_query(void)
{
    TEST_SUITE("control query", TESTS);
}
