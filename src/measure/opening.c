/* The handshake's round trips, from long headers alone: nothing is decrypted, and a capture may have cut the
 * datagrams. A half ends only when a packet names the connection ID that its sender must have received. */
#include <quicward/measure.h>
#include <quicward/quic.h>
#include <string.h>

#define PACKETS_MAX 8        /* of a datagram that are looked at; a handshake's have three kinds */
#define ONE_HELLO_US 5000u   /* Initials closer together are one ClientHello in pieces */
#define ONE_FLIGHT_US 10000u /* server Initials closer together are one flight */

/* The packets of one datagram that count. */
struct opening_packets {
    bool initial, handshake, retry, negotiation, is_short;
    uint32_t dcid, scid; /* of the first of them */
    size_t dcid_len;
};

/* FNV-1a: see struct measure_opening. */
static uint32_t hash(struct qw_bytes cid)
{
    uint32_t sum = 2166136261u;
    for (size_t i = 0; i < cid.len; i++)
        sum = (sum ^ cid.data[i]) * 16777619u;
    return sum;
}

static void note(struct opening_packets *seen, const struct quic_packet *packet)
{
    bool first = !(seen->initial || seen->handshake || seen->retry || seen->negotiation);
    seen->initial |= packet->type == QUIC_INITIAL;
    seen->handshake |= packet->type == QUIC_HANDSHAKE;
    seen->retry |= packet->type == QUIC_RETRY;
    seen->negotiation |= packet->type == QUIC_NEGOTIATION;
    if (!first || packet->type == QUIC_SHORT)
        return;
    seen->dcid = hash(packet->dcid);
    seen->scid = hash(packet->scid);
    seen->dcid_len = packet->dcid.len;
}

/* Of a packet that was cut the header counts. */
static struct opening_packets look(struct qw_bytes payload)
{
    struct opening_packets seen = {.is_short = !(payload.data[0] & MEASURE_LONG)};
    struct qw_reader datagram = qw_reader(payload.data, payload.len);
    struct quic_packet packet;
    for (int i = 0; i < PACKETS_MAX && !seen.is_short; i++) {
        enum qw_error error = quic_next(&datagram, &packet);
        bool counts = error == QW_OK || (error == QW_ERR_TRUNCATED && packet.type != QUIC_SHORT);
        if (counts && packet.type != QUIC_ZERO_RTT && packet.type != QUIC_SCONE)
            note(&seen, &packet);
        if (error != QW_OK)
            break;
    }
    return seen;
}

/* ---- the record ---- */

static void set_phase(struct measure *m, enum measure_phase phase)
{
    m->handshake[0] = (m->handshake[0] & ~(uint32_t)MEASURE_PHASE) | (uint32_t)phase * MEASURE_PHASE_UNIT;
}

static void set_half(struct measure *m, unsigned side, uint32_t half)
{
    uint32_t kept = ~((uint32_t)MEASURE_US | (uint32_t)MEASURE_MARKED | (uint32_t)MEASURE_LATE);
    m->handshake[side] = (m->handshake[side] & kept) | half;
}

static void spin(struct measure *m)
{
    memset(m->by, 0, sizeof m->by);
    set_phase(m, MEASURE_SPIN);
}

/* 0 says unknown, so a half is 1 us at least. */
static uint32_t half_of(uint32_t us, bool marked)
{
    uint32_t half = us < MEASURE_US ? us : MEASURE_US;
    return (half ? half : 1) | (marked ? (uint32_t)MEASURE_MARKED : 0);
}

/* An exact half before an upper bound, then the smaller one: whatever is too much is the endpoint's. MARKED
 * is the highest bit. */
static void keep_best(uint32_t *best, uint32_t half)
{
    if (*best == 0 || half < *best)
        *best = half;
}

/* Of what was sent twice: the half since the first time, and beside it, in steps, since the last. */
static uint32_t with_late(uint32_t half, uint32_t late)
{
    unsigned steps = 0;
    for (uint32_t us = half & MEASURE_US; us > late && steps < MEASURE_LATE / MEASURE_LATE_UNIT; steps++)
        us = MEASURE_LATE_STEP(us);
    return half & MEASURE_MARKED && late > 0 ? half | steps * MEASURE_LATE_UNIT : half;
}

/* ---- what the client sends ---- */

static void ask(struct measure_opening *opening, const struct opening_packets *seen, uint32_t now)
{
    opening->first_asked = opening->asked = now;
    opening->client_scid = seen->scid;
    opening->first_dcid = seen->dcid;
}

static void begin(struct measure *m, unsigned sender, const struct opening_packets *seen, uint32_t now)
{
    m->handshake[0] = sender ? (uint32_t)MEASURE_CLIENT_1 : 0;
    m->handshake[1] = 0;
    m->opening = (struct measure_opening){0};
    ask(&m->opening, seen, now);
    set_phase(m, MEASURE_ASKED);
}

/* Another first DCID is another connection, or the same one behind a Version Negotiation. */
static void ask_again(struct measure *m, const struct opening_packets *seen, uint32_t now)
{
    struct measure_opening *opening = &m->opening;
    if (seen->dcid != opening->first_dcid) {
        ask(opening, seen, now);
        return;
    }
    if (now - opening->asked <= ONE_HELLO_US && opening->first_asked == opening->asked)
        opening->first_asked = now;
    opening->asked = now;
}

