/* What looking at a full table costs: the daemon's control socket is asked while a worker handles packets. */
#include "known.h"
#include "measure.h"
#include <pthread.h>
#include <quicward/control.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FLOWS (1u << 18)
#define PIECE 64 /* flows that the server copies at once (src/control/server/session.h) */
#define TARGET_S 2.0
#define STALL_NS 1e6
#define BATCH 16
#define PAUSE_NS 100000

static struct known known;
static atomic_bool over;

/* A batch of packets of known flows every tenth of a millisecond, for as long as somebody looks. */
static void *packets(void *context)
{
    (void)context;
    for (uint32_t i = 0; !atomic_load(&over); i++) {
        bench_require(known_send(&known, i * 7919 % FLOWS), "a packet passes");
        if (i % BATCH == 0)
            nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
    }
    return NULL;
}

struct heard {
    struct control_table *table; /* NULL: lines are only counted */
    uint64_t lines;
};

static void hear(void *context, const char *line)
{
    struct heard *heard = context;
    heard->lines++;
    if (heard->table)
        bench_require(control_table_add(heard->table, line), "a row");
}

/* Seconds of all threads on a core, those with packets too. */
static double work(void)
{
    struct timespec spent;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
    return (double)spent.tv_sec + (double)spent.tv_nsec / 1e9;
}

static void ask(const char *path, const char *what, const char *request, bool table, uint64_t lines)
{
    char text[96], measured[96];
    struct io_error error = {0};
    struct heard heard = {.table = table ? control_table_new(CONTROL_FLOWS) : NULL};
    FILE *out = fopen("/dev/null", "w");
    double before = work();
    uint64_t began = bench_now();
    bench_require(out && control_request(path, request, hear, &heard, &error) == QW_OK, "an answer");
    if (heard.table)
        control_table_print(heard.table, 200, out);
    double took = (double)(bench_now() - began) / 1e9;
    bench_require(heard.lines == lines, "all lines of the answer");
    control_table_free(heard.table);
    fclose(out);
    snprintf(text, sizeof text, "views: %u flows, %s", FLOWS, what);
    snprintf(measured, sizeof measured, "%.2f s, %.2f s of work", took, work() - before);
    bench_ratio(text, measured, "2 s", took / TARGET_S, 1);
}

static void ask_all(const char *path)
{
    ask(path, "all as JSON", "flows", false, FLOWS);
    ask(path, "all as a table", "flows brief", true, FLOWS);
    ask(path, "all with the keys of an order", "flows sort=bytes brief", false, FLOWS);
    ask(path, "the 20 with most bytes", "flows sort=bytes limit=20 brief", true, 20);
    ask(path, "those of one network", "flows client=10.0.7.0/24 brief", true, 256);
}

/* The longest that a shard is locked for a look, in this thread's own time. */
static void show_stall(void)
{
    static struct engine_flow flows[PIECE];
    uint64_t cursor = 0, longest = 0, count = 1;
    char measured[96];
    while (count > 0) {
        uint64_t began = bench_cpu();
        count = engine_flows(known.engine, &cursor, known.now, flows, PIECE);
        uint64_t took = bench_cpu() - began;
        longest = took > longest ? took : longest;
    }
    snprintf(measured, sizeof measured, "%.0f us", (double)longest / 1e3);
    bench_ratio("views: longest look that packets wait for", measured, "1 ms", (double)longest / STALL_NS, 1);
}

int main(void)
{
    char folder[] = "/tmp/quicward-views-XXXXXX", path[64];
    const struct control_handlers handlers = {0};
    struct control_server *server;
    struct io_error error;
    pthread_t thread;
    bench_require(mkdtemp(folder) != NULL, "a folder in /tmp");
    snprintf(path, sizeof path, "%s/socket", folder);
    known_start(&known, known_engine(2 * FLOWS)); /* shards are never filled evenly */
    known.now = io_now();                         /* the server's clock */
    known_take(&known, 0, FLOWS, KNOWN_BOTH);
    known_fill(&known);
    known_take(&known, 0, FLOWS, KNOWN_UP);
    bench_require(control_server_start(path, known.engine, NULL, &handlers, &server, &error) == QW_OK,
                  "a control socket");
    show_stall();
    bench_require(pthread_create(&thread, NULL, packets, NULL) == 0, "a thread");
    ask_all(path);
    atomic_store(&over, true);
    pthread_join(thread, NULL);
    control_server_stop(server);
    rmdir(folder);
    known_stop(&known);
    engine_free(known.engine);
    return 0;
}
