/* What is written: every counter, in the form that Prometheus reads, and what the manual says of it. */
#include "suite.h"
#include "suites.h"
#include <inttypes.h>
#include <quicward/metrics.h>
#include <stdlib.h>
#include <string.h>

#define FIRST 7000 /* values from here on are found again */

static struct engine_stats everything(void)
{
    struct engine_stats stats = {.mode = CONFIG_NAT, .external_count = 2, .throttle_count = 1};
    for (unsigned i = 0; i < QW_COUNTERS_END; i++)
        stats.counters.all[i] = FIRST + i;
    for (unsigned i = 0; i < QW_REASON_COUNT; i++)
        stats.reasons[i] = FIRST + 100 + i;
    stats.external[0] = qw_addr_v4((const uint8_t[]){198, 51, 100, 7});
    stats.ports[0] = (struct nat_ports){10, 5, 3, 2};
    stats.throttles[0] = (struct throttle_view){
        .limit = {.interface = "a\"\\\nb", .direction = THROTTLE_IN, .capacity = 8000000},
        .share = 0.25,
        .dropped = 12345678901};
    return stats;
}

static char *text_of(const struct engine_stats *stats)
{
    static const struct engine_measured MEASURED = {
        .handshakes[ENGINE_VERSION_V2][ENGINE_OUTCOME_REFUSED] = 4,
        .handshake_rtt = {.counts = {1, 0, 2, [ENGINE_RTT_BOUNDS] = 3}, .sum_us = 10000007}};
    static const struct metrics_process PROCESS = {true, 1.25, 1700000000.5, 1, 2, 3, 4, 5};
    static const struct ipfix_stats IPFIX = {true, true, 77, 3};
    static const struct peer_stats PEER = {
        .on = true,
        .store_up = true,
        .adopted = 77,
        .owners = true,
        .owned_count = 2,
        .owned = {{.name = "198.51.100.7", .role = PEER_ACTIVE, .epoch = 9},
                  {.name = "198.51.100.8", .split = true}},
        .other_count = 2,
        .others = {{.router = "b", .known = true, .up = true, .age_ns = 1500 * QW_NS_PER_MS, .flows = 12},
                   {.router = "c", .mismatch = true}}};
    static const struct io_rules_stats RULES = {.managed = true, .standing = true, .put_back = 2};
    struct io_queue_stats queues[2] = {{.number = 7400}, {.number = 7401}};
    for (unsigned i = 0; i < 2 * QW_QUEUE_COUNTERS_END; i++)
        queues[i / QW_QUEUE_COUNTERS_END].counters.all[i % QW_QUEUE_COUNTERS_END] = FIRST + 200 + i;
    const struct metrics_view view = {.version = "1.2",
                                      .instance = "main",
                                      .stats = stats,
                                      .measured = &MEASURED,
                                      .queues = queues,
                                      .queue_count = 2,
                                      .kernel_rules = &RULES,
                                      .process = &PROCESS,
                                      .ipfix = &IPFIX,
                                      .peer = &PEER};
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    CU_ASSERT_TRUE(metrics_write(&view, out));
    fclose(out);
    return text;
}

static unsigned occurrences(const char *text, const char *what)
{
    unsigned count = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        count++;
    return count;
}

static void expect_line(const char *text, const char *line)
{
    char whole[256];
    snprintf(whole, sizeof whole, "\n%s\n", line);
    unsigned count = occurrences(text, whole);
    if (count != 1)
        printf("\n%u times: %s\n", count, line);
    CU_ASSERT_EQUAL(count, 1);
}

static void expect_value_once(const char *text, uint64_t value)
{
    char end[32];
    snprintf(end, sizeof end, " %" PRIu64 "\n", value);
    if (occurrences(text, end) != 1)
        printf("\nthe value %" PRIu64 " stands %u times\n", value, occurrences(text, end));
    CU_ASSERT_EQUAL(occurrences(text, end), 1);
}

static void every_counter(void)
{
    struct engine_stats stats = everything();
    char *text = text_of(&stats);
    for (unsigned i = 0; i < QW_COUNTERS_END; i++)
        expect_value_once(text, FIRST + i);
    for (unsigned i = QW_REASON_NONE + 1; i < QW_REASON_COUNT; i++)
        expect_value_once(text, FIRST + 100 + i);
    for (unsigned i = 0; i < 2 * QW_QUEUE_COUNTERS_END; i++)
        expect_value_once(text, FIRST + 200 + i);
    free(text);
}

static void other_modes(void)
{
    struct engine_stats stats = everything();
    stats.mode = CONFIG_FIREWALL;
    stats.external_count = stats.throttle_count = 0;
    char *text = text_of(&stats);
    CU_ASSERT_PTR_NULL(strstr(text, "_nat_"));
    CU_ASSERT_PTR_NULL(strstr(text, "_throttle_"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "mode=\"firewall\""));
    free(text);
}

