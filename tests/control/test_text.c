/* The text views read the JSON lines, from a daemon or from a liar. */
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

#define FLOW_4                                                                                               \
    "{\"id\":1,\"state\":\"one-way\",\"version\":null,\"client\":\"192.0.2.1:50000\","                       \
    "\"server\":\"198.51.100.7:443\",\"sni\":null,\"idle_ms\":1540,\"expires_ms\":118460,\"up\":{"           \
    "\"packets\":1,"                                                                                         \
    "\"bytes\":29},"                                                                                         \
    "\"down\":{\"packets\":0,\"bytes\":0}}"
#define FLOW_6                                                                                               \
    "{\"id\":2,\"state\":\"confirmed\",\"version\":\"0x709a50c4\","                                          \
    "\"client\":\"[2001:db8:1111:2222:3333:4444:5555:6666]:50000\",\"server\":\"[2001:db8::7]:443\","        \
    "\"sni\":\"www.example.org\","                                                                           \
    "\"idle_ms\":0,\"expires_ms\":0,\"up\":{\"packets\":12,\"bytes\":14000},"                                \
    "\"down\":{\"packets\":120,\"bytes\":140000},\"ended\":\"expired\"}"

static void print_table(void *table, FILE *out)
{
    control_table_print(table, out);
}

static void expect_table(const char *const *lines, size_t count, const char *expected)
{
    struct control_table *table = control_table_new(CONTROL_FLOWS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (size_t i = 0; i < count; i++)
        CU_ASSERT_TRUE(control_table_add(table, lines[i]));
    char *text = printed(print_table, table);
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "got:\n%swant:\n%s", text, expected);
    free(text);
    control_table_free(table);
}

static void one_row(void)
{
    const char *const lines[] = {FLOW_4};
    expect_table(
        lines, 1,
        "STATE    VERSION  CLIENT           SERVER            NAME  UP packets/bytes  DOWN packets/bytes"
        "  IDLE  EXPIRES\n"
        "one-way  -        192.0.2.1:50000  198.51.100.7:443  -                 1/29                 0/0"
        "  1.5s   118.5s\n");
}

static void two_rows(void)
{
    const char *const lines[] = {FLOW_4, FLOW_6};
    expect_table(lines, 2,
                 "STATE      VERSION     CLIENT                                          SERVER            "
                 " NAME             UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES\n"
                 "one-way    -           192.0.2.1:50000                                 198.51.100.7:443  "
                 " -                            1/29                 0/0  1.5s   118.5s\n"
                 "confirmed  0x709a50c4  [2001:db8:1111:2222:3333:4444:5555:6666]:50000  [2001:db8::7]:443 "
                 " www.example.org          12/14000          120/140000  0.0s  expired\n");
}

#define FLOW_MORE(external, from)                                                                            \
    "{\"id\":1,\"state\":\"two-way\",\"version\":null,\"client\":\"a\",\"server\":\"b\","                    \
    "\"external\":" external                                                                                 \
    ",\"sni\":null,\"idle_ms\":0,\"expires_ms\":0,\"up\":{\"packets\":1,\"bytes\":2},"                       \
    "\"down\":{\"packets\":3,\"bytes\":4}" from "}"

static void columns_that_are_needed(void)
{
    const char *const mapped[] = {FLOW_MORE("\"198.51.100.7:40000\"", ""), FLOW_MORE("null", "")};
    const char *const placed[] = {FLOW_MORE("null", ",\"throttled_from\":0.3821"),
                                  FLOW_MORE("7", ",\"throttled_from\":1"),
                                  FLOW_MORE("null", ",\"throttled_from\":\"x\"")};
    expect_table(mapped, 2,
                 "STATE    VERSION  CLIENT  SERVER  EXTERNAL            NAME  UP packets/bytes"
                 "  DOWN packets/bytes  IDLE  EXPIRES\n"
                 "two-way  -        a       b       198.51.100.7:40000  -                  1/2"
                 "                 3/4  0.0s     0.0s\n"
                 "two-way  -        a       b       -                   -                  1/2"
                 "                 3/4  0.0s     0.0s\n");
    expect_table(placed, 3,
                 "STATE    VERSION  CLIENT  SERVER  NAME  UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES"
                 "  THROTTLED from\n"
                 "two-way  -        a       b       -                  1/2                 3/4  0.0s     0.0s"
                 "          38.21%\n"
                 "two-way  -        a       b       -                  1/2                 3/4  0.0s     0.0s"
                 "         100.00%\n"
                 "two-way  -        a       b       -                  1/2                 3/4  0.0s     0.0s"
                 "               -\n");
}

