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
    control_table_print(table, 0, out);
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
                 " www.example.org          12/14000            120/140k  0.0s  expired\n");
}

#define FLOW_MORE(external, from)                                                                            \
    "{\"id\":1,\"state\":\"two-way\",\"version\":null,\"client\":\"a\",\"server\":\"b\","                    \
    "\"external\":" external                                                                                 \
    ",\"sni\":null,\"idle_ms\":0,\"expires_ms\":0,\"up\":{\"packets\":1,\"bytes\":2},"                       \
    "\"down\":{\"packets\":3,\"bytes\":4}" from "}"

static void a_given_up_name(void)
{
    const char *const lines[] = {FLOW_MORE("null", ",\"hello\":\"partial\""),
                                 FLOW_MORE("null", ",\"hello\":7")};
    expect_table(
        lines, 2,
        "STATE    VERSION  CLIENT  SERVER  NAME       UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES\n"
        "two-way  -        a       b       (partial)               1/2                 3/4  0.0s     0.0s\n"
        "two-way  -        a       b       -                       1/2                 3/4  0.0s     0.0s\n");
}

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

#define WIDE                                                                                                 \
    "{\"id\":1,\"state\":\"initial\",\"version\":\"v1\",\"client\":\"10.0.0.5:50000\",\"server\":\"192.0.2." \
    "1:443\","                                                                                               \
    "\"external\":\"198.51.100.7:40000\",\"sni\":\"a-rather-long-label.cdn.www.example.org\",\"alpn\":["     \
    "\"h3\",\"doq\"],"                                                                                       \
    "\"rule\":\"a-rule-with-a-long-name\",\"admitted\":true,\"idle_ms\":0,\"expires_ms\":1000,"              \
    "\"up\":{\"packets\":1,\"bytes\":2},\"down\":{\"packets\":3,\"bytes\":4}}"

static unsigned width;

static void print_narrow(void *table, FILE *out)
{
    control_table_print(table, width, out);
}

/* A line of the table as wide as the terminal says. */
static void expect_narrow(const char *line, unsigned wide, const char *expected)
{
    struct control_table *table = control_table_new(CONTROL_FLOWS);
    CU_ASSERT_TRUE_FATAL(table && control_table_add(table, line));
    width = wide;
    char *text = printed(print_narrow, table);
    for (const char *at = text, *end; (end = strchr(at, '\n')); at = end + 1)
        CU_ASSERT_TRUE((size_t)(end - at) <= wide || wide < 70);
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "got:\n%swant:\n%s", text, expected);
    free(text);
    control_table_free(table);
}

static void a_table_fits_the_terminal(void)
{
    expect_narrow(
        WIDE, 250,
        "STATE    VERSION  CLIENT          SERVER         EXTERNAL            NAME                           "
        "   "
        "       ALPN    RULE                     UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES\n"
        "initial  v1       10.0.0.5:50000  192.0.2.1:443  198.51.100.7:40000  "
        "a-rather-long-label.cdn.www.examp"
        "le.org  h3,doq  a-rule-with-a-long-name               1/2                 3/4  0.0s     1.0s\n");
    expect_narrow(
        WIDE, 170,
        "STATE    VERSION  CLIENT          SERVER         EXTERNAL            NAME             ALPN    RULE  "
        "                   UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES\n"
        "initial  v1       10.0.0.5:50000  192.0.2.1:443  198.51.100.7:40000  ....example.org  h3,doq  a-rule"
        "-with-a-long-name               1/2                 3/4  0.0s     1.0s\n");
    expect_narrow(WIDE, 81,
                  "STATE    VERSION  CLIENT          SERVER         NAME          DOWN packets/bytes\n"
                  "initial  v1       10.0.0.5:50000  192.0.2.1:443  ...ample.org                 3/4\n");
}

