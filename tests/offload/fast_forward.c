/* fast_forward PLACE INSIDE_INTERFACE OUTSIDE_INTERFACE PATH...: forwards flows by the kernel's program
 * alone, without an engine, until it is told to end (SIGTERM). PLACE: xdp or tc. An interface may be a VLAN:
 * NAME=CARRIER.TAG. PATH: INSIDE,EXTERNAL,REMOTE
 * endpoints; EXTERNAL "-": not translated. Prints "ready", and at the end what was counted. */
#include <quicward/offload.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PATHS_MAX = 64, ALIVE_S = 10 };

static struct qw_time boot(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct qw_time){(uint64_t)now.tv_sec * QW_NS_PER_SECOND + (uint64_t)now.tv_nsec};
}

static struct qw_endpoint read_endpoint(const char *text)
{
    struct qw_endpoint endpoint = {0};
    enum qw_family family;
    if (text && qw_endpoint_parse(text, &endpoint, &family))
        return endpoint;
    fprintf(stderr, "fast_forward: \"%s\" is no endpoint\n", text ? text : "");
    exit(2);
}

static void name_ways(struct flow_path *path, const char *inside, const char *outside)
{
    struct flow_path_way *up = &path->ways[FLOW_PATH_UP], *down = &path->ways[FLOW_PATH_DOWN];
    snprintf(up->from, sizeof up->from, "%s", inside);
    snprintf(up->to, sizeof up->to, "%s", outside);
    snprintf(down->from, sizeof down->from, "%s", outside);
    snprintf(down->to, sizeof down->to, "%s", inside);
    up->limited = down->limited = -1;
}

static struct flow_path read_path(uint64_t id, char *text)
{
    char *rest = NULL, *inside = strtok_r(text, ",", &rest), *external = strtok_r(NULL, ",", &rest);
    struct qw_endpoint in = read_endpoint(inside), far = read_endpoint(strtok_r(NULL, ",", &rest)), out = in;
    enum qw_family family = inside[0] == '[' ? QW_IPV6 : QW_IPV4;
    bool translated = strcmp(external, "-") != 0;
    if (translated)
        out = read_endpoint(external);
    struct flow_path path = {
        .id = id, .family = family, .timeout_ns = 300 * QW_NS_PER_SECOND, .last_seen = boot()};
    struct flow_path_way *up = &path.ways[FLOW_PATH_UP], *down = &path.ways[FLOW_PATH_DOWN];
    up->match = (struct qw_tuple){in, far, family};
    down->match = (struct qw_tuple){far, out, family};
    if (translated) {
        up->rewrite = nat_rewrite_of(&up->match, &out, NULL);
        down->rewrite = nat_rewrite_of(&down->match, NULL, &in);
    }
    return path;
}

/* Its name alone is left in `text`. */
static void attach(struct offload *offload, char *text, enum offload_place place)
{
    char error[OFFLOAD_ERROR_MAX], *rest = NULL;
    const char *name = strtok_r(text, "=", &rest), *carrier = strtok_r(NULL, ".", &rest);
    struct offload_vlan vlan = {carrier, carrier ? (uint16_t)atoi(rest) : 0};
    if (carrier ? offload_attach_vlan(offload, name, &vlan, place, error)
                : offload_attach(offload, name, place, error))
        return;
    fprintf(stderr, "fast_forward: %s\n", error);
    exit(1);
}

static void put(struct offload *offload, int argc, char **argv)
{
    for (int i = 4; i < argc && i < PATHS_MAX; i++) {
        struct flow_path_figures figures;
        struct flow_path_event event = {.kind = FLOW_PATH_ADD, .path = read_path((uint64_t)i, argv[i])};
        name_ways(&event.path, argv[2], argv[3]);
        offload_apply(offload, &event, 1, boot(), &figures);
        offload_settle(offload, (uint64_t)i, boot());
    }
}

/* A packet that comes sooner goes to the router, and shuts the flow again. */
static bool is_ready(struct offload *offload)
{
    struct offload_stats stats;
    offload_stats(offload, &stats);
    if (stats.waiting > 0)
        return false;
    printf("ready, %u flows\n", stats.flows);
    fflush(stdout);
    return true;
}

/* There is no queue. */
static struct qw_time nothing_waits(void *context)
{
    (void)context;
    return boot();
}

static void forward(struct offload *offload)
{
    sigset_t set;
    struct timespec pause = {.tv_nsec = 10000000};
    bool ready = false;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    do {
        offload_alive(offload, qw_time_add(boot(), ALIVE_S * QW_NS_PER_SECOND));
        offload_open(offload, boot(), nothing_waits, NULL);
        ready = ready || is_ready(offload);
    } while (sigtimedwait(&set, NULL, &pause) < 0);
}

/* A sweep in which nothing is told again takes all. */
static void print_all(struct offload *offload)
{
    struct flow_path_figures figures;
    const char *text;
    struct offload_count count;
    offload_sweep_begin(offload);
    while (offload_sweep(offload, boot(), &figures, 1) > 0)
        printf("flow %llu up %llu down %llu\n", (unsigned long long)figures.id - 3,
               (unsigned long long)figures.ways[FLOW_PATH_UP].packets,
               (unsigned long long)figures.ways[FLOW_PATH_DOWN].packets);
    for (unsigned i = 0; offload_why(offload, NULL, i, &text, &count); i++)
        printf("%llu %s\n", (unsigned long long)count.packets, text);
}

int main(int argc, char **argv)
{
    char error[OFFLOAD_ERROR_MAX];
    sigset_t set;
    if (argc < 5 || (strcmp(argv[1], "xdp") != 0 && strcmp(argv[1], "tc") != 0)) {
        fprintf(stderr, "usage: fast_forward xdp|tc INSIDE_INTERFACE OUTSIDE_INTERFACE PATH...\n");
        return 2;
    }
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    enum offload_place place = strcmp(argv[1], "xdp") == 0 ? OFFLOAD_XDP : OFFLOAD_TC;
    struct offload *offload = offload_new(PATHS_MAX, NULL, boot(), error);
    if (!offload) {
        fprintf(stderr, "fast_forward: %s\n", error);
        return 1;
    }
    attach(offload, argv[2], place);
    attach(offload, argv[3], place);
    put(offload, argc, argv);
    forward(offload);
    print_all(offload);
    offload_free(offload);
    return 0;
}
