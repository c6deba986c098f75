/* Mappings, events and what throttling would block: lines for programs, and those for people made of them. */
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

#define MS(n) ((n)*QW_NS_PER_MS)

static struct qw_endpoint endpoint(const char *text)
{
    struct qw_endpoint endpoint = {0};
    enum qw_family family;
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &endpoint, &family));
    return endpoint;
}

static void print_mapping(void *mapping, FILE *out)
{
    CU_ASSERT_TRUE(control_mapping_json(mapping, (struct qw_time){MS(90061)}, out));
}

#define MAPPING                                                                                              \
    "{\"inside\":\"10.0.0.5:5000\",\"external\":\"198.51.100.7:40000\",\"sessions\":3,\"forward\":false,"    \
    "\"age_ms\":90000}\n"
#define FORWARD                                                                                              \
    "{\"inside\":\"10.0.0.2:8443\",\"external\":\"198.51.100.7:443\",\"sessions\":0,\"forward\":true,"       \
    "\"age_ms\":0}\n"

static void mapping_lines(void)
{
    struct nat_mapping mapping = {.sessions = 3, .since = {MS(61)}};
    struct nat_mapping forward = {.forward = true, .since = {MS(90062)}};
    mapping.inside = endpoint("10.0.0.5:5000");
    mapping.external = endpoint("198.51.100.7:40000");
    forward.inside = endpoint("10.0.0.2:8443");
    forward.external = endpoint("198.51.100.7:443");
    char *first = printed(print_mapping, &mapping), *second = printed(print_mapping, &forward);
    CU_ASSERT_STRING_EQUAL(first, MAPPING);
    CU_ASSERT_STRING_EQUAL(second, FORWARD);
    free(first);
    free(second);
}

static void print_table(void *table, FILE *out)
{
    control_table_print(table, 0, out);
}

