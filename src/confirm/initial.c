#include "reading.h"

/* RFC 9000 17.2.5.2: the DCID is the Retry's SCID, the token the Retry's. New keys, the same attempt. */
static bool follows_retry(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt->stage == STAGE_OPENED && attempt->retry_scid.hash &&
           attempt_cid_equal(attempt->retry_scid, r->dcid) &&
           attempt->retry_token == qw_hash(r->reader->secret, r->packet->token.data, r->packet->token.len);
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

static void take_retry(struct reading *r, struct confirm_attempt *attempt)
{
    struct confirm_attempt retried = *attempt;
    struct qw_bytes frames;
    attempt_set_dcid(&retried, r->dcid, r->packet->dcid);
    if (!attempt_open(&retried, r->reader, r->packet, QUIC_CLIENT, &frames))
        return;
    retried.retry_scid = (struct confirm_cid){0};
    *attempt = retried;
    belongs_to(r, slot_of(r, attempt), frames);
}

/* True when the Initial belongs to the attempt as its client's: the DCID of the first, or the server's SCID.
 */
static bool continues(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt_cid_equal(attempt->client_dcid, r->dcid) ||
           (attempt_answered(attempt) && attempt_cid_equal(attempt->server_scid, r->dcid));
}

/* False when it is not this attempt's server. */
static bool server_initial(struct reading *r, struct confirm_attempt *attempt)
{
    struct qw_bytes frames;
    if (!attempt_version_known(attempt) || !attempt_cid_equal(attempt->client_scid, r->dcid) ||
        !attempt_open(attempt, r->reader, r->packet, QUIC_SERVER, &frames))
        return false;
    if (attempt->stage <= STAGE_EARLY_SHORT) { /* RFC 9368 2.3: the server may move to another version */
        attempt->version = r->packet->version;
        attempt->server_scid = r->scid;
    }
    reading_event(r, attempt, EVENT_SERVER_REPLY);
    return true;
}

static bool may_be_first(const struct reading *r)
{
    return r->datagram_len >= QUIC_CLIENT_DATAGRAM_MIN && r->packet->dcid.len >= QUIC_CLIENT_DCID_MIN;
}

static void first_initial(struct reading *r)
{
    struct qw_bytes frames;
    if (!may_be_first(r))
        return;
    struct confirm_attempt fresh = reading_attempt(r);
    if (!attempt_open(&fresh, r->reader, r->packet, QUIC_CLIENT, &frames))
        return;
    reading_event(r, &fresh, EVENT_CLIENT_INITIAL);
    belongs_to(r, attempt_add(r->scratch, &fresh), frames);
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
        return false;
    return true;
}

void read_initial(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_server(r, attempt) && server_initial(r, attempt))
            return;
        if (reading_from_client(r, attempt) && client_initial(r, attempt))
            return;
    }
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
