/* Packets of both sides, with times between them, through an engine with names to look for, NAT, limits and
 * size limits. The first byte chooses the mode. What is counted must add up. */
#include "engine_input.h"
#include "packets.h"
#include "sequence_input.h"
#include <string.h>

#define COMMON                                                                                               \
    "inside = [\"lan0\"]; outside = [\"wan0\"]; flows = { max = 64; handshakes = 8; };"                      \
    "size_limits = ({ class = \"udp\"; limit = 1400; });"
#define RULES                                                                                                \
    "rules = ({ name = \"bad\"; sni = \".blocked.test\"; action = \"drop\"; },"                              \
    " { name = \"no\"; sni = \"server.test\"; action = \"reject\"; },"                                       \
    " { name = \"h3\"; alpn = \"h3\"; action = \"accept\"; });"

static const char *const CONFIGS[] = {
    "mode = \"firewall\"; " COMMON RULES,
    "mode = \"firewall\"; default_out = \"drop\"; " COMMON RULES,
    "mode = \"nat\"; nat = { external = [\"198.51.100.7\"]; }; " COMMON RULES,
    "mode = \"monitor\"; " COMMON RULES,
};

#define CONFIG_COUNT (sizeof CONFIGS / sizeof CONFIGS[0])

static size_t make_packet(const struct sequence_datagram *datagram, uint8_t *out, size_t size)
{
    static const char *const INSIDE[] = {"10.0.0.5:5000", "[2001:db8:1::5]:5000"};
    static const char *const OUTSIDE[] = {"192.0.2.1:443", "[2001:db8:2::1]:443"};
    const bool six = datagram->flags & 0x40, server = datagram->flags & SEQUENCE_SERVER;
    if (datagram->flags & 0x80) { /* any bytes as a packet */
        memcpy(out, datagram->bytes.data ? datagram->bytes.data : out, datagram->bytes.len);
        return datagram->bytes.len;
    }
    struct qw_bytes payload = sequence_payload(datagram);
    const char *from = server ? OUTSIDE[six] : INSIDE[six], *to = server ? INSIDE[six] : OUTSIDE[six];
    return test_udp(out, size, from, to, payload.data, payload.len);
}

static void send_one(struct engine_worker *worker, const struct sequence_datagram *datagram,
                     struct qw_time now, uint64_t token)
{
    static uint8_t bytes[4096];
    struct engine_verdict verdict;
    const bool server = datagram->flags & SEQUENCE_SERVER;
    size_t len = make_packet(datagram, bytes, sizeof bytes);
    const struct engine_packet packet = {.data = bytes,
                                         .writable = bytes,
                                         .captured = len,
                                         .wire_len = (uint32_t)len,
                                         .from = server ? ENGINE_OUTSIDE : ENGINE_INSIDE,
                                         .from_interface = server ? "wan0" : "lan0",
                                         .to_interface = server ? "lan0" : "wan0",
                                         .token = token};
    engine_expect(worker, &packet, 1);
    engine_handle(worker, &packet, now, &verdict);
    NEED(verdict.action <= ENGINE_HOLD);
    NEED(!verdict.reply || verdict.action != ENGINE_HOLD);
}

/* Engines are made once: each input finds one in which everything has expired. */
struct life {
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_time now;
    uint64_t sent;
};

/* Every packet was accepted, dropped, or waits. */
static void check_counts(const struct life *life)
{
    struct engine_stats stats;
    engine_stats(life->engine, &stats);
    NEED(stats.counters.packets == life->sent);
    NEED(stats.counters.packets ==
         stats.counters.accepted + stats.counters.dropped + engine_held(life->worker));
}

static size_t show_flows(const struct life *life)
{
    static struct engine_flow flows[65];
    uint64_t cursor = 0;
    return engine_flows(life->engine, &cursor, life->now, flows, 65);
}

static void end_all(struct life *life)
{
    struct engine_stats stats;
    life->now.ns += 1000 * QW_NS_PER_SECOND;
    for (unsigned i = 0; i < 3; i++, life->now.ns += QW_NS_PER_SECOND)
        while (engine_tick(life->worker, life->now, 100) == 100)
            continue;
    engine_stats(life->engine, &stats);
    NEED(engine_held(life->worker) == 0 && show_flows(life) == 0 && stats.counters.mappings == 0);
    check_counts(life);
}

static void run(struct fuzz_input *in, struct life *life)
{
    struct sequence_datagram datagram;
    for (unsigned i = 0; i < 200 && sequence_next(in, &datagram); i++) {
        life->now.ns += sequence_pause_ns(datagram.pause);
        send_one(life->worker, &datagram, life->now, ++life->sent);
        check_counts(life);
        engine_tick(life->worker, life->now, 8);
        check_counts(life);
    }
    NEED(show_flows(life) <= 64);
    end_all(life);
}

static void begin(struct life *life, unsigned which)
{
    struct config *config = fuzz_config(CONFIGS[which]);
    life->now.ns = 1000 * QW_NS_PER_SECOND;
    life->engine = fuzz_engine(config, NULL, life->now);
    life->worker = engine_worker_new(life->engine);
    NEED(life->worker);
    config_free(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct life lives[CONFIG_COUNT];
    struct fuzz_input in = {data, size};
    unsigned which = fuzz_byte(&in) % CONFIG_COUNT;
    if (!lives[which].engine)
        begin(&lives[which], which);
    run(&in, &lives[which]);
    return 0;
}
