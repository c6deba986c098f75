/* The life of entries: put, asked, taken. */
#include "flows.h"
#include "offload_state.h"
#include "program.h"
#include "suite.h"
#include "suites.h"
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define SECOND QW_NS_PER_SECOND

/* What each test has: a fast path, the time at which it began, and what it told last. */
struct scene {
    struct offload *offload;
    struct qw_time now;
    struct flow_path_figures figures[4];
};

/* The interfaces "lan" and "wan" as if they were attached. NULL: no program can be loaded here. */
static struct offload *started(uint32_t flows_max, struct qw_time now)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    struct fast_port port = {.ifindex = 1, .mtu = 1500, .carrier = 1};
    struct offload *offload = offload_new(flows_max, NULL, now, error);
    if (!offload) {
        CU_ASSERT_NOT_EQUAL(error[0], '\0');
        printf("\nskipped, for no program can be loaded here: %s ", error);
        return NULL;
    }
    static const char *const NAMES[] = {"lan", "wan"};
    for (unsigned i = 0; i < 2; i++) {
        struct offload_port *at = &offload->ports.all[i];
        snprintf(at->name, sizeof at->name, "%s", NAMES[i]);
        at->place = OFFLOAD_XDP;
        at->ifindex = 1;
        at->xdp = at->tc = -1;
        CU_ASSERT_TRUE(kernel_set_port(offload->kernel, i, &port));
    }
    offload_alive(offload, (struct qw_time){now.ns + 3600 * SECOND});
    return offload;
}

static struct scene begin(uint32_t flows_max)
{
    struct qw_time now = test_now();
    return (struct scene){.offload = started(flows_max, now), .now = now};
}

static void end(struct scene *scene)
{
    offload_free(scene->offload);
}

static struct flow_path path_of(uint64_t id, struct qw_time now)
{
    char inside[64], external[64];
    snprintf(inside, sizeof inside, "10.0.0.5:%u", 1024 + (unsigned)id);
    snprintf(external, sizeof external, "192.0.2.1:%u", 1024 + (unsigned)id);
    struct flow_path path = test_path(id, inside, external, "198.51.100.7:443");
    path.last_seen = now;
    return path;
}

static size_t tell(struct scene *scene, enum flow_path_kind kind, const struct flow_path *path)
{
    struct flow_path_event event = {.kind = kind, .path = *path};
    return offload_apply(scene->offload, &event, 1, scene->now, scene->figures);
}

/* Puts the path of flow `id`. */
static struct flow_path put(struct scene *scene, uint64_t id)
{
    struct flow_path path = path_of(id, scene->now);
    CU_ASSERT_EQUAL(tell(scene, FLOW_PATH_ADD, &path), 0);
    return path;
}

/* What is told when the time is `ms` later. */
static size_t due(struct scene *scene, uint64_t ms)
{
    struct qw_time then = {scene->now.ns + ms * QW_NS_PER_MS};
    return offload_due(scene->offload, then, scene->figures, 4);
}

static struct offload_stats stats_of(struct scene *scene)
{
    struct offload_stats stats;
    offload_stats(scene->offload, &stats);
    return stats;
}

static unsigned entries(struct scene *scene, const struct flow_path *path)
{
    struct fast_record record;
    unsigned count = 0;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct fast_match match = entry_match(&path->ways[way].match);
        count += kernel_look(scene->offload->kernel, &match, &record);
    }
    return count;
}

/* As if the program had seen packets of it, `ms` later. */
static void see(struct scene *scene, const struct flow_path *path, enum flow_path_direction way,
                uint64_t packets, uint64_t ms)
{
    struct kernel *kernel = scene->offload->kernel;
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record record;
    CU_ASSERT_TRUE_FATAL(kernel_take(kernel, &match, &record));
    record.packets += (uint32_t)packets;
    record.bytes += 100 * packets;
    record.ce++;
    record.last_seen_ms = (uint32_t)(scene->now.ns / QW_NS_PER_MS + ms);
    CU_ASSERT_TRUE(kernel_put(kernel, &match, &record));
}

