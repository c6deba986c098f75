/* Everything of a fast path. */
#ifndef OFFLOAD_STATE_H
#define OFFLOAD_STATE_H

#include "gates.h"
#include "offload_drops.h"
#include "offload_ports.h"
#include <pthread.h>
#include <quicward/offload.h>

struct offload {
    pthread_mutex_t lock;  /* of all below */
    struct kernel *kernel; /* owned */
    struct book book;
    struct gates gates;
    struct offload_ports ports;
    struct offload_drops drops;
    struct offload_stats stats;
    uint32_t swept; /* flows of the book that the sweep has seen */
};

#endif
