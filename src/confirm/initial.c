#include "reading.h"

/* A Retry's token is at least this long and its SCID unseen by others, or returning both proves nothing. */
#define GUESSABLE_RETRY 8

/* RFC 9000 17.2.5.2: the DCID is the Retry's SCID, the token the Retry's. New keys, the same attempt. */
static bool follows_retry(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt->stage == STAGE_OPENED && attempt->retry_count > 0 &&
           attempt_has_retry(attempt, retry_hash(r, r->dcid));
}

static unsigned slot_of(const struct reading *r, const struct confirm_attempt *attempt)
{
    return (unsigned)(attempt - r->scratch->attempts);
}

static void belongs_to(struct reading *r, unsigned slot, struct qw_bytes frames)
{
    r->slot = (int)slot;
    attempt_collect(r->reader, slot, frames);
}

/* RFC 9000 8.1.2: only a client that received the Retry has its token. Its SCID may be a new one. */
static void take_retry(struct reading *r, struct confirm_attempt *attempt)
{
    struct confirm_attempt retried = *attempt;
    struct qw_bytes frames;
    attempt_set_dcid(&retried, r->dcid, r->packet->dcid);
    if (!attempt_open(&retried, r->reader, r->packet, QUIC_CLIENT, &frames))
        return;
    retried.client_scid = r->scid;
    retried.retry_count = 0;
    retried.followed++;
    retried.path_proven = r->packet->token.len >= GUESSABLE_RETRY;
    *attempt = retried;
    belongs_to(r, slot_of(r, attempt), frames);
}

/* True when the DCID is that of the attempt's first packet, or the server's SCID. Only its first version and
 * the one that the server chose are the attempt's. */
static bool continues(const struct reading *r, const struct confirm_attempt *attempt)
{
    if (r->packet->version != attempt->version && r->packet->version != attempt->first_version)
        return false;
    return attempt_cid_equal(attempt->client_dcid, r->dcid) ||
           (attempt_answered(attempt) && attempt_cid_equal(attempt->server_scid, r->dcid));
}

/* A server that does not know the client's version answers the one it chose with keys from the client's DCID.
 */
static bool server_may_open(const struct confirm_attempt *attempt)
{
    return attempt_version_known(attempt) ||
           ((attempt->stage == STAGE_LONG_SEEN || attempt->stage == STAGE_LONG_ANSWERED) &&
            attempt->dcid_len >= QUIC_CLIENT_DCID_MIN);
}

/* RFC 9368 2.3: the server may move to another version. It never moves back: what comes later in the first
 * one is late. */
static void note_server(const struct reading *r, struct confirm_attempt *attempt)
{
    if (attempt->stage >= STAGE_ECHOED)
        return;
    if (r->packet->version != attempt->first_version)
        attempt->version = r->packet->version;
    attempt->server_scid = r->scid;
}

/* False when it is not this attempt's server. */
static bool server_initial(struct reading *r, struct confirm_attempt *attempt)
{
    struct qw_bytes frames;
    if (!server_may_open(attempt) || !attempt_cid_equal(attempt->client_scid, r->dcid) ||
        !attempt_open(attempt, r->reader, r->packet, QUIC_SERVER, &frames))
        return false;
    r->server_of = (int)slot_of(r, attempt);
    note_server(r, attempt);
    struct qw_reader reader = qw_reader(frames.data, frames.len);
    struct quic_crypto_frame frame;
    attempt->server_spoke |= quic_next_crypto(&reader, &frame) == QW_OK;
    reading_event(r, attempt, EVENT_SERVER_REPLY);
    return true;
}

static bool may_be_first(const struct reading *r)
{
    return r->datagram_len >= QUIC_CLIENT_DATAGRAM_MIN && r->packet->dcid.len >= QUIC_CLIENT_DCID_MIN;
}

/* Packets of one datagram have the same DCID, so keys are derived once, also when none opens. */
static struct confirm_attempt *fresh_attempt(struct reading *r)
{
    struct confirm_attempt *fresh = &r->reader->fresh[r->packet->version == QUIC_VERSION_2];
    if (fresh->version == 0)
        *fresh = reading_attempt(r);
    fresh->client_scid = r->scid;
    return fresh;
}

static void first_initial(struct reading *r)
{
    struct qw_bytes frames;
    if (!may_be_first(r))
        return;
    struct confirm_attempt *fresh = fresh_attempt(r);
    if (!attempt_open(fresh, r->reader, r->packet, QUIC_CLIENT, &frames))
        return;
    reading_event(r, fresh, EVENT_CLIENT_INITIAL);
    belongs_to(r, attempt_add(r->scratch, fresh), frames);
}

static void next_initial(struct reading *r, struct confirm_attempt *attempt)
{
    struct qw_bytes frames;
    if (attempt->stage == STAGE_EARLY_DATA && !may_be_first(r))
        return;
    if (!attempt_open(attempt, r->reader, r->packet, QUIC_CLIENT, &frames))
        return;
    reading_event(r, attempt, EVENT_CLIENT_INITIAL);
    belongs_to(r, slot_of(r, attempt), frames);
}

/* A client that moved to a CID issued under encryption: its Initials still open with the attempt's keys. */
static bool hidden_initial(struct reading *r, struct confirm_attempt *attempt)
{
    struct qw_bytes frames;
    if (!attempt_answered(attempt) || r->packet->version != attempt->version ||
        !attempt_cid_equal(attempt->client_scid, r->scid) ||
        !attempt_open(attempt, r->reader, r->packet, QUIC_CLIENT, &frames))
        return false;
    belongs_to(r, slot_of(r, attempt), frames);
    return true;
}

/* False when it is not this attempt's client. */
static bool client_initial(struct reading *r, struct confirm_attempt *attempt)
{
    if (!attempt_version_known(attempt))
        return false;
    if (follows_retry(r, attempt))
        take_retry(r, attempt);
    else if (continues(r, attempt))
        next_initial(r, attempt);
    else
        return hidden_initial(r, attempt);
    return true;
}

/* True when the packet is this attempt's, or can be no other's. */
static bool is_of(struct reading *r, struct confirm_attempt *attempt)
{
    if (reading_from_server(r, attempt)) {
        r->scratch->replied = r->scratch->clock; /* to this attempt, or to one that was given up */
        return server_initial(r, attempt);
    }
    return reading_from_client(r, attempt) && client_initial(r, attempt);
}

/* What a server sends in one datagram is of one connection (RFC 9000 12.2). A client may say so and send
 * something else: what its packets are is found out for each. */
void read_initial(struct reading *r)
{
    if (r->server_of >= 0) {
        is_of(r, &r->scratch->attempts[r->server_of]);
        return;
    }
    for (unsigned i = 0; i < r->scratch->in_use; i++)
        if (is_of(r, &r->scratch->attempts[i]))
            return;
    first_initial(r);
}

/* Proves nothing (RFC 9312 2.4), but belongs to the attempt that its DCID names, also when it overtook the
 * Initial. */
void read_zero_rtt(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        const struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_client(r, attempt) && attempt_version_known(attempt) && continues(r, attempt)) {
            r->slot = (int)i;
            return;
        }
    }
    if (r->packet->dcid.len < QUIC_CLIENT_DCID_MIN)
        return;
    struct confirm_attempt fresh = reading_attempt(r);
    attempt_event(r->scratch, &fresh, EVENT_ZERO_RTT);
    r->slot = (int)attempt_add(r->scratch, &fresh);
}