static void no_rows(void)
{
    expect_table(NULL, 0, "no flows\n");
}

static const char *const GARBAGE[] = {
    "",
    "\n",
    "{",
    "null",
    "[]",
    "{}",
    "\"flows\"",
    "{\"ok\":true}",
    "{\"stats\":{}}",
    "{\"stats\":7}",
    "{\"id\":1}",
    "\xff\xfe",
    FLOW_4 "x",
    "{\"id\":1,\"state\":7,\"version\":null,\"client\":\"a\",\"server\":\"b\",\"idle_ms\":1,\"expires_ms\":1,"
    "\"up\":{\"packets\":1,\"bytes\":29},\"down\":{\"packets\":0,\"bytes\":0}}",
    "{\"id\":1,\"state\":\"one-way\",\"version\":null,\"client\":\"a\",\"server\":\"b\",\"idle_ms\":1,"
    "\"expires_ms\":1,\"up\":[1,29],\"down\":{\"packets\":0,\"bytes\":0}}",
    "{\"id\":1,\"state\":\"one-way\",\"version\":null,\"client\":\"a\",\"server\":\"b\",\"idle_ms\":1,"
    "\"expires_ms\":1,\"up\":{\"packets\":1,\"bytes\":29},\"down\":{\"packets\":0}}",
};

