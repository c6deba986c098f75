#include "reading.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* No valid short header packet is smaller (RFC 9000 10.3). */
#define SHORT_PACKET_MIN 21

/* More packets than any real datagram carries (RFC 9000 12.2 has four types); the rest is not read. */
#define PACKETS_MAX 8

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
    struct confirm_attempt attempt = {
        .client = (uint8_t)r->from, .version = r->packet->version, .client_scid = r->scid};
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

static void read_packet(struct reading *r)
{
    if (r->packet->type == QUIC_SHORT) {
        if (r->packet->packet.len >= SHORT_PACKET_MIN)
            read_short(r);
        return;
    }
    r->dcid = attempt_cid(r->reader, r->packet->dcid);
    r->scid = attempt_cid(r->reader, r->packet->scid);
    switch (r->packet->type) {
    case QUIC_INITIAL:
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
    case QUIC_NEGOTIATION: /* RFC 8999 6: the next attempt shows what came of it */
        break;
    }
}

/* RFC 9000 12.2: the packets of a datagram share their DCID. What else follows is padding, or made by others.
 */
static bool belongs(const struct quic_packet *packet, struct qw_bytes first_dcid)
{
    const uint8_t *dcid = packet->type == QUIC_SHORT ? packet->packet.data + 1 : packet->dcid.data;
    size_t room = packet->type == QUIC_SHORT ? packet->packet.len - 1 : packet->dcid.len;
    return room >= first_dcid.len &&
           (first_dcid.len == 0 || memcmp(dcid, first_dcid.data, first_dcid.len) == 0);
}

/* An unknown version's client goes on with whatever its packets look like. */
static void client_more(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++)
        if (reading_from_client(r, &r->scratch->attempts[i]))
            reading_event(r, &r->scratch->attempts[i], EVENT_CLIENT_MORE);
}

static void describe(const struct confirm *scratch, struct confirm_view *out)
{
    const struct confirm_attempt *best = NULL;
    *out = (struct confirm_view){.state = FLOW_ONE_WAY, .stalled = scratch->fruitless >= CONFIRM_STALL};
    for (unsigned i = 0; i < scratch->in_use; i++) {
        const struct confirm_attempt *attempt = &scratch->attempts[i];
        if (confirm_flow_state((enum confirm_stage)attempt->stage) != FLOW_ONE_WAY &&
            (!best || attempt->stage > best->stage ||
             (attempt->stage == best->stage && attempt->moved > best->moved)))
            best = attempt;
    }
    if (!best)
        return;
    out->state = confirm_flow_state((enum confirm_stage)best->stage);
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
                        .slot = -1};
    struct qw_reader datagram = qw_reader(payload.data, payload.len);
    struct qw_bytes first_dcid = {0};
    bool unknown = false;
    scratch->clock++;
    reader->opened_len = reader->piece_count = 0;
    client_more(&r);
    for (int i = 0; i < PACKETS_MAX && quic_next(&datagram, &packet) == QW_OK; i++) {
        if (i == 0)
            first_dcid = packet.dcid;
        else if (!belongs(&packet, first_dcid))
            break;
        unknown |= packet.type == QUIC_OTHER_VERSION;
        read_packet(&r);
    }
    if (r.progress)
        scratch->fruitless = 0;
    else if (unknown)
        scratch->fruitless++;
    describe(scratch, out);
    out->slot = r.slot;
}

size_t confirm_pieces(const struct confirm_reader *reader, const struct confirm_piece **out)
{
    *out = reader->pieces;
    return reader->piece_count;
}
