/* bench_work short|spin|initial|nat|quiet|reload [NAMES]: warms up, then does a fixed amount of work in one
 * function, bench_counted, for callgrind to count its instructions; prints how many packets that is, and the
 * allocations that they made.
 *   short    short headers of known flows, from inside
 *   spin     the same of QUIC flows, whose round trips are measured
 *   nat      short headers of known flows in mode nat, both ways
 *   initial  new flows with an Initial
 *   reload   as short, a reload before each batch: rules with a list of NAMES names
 *   quiet    the same without the reloads */
#include "allocations.h"
#include "initials.h"
#include "measure.h"
#include "packets.h"
#include <quicward/config.h>
#include <quicward/engine.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WARM_UP 1000u /* packets; also the flows that short headers belong to */
#define SHORTS 64000u
#define FIRST_PACKETS 10u
#define CONNECTIONS WARM_UP
#define BATCH 50u /* packets that the engine is told of at once, as by the daemon */
#define IPV4_SOURCE 12
#define RELOADS 2u

static uint8_t shorts[BATCH][INITIAL_PACKET_LEN];
static unsigned accepted;

typedef void handle_batch(struct engine_worker *worker, const struct engine_packet *packets,
                          struct qw_time now);

static void handle(struct engine_worker *worker, const struct engine_packet *packets, struct qw_time now)
{
    struct engine_verdict verdict;
    engine_expect(worker, packets, BATCH);
    for (unsigned i = 0; i < BATCH; i++) {
        engine_handle(worker, &packets[i], now, &verdict);
        accepted += verdict.action == ENGINE_ACCEPT;
    }
}

/* Neither inlined nor renamed: callgrind finds it by its name. */
__attribute__((noinline, noclone)) handle_batch bench_counted;

void bench_counted(struct engine_worker *worker, const struct engine_packet *packets, struct qw_time now)
{
    handle(worker, packets, now);
}

struct bench {
    const struct config *config;
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    bool reloads;
    unsigned long before; /* allocations before the work that counts */
};

static struct engine_packet packet_of(const uint8_t *data)
{
    return (struct engine_packet){
        .data = data, .captured = INITIAL_PACKET_LEN, .wire_len = INITIAL_PACKET_LEN, .from = ENGINE_INSIDE};
}

/* Flows in turn. */
static void send_shorts(handle_batch *batch, struct engine_worker *worker, unsigned count, struct qw_time now)
{
    struct engine_packet packets[BATCH];
    for (unsigned sent = 0; sent < count; sent += BATCH) {
        for (unsigned i = 0; i < BATCH; i++) {
            uint32_t flow = (sent + i) % WARM_UP;
            shorts[i][IPV4_SOURCE + 2] = (uint8_t)(flow >> 8);
            shorts[i][IPV4_SOURCE + 3] = (uint8_t)flow;
            packets[i] = packet_of(shorts[i]);
        }
        batch(worker, packets, now);
    }
}

static void send_initials(handle_batch *batch, struct engine_worker *worker, const struct initials *set,
                          uint32_t first, struct qw_time now)
{
    struct engine_packet packets[BATCH];
    for (uint32_t sent = first; sent < first + CONNECTIONS; sent += BATCH) {
        for (unsigned i = 0; i < BATCH; i++)
            packets[i] = packet_of(set->packet[sent + i]);
        batch(worker, packets, now);
    }
}

static void prepare(const uint8_t payload[static INITIAL_LEN])
{
    for (unsigned i = 0; i < BATCH; i++)
        test_udp(shorts[i], sizeof shorts[i], "10.0.0.0:5000", "192.0.2.1:443", payload, INITIAL_LEN);
}

static void prepare_shorts(void)
{
    static const uint8_t SHORT_HEADER[INITIAL_LEN] = {0x43};
    prepare(SHORT_HEADER);
}

