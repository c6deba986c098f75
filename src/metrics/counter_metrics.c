/* A row "hellos.read" is quicward_hellos_read_total by itself. What Prometheus would rather sum is one family
 * with a label: those rows stand below. */
#include "counter_metrics.h"
#include <string.h>

#define NAME_MAX_LEN 96

/* X(field, "family", "label", "value", "help of the family") */
#define FAMILIES_OF_ROWS(X)                                                                                  \
    X(accepted, "quicward_verdicts_total", "verdict", "accept", "packets, by what was done with them")       \
    X(dropped, "quicward_verdicts_total", "verdict", "drop", "")                                             \
    X(flows_attempts, "quicward_flows", "state", "attempt", "flows now, by how far they came")               \
    X(flows_answered, "quicward_flows", "state", "answered", "")                                             \
    X(flows_known, "quicward_flows", "state", "confirmed", "")                                               \
    X(flows_created, "quicward_flows_created_total", NULL, NULL, "flows that began")                         \
    X(flows_expired, "quicward_flows_ended_total", "why", "expired", "flows that ended, by why")             \
    X(flows_evicted, "quicward_flows_ended_total", "why", "evicted", "")                                     \
    X(flows_unmapped, "quicward_flows_ended_total", "why", "unmapped", "")                                   \
    X(flows_confirmed, "quicward_flows_confirmed_total", NULL, NULL,                                         \
      "flows whose QUIC handshake was confirmed")                                                            \
    X(nat_resting, "quicward_nat_ports_resting", NULL, NULL, "ports that rest after their mapping ended")    \
    X(mappings_created, "quicward_nat_mappings_created_total", NULL, NULL, "mappings made")                  \
    X(mappings_removed, "quicward_nat_mappings_removed_total", NULL, NULL, "mappings ended")                 \
    X(refused_port, "quicward_nat_mappings_refused_total", "why", "port", "mappings refused, by why")        \
    X(refused_host, "quicward_nat_mappings_refused_total", "why", "host", "")                                \
    X(refused_share, "quicward_nat_mappings_refused_total", "why", "share", "")                              \
    X(refused_address, "quicward_nat_mappings_refused_total", "why", "address", "")

/* Likewise of queues. */
#define FAMILIES_OF_QUEUE_ROWS(X)                                                                            \
    X(queue_dropped, "quicward_queue_kernel_drops_total", "why", "full",                                     \
      "packets that the kernel dropped before they were read")                                               \
    X(user_dropped, "quicward_queue_kernel_drops_total", "why", "netlink", "")

struct family_row {
    const char *family, *label, *value, *help;
};

static const struct family_row ROWS[QW_COUNTERS_END] = {
#define X(field, family, label, value, help) [QW_COUNTER_##field] = {family, label, value, help},
    FAMILIES_OF_ROWS(X)
#undef X
};

static const struct family_row QUEUE_ROWS[QW_QUEUE_COUNTERS_END] = {
#define X(field, family, label, value, help) [QW_QUEUE_COUNTER_##field] = {family, label, value, help},
    FAMILIES_OF_QUEUE_ROWS(X)
#undef X
};

/* A table of counters with its families. */
struct table {
    const struct qw_counter_row *rows;
    const struct family_row *families;
    unsigned count;
};

static const struct table COUNTERS = {QW_COUNTER_ROWS, ROWS, QW_COUNTERS_END};
static const struct table QUEUES = {QW_QUEUE_COUNTER_ROWS, QUEUE_ROWS, QW_QUEUE_COUNTERS_END};

/* "queues.waiting" is quicward_queue_waiting: a sample is of one queue. Returns `out`. */
static const char *family_name(const struct table *table, unsigned i, char out[static NAME_MAX_LEN])
{
    const char *word = table->rows[i].word, *end = table->rows[i].kind == QW_KIND_COUNTER ? "_total" : "";
    bool queue = table == &QUEUES;
    if (table->families[i].family)
        return table->families[i].family;
    snprintf(out, NAME_MAX_LEN, "quicward_%s%s%s", queue ? "queue_" : "",
             queue ? qw_counter_name(&table->rows[i]) : word, end);
    for (char *at = out; *at; at++)
        if (*at == '.')
            *at = '_';
    return out;
}

static bool begins_family(const struct table *table, unsigned row)
{
    char name[NAME_MAX_LEN], before[NAME_MAX_LEN];
    for (unsigned i = 0; i < row; i++)
        if (strcmp(family_name(table, i, before), family_name(table, row, name)) == 0)
            return false;
    return true;
}

static void write_row(const struct table *table, unsigned row, const char *name, const char *queue,
                      uint64_t value, FILE *out)
{
    struct metrics_label labels[3] = {{0}};
    unsigned count = 0;
    if (queue)
        labels[count++] = (struct metrics_label){"queue", queue};
    if (table->families[row].label)
        labels[count] = (struct metrics_label){table->families[row].label, table->families[row].value};
    exposition_count(out, name, labels, value);
}

static void write_heading(const struct table *table, unsigned row, const char *name, FILE *out)
{
    const struct family_row *family = &table->families[row];
    exposition_family(out, name, table->rows[row].kind == QW_KIND_COUNTER ? METRICS_COUNTER : METRICS_GAUGE,
                      family->help && *family->help ? family->help : table->rows[row].meaning);
}

/* What is counted in mode nat only is not written in others. */
static bool is_of_mode(const struct qw_counter_row *row, const struct engine_stats *stats)
{
    return row->scope == QW_SCOPE_ANY || stats->mode == CONFIG_NAT;
}

void counter_metrics(const struct engine_stats *stats, FILE *out)
{
    char name[NAME_MAX_LEN], other[NAME_MAX_LEN];
    for (unsigned i = 0; i < COUNTERS.count; i++) {
        if (!is_of_mode(&COUNTERS.rows[i], stats) || !begins_family(&COUNTERS, i))
            continue;
        const char *family = family_name(&COUNTERS, i, name);
        write_heading(&COUNTERS, i, family, out);
        for (unsigned k = i; k < COUNTERS.count; k++)
            if (strcmp(family_name(&COUNTERS, k, other), family) == 0)
                write_row(&COUNTERS, k, family, NULL, stats->counters.all[k], out);
    }
}

static void queue_rows(unsigned row, const char *name, const struct io_queue_stats *queues, unsigned count,
                       FILE *out)
{
    for (unsigned q = 0; q < count; q++) {
        char number[16];
        snprintf(number, sizeof number, "%u", (unsigned)queues[q].number);
        write_row(&QUEUES, row, name, number, queues[q].counters.all[row], out);
    }
}

void queue_metrics(const struct io_queue_stats *queues, unsigned count, FILE *out)
{
    char name[NAME_MAX_LEN], other[NAME_MAX_LEN];
    for (unsigned i = 0; count > 0 && i < QUEUES.count; i++) {
        if (!begins_family(&QUEUES, i))
            continue;
        const char *family = family_name(&QUEUES, i, name);
        write_heading(&QUEUES, i, family, out);
        for (unsigned k = i; k < QUEUES.count; k++)
            if (strcmp(family_name(&QUEUES, k, other), family) == 0)
                queue_rows(k, family, queues, count, out);
    }
}
