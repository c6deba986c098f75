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

/* Both cost the same whether they lead to anything or not, so that a stranger may ask for a few only. */
static bool may_try(struct confirm_reader *reader)
{
    reader->exhausted |= reader->tries >= CONFIRM_TRIES;
    return !reader->exhausted;
}

static bool have_keys(struct confirm_attempt *attempt, struct confirm_reader *reader, uint32_t version,
                      enum quic_sender sender)
{
    struct confirm_initials *initials = &attempt->initials[sender];
    struct qw_bytes dcid = {attempt->dcid, attempt->dcid_len};
    if (initials->version == version)
        return true;
    reader->tries++;
    if (quic_initial_keys(reader->crypto, version, dcid, sender, &initials->keys) != QW_OK)
        return false;
    initials->version = version;
    return true;
}

bool attempt_open(struct confirm_attempt *attempt, struct confirm_reader *reader,
                  const struct quic_packet *packet, enum quic_sender sender, struct qw_bytes *frames)
{
    struct confirm_initials *initials = &attempt->initials[sender];
    if (!may_try(reader) || !have_keys(attempt, reader, packet->version, sender))
        return false;
    struct quic_opened opened;
    uint8_t *room = reader->opened + reader->opened_len;
    if (quic_initial_open(reader->crypto, &initials->keys, packet, initials->largest, room,
                          sizeof reader->opened - reader->opened_len, &opened) != QW_OK) {
        reader->tries += reader->failed;
        reader->failed = true;
        return false;
    }
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
        if (frame.data.len > 0)
            reader->pieces[reader->piece_count++] = (struct confirm_piece){slot, frame};
}

static bool comes_before(const struct confirm_piece *a, const struct confirm_piece *b)
{
    if (a->frame.offset != b->frame.offset)
        return a->frame.offset < b->frame.offset;
    return a->frame.data.data < b->frame.data.data; /* of two with the same offset, the one read first */
}

/* Shell's method: no memory, and 512 pieces in a few thousand steps. */
void attempt_sort(struct confirm_reader *reader)
{
    if (reader->piece_count <= QUIC_STREAM_RANGES)
        return;
    for (size_t gap = reader->piece_count / 2; gap > 0; gap /= 2)
        for (size_t i = gap; i < reader->piece_count; i++) {
            struct confirm_piece moving = reader->pieces[i];
            size_t to = i;
            for (; to >= gap && comes_before(&moving, &reader->pieces[to - gap]); to -= gap)
                reader->pieces[to] = reader->pieces[to - gap];
            reader->pieces[to] = moving;
        }
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

bool attempt_has_retry(const struct confirm_attempt *attempt, uint64_t retry)
{
    for (unsigned i = 0; i < attempt->retry_count && i < CONFIRM_RETRIES; i++)
        if (attempt->retries[i] == retry)
            return true;
    return false;
}

void attempt_note_retry(struct confirm_attempt *attempt, uint64_t retry)
{
    if (!attempt_has_retry(attempt, retry))
        attempt->retries[attempt->retry_count++ % CONFIRM_RETRIES] = retry;
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

bool confirm_opened(const struct confirm_attempt *attempt)
{
    return attempt->stage > STAGE_EARLY_DATA;
}

bool confirm_answered(const struct confirm_attempt *attempt)
{
    return attempt->stage >= STAGE_ANSWERED;
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
    return attempt->path_proven || (attempt->server_scid.len >= GUESSABLE_CID &&
                                    !attempt_cid_equal(attempt->server_scid, attempt->client_dcid));
}
