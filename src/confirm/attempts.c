#include "attempts.h"
#include <string.h>

struct confirm_cid attempt_cid(const struct confirm_reader *reader, struct qw_bytes cid)
{
    return (struct confirm_cid){.hash = qw_hash(reader->secret, cid.data, cid.len), .len = (uint8_t)cid.len};
}

bool attempt_cid_equal(struct confirm_cid a, struct confirm_cid b)
{
    return a.hash == b.hash && a.len == b.len;
}

bool attempt_event(struct confirm *scratch, struct confirm_attempt *attempt, enum confirm_event event)
{
    enum confirm_stage next = confirm_next((enum confirm_stage)attempt->stage, event);
    if (next == attempt->stage)
        return false;
    attempt->stage = (uint8_t)next;
    attempt->moved = scratch->clock;
    return true;
}

bool attempt_open(struct confirm_attempt *attempt, struct confirm_reader *reader,
                  const struct quic_packet *packet, enum quic_sender sender, struct qw_bytes *frames)
{
    struct confirm_initials *initials = &attempt->initials[sender];
    if (initials->version != packet->version) {
        struct qw_bytes dcid = {attempt->dcid, attempt->dcid_len};
        if (quic_initial_keys(reader->crypto, packet->version, dcid, sender, &initials->keys) != QW_OK)
            return false;
        initials->version = packet->version;
    }
    struct quic_opened opened;
    uint8_t *room = reader->opened + reader->opened_len;
    if (quic_initial_open(reader->crypto, &initials->keys, packet, initials->largest, room,
                          sizeof reader->opened - reader->opened_len, &opened) != QW_OK)
        return false;
    if ((int64_t)opened.packet_number > initials->largest)
        initials->largest = (int64_t)opened.packet_number;
    reader->opened_len += packet->packet.len;
    *frames = opened.frames;
    return true;
}

void attempt_collect(struct confirm_reader *reader, unsigned slot, struct qw_bytes frames)
{
    struct qw_reader r = qw_reader(frames.data, frames.len);
    struct quic_crypto_frame frame;
    while (reader->piece_count < CONFIRM_PIECES_MAX && quic_next_crypto(&r, &frame) == QW_OK)
        reader->pieces[reader->piece_count++] = (struct confirm_piece){slot, frame};
}

void attempt_set_dcid(struct confirm_attempt *attempt, struct confirm_cid cid, struct qw_bytes dcid)
{
    attempt->client_dcid = cid;
    attempt->dcid_len = (uint8_t)(dcid.len <= QUIC_CID_MAX ? dcid.len : 0);
    if (attempt->dcid_len)
        memcpy(attempt->dcid, dcid.data, attempt->dcid_len);
    for (int sender = 0; sender < 2; sender++)
        attempt->initials[sender] = (struct confirm_initials){.largest = -1};
}

static bool gives_way_before(const struct confirm_attempt *a, const struct confirm_attempt *b)
{
    if (a->stage != b->stage)
        return a->stage < b->stage;
    return a->moved < b->moved;
}

static unsigned place_for_one(struct confirm *scratch)
{
    unsigned place = 0;
    if (scratch->in_use < CONFIRM_ATTEMPTS)
        return scratch->in_use++;
    for (unsigned i = 1; i < CONFIRM_ATTEMPTS; i++)
        if (gives_way_before(&scratch->attempts[i], &scratch->attempts[place]))
            place = i;
    return place;
}

unsigned attempt_add(struct confirm *scratch, const struct confirm_attempt *fresh)
{
    unsigned place = place_for_one(scratch);
    scratch->attempts[place] = *fresh;
    scratch->attempts[place].moved = scratch->clock;
    scratch->attempts[place].serial = ++scratch->serials;
    return place;
}

bool attempt_version_known(const struct confirm_attempt *attempt)
{
    return quic_version_known(attempt->version);
}

bool attempt_answered(const struct confirm_attempt *attempt)
{
    return attempt->stage >= STAGE_ANSWERED;
}

bool attempt_scid_proves_path(const struct confirm_attempt *attempt)
{
    return attempt->server_scid.len >= GUESSABLE_CID &&
           !attempt_cid_equal(attempt->server_scid, attempt->client_dcid);
}
