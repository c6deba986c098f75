#include "explain_flow.h"
#include <quicward/base/reason.h>
#include <quicward/io.h>
#include <string.h>

#define UDP_LEN 8u
#define PROTOCOL_UDP 17
#define PACKET_SIZE (40 + UDP_LEN)

/* The address of a router whose configuration does not say it: nobody's (RFC 5737). */
#define NOBODYS "198.51.100.255"

struct trial {
    const struct config *config;
    struct config small; /* the same with tables for one flow; owns nothing */
    struct engine *engine;
    struct engine_worker *worker;
    struct qw_tuple tuple; /* on the wire */
    bool no_port;          /* no mapping for the host inside could be made */
    uint8_t packet[PACKET_SIZE];
    struct engine_trial result;
};

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put_udp(uint8_t *at, const struct qw_tuple *tuple)
{
    put16(at, tuple->src.port);
    put16(at + 2, tuple->dst.port);
    put16(at + 4, UDP_LEN);
}

/* RFC 791 3.1, RFC 8200 3. Checksums are the kernel's to check: none is needed here. */
static size_t make_packet(const struct qw_tuple *tuple, uint8_t out[static PACKET_SIZE])
{
    memset(out, 0, PACKET_SIZE);
    if (tuple->family == QW_IPV4) {
        out[0] = 0x45;
        put16(out + 2, 20 + UDP_LEN);
        out[8] = 64;
        out[9] = PROTOCOL_UDP;
        memcpy(out + 12, tuple->src.addr.bytes + 12, 4);
        memcpy(out + 16, tuple->dst.addr.bytes + 12, 4);
        put_udp(out + 20, tuple);
        return 20 + UDP_LEN;
    }
    out[0] = 0x60;
    put16(out + 4, UDP_LEN);
    out[6] = PROTOCOL_UDP;
    out[7] = 64;
    memcpy(out + 8, tuple->src.addr.bytes, 16);
    memcpy(out + 24, tuple->dst.addr.bytes, 16);
    put_udp(out + 40, tuple);
    return 40 + UDP_LEN;
}

/* ---- the engine ---- */

static bool begin(struct trial *trial, const struct config *config)
{
    struct qw_addr addr;
    enum qw_family family;
    trial->config = config;
    trial->small = *config;
    trial->small.flows_max = trial->small.handshakes_max = 64;
    trial->small.hold_total = 8;
    trial->small.hello_memory_kib = 64;
    const struct engine_options options = {
        .config = &trial->small, .errors = stderr, .secret = io_random_key(), .now = io_now()};
    if (engine_new(&options, &trial->engine) != QW_OK)
        return false;
    if (config->mode == CONFIG_NAT && config->external_auto && qw_addr_parse(NOBODYS, &addr, &family))
        for (unsigned i = 0; i < config->external_count; i++, addr.bytes[15]--)
            engine_set_external_of(trial->engine, i, &addr, options.now);
    trial->worker = engine_worker_new(trial->engine);
    return trial->worker != NULL;
}

static void end(struct trial *trial)
{
    engine_worker_free(trial->worker);
    engine_free(trial->engine);
}

/* ---- the packet ---- */

static bool comes_from_outside(const struct trial *trial, const struct policy_facts *facts)
{
    return trial->config->mode == CONFIG_NAT && facts->direction == CONFIG_IN &&
           facts->tuple.family == QW_IPV4;
}

static bool is_external(const struct config *config, const struct qw_endpoint *endpoint)
{
    for (unsigned i = 0; !config->external_auto && i < config->external_count; i++)
        if (qw_addr_equal(&config->external[i], &endpoint->addr))
            return true;
    return false;
}

/* From outside a packet goes to an external endpoint, unless nat.except has one of its addresses. People name
 * that endpoint, or the host inside that it stands for. */
static void address(struct trial *trial, const struct policy_facts *facts)
{
    const struct qw_tuple *tuple = &facts->tuple;
    trial->tuple = *tuple;
    if (!comes_from_outside(trial, facts) || is_external(trial->config, &tuple->dst) ||
        config_is_excepted(trial->config, &tuple->src.addr, &tuple->dst.addr))
        return;
    struct qw_endpoint external;
    if (engine_trial_map(trial->engine, &facts->tuple.dst, io_now(), &external))
        trial->tuple.dst = external;
    else
        trial->no_port = true;
}

/* What the kernel says of where a packet goes, as src/io/queue has it. */
static const char *leaves_by(const struct trial *trial, const struct policy_facts *facts)
{
    const struct config_interfaces *inside = &trial->config->inside;
    if (!comes_from_outside(trial, facts))
        return facts->to_interface;
    return inside->count == 1 ? inside->names[0] : NULL;
}

static void try(struct trial *trial, const struct policy_facts *facts)
{
    size_t len = make_packet(&trial->tuple, trial->packet);
    const struct engine_packet packet = {.data = trial->packet,
                                         .writable = trial->packet,
                                         .captured = len,
                                         .wire_len = (uint32_t)len,
                                         .from =
                                             facts->direction == CONFIG_OUT ? ENGINE_INSIDE : ENGINE_OUTSIDE,
                                         .from_interface = facts->from_interface,
                                         .to_interface = leaves_by(trial, facts),
                                         .unrouted = comes_from_outside(trial, facts)};
    trial->result = (struct engine_trial){.claims = {.quic = facts->quic,
                                                     .misshapen = facts->misshapen,
                                                     .version = facts->version,
                                                     .hello = facts->hello,
                                                     .hello_unreadable = facts->hello_unreadable}};
    engine_try(trial->worker, &packet, io_now(), &trial->result);
}

/* ---- what is said ---- */

static void say_reason(const char *what, enum qw_reason reason, FILE *out)
{
    fprintf(out, "verdict: %s, %s (%s)\n", what, qw_reason_word(reason), qw_reason_meaning(reason));
}

static void say_verdict(const struct trial *trial, FILE *out)
{
    const struct engine_verdict *verdict = &trial->result.verdict;
    if (trial->result.asked == 0)
        fputs("no rule is tested\n", out);
    if (trial->no_port)
        fputs("no external port is left for this host inside\n", out);
    if (verdict->action == ENGINE_HOLD)
        fputs("verdict: hold, until the ClientHello is complete\n", out);
    else if (verdict->action == ENGINE_DROP)
        say_reason("drop", verdict->reason, out);
    else if (verdict->reason != QW_REASON_NONE)
        say_reason("accept, because mode monitor drops nothing; otherwise drop", verdict->reason, out);
    else
        fputs("verdict: accept\n", out);
}

static void say(const struct trial *trial, const struct policy *policy, FILE *out)
{
    for (unsigned i = 0; i < trial->result.asked; i++) {
        if (i > 0)
            fputs("the destination is an external endpoint, so the flow comes in again from outside:\n", out);
        policy_explain(policy, &trial->result.facts[i], out);
    }
    say_verdict(trial, out);
}

bool explain_try(const struct loaded *loaded, const struct policy_flow *flow, FILE *out)
{
    struct trial trial = {0};
    bool begun = begin(&trial, loaded->config);
    if (begun) {
        address(&trial, &flow->facts);
        try(&trial, &flow->facts);
        say(&trial, loaded->policy, out);
    }
    end(&trial);
    return begun;
}