static void put_and_taken(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path path = path_of(1, scene.now);
    CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_END, &path), 0); /* never told */
    put(&scene, 1);
    CU_ASSERT_EQUAL(entries(&scene, &path), 2);
    see(&scene, &path, FLOW_PATH_DOWN, 5, 0);
    CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_CHANGE, &path), 0); /* is as it was */
    path.ways[FLOW_PATH_UP].size_max = 1280;
    CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_CHANGE, &path), 1);
    CU_ASSERT_EQUAL(scene.figures[0].ways[FLOW_PATH_DOWN].packets, 5);
    CU_ASSERT_EQUAL(entries(&scene, &path), 2);
    see(&scene, &path, FLOW_PATH_UP, 3, 0);
    CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_END, &path), 1);
    const struct flow_path_figures *last = &scene.figures[0];
    CU_ASSERT_EQUAL(last->id, 1);
    CU_ASSERT_EQUAL(last->ways[FLOW_PATH_UP].packets, 3);
    CU_ASSERT_EQUAL(last->ways[FLOW_PATH_UP].bytes, 300);
    CU_ASSERT_EQUAL(last->ways[FLOW_PATH_UP].ce, 1);
    CU_ASSERT_EQUAL(last->ways[FLOW_PATH_DOWN].packets, 0);
    CU_ASSERT_EQUAL(entries(&scene, &path), 0);
    struct offload_stats stats = stats_of(&scene);
    CU_ASSERT_TRUE(stats.flows == 0 && stats.put == 2 && stats.taken == 2);
    end(&scene);
}

/* The flow ends: what it had is told once, and nothing is left in the kernel. */
static void taken_at_the_end(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path path = put(&scene, 1);
    see(&scene, &path, FLOW_PATH_UP, 4, 0);
    CU_ASSERT_TRUE(offload_take(scene.offload, 1, scene.now, scene.figures));
    CU_ASSERT_EQUAL(scene.figures[0].ways[FLOW_PATH_UP].packets, 4);
    CU_ASSERT_EQUAL(entries(&scene, &path), 0);
    CU_ASSERT_FALSE(offload_take(scene.offload, 1, scene.now, scene.figures));
    CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_END, &path), 0);
    end(&scene);
}

static struct qw_time then_empty(void *context)
{
    return *(struct qw_time *)context;
}

/* Only what is settled waits, and it goes fast once nothing waits in a queue. */
static void let_go(void)
{
    struct scene scene = begin(10);
    struct qw_time later = {scene.now.ns + 5 * QW_NS_PER_MS};
    if (!scene.offload)
        return;
    put(&scene, 1);
    CU_ASSERT_EQUAL(offload_waiting(scene.offload), 0);
    CU_ASSERT_FALSE(offload_has(scene.offload, 1));
    offload_settle(scene.offload, 1, scene.now);
    CU_ASSERT_EQUAL(offload_waiting(scene.offload), 1);
    offload_open(scene.offload, scene.now, then_empty, &scene.now);
    CU_ASSERT_FALSE(offload_has(scene.offload, 1));
    offload_open(scene.offload, later, then_empty, &later);
    CU_ASSERT_TRUE(offload_has(scene.offload, 1));
    CU_ASSERT_EQUAL(offload_waiting(scene.offload), 0);
    CU_ASSERT_FALSE(offload_has(scene.offload, 2));
    end(&scene);
}

static void unfit(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path path = path_of(1, scene.now);
    snprintf(path.ways[FLOW_PATH_UP].to, FLOW_PATH_INTERFACE_MAX, "dmz");
    tell(&scene, FLOW_PATH_ADD, &path);
    path = path_of(2, scene.now);
    path.ways[FLOW_PATH_DOWN].from[0] = '\0';
    tell(&scene, FLOW_PATH_ADD, &path);
    path = path_of(3, scene.now);
    struct offload_limit limit = {.interface = "wan"};
    offload_limit(scene.offload, &limit, 1);
    tell(&scene, FLOW_PATH_ADD, &path);
    offload_limit(scene.offload, NULL, 0);
    scene.offload->ports.all[1].place = OFFLOAD_TC; /* not both at one place */
    put(&scene, 4);
    scene.offload->ports.all[1].place = OFFLOAD_XDP;
    CU_ASSERT_EQUAL(stats_of(&scene).unfit, 4);
    CU_ASSERT_EQUAL(stats_of(&scene).flows, 0);
    end(&scene);
}