static void mapping_table(void)
{
    struct control_table *table = control_table_new(CONTROL_MAPPINGS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    CU_ASSERT_FALSE(control_table_add(table, "{\"inside\":\"a\",\"external\":\"b\",\"sessions\":1}"));
    CU_ASSERT_FALSE(control_table_add(table, "{\"ok\":true}"));
    char *none = printed(print_table, table);
    CU_ASSERT_STRING_EQUAL(none, "no mappings\n");
    CU_ASSERT_TRUE(control_table_add(table, MAPPING));
    CU_ASSERT_TRUE(control_table_add(table, FORWARD));
    char *text = printed(print_table, table);
    CU_ASSERT_STRING_EQUAL(text, "EXTERNAL            INSIDE         KIND     SESSIONS    AGE\n"
                                 "198.51.100.7:40000  10.0.0.5:5000  mapping         3  90.0s\n"
                                 "198.51.100.7:443    10.0.0.2:8443  forward         0   0.0s\n");
    free(none);
    free(text);
    control_table_free(table);
}

static void times(void)
{
    char text[CONTROL_TIME_TEXT_MAX];
    const int64_t second = QW_NS_PER_SECOND;
    CU_ASSERT_STRING_EQUAL(control_time_text(0, text), "1970-01-01T00:00:00.000Z");
    CU_ASSERT_STRING_EQUAL(control_time_text(-5 * second, text), "1970-01-01T00:00:00.000Z");
    CU_ASSERT_STRING_EQUAL(control_time_text(951782399 * second + 7999999, text), "2000-02-28T23:59:59.007Z");
    CU_ASSERT_STRING_EQUAL(control_time_text(951782400 * second + 999999999, text),
                           "2000-02-29T00:00:00.999Z");
    CU_ASSERT_STRING_EQUAL(control_time_text(INT64_MAX, text), "2262-04-11T23:47:16.854Z");
}

/* The engine's clock begins 1 s before 2026. */
#define EPOCH_NS (1767225599 * (int64_t)QW_NS_PER_SECOND)
#define AT "\"time\":\"2026-01-01T00:00:00.250Z\","

static void print_event(void *event, FILE *out)
{
    CU_ASSERT_TRUE(control_event_json(event, EPOCH_NS, out));
}

static void print_as_text(void *line, FILE *out)
{
    CU_ASSERT_TRUE(control_event_text(line, out));
}

static void expect_event(struct engine_event event, const char *inside, const char *external,
                         const char *json, const char *text)
{
    event.number = 7;
    event.time.ns = MS(1250);
    event.family = QW_IPV4;
    if (inside)
        event.inside = endpoint(inside);
    if (external)
        event.external = endpoint(external);
    char *line = printed(print_event, &event), *shown = printed(print_as_text, line);
    CU_ASSERT_STRING_EQUAL(line, json);
    CU_ASSERT_STRING_EQUAL(shown, text);
    CU_ASSERT_EQUAL(control_event_number(line), 7);
    free(line);
    free(shown);
}

static void events_of_mappings(void)
{
    expect_event((struct engine_event){.kind = ENGINE_EVENT_MAPPING_CREATED}, "10.0.0.5:5000",
                 "198.51.100.7:40000",
                 "{\"number\":7," AT "\"event\":\"mapping-created\",\"inside\":\"10.0.0.5:5000\","
                 "\"external\":\"198.51.100.7:40000\"}\n",
                 "2026-01-01T00:00:00.250Z  mapping-created  10.0.0.5:5000 -> 198.51.100.7:40000\n");
    expect_event((struct engine_event){.kind = ENGINE_EVENT_MAPPING_REMOVED}, "10.0.0.5:5000",
                 "198.51.100.7:40000",
                 "{\"number\":7," AT "\"event\":\"mapping-removed\",\"inside\":\"10.0.0.5:5000\","
                 "\"external\":\"198.51.100.7:40000\"}\n",
                 "2026-01-01T00:00:00.250Z  mapping-removed  10.0.0.5:5000 -> 198.51.100.7:40000\n");
}

static void events_of_refusals(void)
{
    expect_event((struct engine_event){.kind = ENGINE_EVENT_NO_PORT, .count = 12}, "10.0.0.5:5000", NULL,
                 "{\"number\":7," AT "\"event\":\"no-port\",\"inside\":\"10.0.0.5:5000\",\"count\":12}\n",
                 "2026-01-01T00:00:00.250Z  no-port          10.0.0.5:5000  12 refused\n");
    expect_event((struct engine_event){.kind = ENGINE_EVENT_HOST_LIMIT, .count = 1}, "10.0.0.5:5000", NULL,
                 "{\"number\":7," AT "\"event\":\"host-limit\",\"inside\":\"10.0.0.5:5000\",\"count\":1}\n",
                 "2026-01-01T00:00:00.250Z  host-limit       10.0.0.5:5000  1 refused\n");
    expect_event((struct engine_event){.kind = ENGINE_EVENT_NO_ADDRESS, .count = 2}, NULL, NULL,
                 "{\"number\":7," AT "\"event\":\"no-address\",\"count\":2}\n",
                 "2026-01-01T00:00:00.250Z  no-address       2 refused\n");
}

static void events_of_addresses(void)
{
    expect_event((struct engine_event){.kind = ENGINE_EVENT_ADDRESS_CHANGED}, NULL, "198.51.100.9:0",
                 "{\"number\":7," AT "\"event\":\"address-changed\",\"external\":\"198.51.100.9\"}\n",
                 "2026-01-01T00:00:00.250Z  address-changed  198.51.100.9\n");
    expect_event((struct engine_event){.kind = ENGINE_EVENT_ADDRESS_CHANGED}, NULL, NULL,
                 "{\"number\":7," AT "\"event\":\"address-changed\",\"external\":null}\n",
                 "2026-01-01T00:00:00.250Z  address-changed  -\n");
}

static void events_of_flows(void)
{
    struct engine_event event = {.kind = ENGINE_EVENT_FLOW_CONFIRMED,
                                 .client = endpoint("10.0.0.5:5000"),
                                 .server = endpoint("192.0.2.1:443"),
                                 .flow = 9,
                                 .version = 1};
    expect_event(event, NULL, NULL,
                 "{\"number\":7," AT "\"event\":\"flow-confirmed\",\"flow\":9,"
                 "\"client\":\"10.0.0.5:5000\",\"server\":\"192.0.2.1:443\",\"version\":\"v1\"}\n",
                 "2026-01-01T00:00:00.250Z  flow-confirmed   10.0.0.5:5000 -> 192.0.2.1:443  v1\n");
    event.kind = ENGINE_EVENT_FLOW_CONTINUES;
    event.continues = 4;
    expect_event(
        event, NULL, NULL,
        "{\"number\":7," AT "\"event\":\"flow-continues\",\"flow\":9,"
        "\"client\":\"10.0.0.5:5000\",\"server\":\"192.0.2.1:443\",\"continues\":4}\n",
        "2026-01-01T00:00:00.250Z  flow-continues   10.0.0.5:5000 -> 192.0.2.1:443  may continue flow 4\n");
    event.kind = ENGINE_EVENT_FLOW_REFUSED;
    event.flow = 0;
    event.reason = QW_REASON_RULE;
    event.count = 3;
    strcpy(event.rule, "ads");
    expect_event(
        event, NULL, NULL,
        "{\"number\":7," AT "\"event\":\"flow-refused\",\"client\":\"10.0.0.5:5000\","
        "\"server\":\"192.0.2.1:443\",\"reason\":\"rule\",\"rule\":\"ads\",\"count\":3}\n",
        "2026-01-01T00:00:00.250Z  flow-refused     10.0.0.5:5000 -> 192.0.2.1:443  rule  ads  3 refused\n");
}

/* A path that somebody chose commands no terminal. */
static void events_in_words(void)
{
    struct engine_event event = {.kind = ENGINE_EVENT_RELOADED};
    strcpy(event.text, "/etc/\x1b[2J\xff.conf");
    expect_event(event, NULL, NULL,
                 "{\"number\":7," AT "\"event\":\"reloaded\",\"text\":\"/etc/?[2J?.conf\"}\n",
                 "2026-01-01T00:00:00.250Z  reloaded         /etc/?[2J?.conf\n");
}

static void print_no_event(void *line, FILE *out)
{
    CU_ASSERT_FALSE(control_event_text(line, out));
}

static void event_garbage(void)
{
    static const char *const GARBAGE[] = {"",
                                          "{",
                                          "[]",
                                          "{}",
                                          "{\"number\":1}",
                                          "{\"number\":\"1\",\"time\":\"t\",\"event\":\"e\"}",
                                          "{\"number\":1,\"time\":1,\"event\":\"e\"}",
                                          "{\"number\":1,\"time\":\"t\",\"event\":null}",
                                          "{\"missed\":\"x\"}"};
    for (size_t i = 0; i < sizeof(GARBAGE) / sizeof(GARBAGE[0]); i++) {
        char *line = strdup(GARBAGE[i]), *text = printed(print_no_event, line);
        CU_ASSERT_STRING_EQUAL(text, "");
        CU_ASSERT_EQUAL(control_event_number(line), 0);
        free(line);
        free(text);
    }
}

static void hostile_events(void)
{
    char missed[] = "{\"missed\":17}", negative[] = "{\"number\":-1,\"time\":\"t\",\"event\":\"e\"}";
    char hostile[] =
        "{\"number\":1,\"time\":\"\\u001b[2J\",\"event\":\"\\n\",\"inside\":7,\"external\":\"\\t\","
        "\"count\":\"x\"}";
    char *text = printed(print_as_text, missed), *safe = printed(print_as_text, hostile);
    CU_ASSERT_STRING_EQUAL(text, "17 events missed\n");
    CU_ASSERT_STRING_EQUAL(safe, "?[2J  ?                - -> ?\n");
    CU_ASSERT_EQUAL(control_event_number(missed), 0);
    CU_ASSERT_EQUAL(control_event_number(negative), 0);
    free(text);
    free(safe);
}

static struct engine_flow placed_at(uint32_t place)
{
    return (struct engine_flow){.placed = true, .place = place, .up = {2, 1000, 0}, .down = {1, 10, 0}};
}

/* A share of a tenth blocks places below 2^32 / 10 = 429496729.6. */
static void tenths_are_exact(void)
{
    static const struct {
        uint32_t place;
        unsigned first; /* tenth that blocks it */
    } PLACES[] = {{0, 1},          {429496729, 1},  {429496730, 2},   {0x7fffffff, 5},
                  {0x80000000, 6}, {3865470566, 9}, {3865470567, 10}, {0xffffffff, 10}};
    for (size_t i = 0; i < sizeof(PLACES) / sizeof(PLACES[0]); i++) {
        struct control_tenth tenths[CONTROL_TENTHS] = {0};
        struct engine_flow flow = placed_at(PLACES[i].place);
        control_tenths_add(tenths, &flow);
        for (unsigned t = 1; t <= CONTROL_TENTHS; t++)
            CU_ASSERT_EQUAL(tenths[t - 1].flows, t >= PLACES[i].first);
    }
}

static void print_tenths(void *tenths, FILE *out)
{
    CU_ASSERT_TRUE(control_tenths_json(tenths, out));
    control_tenths_text(tenths, out);
}

static void tenths_lines(void)
{
    struct control_tenth tenths[CONTROL_TENTHS] = {0};
    struct engine_flow first = placed_at(0x30000000), last = placed_at(0xf0000000), none = {.up = {1, 1, 1}};
    control_tenths_add(tenths, &first);
    control_tenths_add(tenths, &last);
    control_tenths_add(tenths, &none);
    char *text = printed(print_tenths, tenths);
    const char *start = "{\"throttle\":[{\"share\":0.1,\"flows\":0,\"packets\":0,\"bytes\":0},"
                        "{\"share\":0.2,\"flows\":1,\"packets\":3,\"bytes\":1010},{\"share\":0.3,";
    CU_ASSERT_EQUAL(strncmp(text, start, strlen(start)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "{\"share\":1.0,\"flows\":2,\"packets\":6,\"bytes\":2020}]}\n"
                                        "at a share of 10 %: 0 flows, 0 packets would be blocked\n"
                                        "at a share of 20 %: 1 flows, 3 packets would be blocked\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\nat a share of 100 %: 2 flows, 6 packets would be blocked\n"));
    free(text);
}

static const struct test TESTS[] = {
    {"O5, N11: lines of a mapping and a forward", mapping_lines},
    {"O5, N11: the table of mappings", mapping_table},
    {"N14: times of the wall clock", times},
    {"N14: mappings made and removed, with time and both endpoints", events_of_mappings},
    {"N10: refusals, and how many", events_of_refusals},
    {"N11: the external address changes, or is gone", events_of_addresses},
    {"N14: what is no event is not shown", event_garbage},
    {"O5: handshakes confirmed, flows refused, and why", events_of_flows},
    {"O5: events in words, printable", events_in_words},
    {"N14: events that were missed; nothing in a line commands the terminal", hostile_events},
    {"P1: a tenth blocks exactly the places below it", tenths_are_exact},
    {"P1: what would be blocked at each tenth", tenths_lines},
};

void suite_nat_views(void)
{
    TEST_SUITE("control NAT and throttling", TESTS);
}