static void forms(void)
{
    struct engine_stats stats = everything();
    char *text = text_of(&stats);
    expect_line(text, "quicward_info{version=\"1.2\",mode=\"nat\",instance_name=\"main\"} 1");
    expect_line(text, "quicward_handshakes_total{version=\"v2\",outcome=\"refused\"} 4");
    expect_line(text, "quicward_nat_address_ports{address=\"198.51.100.7\",state=\"free\"} 2");
    CU_ASSERT_PTR_NULL(strstr(text, "0.0.0.0")); /* the second address is not known */
    expect_line(
        text,
        "quicward_throttle_capacity_bytes_per_second{interface=\"a\\\"\\\\\\nb\",direction=\"in\"} 1000000");
    expect_line(text,
                "quicward_throttle_drops_total{interface=\"a\\\"\\\\\\nb\",direction=\"in\"} 12345678901");
    expect_line(text, "quicward_throttle_share_ratio{interface=\"a\\\"\\\\\\nb\",direction=\"in\",flows="
                      "\"unspared\"} 0.25");
    expect_line(text, "quicward_kernel_rules_standing 1");
    expect_line(text, "quicward_ipfix_records_total{outcome=\"sent\"} 77");
    expect_line(text, "quicward_cluster_active{owner=\"198.51.100.7\"} 1");
    expect_line(text, "quicward_cluster_epoch{owner=\"198.51.100.7\"} 9");
    expect_line(text, "quicward_cluster_split{owner=\"198.51.100.8\"} 1");
    expect_line(text, "quicward_cluster_store_up{store=\"peer\",router=\"b\"} 1");
    expect_line(text, "quicward_cluster_mismatch{router=\"c\"} 1");
    expect_line(text, "quicward_cluster_foreign_flows{router=\"b\"} 12");
    expect_line(text, "quicward_cluster_peer_age_seconds{router=\"b\"} 1.5");
    expect_line(text, "process_cpu_seconds_total 1.25");
    expect_line(text, "process_start_time_seconds 1700000000.50");
    free(text);
}

static void histogram(void)
{
    struct engine_stats stats = everything();
    char *text = text_of(&stats);
    expect_line(text, "# TYPE quicward_handshake_rtt_seconds histogram");
    expect_line(text, "quicward_handshake_rtt_seconds_bucket{le=\"0.001\"} 1");
    expect_line(text, "quicward_handshake_rtt_seconds_bucket{le=\"0.0025\"} 1");
    expect_line(text, "quicward_handshake_rtt_seconds_bucket{le=\"0.005\"} 3");
    expect_line(text, "quicward_handshake_rtt_seconds_bucket{le=\"2.56\"} 3");
    expect_line(text, "quicward_handshake_rtt_seconds_bucket{le=\"+Inf\"} 6");
    expect_line(text, "quicward_handshake_rtt_seconds_sum 10.000007");
    expect_line(text, "quicward_handshake_rtt_seconds_count 6");
    free(text);
}

/* ---- names ---- */

/* "# TYPE NAME TYPE" at `line`: the name. */
static bool family_at(const char *line, char name[static 128], char type[static 16])
{
    return sscanf(line, "# TYPE %127s %15s", name, type) == 2;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), tail = strlen(end);
    return len >= tail && strcmp(text + len - tail, end) == 0;
}

/* Counters, and nothing else, end with _total; a family stands once and has a help. */
static void names(void)
{
    struct engine_stats stats = everything();
    char *text = text_of(&stats), name[128], type[16], heading[160];
    unsigned families = 0;
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (!family_at(line, name, type))
            continue;
        families++;
        CU_ASSERT_EQUAL(ends_with(name, "_total"), strcmp(type, "counter") == 0);
        snprintf(heading, sizeof heading, "# TYPE %s ", name);
        CU_ASSERT_EQUAL(occurrences(text, heading), 1);
        snprintf(heading, sizeof heading, "# HELP %s ", name);
        CU_ASSERT_EQUAL(occurrences(text, heading), 1);
    }
    CU_ASSERT(families > 40);
    free(text);
}

static char *file_of(const char *path)
{
    char *text = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_TRUE_FATAL(getdelim(&text, &size, '\0', file) > 0);
    fclose(file);
    return text;
}

/* docs/metrics.md has a row "| `NAME` | TYPE | ..." for each family, and no other. */
static void documented(void)
{
    struct engine_stats stats = everything();
    char *text = text_of(&stats), *docs = file_of(QUICWARD_ROOT "/docs/metrics.md"), name[128], type[16],
         row[200];
    unsigned families = 1; /* that of rules, which need an engine */
    CU_ASSERT_PTR_NOT_NULL(strstr(docs, "\n| `quicward_rule_hits_total` | counter |"));
    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (!family_at(line, name, type))
            continue;
        families++;
        snprintf(row, sizeof row, "\n| `%s` | %s |", name, type);
        if (occurrences(docs, row) != 1)
            printf("\ndocs/metrics.md lacks the row \"| `%s` | %s |\"\n", name, type);
        CU_ASSERT_EQUAL(occurrences(docs, row), 1);
    }
    CU_ASSERT_EQUAL(occurrences(docs, "\n| `quicward_") + occurrences(docs, "\n| `process_"), families);
    free(text);
    free(docs);
}

void suite_text(void)
{
    static const struct test TESTS[] = {
        {"O5: every counter, reason and queue counter is a metric, once", every_counter},
        {"O5: what a mode does not count is not written", other_modes},
        {"O5: labels, units and escaped values", forms},
        {"O5: round trips are histograms in seconds", histogram},
        {"O5: names are as Prometheus wants them", names},
        {"O5: every metric stands in docs/metrics.md, and no other", documented},
    };
    TEST_SUITE("metrics: text", TESTS);
}