static void refused_flows_look_refused(void)
{
    expect_narrow("{\"state\":\"initial\",\"version\":\"v1\",\"client\":\"a\",\"server\":\"b\",\"sni\":null,"
                  "\"admitted\":false,"
                  "\"refused\":true,\"idle_ms\":0,\"expires_ms\":0,\"up\":{\"packets\":1,\"bytes\":2},"
                  "\"down\":{\"packets\":0,\"bytes\":0}}",
                  80,
                  "STATE    VERSION  CLIENT  SERVER  NAME  UP packets/bytes  DOWN packets/bytes\n"
                  "refused  v1       a       b       -                  1/2                 0/0\n");
    expect_narrow(
        "{\"state\":\"initial\",\"version\":\"v1\",\"client\":\"a\",\"server\":\"b\",\"sni\":null,"
        "\"admitted\":false,"
        "\"idle_ms\":0,\"expires_ms\":0,\"up\":{\"packets\":1,\"bytes\":2},"
        "\"down\":{\"packets\":0,\"bytes\":0}}",
        100,
        "STATE  VERSION  CLIENT  SERVER  NAME  UP packets/bytes  DOWN packets/bytes  IDLE  EXPIRES\n"
        "held   v1       a       b       -                  1/2                 0/0  0.0s     0.0s\n");
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
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "\n?[2Jx  -        a?b     ?       ?     "));
    free(text);
    control_table_free(table);
}

#define REASONS_7 "\"reasons\":{\"malformed\":7,\"table-full\":0}"
#define STATS_START                                                                                          \
    "{\"stats\":{\"mode\":\"firewall\",\"packets\":30,\"accepted\":26,\"dropped\":4,\"marked\":0,"
#define STATS_FLOWS                                                                                          \
    ",\"flows\":{\"attempts\":1,\"answered\":2,\"returned\":1,\"confirmed\":3,\"max\":100},\"created\":9,"   \
    "\"expired\":1,"                                                                                         \
    "\"evicted\":2,\"unmapped\":4,\"confirmed\":3,\"handshakes_displaced\":5,\"hellos\":{\"read\":11,"       \
    "\"unreadable\":12,"                                                                                     \
    "\"held\":13,\"limits\":14,\"replies\":15,\"replies_refused\":16},\"initials\":{\"opened\":41,\"over\":" \
    "42},\"guard\":{\"exceeded\":43},\"ptbs\":18,\"ptbs_refused\":19,\"fast\":{\"packets\":0,\"bytes\":0},"  \
    "\"rules\":[{\"name\":\"web\",\"hits\":17}],"
#define STATS_QUEUE                                                                                          \
    "{\"number\":7400,\"packets\":10,\"waiting\":1,\"queue_dropped\":2,\"user_dropped\":3,\"overruns\":4,"   \
    "\"rebinds\":5,\"replies_failed\":6,\"unseen\":7,\"newcomers_dropped\":8}"

static void print_stats(void *line, FILE *out)
{
    CU_ASSERT_TRUE(control_stats_text(line, true, out));
}

static void print_what_counts(void *line, FILE *out)
{
    CU_ASSERT_TRUE(control_stats_text(line, false, out));
}