static void garbage_is_refused(void)
{
    struct control_table *table = control_table_new(CONTROL_FLOWS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    for (size_t i = 0; i < sizeof(GARBAGE) / sizeof(GARBAGE[0]); i++)
        CU_ASSERT_FALSE(control_table_add(table, GARBAGE[i]));
    char *text = printed(print_table, table);
    CU_ASSERT_STRING_EQUAL(text, "no flows\n");
    free(text);
    control_table_free(table);
}

static void terminals_are_safe(void)
{
    struct control_table *table = control_table_new(CONTROL_FLOWS);
    CU_ASSERT_PTR_NOT_NULL_FATAL(table);
    CU_ASSERT_TRUE(control_table_add(table,
                                     "{\"state\":\"\\u001b[2Jx\",\"version\":null,\"client\":\"a\\nb\","
                                     "\"server\":\"\\u00e9\",\"sni\":\"\\t\","
                                     "\"idle_ms\":1,\"expires_ms\":1,\"up\":{\"packets\":1,\"bytes\":29},"
                                     "\"down\":{\"packets\":0,\"bytes\":0}}"));
    char *text = printed(print_table, table);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n?[2Jx  -        a?b     ??      ?     "));
    free(text);
    control_table_free(table);
}

#define REASONS_7 "\"reasons\":{\"malformed\":7,\"table-full\":0}"
#define STATS_START "{\"stats\":{\"mode\":\"firewall\",\"packets\":30,\"accepted\":26,\"dropped\":4,"
#define STATS_FLOWS                                                                                          \
    ",\"flows\":{\"attempts\":1,\"answered\":2,\"confirmed\":3,\"max\":100},\"created\":9,\"expired\":1,"    \
    "\"evicted\":2,\"confirmed\":3,\"handshakes_displaced\":5,\"hellos\":{\"read\":11,\"unreadable\":12,"    \
    "\"held\":13,\"limits\":14,\"replies\":15,\"replies_refused\":16},\"ptbs\":18,\"ptbs_refused\":19,"      \
    "\"rules\":[{\"name\":\"web\",\"hits\":17}],"
#define STATS_QUEUE                                                                                          \
    "{\"number\":7400,\"packets\":10,\"waiting\":1,\"queue_dropped\":2,\"user_dropped\":3,\"overruns\":4,"   \
    "\"rebinds\":5,\"replies_failed\":6}"

static void print_stats(void *line, FILE *out)
{
    CU_ASSERT_TRUE(control_stats_text(line, out));
}

static void stats_list(void)
{
    char line[] = STATS_START REASONS_7 STATS_FLOWS "\"queues\":[" STATS_QUEUE "]}}";
    char *text = printed(print_stats, line);
    CU_ASSERT_STRING_EQUAL(
        text, "mode                      firewall\n"
              "packets                   30\n"
              "accepted                  26\n"
              "dropped                   4\n"
              "reason malformed          7\n"
              "reason table-full         0\n"
              "flows now                 6 of at most 100: 1 attempts, 2 answered, 3 confirmed\n"
              "flows created             9\n"
              "flows confirmed           3\n"
              "flows expired             1\n"
              "flows evicted             2\n"
              "handshakes displaced      5\n"
              "ClientHellos              11 read, 12 unreadable; 13 packets held, 14 times to a limit\n"
              "ICMP replies              15 sent, 16 kept back by their limit\n"
              "PTBs                      18 sent, 19 kept back by their limit\n"
              "rule web                  17\n"
              "queue 7400                10 packets, 1 waiting; lost 2 to a full queue, 3 to netlink;"
              " 4 overruns, 5 rebinds, 6 ICMP replies failed\n");
    free(text);
}

#define NAT_COUNTS                                                                                           \
    ",\"nat\":{\"mappings\":21,\"ports\":64000,\"resting\":22,\"created\":23,\"removed\":24,\"refused\":{"   \
    "\"port\":25,\"host\":26,\"address\":27},"
#define NAT NAT_COUNTS "\"external\":[\"198.51.100.7\",null,\"\\u001b\"]}"
#define THROTTLES                                                                                            \
    ",\"throttles\":[{\"interface\":\"wan0\",\"direction\":\"out\",\"capacity\":100,\"offered\":130,"        \
    "\"passed\":99,\"share\":0.2345,\"share_confirmed\":0.0,\"dropped\":31,\"flows_hit\":32}]"

static char *with(const char *more)
{
    char *line = NULL;
    CU_ASSERT_TRUE_FATAL(asprintf(&line, "%s", STATS_START REASONS_7 STATS_FLOWS "\"queues\":[]") > 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line = realloc(line, strlen(line) + strlen(more) + 3));
    strcat(strcat(line, more), "}}");
    return line;
}

static void nat_and_throttles(void)
{
    char *line = with(NAT THROTTLES), *text = printed(print_stats, line);
    const char *from = strstr(text, "PTBs"), *to = strstr(text, "rule web");
    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    text[to - text] = '\0';
    CU_ASSERT_STRING_EQUAL(
        from, "PTBs                      18 sent, 19 kept back by their limit\n"
              "mappings now              21 on 64000 ports, 22 more ports resting\n"
              "mappings created          23\n"
              "mappings removed          24\n"
              "mappings refused          25 without a port, 26 at the host's limit, 27 without an address\n"
              "external address          198.51.100.7\n"
              "external address          not known now\n"
              "external address          ?\n"
              "throttle wan0 out         130 bit/s offered, 99 passed, capacity 100; blocks 23.45 % of flows,"
              " 0.00 % of confirmed ones; 31 packets dropped, 32 flows hit\n");
    free(text);
    free(line);
}

static void print_nothing(void *line, FILE *out)
{
    CU_ASSERT_FALSE(control_stats_text(line, out));
}

static void half_a_list_is_none(void)
{
    char broken[] = STATS_START REASONS_7 STATS_FLOWS "\"queues\":[" STATS_QUEUE ",{\"number\":7401}]}}";
    char *text = printed(print_nothing, broken);
    CU_ASSERT_STRING_EQUAL(text, "");
    free(text);
    static const char *const PARTS[] = {",\"nat\":{}", ",\"nat\":7", NAT_COUNTS "\"external\":7}",
                                        ",\"throttles\":[{}]", ",\"throttles\":7"};
    for (size_t i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        char *part = with(PARTS[i]);
        text = printed(print_nothing, part);
        CU_ASSERT_STRING_EQUAL(text, "");
        free(text);
        free(part);
    }
    for (size_t i = 0; i < sizeof(GARBAGE) / sizeof(GARBAGE[0]); i++) {
        char *garbage = strdup(GARBAGE[i]);
        text = printed(print_nothing, garbage);
        CU_ASSERT_STRING_EQUAL(text, "");
        free(text);
        free(garbage);
    }
}

static const struct test TESTS[] = {
    {"O5: a row with its heading", one_row},
    {"O5: IPv4 and IPv6 stand in one table", two_rows},
    {"O5, N1, P1: columns for translation and throttling only where they say something",
     columns_that_are_needed},
    {"O5: an empty table says so", no_rows},
    {"O5: what is no flow line adds nothing", garbage_is_refused},
    {"O5: nothing in a line commands the terminal", terminals_are_safe},
    {"O5, S4: the stats list", stats_list},
    {"O5, N11, P2: what mode nat and throttles add to the list", nat_and_throttles},
    {"O5: a stats line broken at its end prints nothing", half_a_list_is_none},
};

void suite_text(void)
{
    TEST_SUITE("control text", TESTS);
}
