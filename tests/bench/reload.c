#include "reload.h"
#include "known.h"
#include "measure.h"
#include <malloc.h>
#include <pthread.h>
#include <quicward/config.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RULES 4000u
#define NAMES 2000000u
#define FLOWS 1000u
#define NEW_FLOWS 100000u
#define WARM_UP (2 * NEW_FLOWS)
#define BUDGET 64 /* what the daemon gives engine_tick */
#define TARGET_NS 1e6

struct reloading {
    struct engine *engine;
    const struct config *configs[2];
    unsigned times;
    uint64_t longest; /* nanoseconds that a reload took */
    atomic_bool over;
};

static struct config *load(const char *text)
{
    char path[] = "/tmp/quicward-bench-XXXXXX";
    struct config *config;
    int fd = mkstemp(path);
    bench_require(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), "a file in /tmp");
    close(fd);
    bench_require(config_load(path, stderr, &config) == QW_OK, "a configuration");
    unlink(path);
    return config;
}

#define HEAD "mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\"]; flows = { max = 262144; };\n"

/* None matches what is sent, so that each new flow is asked of all. */
static struct config *many_rules(char kind)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    bench_require(out != NULL, "memory");
    fputs(HEAD "rules = (", out);
    for (unsigned i = 0; i < RULES; i++)
        fprintf(out, "%s{ name = \"%c%u\"; to_port = %u; action = \"drop\"; }", i ? "," : "", kind, i,
                1 + i % 400);
    fputs(");", out);
    fclose(out);
    struct config *config = load(text);
    free(text);
    return config;
}

static struct config *many_names(const char *path)
{
    char text[512];
    FILE *out = fopen(path, "w");
    bench_require(out != NULL, "a file in /tmp");
    for (unsigned i = 0; i < NAMES; i++)
        fprintf(out, "host-%u.example.org\n", i);
    fclose(out);
    snprintf(text, sizeof text,
             HEAD "sni_lists = { l = \"%s\"; };"
                  "rules = ({ name = \"r\"; sni_list = \"l\"; action = \"drop\"; });",
             path);
    return load(text);
}

static void *reloads(void *context)
{
    struct reloading *r = context;
    for (unsigned i = 0; i < r->times; i++) {
        uint64_t began = bench_now();
        bench_require(engine_reload(r->engine, r->configs[i % 2], stderr) == QW_OK, "a reload");
        uint64_t took = bench_now() - began;
        r->longest = took > r->longest ? took : r->longest;
    }
    atomic_store(&r->over, true);
    return NULL;
}

/* Packets of known flows and of new ones, in turn, until the reloads are over, or with `r` NULL so many as
 * *count says, which counts them else. Returns the longest one's own time on a core. */
static uint64_t longest_work(struct known *known, struct reloading *r, uint32_t *count)
{
    uint64_t longest = 0;
    uint32_t i;
    for (i = 0; r ? !atomic_load(&r->over) : i < *count; i++) {
        uint64_t began = bench_cpu();
        engine_tick(known->worker, known->now, BUDGET);
        bench_require(known_send(known, i % 2 ? i % FLOWS : FLOWS + i % NEW_FLOWS), "a packet passes");
        uint64_t work = bench_cpu() - began;
        longest = work > longest ? work : longest;
    }
    *count = i;
    return longest;
}

/* `quiet` is the longest of as many packets without reloads: what else the machine does. */
static void show(const char *what, const struct reloading *r, uint64_t longest, uint64_t quiet, double more)
{
    char text[96], measured[96];
    snprintf(text, sizeof text, "reload: longest packet, %s", what);
    snprintf(measured, sizeof measured, "%.0f us of work, %.0f without; a reload took %.0f ms",
             (double)longest / 1e3, (double)quiet / 1e3, (double)r->longest / 1e6);
    bench_ratio(text, measured, "1 ms", (double)longest / TARGET_NS, 1);
    snprintf(text, sizeof text, "reload: memory left behind, %s", what);
    snprintf(measured, sizeof measured, "%.1f MiB after %u reloads", more / 1048576, r->times);
    bench_row(text, measured);
}

/* Touches the memory of all flows to come, and ends them: the kernel gives memory at the first touch. */
static void warm_up(struct known *known)
{
    uint32_t count = WARM_UP;
    longest_work(known, NULL, &count);
    known->now = qw_time_add(known->now, 1000 * QW_NS_PER_SECOND);
    while (engine_tick(known->worker, known->now, BUDGET) == BUDGET)
        continue;
}

static void measure(const char *what, const struct config *a, const struct config *b, unsigned times)
{
    static struct known known;
    pthread_t thread;
    known_start(&known, known_engine(1 << 18));
    struct reloading r = {.engine = known.engine, .configs = {a, b}, .times = times};
    known_take(&known, 0, FLOWS, KNOWN_BOTH);
    known_fill(&known);
    warm_up(&known);
    bench_require(engine_reload(known.engine, b, stderr) == QW_OK, "a reload");
    engine_tick(known.worker, known.now, BUDGET);
    engine_reclaim(known.engine);
    malloc_trim(0);
    double before = bench_rss();
    bench_require(pthread_create(&thread, NULL, reloads, &r) == 0, "a thread");
    uint32_t count = 0;
    uint64_t longest = longest_work(&known, &r, &count);
    pthread_join(thread, NULL);
    engine_tick(known.worker, known.now, BUDGET);
    bench_require(!engine_reclaim(known.engine), "what was replaced is freed");
    malloc_trim(0);
    double more = bench_rss() - before;
    show(what, &r, longest, longest_work(&known, NULL, &count), more);
    known_stop(&known);
    engine_free(known.engine);
}

void reload_show(void)
{
    char path[] = "/tmp/quicward-names-XXXXXX";
    struct config *rules[2] = {many_rules('a'), many_rules('b')};
    measure("4000 rules", rules[0], rules[1], 40);
    config_free(rules[0]);
    config_free(rules[1]);
    int fd = mkstemp(path);
    bench_require(fd >= 0, "a file in /tmp");
    close(fd);
    struct config *names = many_names(path);
    measure("2000000 names", names, names, 6);
    config_free(names);
    unlink(path);
}