/* One interface at XDP and at tc, the other at tc only: their flows go by tc. */
static void place_in_common(void)
{
    struct scene scene = begin(10);
    struct fast_record record;
    if (!scene.offload)
        return;
    scene.offload->ports.all[0].tc = 1000; /* no descriptor of ours */
    scene.offload->ports.all[1] =
        (struct offload_port){.name = "wan", .place = OFFLOAD_TC, .xdp = -1, .tc = 1000};
    struct flow_path path = put(&scene, 1);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    CU_ASSERT_TRUE(kernel_look(scene.offload->kernel, &match, &record));
    CU_ASSERT_TRUE(record.flags & FAST_TC);
    scene.offload->ports.all[0].tc = scene.offload->ports.all[1].tc = -1;
    end(&scene);
}

/* A full table, and a second flow with one match: nothing of it stays behind. */
static void refused(void)
{
    struct scene scene = begin(2);
    if (!scene.offload)
        return;
    struct flow_path one = put(&scene, 1), twin = path_of(2, scene.now);
    twin.ways[FLOW_PATH_DOWN].match = one.ways[FLOW_PATH_DOWN].match;
    tell(&scene, FLOW_PATH_ADD, &twin);
    CU_ASSERT_EQUAL(entries(&scene, &twin), 1); /* the one that is flow 1's */
    CU_ASSERT_EQUAL(entries(&scene, &one), 2);
    put(&scene, 3);
    struct flow_path four = put(&scene, 4);
    CU_ASSERT_EQUAL(entries(&scene, &four), 0);
    CU_ASSERT_EQUAL(stats_of(&scene).refused, 2);
    CU_ASSERT_EQUAL(stats_of(&scene).flows, 2);
    end(&scene);
}

/* Timer of 30 seconds: asked after 28. */
static void timers(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path busy = put(&scene, 1), idle = put(&scene, 2);
    CU_ASSERT_EQUAL(due(&scene, 27900), 0);
    see(&scene, &busy, FLOW_PATH_UP, 9, 20000);
    CU_ASSERT_EQUAL(due(&scene, 28200), 2);
    for (unsigned i = 0; i < 2; i++) {
        const struct flow_path_figures *figures = &scene.figures[i];
        CU_ASSERT_EQUAL(figures->over, figures->id == 2);
        CU_ASSERT_EQUAL(figures->ways[FLOW_PATH_UP].packets, figures->id == 1 ? 9 : 0);
        if (figures->id == 1)
            CU_ASSERT_EQUAL(figures->last_seen.ns / QW_NS_PER_MS, scene.now.ns / QW_NS_PER_MS + 20000);
    }
    CU_ASSERT_EQUAL(entries(&scene, &busy), 2);
    CU_ASSERT_EQUAL(entries(&scene, &idle), 0);
    CU_ASSERT_EQUAL(due(&scene, 47900), 0);
    CU_ASSERT_EQUAL(due(&scene, 48200), 1); /* 20 + 28 */
    CU_ASSERT_TRUE(scene.figures[0].over);
    CU_ASSERT_EQUAL(scene.figures[0].ways[FLOW_PATH_UP].packets, 0); /* was told already */
    CU_ASSERT_EQUAL(entries(&scene, &busy), 0);
    end(&scene);
}