/* The client follows the Retry: from here on the server's Initial is awaited. */
static void follow_retry(struct measure *m, const struct opening_packets *seen, uint32_t now)
{
    keep_best(&m->opening.client, half_of(now - m->opening.answered, false));
    ask(&m->opening, seen, now);
    set_phase(m, MEASURE_ASKED);
}

/* While it is open what the client heard there is more to come, until it has all of the server's flight: the
 * last time is the best guess. */
static void client_heard(struct measure *m, bool all, uint32_t now)
{
    struct measure_opening *opening = &m->opening;
    bool marked = opening->asked != opening->answered;
    keep_best(&opening->client, half_of(now - opening->answered, marked));
    set_half(m, measure_client(m), with_late(opening->client, now - opening->asked));
    if (all || !marked)
        spin(m);
}

/* It finished, although that was not seen: this is the first that came of what it sent then, or later. */
static void client_finished(struct measure *m, uint32_t now)
{
    if (measure_phase(m) == MEASURE_ANSWERED && (m->handshake[measure_client(m)] & MEASURE_US) == 0)
        set_half(m, measure_client(m), half_of(now - m->opening.answered, true));
    spin(m);
}

static void from_client(struct measure *m, const struct opening_packets *seen, uint32_t now)
{
    enum measure_phase phase = measure_phase(m);
    bool heard = seen->dcid == m->opening.awaited;
    bool names_it = seen->initial && heard && m->opening.awaited != m->opening.first_dcid;
    if (phase == MEASURE_ANSWERED && (seen->handshake || names_it)) /* Handshake keys come from the server */
        client_heard(m, seen->handshake, now);
    else if (phase == MEASURE_RETRIED && seen->initial && heard)
        follow_retry(m, seen, now);
    else if (phase != MEASURE_ANSWERED && seen->initial)
        ask_again(m, seen, now);
}

/* ---- what the server sends ---- */

static uint32_t server_half(const struct measure_opening *opening, uint32_t now)
{
    return half_of(now - opening->first_asked, opening->first_asked != opening->asked);
}

static void answer(struct measure *m, const struct opening_packets *seen, enum measure_phase phase,
                   uint32_t now)
{
    keep_best(&m->opening.server, server_half(&m->opening, now));
    set_half(m, !measure_client(m), with_late(m->opening.server, now - m->opening.asked));
    m->opening.answered = m->opening.asked = now;
    m->opening.awaited = seen->scid;
    set_phase(m, phase);
}

/* RFC 8999 6: the client begins again, with a first DCID of its own. */
static void negotiate(struct measure *m, uint32_t now)
{
    keep_best(&m->opening.server, server_half(&m->opening, now));
    m->opening.first_dcid = ~m->opening.first_dcid;
}

static void from_server(struct measure *m, const struct opening_packets *seen, uint32_t now)
{
    struct measure_opening *opening = &m->opening;
    bool asked = measure_phase(m) != MEASURE_ANSWERED;
    if (seen->dcid != opening->client_scid)
        return;
    if ((seen->initial || seen->handshake) && asked) /* the datagram with the Initial may be lost */
        answer(m, seen, MEASURE_ANSWERED, now);
    else if (seen->initial && now - opening->answered > ONE_FLIGHT_US)
        opening->asked = now; /* it says the same again: which of them the client hears, nobody knows */
    else if (seen->retry && measure_phase(m) == MEASURE_ASKED && opening->client == 0)
        answer(m, seen, MEASURE_RETRIED, now); /* a client follows one only (RFC 9000 17.2.5.2) */
    else if (seen->negotiation && measure_phase(m) == MEASURE_ASKED && opening->server == 0)
        negotiate(m, now);
}

/* ---- a datagram ---- */

static bool may_begin(const struct measure *m, const struct opening_packets *seen, bool fresh)
{
    enum measure_phase phase = measure_phase(m);
    bool first = phase == MEASURE_NOTHING || (phase == MEASURE_SPIN && fresh);
    return first && seen->initial && seen->dcid_len >= QUIC_CLIENT_DCID_MIN;
}

void measure_open(struct measure *m, unsigned sender, struct qw_bytes payload, bool fresh, uint32_t now_us)
{
    struct opening_packets seen = look(payload);
    enum measure_phase phase = measure_phase(m);
    bool client = sender == measure_client(m);
    if (may_begin(m, &seen, fresh))
        begin(m, sender, &seen, now_us);
    else if (phase == MEASURE_NOTHING || phase == MEASURE_SPIN)
        return;
    else if (seen.is_short && client) {
        client_finished(m, now_us);
        measure_spin(m, sender, payload.data[0] & MEASURE_SPIN_BIT, now_us);
    } else if (client)
        from_client(m, &seen, now_us);
    else
        from_server(m, &seen, now_us);
}

void measure_join(struct measure *m, unsigned client)
{
    m->handshake[0] = client ? (uint32_t)MEASURE_CLIENT_1 : 0;
    m->handshake[1] = 0;
    spin(m);
}
