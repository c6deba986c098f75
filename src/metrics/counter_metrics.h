/* The rows of counter.h as metrics. */
#ifndef METRICS_COUNTER_METRICS_H
#define METRICS_COUNTER_METRICS_H

#include "exposition.h"

void counter_metrics(const struct engine_stats *stats, FILE *out);
void queue_metrics(const struct io_queue_stats *queues, unsigned count, FILE *out);

#endif