/* From now on the kernel refuses bpf(2) to this thread. */
static bool refuse_bpf(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_bpf, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {.len = sizeof code / sizeof code[0], .filter = code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void *ask_in_vain(void *context)
{
    struct scene *scene = context;
    uint32_t cursor = 0;
    CU_ASSERT_TRUE_FATAL(refuse_bpf());
    CU_ASSERT_EQUAL(due(scene, 28200), 0);
    CU_ASSERT_EQUAL(offload_look(scene->offload, &cursor, scene->now, scene->figures, 4), 0);
    return NULL;
}

/* No answer is not the answer that it was idle: its entries stand, and it is asked again. */
static void no_answer(void)
{
    struct scene scene = begin(10);
    pthread_t thread;
    if (!scene.offload)
        return;
    struct flow_path busy = put(&scene, 1), idle = put(&scene, 2);
    see(&scene, &busy, FLOW_PATH_UP, 9, 20000);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask_in_vain, &scene), 0);
    pthread_join(thread, NULL);
    CU_ASSERT_TRUE(entries(&scene, &busy) == 2 && entries(&scene, &idle) == 2);
    CU_ASSERT_EQUAL(stats_of(&scene).flows, 2);
    CU_ASSERT_EQUAL(due(&scene, 34000), 2);
    for (unsigned i = 0; i < 2; i++)
        CU_ASSERT_EQUAL(scene.figures[i].over, scene.figures[i].id == 2);
    CU_ASSERT_TRUE(entries(&scene, &busy) == 2 && entries(&scene, &idle) == 0);
    end(&scene);
}

/* Long before their timers, for reports and for the order in which flows are evicted; and when a report asks.
 */
static void looks(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path busy = put(&scene, 1), idle = put(&scene, 2);
    for (uint64_t ms = 5200; ms < 26000; ms += 5200) {
        see(&scene, &busy, FLOW_PATH_UP, 4, ms - 100);
        CU_ASSERT_EQUAL(due(&scene, ms), 1);
        CU_ASSERT_EQUAL(scene.figures[0].id, 1);
        CU_ASSERT_EQUAL(scene.figures[0].ways[FLOW_PATH_UP].packets, 4);
        CU_ASSERT_FALSE(scene.figures[0].over);
    }
    CU_ASSERT_EQUAL(entries(&scene, &idle), 2);
    uint32_t cursor = 0;
    see(&scene, &idle, FLOW_PATH_DOWN, 3, 26000);
    CU_ASSERT_EQUAL(offload_look(scene.offload, &cursor, scene.now, scene.figures, 4), 1);
    CU_ASSERT_EQUAL(scene.figures[0].ways[FLOW_PATH_DOWN].packets, 3);
    CU_ASSERT_EQUAL(offload_look(scene.offload, &cursor, scene.now, scene.figures, 4), 0);
    end(&scene);
}

/* As many as there are, begun one after the other: each is over within two tenths of a second, and not before
 * its time.
 */
static void many_idle_out(void)
{
    enum {
        FLOWS = 3000,
        APART_MS = 10,
        BEFORE_END_MS = 28000 /* of 30 s: the engine's alone from then on */
    };
    struct scene scene = begin(FLOWS);
    unsigned over = 0;
    if (!scene.offload)
        return;
    for (unsigned i = 0; i < FLOWS; i++) {
        struct flow_path path = path_of(i + 1, (struct qw_time){scene.now.ns + i * APART_MS * QW_NS_PER_MS});
        CU_ASSERT_EQUAL(tell(&scene, FLOW_PATH_ADD, &path), 0);
    }
    for (uint64_t ms = 0; ms <= FLOWS * APART_MS + BEFORE_END_MS + 1000; ms += 100)
        for (size_t count; (count = due(&scene, ms)) > 0; over += (unsigned)count)
            for (size_t i = 0; i < count; i++) {
                uint64_t time_ms = (scene.figures[i].id - 1) * APART_MS + BEFORE_END_MS;
                CU_ASSERT_TRUE(scene.figures[i].over && ms >= time_ms && ms <= time_ms + 200);
            }
    CU_ASSERT_EQUAL(over, FLOWS);
    CU_ASSERT_EQUAL(stats_of(&scene).flows, 0);
    end(&scene);
}

