#include <quicward/base/counter.h>
#include <string.h>

const struct qw_counter_row QW_COUNTER_ROWS[QW_COUNTERS_END] = {
#define X(field, word, kind, scope, unit, meaning)                                                           \
    [QW_COUNTER_##field] = {word, unit, meaning, QW_KIND_##kind, QW_SCOPE_##scope},
    QW_COUNTERS(X)
#undef X
};

const struct qw_counter_row QW_QUEUE_COUNTER_ROWS[QW_QUEUE_COUNTERS_END] = {
#define X(field, word, kind, scope, unit, meaning)                                                           \
    [QW_QUEUE_COUNTER_##field] = {word, unit, meaning, QW_KIND_##kind, QW_SCOPE_##scope},
    QW_QUEUE_COUNTERS(X)
#undef X
};

const char *qw_counter_name(const struct qw_counter_row *row)
{
    const char *dot = strrchr(row->word, '.');
    return dot ? dot + 1 : row->word;
}
