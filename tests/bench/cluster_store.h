/* The Redis servers of the cluster's benchmarks, which cluster.sh starts, and what their processes and our
 * threads cost. */
#ifndef BENCH_CLUSTER_STORE_H
#define BENCH_CLUSTER_STORE_H

#include "cluster_router.h"

struct redisContext;

struct cluster_store {
    char path[108];
    int process;
    struct redisContext *redis; /* owned */
};

/* Connects to `folder`/`name`.sock; the process is that of `folder`/`name`.pid. Ends the program when it
 * cannot. */
void cluster_store_open(struct cluster_store *store, const char *folder, const char *name);
void cluster_store_close(struct cluster_store *store);

/* Nothing is in it any more, and whoever is connected to it, but this program's own connection, has to begin
 * anew. */
void cluster_store_lose(struct cluster_store *store);

/* Is there a record at that place of what router `name` writes? */
bool cluster_store_has(struct cluster_store *store, const char *name, struct cluster_place place);

/* How many records of flows there are of router `name`. */
uint64_t cluster_store_records(struct cluster_store *store, const char *name, struct engine_mirror_size size);

/* Bytes that Redis says it uses. */
double cluster_store_memory(struct cluster_store *store);

/* The process hangs, or goes on. */
void cluster_store_hang(struct cluster_store *store, bool hangs);

/* Nanoseconds that the process's own thread has had of a core, and a thread of this process. */
uint64_t cluster_store_cpu(const struct cluster_store *store);
uint64_t cluster_thread_cpu(int thread);

/* The thread, or the process's own, goes before whatever else the machine does, or no longer: for less than a
 * second, for then the kernel lets others have their turn. */
void cluster_goes_first(int thread, bool first);

/* The threads of this process; and the one that was begun since. */
#define CLUSTER_THREADS 16
struct cluster_threads {
    int ids[CLUSTER_THREADS];
    unsigned count;
};
struct cluster_threads cluster_threads(void);
int cluster_new_thread(const struct cluster_threads *before);

#endif