static void swept(void)
{
    struct scene scene = begin(10);
    struct flow_path paths[5];
    if (!scene.offload)
        return;
    for (unsigned i = 0; i < 5; i++)
        paths[i] = put(&scene, i + 1);
    see(&scene, &paths[3], FLOW_PATH_UP, 2, 0);
    offload_sweep_begin(scene.offload);
    put(&scene, 1);
    put(&scene, 3);
    uint64_t packets = 0;
    unsigned count = 0;
    for (size_t n; (n = offload_sweep(scene.offload, scene.now, scene.figures, 2)) > 0; count += (unsigned)n)
        for (size_t i = 0; i < n; i++)
            packets += scene.figures[i].ways[FLOW_PATH_UP].packets;
    CU_ASSERT_EQUAL(count, 3);
    CU_ASSERT_EQUAL(packets, 2);
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(entries(&scene, &paths[i]), i == 0 || i == 2 ? 2 : 0);
    end(&scene);
}

/* An interface that came off leaves its number to nobody while entries name it. */
static void detached(void)
{
    struct scene scene = begin(10);
    if (!scene.offload)
        return;
    struct flow_path path = put(&scene, 1);
    CU_ASSERT_FALSE(offload_detach(scene.offload, "dmz"));
    CU_ASSERT_TRUE(offload_detach(scene.offload, "wan"));
    CU_ASSERT_EQUAL(scene.offload->ports.all[1].users, 2);
    tell(&scene, FLOW_PATH_END, &path);
    CU_ASSERT_EQUAL(scene.offload->ports.all[1].users, 0);
    end(&scene);
}

static void no_such_interface(void)
{
    struct scene scene = begin(10);
    char error[OFFLOAD_ERROR_MAX];
    if (!scene.offload)
        return;
    static const char *const NAMES[] = {"", "no-such-0", "a-name-of-sixteen"};
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_FALSE(offload_attach(scene.offload, NAMES[i], OFFLOAD_XDP, error));
        CU_ASSERT_PTR_NOT_NULL(strstr(error, NAMES[i]));
    }
    CU_ASSERT_FALSE(offload_attach(scene.offload, "lo", OFFLOAD_TC, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "only Ethernet"));
    end(&scene);
}

static void reasons(void)
{
    struct scene scene = begin(10);
    const char *text;
    struct offload_count out;
    if (!scene.offload)
        return;
    unsigned count = 0;
    while (offload_why(scene.offload, "lan", count, &text, &out)) {
        CU_ASSERT_TRUE(out.packets == 0 && out.bytes == 0);
        CU_ASSERT_NOT_EQUAL(text[0], '\0');
        count++;
    }
    CU_ASSERT_EQUAL(count, FAST_WHY_COUNT);
    end(&scene);
}

void suite_offload(void)
{
    static const struct test TESTS[] = {
        {"X1 X5: a path is two entries; taking them brings what they counted", put_and_taken},
        {"X5 N2: a flow that ends leaves no entry, and what it counted is told once", taken_at_the_end},
        {"X4: what is settled goes fast once nothing waits in a queue", let_go},
        {"X7: a flow goes by the place that its interfaces have in common", place_in_common},
        {"X7: paths over interfaces that are not attached alike, or throttled, stay slow", unfit},
        {"X1: a full table and a match that is taken leave nothing behind", refused},
        {"X5: flows are asked before their timers run out; idle ones go back to the engine", timers},
        {"X5: a flow about which the kernel does not answer stays", no_answer},
        {"X5 O3: what flows had is told every few seconds", looks},
        {"X5: thousands that idle out are told within a moment of their time", many_idle_out},
        {"X6: after a resync what is not told again goes", swept},
        {"X2: the number of an interface is free when its last entry is gone", detached},
        {"X7: interfaces that cannot be used are named", no_such_interface},
        {"X2: each reason has a text and a counter", reasons},
    };
    TEST_SUITE("offload: entries over time", TESTS);
}
