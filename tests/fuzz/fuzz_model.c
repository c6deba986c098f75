/* Random operations on an engine against a naive model: flows as a plain list, each with two ends, when it
 * was last used and who spoke. Verdicts and external endpoints must be the same. The first byte chooses
 * firewall or NAT with one of its three kinds of filtering (RFC 4787 5). */
#include "engine_input.h"
#include "packets.h"
#include <quicward/packet.h>
#include <string.h>

#define HOSTS 4
#define SERVERS 6 /* three addresses, two ports each */
#define FLOWS_MAX (HOSTS * SERVERS)
#define ONE_WAY_NS (120 * QW_NS_PER_SECOND)
#define TWO_WAY_NS (300 * QW_NS_PER_SECOND)

static const char *const LAN[HOSTS] = {"10.0.0.5:5000", "10.0.0.5:5001", "10.0.0.6:5000", "10.0.0.7:6001"};
static const char *const WAN[SERVERS] = {"192.0.2.1:443", "192.0.2.1:4443",  "192.0.2.2:443",
                                         "192.0.2.2:853", "203.0.113.9:443", "203.0.113.9:9000"};

struct model_flow {
    bool lives, inside_spoke, outside_spoke;
    uint64_t last, ended; /* ended: when it expired; 0: it did not */
};

struct model {
    bool nat;
    enum config_filtering filtering;
    struct engine *engine; /* each input finds it with everything expired */
    struct engine_worker *worker;
    struct qw_time now;
    struct model_flow flows[HOSTS][SERVERS];
    bool mapped[HOSTS];                         /* now */
    bool known[HOSTS];                          /* it has been told an external endpoint */
    char external[HOSTS][QW_ENDPOINT_TEXT_MAX]; /* the last one */
    uint8_t packet[128];
    size_t len;
};

/* ---- what should be ---- */

static bool both_spoke(const struct model_flow *flow)
{
    return flow->inside_spoke && flow->outside_spoke;
}

static void expire(struct model *m)
{
    for (unsigned h = 0; h < HOSTS; h++) {
        bool held = false;
        for (unsigned s = 0; s < SERVERS; s++) {
            struct model_flow *flow = &m->flows[h][s];
            uint64_t timeout = both_spoke(flow) ? TWO_WAY_NS : ONE_WAY_NS;
            if (flow->lives && m->now.ns - flow->last >= timeout)
                *flow = (struct model_flow){.ended = flow->last + timeout};
            held |= flow->lives && flow->inside_spoke;
        }
        m->mapped[h] = m->mapped[h] && held;
    }
}

/* Did the host speak to the server, as far as the filter asks? */
static bool filter_passes(const struct model *m, unsigned host, unsigned server)
{
    for (unsigned s = 0; s < SERVERS; s++) {
        const struct model_flow *flow = &m->flows[host][s];
        if (!flow->lives || !flow->inside_spoke)
            continue;
        if (m->filtering == CONFIG_ENDPOINT_INDEPENDENT || s == server ||
            (m->filtering == CONFIG_ADDRESS_DEPENDENT && s / 2 == server / 2))
            return true;
    }
    return false;
}

/* What an expired flow held is given back within a second: what becomes of a packet meanwhile is open. */
static bool unclear(const struct model *m, unsigned host)
{
    for (unsigned s = 0; s < SERVERS; s++)
        if (m->flows[host][s].ended && m->now.ns - m->flows[host][s].ended < 2 * QW_NS_PER_SECOND)
            return true;
    return false;
}

static bool may_enter(const struct model *m, unsigned host, unsigned server)
{
    if (!m->nat)
        return m->flows[host][server].lives;
    return m->mapped[host] && (m->flows[host][server].lives || filter_passes(m, host, server));
}

static void speak(struct model *m, unsigned host, unsigned server, bool outside)
{
    struct model_flow *flow = &m->flows[host][server];
    bool begins = !flow->lives;
    if (begins)
        *flow = (struct model_flow){.lives = true};
    flow->inside_spoke |= !outside;
    flow->outside_spoke |= outside;
    if (begins || flow->inside_spoke) /* RFC 4787 REQ-6: nobody outside keeps it alive alone */
        flow->last = m->now.ns;
}

/* ---- what is ---- */