static void stats_list(void)
{
    char line[] = STATS_START REASONS_7 STATS_FLOWS "\"queues\":[" STATS_QUEUE "]}}";
    char *text = printed(print_stats, line);
    CU_ASSERT_STRING_EQUAL(
        text,
        "mode                      firewall\n"
        "packets                           30  packets handled\n"
        "accepted                          26  packets passed\n"
        "dropped                            4  packets dropped\n"
        "marked                             0  packets that got a mark on their way to the router that owns "
        "their "
        "host or address\n"
        "flows.attempts                     1  flows that nobody answered yet\n"
        "flows.answered                     2  flows in which both sides spoke\n"
        "flows.returned                     1  flows of flows.answered whose first side spoke again after "
        "the "
        "answer\n"
        "flows.confirmed                    3  flows of confirmed QUIC\n"
        "flows.max                        100  flows that the table has room for\n"
        "created                            9  flows that began\n"
        "expired                            1  flows ended by their idle timer\n"
        "evicted                            2  flows ended because the table was full\n"
        "unmapped                           4  flows ended because their external address vanished\n"
        "confirmed                          3  flows whose QUIC handshake was confirmed\n"
        "handshakes_displaced               5  handshakes no longer followed, because flows.handshakes were "
        "in use\n"
        "hellos.read                       11  ClientHellos read\n"
        "hellos.unreadable                 12  ClientHellos given up: malformed, too long, no memory\n"
        "hellos.held                       13  packets that waited for the rest of a ClientHello\n"
        "hellos.limits                     14  decisions forced by a limit of hold\n"
        "hellos.replies                    15  ICMP messages sent, other than PTBs\n"
        "hellos.replies_refused            16  ICMP messages suppressed by reject.rate or reject.per_host\n"
        "initials.opened                   41  datagrams whose Initials were decrypted\n"
        "initials.over                     42  datagrams whose Initials were not decrypted, because of "
        "initials.rate or initials.per_source\n"
        "guard.exceeded                    43  packets of servers beyond guard_factor times the bytes of "
        "their unproven clients\n"
        "ptbs                              18  PTBs sent\n"
        "ptbs_refused                      19  PTBs suppressed by ptb.rate or ptb.per_host\n"
        "fast.packets                       0  packets that the fast path forwarded without the queue, as "
        "far as its counts were collected\n"
        "fast.bytes                         0  bytes of these packets, IP headers included\n"
        "reasons.malformed                  7  IP, UDP or ICMP header contradicts itself or the packet's "
        "size\n"
        "reasons.table-full                 0  first packet of a flow for which the flow table has no room\n"
        "rule web                          17\n"
        "queue 7400                10 packets, 1 waiting, 2 queue_dropped, 3 user_dropped, 4 overruns, 5 "
        "rebinds,"
        " 6 replies_failed, 7 unseen, 8 newcomers_dropped\n");
    free(text);
}

#define LONG_NAME "a-rule-with-a-name-as-long-as-they-may-be-which-is-63-characters"

/* Zeros are left out, and a name longer than its column is followed by a blank all the same. */
static void stats_that_are_not_zero(void)
{
    char line[] =
        "{\"stats\":{\"mode\":\"firewall\",\"packets\":30,\"accepted\":30,\"dropped\":0,\"marked\":0,"
        "\"reasons\":{\"malformed\":0,\"table-full\":3},\"flows\":{\"attempts\":0,\"answered\":0,"
        "\"returned\":0,"
        "\"confirmed\":0,\"max\":100},\"created\":0,\"expired\":0,\"evicted\":0,\"unmapped\":0,"
        "\"confirmed\":0,\"handshakes_displaced\":0,\"hellos\":{\"read\":0,\"unreadable\":0,\"held\":0,"
        "\"limits\":0,\"replies\":0,\"replies_refused\":0},\"initials\":{\"opened\":0,\"over\":0},\"guard\":{"
        "\"exceeded\":0},\"ptbs\":0,\"ptbs_refused\":0,\"fast\":{\"packets\":0,\"bytes\":0},"
        "\"rules\":[{\"name\":\"" LONG_NAME "\",\"hits\":17},{\"name\":\"unused\",\"hits\":0}],"
        "\"queues\":[]}}";
    char *text = printed(print_what_counts, line);
    CU_ASSERT_STRING_EQUAL(
        text,
        "mode                      firewall\n"
        "packets                           30  packets handled\n"
        "accepted                          30  packets passed\n"
        "flows.max                        100  flows that the table has room for\n"
        "reasons.table-full                 3  first packet of a flow for which the flow table has no room\n"
        "rule " LONG_NAME "         17\n");
    free(text);
}

#define NAT_COUNTS                                                                                           \
    ",\"nat\":{\"mappings\":21,\"ports\":64000,\"resting\":22,\"created\":23,\"removed\":24,\"refused\":{"   \
    "\"port\":25,\"host\":26,\"share\":28,\"address\":27},"
#define NAT                                                                                                  \
    NAT_COUNTS                                                                                               \
    "\"external\":[\"198.51.100.7\",null,\"\\u001b\"],\"addresses\":["                                       \
    "{\"address\":\"198.51.100.7\",\"usable\":64482,\"used\":21,\"resting\":2,\"free\":64459},7]}"
