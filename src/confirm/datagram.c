#include "reading.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* No valid short header packet is smaller (RFC 9000 10.3). */
#define SHORT_PACKET_MIN 21

/* More packets than fit in 1500 bytes, the smallest that a client may begin with has 37; the rest is not
 * read. */
#define PACKETS_MAX 64

struct confirm_reader *confirm_reader_new(struct qw_hash_key secret)
{
    struct confirm_reader *reader = malloc(sizeof *reader);
    if (!reader)
        return NULL;
    reader->secret = secret;
    reader->crypto = quic_crypto_new();
    if (!reader->crypto) {
        free(reader);
        return NULL;
    }
    return reader;
}

void confirm_reader_free(struct confirm_reader *reader)
{
    if (!reader)
        return;
    quic_crypto_free(reader->crypto);
    free(reader);
}

void confirm_start(struct confirm *scratch)
{
    memset(scratch, 0, offsetof(struct confirm, attempts)); /* memory of the attempts is not touched */
}

void confirm_copy(struct confirm *to, const struct confirm *from)
{
    memcpy(to, from, offsetof(struct confirm, attempts) + from->in_use * sizeof from->attempts[0]);
}

struct confirm_attempt reading_attempt(const struct reading *r)
{
    struct confirm_attempt attempt = {.client = (uint8_t)r->from,
                                      .first_version = r->packet->version,
                                      .version = r->packet->version,
                                      .client_scid = r->scid};
    attempt_set_dcid(&attempt, r->dcid, r->packet->dcid);
    return attempt;
}

void reading_event(struct reading *r, struct confirm_attempt *attempt, enum confirm_event what)
{
    r->progress |= attempt_event(r->scratch, attempt, what);
}

bool reading_from_client(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt->stage != STAGE_FREE && attempt->client == r->from;
}

bool reading_from_server(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt->stage != STAGE_FREE && attempt->client != r->from;
}

/* Zeros behind the last packet are padding that some senders add to the datagram. No packet begins like that:
 * after header protection its bytes look random. */
static bool is_short_packet(struct qw_bytes packet)
{
    static const uint8_t ZEROS[SHORT_PACKET_MIN];
    return packet.len >= SHORT_PACKET_MIN && memcmp(packet.data, ZEROS, SHORT_PACKET_MIN) != 0;
}

static void read_packet(struct reading *r)
{
    if (r->packet->type == QUIC_SHORT) {
        if (is_short_packet(r->packet->packet))
            read_short(r);
        return;
    }
    r->dcid = attempt_cid(r->reader, r->packet->dcid);
    r->scid = attempt_cid(r->reader, r->packet->scid);
    switch (r->packet->type) {
    case QUIC_INITIAL:
        r->reader->failed = false;
        read_initial(r);
        break;
    case QUIC_ZERO_RTT:
        read_zero_rtt(r);
        break;
    case QUIC_HANDSHAKE:
        read_handshake(r);
        break;
    case QUIC_RETRY:
        read_retry(r);
        break;
    case QUIC_SHORT: /* read above: it shows no CIDs */
    case QUIC_OTHER_VERSION:
        read_other(r);
        break;
    case QUIC_SCONE:       /* says nothing of the connection */
    case QUIC_NEGOTIATION: /* RFC 8999 6: the next attempt shows what came of it */
        break;
    }
}

/* RFC 9000 12.2: the packets of a datagram share their DCID. What else follows is padding, or made by others.
 */
static bool belongs(const struct quic_packet *packet, struct qw_bytes first_dcid)
{
    bool is_short = packet->type == QUIC_SHORT;
    const uint8_t *dcid = is_short ? packet->packet.data + 1 : packet->dcid.data;
    bool fits = is_short ? packet->packet.len > first_dcid.len : packet->dcid.len == first_dcid.len;
    return fits && (first_dcid.len == 0 || memcmp(dcid, first_dcid.data, first_dcid.len) == 0);
}

