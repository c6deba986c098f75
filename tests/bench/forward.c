/* bench_forward xdp|tc 4|6 FLOWS [unsolicited]: forwards flows (fast_flows.h) between lan0 and wan0 by the
 * fast path's room alone, timers and all, until it is told to end (SIGTERM). Prints "ready" and the bytes of
 * kernel memory that its maps take. "unsolicited": lan0 is outside, and the packets are of no flow, and to a
 * port without a mapping or, over IPv6, to the inside of a firewall. */
#include "fast_flows.h"
#include "measure.h"
#include <bpf/bpf.h>
#include <dirent.h>
#include <quicward/offload.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define ALIVE_NS (10 * QW_NS_PER_SECOND)
#define FIGURES 64

static struct qw_time boot(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct qw_time){(uint64_t)now.tv_sec * QW_NS_PER_SECOND + (uint64_t)now.tv_nsec};
}

/* There is no queue. */
static struct qw_time nothing_waits(void *context)
{
    (void)context;
    return boot();
}

static void attach(struct offload *offload, const char *name, const char *place)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    bench_require(offload_attach(offload, name, strcmp(place, "xdp") == 0 ? OFFLOAD_XDP : OFFLOAD_TC, error),
                  error);
}

static void put(struct offload *offload, bool ipv6, uint32_t flows)
{
    for (uint32_t flow = 0; flow < flows; flow++) {
        struct flow_path_figures figures;
        struct flow_path_event event = {.kind = FLOW_PATH_ADD, .path = fast_flows_path(ipv6, flow)};
        event.path.last_seen = boot();
        offload_apply(offload, &event, 1, boot(), &figures);
        offload_settle(offload, event.path.id, boot());
    }
}

/* The far end of the flows is an external address. */
static void drop_unsolicited(struct offload *offload, bool ipv6)
{
    static const char OUTSIDE[1][FLOW_PATH_INTERFACE_MAX] = {"lan0"},
                      INSIDE[1][FLOW_PATH_INTERFACE_MAX] = {"wan0"};
    const struct offload_side outside = {OUTSIDE, 1}, inside = {INSIDE, 1};
    const struct flow_path path = fast_flows_path(false, 0);
    struct offload_asked asked = offload_drop(offload, &inside, &outside);
    offload_drop_by_source(offload, false);
    if (ipv6)
        asked.known->closed = QW_KNOWN_IPV6;
    else
        memcpy(&asked.ports[0].ipv4, path.ways[FLOW_PATH_UP].match.dst.addr.bytes + 12,
               sizeof asked.ports[0].ipv4);
    offload_drop_look(offload);
}

static void open_all(struct offload *offload)
{
    while (offload_waiting(offload) > 0)
        offload_open(offload, boot(), nothing_waits, NULL);
}

/* Of one map: as the kernel says in `path`; its kind goes to *type. */
static unsigned long long memory_of(const char *path, unsigned *type)
{
    unsigned long long memory = 0;
    char line[128];
    FILE *file = fopen(path, "re");
    *type = 0;
    while (file && fgets(line, sizeof line, file)) {
        sscanf(line, "map_type: %u", type);
        if (*type != 0)
            sscanf(line, "memlock: %llu", &memory);
    }
    if (file)
        fclose(file);
    return memory;
}

/* Of the maps in a map of maps: nobody has them open. */
static unsigned long long inner_memory(int maps)
{
    unsigned long long sum = 0;
    unsigned id, type;
    char path[64];
    for (uint32_t i = 0; bpf_map_lookup_elem(maps, &i, &id) == 0; i++) {
        int one = bpf_map_get_fd_by_id(id);
        bench_require(one >= 0, "opening a map");
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", one);
        sum += memory_of(path, &type);
        close(one);
    }
    return sum;
}

/* As the kernel says of each map that this process has open. */
static unsigned long long map_memory(void)
{
    unsigned long long sum = 0;
    unsigned type;
    char path[64];
    const struct dirent *entry;
    DIR *folder = opendir("/proc/self/fdinfo");
    while (folder && (entry = readdir(folder))) {
        snprintf(path, sizeof path, "/proc/self/fdinfo/%.16s", entry->d_name);
        sum += memory_of(path, &type);
        if (type == BPF_MAP_TYPE_ARRAY_OF_MAPS)
            sum += inner_memory(atoi(entry->d_name));
    }
    if (folder)
        closedir(folder);
    return sum;
}

static void serve(struct offload *offload, const sigset_t *end)
{
    struct timespec pause = {.tv_nsec = 100000000};
    struct flow_path_figures figures[FIGURES];
    do {
        struct qw_time now = boot();
        offload_alive(offload, qw_time_add(now, ALIVE_NS));
        offload_find_shut(offload, now);
        while (offload_due(offload, now, figures, FIGURES) > 0)
            ;
        open_all(offload);
    } while (sigtimedwait(end, NULL, &pause) < 0);
}

int main(int argc, char **argv)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    struct offload_stats stats;
    sigset_t end;
    bench_require(argc == 4 || argc == 5, "usage: bench_forward xdp|tc 4|6 FLOWS [unsolicited]");
    sigemptyset(&end);
    sigaddset(&end, SIGTERM);
    sigprocmask(SIG_BLOCK, &end, NULL);
    uint32_t flows = (uint32_t)strtoul(argv[3], NULL, 10);
    struct offload *offload = offload_new(flows, NULL, boot(), error);
    bench_require(offload != NULL, error);
    attach(offload, "lan0", argv[1]);
    attach(offload, "wan0", argv[1]);
    offload_alive(offload, qw_time_add(boot(), ALIVE_NS));
    if (argc == 5)
        drop_unsolicited(offload, argv[2][0] == '6');
    else
        put(offload, argv[2][0] == '6', flows);
    open_all(offload);
    offload_stats(offload, &stats);
    bench_require(stats.flows == flows || argc == 5, "not all flows were put");
    printf("ready %llu\n", map_memory());
    fflush(stdout);
    serve(offload, &end);
    offload_free(offload);
    return 0;
}
