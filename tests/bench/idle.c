/* bench_idle FLOWS SECONDS: FLOWS flows with entries in the kernel, of which as many begin in each of SECONDS
 * seconds, and none has a packet any more: what asking them for their timers takes of a core until the last
 * one is over, and how late it is heard of. The clock is the program's own, a tenth of a second at a time, as
 * the daemon asks. */
#include "fast_flows.h"
#include "measure.h"
#include "offload_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS (QW_NS_PER_SECOND / 10)
#define FIGURES 64
/* A flow is the engine's alone so long before its timer runs out. */
#define BEFORE_NS (2 * QW_NS_PER_SECOND)

struct idle {
    struct offload *offload;
    struct qw_time begin, now;
    uint32_t flows, put, over;
    uint64_t timeout_ns, late_ns; /* late_ns: the latest */
    uint64_t cpu_ns;
};

/* lan0 and wan0 as if they were attached. */
static void attach(struct offload *offload)
{
    static const char *const NAMES[] = {"lan0", "wan0"};
    for (unsigned i = 0; i < 2; i++) {
        struct offload_port *port = &offload->ports.all[i];
        snprintf(port->name, sizeof port->name, "%s", NAMES[i]);
        port->place = OFFLOAD_XDP;
        port->xdp = port->tc = -1;
    }
}

static uint64_t begins(const struct idle *idle, uint32_t flow)
{
    return idle->begin.ns + idle->timeout_ns / idle->flows * flow;
}

static void put(struct idle *idle)
{
    for (; idle->put < idle->flows && begins(idle, idle->put) <= idle->now.ns; idle->put++) {
        struct flow_path_figures figures;
        struct flow_path_event event = {.kind = FLOW_PATH_ADD, .path = fast_flows_path(false, idle->put)};
        event.path.timeout_ns = idle->timeout_ns;
        event.path.last_seen = (struct qw_time){begins(idle, idle->put)};
        offload_apply(idle->offload, &event, 1, idle->now, &figures);
    }
}

static void hear(struct idle *idle, const struct flow_path_figures *figures)
{
    uint64_t time = begins(idle, (uint32_t)figures->id - 1) + idle->timeout_ns - BEFORE_NS;
    bench_require(figures->over && idle->now.ns >= time, "a flow is over, and not before its time");
    idle->over++;
    if (idle->now.ns - time > idle->late_ns)
        idle->late_ns = idle->now.ns - time;
}

static void ask(struct idle *idle)
{
    struct flow_path_figures figures[FIGURES];
    uint64_t before = bench_cpu();
    size_t count;
    while ((count = offload_due(idle->offload, idle->now, figures, FIGURES)) > 0)
        for (size_t i = 0; i < count; i++)
            hear(idle, &figures[i]);
    idle->cpu_ns += bench_cpu() - before;
}

int main(int argc, char **argv)
{
    char error[OFFLOAD_ERROR_MAX] = "", what[96], measured[96];
    bench_require(argc == 3, "usage: bench_idle FLOWS SECONDS");
    struct idle idle = {.flows = (uint32_t)strtoul(argv[1], NULL, 10),
                        .timeout_ns = strtoul(argv[2], NULL, 10) * QW_NS_PER_SECOND,
                        .begin = {1000 * QW_NS_PER_SECOND},
                        .now = {1000 * QW_NS_PER_SECOND}};
    bench_require(idle.flows > 0 && idle.timeout_ns > 0, "numbers");
    idle.offload = offload_new(idle.flows, NULL, idle.begin, error);
    bench_require(idle.offload != NULL, error);
    attach(idle.offload);
    for (; idle.over < idle.flows; idle.now.ns += STEP_NS) {
        put(&idle);
        ask(&idle);
        bench_require(idle.now.ns < idle.begin.ns + 3 * idle.timeout_ns, "all flows are over");
    }
    offload_free(idle.offload);
    double share = (double)idle.cpu_ns / (double)idle.timeout_ns;
    snprintf(what, sizeof what, "fast: timers of %u flows, %s s", (unsigned)idle.flows, argv[2]);
    snprintf(measured, sizeof measured, "%.2f %% of a core, the latest after %.0f ms", 100 * share,
             (double)idle.late_ns / 1e6);
    printf("%s\t%s\t-\t<= 2 %%, 1000 ms\t%s\n", what, measured,
           share <= 0.02 && idle.late_ns <= QW_NS_PER_SECOND ? "met" : "not met");
    return 0;
}
