/* reuse_churn xdp|tc INSIDE_INTERFACE OUTSIDE_INTERFACE INSIDE EXTERNAL REMOTE CHANGES: the fast path's
 * program with the flows of reuse_flows.h, of which flow 0 has those endpoints (EXTERNAL "-": not
 * translated). CHANGES times one of them goes and another comes, which gets its elements at once, while
 * packets of all are on their way. Prints "ready", and at the end how often the program met an element that
 * had become another flow's. */
#include "offload_ports.h"
#include "reuse_flows.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ALIVE_MS 3600000
#define EPOCH_EVERY 64 /* changes: the program asks for next hops, and writes them */
#define REPORT_EVERY 100000

struct churn {
    struct kernel *kernel;
    struct offload_ports ports;
    const char *interfaces[2]; /* inside, outside */
    struct qw_endpoint inside, external, remote;
    enum qw_family family;
    bool translated;
    uint32_t order[REUSE_FLOWS]; /* those before REUSE_PRESENT have entries */
    uint32_t chance;
    unsigned kind;
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "reuse_churn: %s\n", what);
    exit(1);
}

static uint64_t boot_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static struct qw_endpoint read_endpoint(const char *text, enum qw_family *family)
{
    struct qw_endpoint endpoint;
    if (!qw_endpoint_parse(text, &endpoint, family))
        fail("no endpoint");
    return endpoint;
}

static struct qw_endpoint with(struct qw_endpoint endpoint, uint32_t host, uint32_t port)
{
    endpoint.addr.bytes[15] = (uint8_t)(endpoint.addr.bytes[15] + host);
    endpoint.port = (uint16_t)(endpoint.port + port);
    return endpoint;
}

static struct flow_path path_of(const struct churn *churn, uint32_t flow)
{
    uint32_t host = reuse_host(flow);
    struct qw_endpoint in = with(churn->inside, host, flow), far = with(churn->remote, host, 0);
    struct qw_endpoint out = churn->translated ? with(churn->external, 0, flow) : in;
    struct flow_path path = {.id = flow + 1, .family = churn->family};
    struct flow_path_way *up = &path.ways[FLOW_PATH_UP], *down = &path.ways[FLOW_PATH_DOWN];
    up->match = (struct qw_tuple){in, far, churn->family};
    down->match = (struct qw_tuple){far, out, churn->family};
    up->limited = down->limited = -1;
    if (churn->translated) {
        up->rewrite = nat_rewrite_of(&up->match, &out, NULL);
        down->rewrite = nat_rewrite_of(&down->match, NULL, &in);
    }
    return path;
}

/* Its gate is open. */
static void put(struct churn *churn, const struct flow_path *path, unsigned way)
{
    struct fast_match match = entry_match(&path->ways[way].match);
    int in = ports_find(&churn->ports, churn->interfaces[way]),
        out = ports_find(&churn->ports, churn->interfaces[1 - way]);
    struct fast_record record =
        entry_record(path, (enum flow_path_direction)way, (uint8_t)in, (uint8_t)out, churn->kind);
    fast_set_flow(&record, (uint32_t)path->id - 1, 0);
    kernel_gates(churn->kernel)[fast_gate_of(&record)] = (struct fast_gate){.open_at = FAST_GATE_FORCED};
    if (!kernel_put(churn->kernel, &match, &record))
        fail("an entry cannot be put");
}

static void take(struct churn *churn, const struct flow_path *path, unsigned way)
{
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record record;
    if (!kernel_take(churn->kernel, &match, &record))
        fail("an entry is not there");
}

static uint32_t below(struct churn *churn, uint32_t limit)
{
    churn->chance = churn->chance * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)churn->chance * limit >> 32);
}

static void change(struct churn *churn)
{
    uint32_t *goes = &churn->order[below(churn, REUSE_PRESENT)];
    uint32_t *comes = &churn->order[REUSE_PRESENT + below(churn, REUSE_FLOWS - REUSE_PRESENT)];
    uint32_t flow = *goes;
    const struct flow_path old = path_of(churn, flow), new = path_of(churn, *comes);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        take(churn, &old, way);
        put(churn, &new, way);
    }
    *goes = *comes;
    *comes = flow;
}

static void open_all(struct churn *churn, enum offload_place place)
{
    char error[OFFLOAD_ERROR_MAX] = "";
    churn->kernel = kernel_new(REUSE_FLOWS, NULL, error);
    if (!churn->kernel)
        fail(error);
    for (unsigned i = 0; i < 2; i++)
        if (!ports_attach(&churn->ports, churn->kernel, churn->interfaces[i], NULL, place, error))
            fail(error);
    kernel_control(churn->kernel)->alive_until_ms = boot_ms() + ALIVE_MS;
    for (uint32_t flow = 0; flow < REUSE_FLOWS; flow++)
        churn->order[flow] = flow;
    for (uint32_t flow = 0; flow < REUSE_PRESENT; flow++) {
        const struct flow_path path = path_of(churn, flow);
        put(churn, &path, FLOW_PATH_UP);
        put(churn, &path, FLOW_PATH_DOWN);
    }
}

static unsigned long long counted(struct churn *churn, enum fast_why why)
{
    unsigned long long sum = 0;
    for (unsigned i = 0; i < 2; i++) {
        int slot = ports_find(&churn->ports, churn->interfaces[i]);
        sum += kernel_count(churn->kernel, (uint32_t)slot, why).packets;
    }
    return sum;
}

static void report(struct churn *churn, uint32_t changes)
{
    printf("%u changes, %llu forwarded, %llu met an element that had become another flow's\n", changes,
           counted(churn, FAST_FORWARD), counted(churn, FAST_REUSED));
    fflush(stdout);
}

int main(int argc, char **argv)
{
    static struct churn churn;
    enum qw_family family;
    if (argc != 8)
        fail("usage: reuse_churn xdp|tc INSIDE_INTERFACE OUTSIDE_INTERFACE INSIDE EXTERNAL REMOTE CHANGES");
    enum offload_place place = strcmp(argv[1], "xdp") == 0 ? OFFLOAD_XDP : OFFLOAD_TC;
    churn = (struct churn){
        .interfaces = {argv[2], argv[3]}, .chance = 1, .kind = place == OFFLOAD_TC ? FAST_TC : 0};
    churn.inside = read_endpoint(argv[4], &churn.family);
    churn.translated = strcmp(argv[5], "-") != 0;
    if (churn.translated)
        churn.external = read_endpoint(argv[5], &family);
    churn.remote = read_endpoint(argv[6], &family);
    uint32_t changes = (uint32_t)strtoul(argv[7], NULL, 10);
    open_all(&churn, place);
    printf("ready\n");
    for (uint32_t done = 1; done <= changes; done++) {
        change(&churn);
        if (done % EPOCH_EVERY == 0)
            __atomic_fetch_add(&kernel_control(churn.kernel)->epoch, 1, __ATOMIC_RELEASE);
        if (done % REPORT_EVERY == 0 || done == changes)
            report(&churn, done);
    }
    ports_close(&churn.ports, churn.kernel);
    kernel_free(churn.kernel);
    return 0;
}
