/* What the thread of a pair has, for the files that are its parts. Others touch `wake`, the atomic values,
 * and under `lock` what stands below it. */
#ifndef PEER_PEER_PAIR_H
#define PEER_PEER_PAIR_H

#include "agreement.h"
#include "reader.h"
#include "rivals.h"
#include "role.h"
#include "writer.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#define NOBODY UINT_MAX

/* One of options.owned. */
struct owned {
    struct role role;
    bool owns;
    struct rivals rivals;
    uint64_t answers[PEER_OTHERS_MAX]; /* of each reader, when the takeover began */
    unsigned source;                   /* the reader whose flows are waited for, NOBODY */
    unsigned owing;                    /* the reader that owned it, too, and owns it no longer; NOBODY */
    unsigned owner;                    /* of routers: where packets belong; 0: here */
    bool said_split;
};

struct peer_pair {
    struct peer_options options;
    struct record_terms terms;
    struct peer_writer writer;
    struct peer_reader readers[PEER_OTHERS_MAX];
    struct owned owned[PEER_OWNED_MAX];
    int wake; /* an eventfd: stop, or a command */
    pthread_t thread;
    bool store_said, other_said[PEER_OTHERS_MAX], mismatch_said[PEER_OTHERS_MAX];
    struct role_retirement retirement; /* of a standby's own flows */

    atomic_bool stop, wanted[PEER_OWNED_MAX]; /* wanted: by a command */
    pthread_mutex_t lock;                     /* of: */
    struct peer_stats stats;
    struct agreement agreement; /* of a reload, for the thread */
};

#endif
