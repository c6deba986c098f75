/* The text format: families with their samples. */
#ifndef METRICS_EXPOSITION_H
#define METRICS_EXPOSITION_H

#include <quicward/metrics.h>

enum metrics_type { METRICS_COUNTER, METRICS_GAUGE, METRICS_HISTOGRAM };

/* A label; a list of them ends with a NULL name. */
struct metrics_label {
    const char *name, *value;
};

/* "# HELP" and "# TYPE". */
void exposition_family(FILE *out, const char *name, enum metrics_type type, const char *help);

/* A sample of the family `name`. Values of labels are escaped. `labels` may be NULL. */
void exposition_count(FILE *out, const char *name, const struct metrics_label *labels, uint64_t value);
void exposition_real(FILE *out, const char *name, const struct metrics_label *labels, double value);

/* All samples of a histogram, in seconds. */
void exposition_histogram(FILE *out, const char *name, const struct engine_histogram *histogram);

#endif