/* Reads the packets of a datagram in order. A SCONE packet stands first, or it is none, and its DCID binds
 * nobody: a server that does not know it would go by the packets behind. True when a version not known here
 * was among them. */
static bool read_packets(struct reading *r, struct qw_bytes payload, struct quic_packet *packet)
{
    struct qw_reader datagram = qw_reader(payload.data, payload.len);
    struct qw_bytes first_dcid = {0};
    bool unknown = false, any = false;
    for (int i = 0; i < PACKETS_MAX && quic_next(&datagram, packet) == QW_OK; i++) {
        unknown |= packet->type == QUIC_OTHER_VERSION || packet->type == QUIC_SCONE;
        if (packet->type == QUIC_SCONE && i == 0)
            continue;
        if (packet->type == QUIC_SCONE || (any && !belongs(packet, first_dcid)))
            break;
        if (!any)
            first_dcid = packet->dcid;
        any = true;
        read_packet(r);
    }
    return unknown;
}

/* An unknown version's client goes on with whatever its packets look like. */
static void client_more(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (!reading_from_client(r, attempt))
            continue;
        attempt->spoke = r->scratch->clock;
        reading_event(r, attempt, EVENT_CLIENT_MORE);
    }
}

/* A version not known here that the server answered in, and showed in it that it received the client's
 * packet. */
static uint32_t other_version_in_use(const struct confirm *scratch)
{
    for (unsigned i = 0; i < scratch->in_use; i++) {
        const struct confirm_attempt *attempt = &scratch->attempts[i];
        if (attempt->stage >= STAGE_LONG_ANSWERED && attempt->stage <= STAGE_LONG_ECHOED &&
            (attempt->client_scid.len > 0 || attempt_cid_equal(attempt->client_dcid, attempt->server_scid)))
            return attempt->version;
    }
    return 0;
}

static void describe(const struct confirm *scratch, struct confirm_view *out)
{
    const struct confirm_attempt *best = NULL;
    *out = (struct confirm_view){
        .state = FLOW_ONE_WAY, .stalled = scratch->fruitless >= CONFIRM_STALL, .speaker = -1};
    for (unsigned i = 0; i < scratch->in_use; i++) {
        const struct confirm_attempt *attempt = &scratch->attempts[i];
        if (confirm_flow_state((enum confirm_stage)attempt->stage) != FLOW_ONE_WAY &&
            (!best || attempt->stage > best->stage ||
             (attempt->stage == best->stage && attempt->moved > best->moved)))
            best = attempt;
    }
    if (!best) {
        out->version = other_version_in_use(scratch);
        return;
    }
    out->state = confirm_flow_state((enum confirm_stage)best->stage);
    out->speaker = (int)(best - scratch->attempts);
    out->client = (enum flow_side)best->client;
    out->version = best->version;
}

void confirm_datagram(struct confirm *scratch, struct confirm_reader *reader, enum flow_side from,
                      struct qw_bytes payload, struct confirm_view *out)
{
    struct quic_packet packet;
    struct reading r = {.scratch = scratch,
                        .reader = reader,
                        .from = from,
                        .datagram_len = payload.len,
                        .packet = &packet,
                        .server_of = -1,
                        .slot = -1};
    scratch->clock++;
    reader->opened_len = reader->piece_count = 0;
    reader->tries = 0;
    reader->exhausted = false;
    reader->fresh[0].version = reader->fresh[1].version = 0;
    client_more(&r);
    bool unknown = read_packets(&r, payload, &packet);
    attempt_sort(reader);
    if (r.progress)
        scratch->fruitless = 0;
    else if (unknown)
        scratch->fruitless++;
    describe(scratch, out);
    out->slot = r.slot;
    out->exhausted = reader->exhausted;
}

size_t confirm_pieces(const struct confirm_reader *reader, const struct confirm_piece **out)
{
    *out = reader->pieces;
    return reader->piece_count;
}
