/* Everything of a fast path. */
#ifndef OFFLOAD_STATE_H
#define OFFLOAD_STATE_H

#include "gates.h"
#include "offload_drops.h"
#include "offload_limits.h"
#include "offload_ports.h"
#include <pthread.h>
#include <quicward/offload.h>

struct left_entries; /* of offload_recover.c */
void left_free(struct left_entries *left);

struct offload {
    pthread_mutex_t lock;  /* of all below */
    struct kernel *kernel; /* owned */
    struct book book;
    struct gates gates;
    struct offload_ports ports;
    struct offload_drops drops;
    struct offload_limits limits;
    bool spins; /* of flows that are measured the spin bit is */
    struct offload_stats stats;
    uint32_t swept;            /* flows of the book that the sweep has seen */
    struct offload_pins *pins; /* borrowed; NULL: nothing outlives this process */
    struct left_entries *left; /* owned; until offload_recover is done. NULL: none */
    bool recovering;           /* then */
};

/* For offload_recover.c. The entry of that direction, as the path wants it. */
struct fast_record offload_wanted(const struct flow_path *path, unsigned way,
                                  uint8_t ports[FLOW_PATH_DIRECTIONS][2], enum offload_place place);
bool offload_is_alike(const struct fast_record *is, const struct fast_record *wanted);

/* The place that all interfaces of the path have in common, and their numbers. */
enum offload_place offload_find_place(const struct offload *offload, const struct flow_path *path,
                                      uint8_t out[FLOW_PATH_DIRECTIONS][2]);

/* Adds what a record counted since it was last told, and notes it as told. `index`: of its flow. */
void offload_add_figures(struct offload *offload, uint32_t index, unsigned way,
                         const struct fast_record *record, struct qw_time now, struct flow_path_figures *out);

/* What the program noted as last_seen_ms. */
struct qw_time offload_seen_at(uint32_t last_seen_ms, struct qw_time now);

/* Reads what an earlier process left. False: it cannot be read, and must not be used. */
bool offload_read_left(struct offload *offload);

/* The flow, with its entries in the kernel, is in use from now on. */
void offload_begin(struct offload *offload, struct book_flow *flow, const struct flow_path *path,
                   struct qw_time now);

#endif