static bool pass(struct model *m, const char *from, const char *to, bool outside)
{
    struct engine_verdict verdict;
    m->len = test_udp(m->packet, sizeof m->packet, from, to, "x", 1);
    const struct engine_packet packet = {.data = m->packet,
                                         .writable = m->packet,
                                         .captured = m->len,
                                         .wire_len = (uint32_t)m->len,
                                         .from = outside ? ENGINE_OUTSIDE : ENGINE_INSIDE,
                                         .from_interface = outside ? "wan0" : "lan0",
                                         .to_interface = outside ? "lan0" : "wan0"};
    engine_handle(m->worker, &packet, m->now, &verdict);
    NEED(verdict.action != ENGINE_HOLD);
    return verdict.action == ENGINE_ACCEPT;
}

static void end_text(const struct model *m, bool source, char out[static QW_ENDPOINT_TEXT_MAX])
{
    struct packet_view view;
    NEED(packet_decode(m->packet, m->len, (uint32_t)m->len, &view) == QW_OK);
    qw_endpoint_text(source ? &view.tuple.src : &view.tuple.dst, view.tuple.family, out);
}

/* Another host must not have the endpoint at the same time. */
static void check_external(struct model *m, unsigned host)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    end_text(m, true, text);
    if (m->mapped[host])
        NEED(strcmp(text, m->external[host]) == 0);
    for (unsigned h = 0; h < HOSTS; h++)
        NEED(h == host || !m->mapped[h] || strcmp(text, m->external[h]) != 0);
    memcpy(m->external[host], text, sizeof text);
    m->mapped[host] = m->known[host] = true;
}

static void leave(struct model *m, unsigned host, unsigned server)
{
    NEED(pass(m, LAN[host], WAN[server], false));
    if (m->nat)
        check_external(m, host);
    speak(m, host, server, false);
}

static bool is_anothers(const struct model *m, unsigned host)
{
    for (unsigned h = 0; h < HOSTS; h++)
        if (h != host && m->mapped[h] && strcmp(m->external[h], m->external[host]) == 0)
            return true;
    return false;
}

static void enter(struct model *m, unsigned host, unsigned server)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    if (m->nat && (!m->known[host] || unclear(m, host) || (!m->mapped[host] && is_anothers(m, host))))
        return;
    bool wanted = may_enter(m, host, server);
    bool got = pass(m, WAN[server], m->nat ? m->external[host] : LAN[host], true);
    NEED(got == wanted);
    if (!got)
        return;
    end_text(m, false, text);
    NEED(strcmp(text, LAN[host]) == 0);
    speak(m, host, server, true);
}

static void step(struct model *m, uint8_t what)
{
    static const uint64_t PAUSES[] = {1000000,     900000000,    7000000000,
                                      31000000000, 119000000000, 121000000000};
    const unsigned host = what >> 1 & 3, server = what >> 3 & 7;
    if (what >= 0xe0) {
        m->now.ns += PAUSES[what % (sizeof PAUSES / sizeof PAUSES[0])];
        engine_tick(m->worker, m->now, 1000);
        return;
    }
    expire(m);
    if (what & 1)
        enter(m, host, server % SERVERS);
    else
        leave(m, host, server % SERVERS);
}

static struct config *make_config(unsigned which)
{
    static const char *const FILTERING[] = {"endpoint-independent", "address-dependent",
                                            "address-and-port-dependent"};
    char text[400];
    snprintf(text, sizeof text,
             "mode = \"%s\"; inside = [\"lan0\"]; outside = [\"wan0\"]; flows = { max = 64; per_host = "
             "16777216; };",
             which ? "nat" : "firewall");
    if (which)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "nat = { external = [\"198.51.100.7\"]; filtering = \"%s\"; };", FILTERING[which - 1]);
    return fuzz_config(text);
}

static void begin(struct model *m, unsigned which)
{
    struct config *config = make_config(which);
    *m = (struct model){.nat = which > 0, .filtering = config->filtering, .now = {1000 * QW_NS_PER_SECOND}};
    m->engine = fuzz_engine(config, NULL, m->now);
    m->worker = engine_worker_new(m->engine);
    NEED(m->worker);
    config_free(config);
}

static void end_all(struct model *m)
{
    struct engine_stats stats;
    m->now.ns += 1000 * QW_NS_PER_SECOND;
    engine_tick(m->worker, m->now, 1000);
    expire(m);
    engine_stats(m->engine, &stats);
    NEED(stats.counters.flows_attempts + stats.counters.flows_answered == 0 && stats.counters.mappings == 0);
    memset(m->known, 0, sizeof m->known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct model models[4];
    struct fuzz_input in = {data, size};
    unsigned which = fuzz_byte(&in) % 4;
    struct model *m = &models[which];
    if (!m->engine)
        begin(m, which);
    for (unsigned i = 0; i < 400 && in.left > 0; i++)
        step(m, fuzz_byte(&in));
    end_all(m);
    return 0;
}