/* Round trips are measured of flows that begin with an Initial, also of one that nobody can open. The first
 * packets of a flow are looked at more closely (account.c): they are warm-up. */
static unsigned work_spin(struct bench *bench)
{
    static const uint8_t INITIAL_HEADER[INITIAL_LEN] = {0xc0, 0, 0, 0, 1, 8};
    prepare(INITIAL_HEADER);
    send_shorts(handle, bench->worker, WARM_UP, bench->now);
    prepare_shorts();
    send_shorts(handle, bench->worker, FIRST_PACKETS * WARM_UP, bench->now);
    bench_require(accepted == (1 + FIRST_PACKETS) * WARM_UP, "the first packets pass");
    accepted = WARM_UP;
    bench->before = bench_allocations();
    send_shorts(bench_counted, bench->worker, SHORTS, bench->now);
    return SHORTS;
}

static unsigned work_short(struct bench *bench)
{
    prepare_shorts();
    send_shorts(handle, bench->worker, WARM_UP, bench->now);
    bench->before = bench_allocations();
    send_shorts(bench_counted, bench->worker, SHORTS, bench->now);
    return SHORTS;
}

/* The first round of new connections also pays for what OpenSSL sets up once. */
static unsigned work_initial(struct bench *bench)
{
    struct initials *set = initials_new();
    send_initials(handle, bench->worker, set, 0, bench->now);
    bench->before = bench_allocations();
    send_initials(bench_counted, bench->worker, set, CONNECTIONS, bench->now);
    free(set);
    return CONNECTIONS;
}

/* ---- mode nat ---- */

enum { SRC = 12, DST = 16, SRC_PORT = 20, DST_PORT = 22 }; /* RFC 791 3.1, RFC 768 */

static uint8_t external_ports[WARM_UP][2];
static uint8_t ways[2][INITIAL_PACKET_LEN]; /* a packet from inside, one from outside */

/* Translated in place, so it is made anew each time. */
static struct engine_packet nat_packet(unsigned place, uint32_t flow, bool up)
{
    uint8_t *bytes = shorts[place];
    const uint8_t host[2] = {(uint8_t)(flow >> 8), (uint8_t)flow};
    memcpy(bytes, ways[!up], INITIAL_PACKET_LEN);
    if (up)
        memcpy(bytes + SRC + 2, host, 2);
    else
        memcpy(bytes + DST_PORT, external_ports[flow], 2);
    struct engine_packet packet = packet_of(bytes);
    packet.writable = bytes;
    packet.from = up ? ENGINE_INSIDE : ENGINE_OUTSIDE;
    return packet;
}

static void begin_nat_flows(struct engine_worker *worker, struct qw_time now)
{
    static const uint8_t SHORT_HEADER[INITIAL_LEN] = {0x43};
    struct engine_verdict verdict;
    test_udp(ways[0], INITIAL_PACKET_LEN, "10.0.0.0:5000", "192.0.2.1:443", SHORT_HEADER, INITIAL_LEN);
    test_udp(ways[1], INITIAL_PACKET_LEN, "192.0.2.1:443", "203.0.113.1:1", SHORT_HEADER, INITIAL_LEN);
    for (uint32_t flow = 0; flow < WARM_UP; flow++) {
        struct engine_packet packet = nat_packet(0, flow, true);
        engine_handle(worker, &packet, now, &verdict);
        accepted += verdict.action == ENGINE_ACCEPT && verdict.translated;
        memcpy(external_ports[flow], shorts[0] + SRC_PORT, 2);
        packet = nat_packet(0, flow, false);
        engine_handle(worker, &packet, now, &verdict);
    }
}

static unsigned work_nat(struct bench *bench)
{
    struct engine_packet packets[BATCH];
    begin_nat_flows(bench->worker, bench->now);
    bench->before = bench_allocations();
    for (unsigned sent = 0; sent < SHORTS; sent += BATCH) {
        for (unsigned i = 0; i < BATCH; i++)
            packets[i] = nat_packet(i, (sent + i) / 2 % WARM_UP, i % 2 == 0);
        bench_counted(bench->worker, packets, bench->now);
    }
    return SHORTS;
}