#define THROTTLES                                                                                            \
    ",\"throttles\":[{\"interface\":\"wan0\",\"direction\":\"out\",\"capacity\":100,\"offered\":130,"        \
    "\"passed\":99,\"share\":0.2345,\"share_confirmed\":0.0,\"dropped\":31,\"flows_hit\":32}]"

#define MORE_OF_THROTTLES                                                                                    \
    ",\"throttles\":[{\"interface\":\"wan0\",\"direction\":\"out\",\"capacity\":100,\"offered\":130,"        \
    "\"passed\":99,\"share\":0.2345,\"share_confirmed\":0.0,\"dropped\":31,\"flows_hit\":32,"                \
    "\"share_small\":0.5,\"fair\":7,\"flows_blocked\":33,\"spared\":{\"confirmed\":34,\"small\":35}}]"

static char *with(const char *more)
{
    char *line = NULL;
    CU_ASSERT_TRUE_FATAL(asprintf(&line, "%s", STATS_START REASONS_7 STATS_FLOWS "\"queues\":[]") > 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(line = realloc(line, strlen(line) + strlen(more) + 3));
    strcat(strcat(line, more), "}}");
    return line;
}

static void flows_of_throttles(void)
{
    char *line = with(NAT MORE_OF_THROTTLES), *text = printed(print_stats, line);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(text, "31 packets dropped, 32 flows hit; 33 blocked now, 34 confirmed and 35 small "
                     "ones spared; small: below 7 bit/s, 50.00 % of them blocked\n"));
    free(text);
    free(line);
}

static void nat_and_throttles(void)
{
    char *line = with(NAT THROTTLES), *text = printed(print_stats, line);
    const char *from = strstr(text, "nat.mappings"), *to = strstr(text, "rule web");
    CU_ASSERT_PTR_NOT_NULL_FATAL(from);
    CU_ASSERT_PTR_NOT_NULL_FATAL(to);
    text[to - text] = '\0';
    CU_ASSERT_STRING_EQUAL(
        from,
        "nat.mappings                      21  mappings, without forwards\n"
        "nat.ports                      64000  ports that may be handed out now, on all external addresses\n"
        "nat.resting                       22  ports that rest after their mapping ended\n"
        "nat.created                       23  mappings made\n"
        "nat.removed                       24  mappings ended\n"
        "nat.refused.port                  25  mappings refused: no port was free\n"
        "nat.refused.host                  26  mappings refused by nat.per_host\n"
        "nat.refused.share                 28  mappings refused: ports were scarce, and the host had its "
        "fair share\n"
        "nat.refused.address               27  mappings refused: no external address was known\n"
        "reasons.malformed                  7  IP, UDP or ICMP header contradicts itself or the packet's "
        "size\n"
        "reasons.table-full                 0  first packet of a flow for which the flow table has no room\n"
        "external address          198.51.100.7: 64482 ports usable, 21 used, 2 resting, 64459 free\n"
        "external address          not known now\n"
        "external address          ?\n"
        "throttle wan0 out         130 bit/s offered, 99 passed, capacity 100; blocks 23.45 % of flows,"
        " 0.00 % of confirmed ones; 31 packets dropped, 32 flows hit\n");
    free(text);
    free(line);
}

static void print_nothing(void *line, FILE *out)
{
    CU_ASSERT_FALSE(control_stats_text(line, true, out));
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
    {"O5, W5: a ClientHello that was given up, in the place of the name", a_given_up_name},
    {"O5: an empty table says so", no_rows},
    {"O5: what is no flow line adds nothing", garbage_is_refused},
    {"O5: nothing in a line commands the terminal", terminals_are_safe},
    {"O5: a table fits the terminal", a_table_fits_the_terminal},
    {"O5, F2: refused attempts look refused", refused_flows_look_refused},
    {"O5, S4: the stats list", stats_list},
    {"O5: the stats list without zeros", stats_that_are_not_zero},
    {"O5, N11, P2: what mode nat and throttles add to the list", nat_and_throttles},
    {"P1 P3: flows that throttles block and spare", flows_of_throttles},
    {"O5: a stats line broken at its end prints nothing", half_a_list_is_none},
};

void suite_text(void)
{
    TEST_SUITE("control text", TESTS);
}