/* ---- reloads ---- */

static unsigned work_reload(struct bench *bench)
{
    prepare_shorts();
    send_shorts(handle, bench->worker, WARM_UP, bench->now);
    bench->before = bench_allocations();
    for (unsigned i = 0; i < RELOADS; i++) {
        if (bench->reloads)
            bench_require(engine_reload(bench->engine, bench->config, stderr) == QW_OK, "a reload");
        send_shorts(bench_counted, bench->worker, BATCH, bench->now);
    }
    return RELOADS * BATCH;
}

static char list_path[] = "/tmp/quicward-names-XXXXXX", config_path[] = "/tmp/quicward-bench-XXXXXX";

static FILE *temporary(char *path)
{
    int fd = mkstemp(path);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    bench_require(out != NULL, "a file in /tmp");
    return out;
}

/* The list is read at each reload. */
static const struct config *config_with_names(unsigned names)
{
    struct config *config;
    FILE *list = temporary(list_path), *out = temporary(config_path);
    for (unsigned i = 0; i < names; i++)
        fprintf(list, "host-%u.example.org\n", i);
    fprintf(out,
            "mode = \"firewall\"; inside = [\"lan0\"]; outside = [\"wan0\"];"
            "sni_lists = { l = \"%s\"; };"
            "rules = ({ name = \"r\"; sni_list = \"l\"; action = \"drop\"; });",
            list_path);
    fclose(list);
    fclose(out);
    bench_require(config_load(config_path, stderr, &config) == QW_OK, "a configuration");
    unlink(config_path);
    return config;
}

/* ---- all ---- */

static const struct kind {
    const char *name;
    unsigned (*work)(struct bench *bench); /* returns the packets counted */
    bool nat, reloads;
} KINDS[] = {
    {"short", work_short, false, false},     {"spin", work_spin, false, false},
    {"initial", work_initial, false, false}, {"nat", work_nat, true, false},
    {"quiet", work_reload, false, false},    {"reload", work_reload, false, true},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (strcmp(KINDS[i].name, name) == 0)
            return &KINDS[i];
    bench_require(false, "usage: bench_work short|spin|initial|nat|quiet|reload [NAMES]");
    return NULL;
}

static const struct config *config_of(const struct kind *kind, unsigned names)
{
    static struct config config;
    if (names > 0)
        return config_with_names(names);
    config_defaults(&config);
    config.initials_rate = config.initials_per_source = 0; /* its clock stands */
    if (kind->nat) {
        config.mode = CONFIG_NAT;
        config.external_count = 1;
        bench_require(qw_addr_parse("203.0.113.1", &config.external[0], &(enum qw_family){0}), "an address");
    }
    return &config;
}

int main(int argc, char **argv)
{
    const struct kind *kind = kind_of(argc > 1 ? argv[1] : "");
    struct bench bench = {.now = {QW_NS_PER_SECOND}, .reloads = kind->reloads};
    bench.config = config_of(kind, argc > 2 ? (unsigned)atoi(argv[2]) : 0);
    struct engine_options options = {.config = bench.config, .secret = {3, 4}, .errors = stderr};
    bench_require(engine_new(&options, &bench.engine) == QW_OK, "engine_new");
    bench.worker = engine_worker_new(bench.engine);
    bench_require(bench.worker != NULL, "engine_worker_new");
    unsigned packets = kind->work(&bench);
    unsigned long allocations = bench_allocations() - bench.before;
    bench_require(accepted == packets + WARM_UP, "every packet passes");
    printf("%u packets\n%lu allocations\n", packets, allocations);
    engine_worker_free(bench.worker);
    engine_free(bench.engine);
    unlink(list_path);
    return 0;
}
