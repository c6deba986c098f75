#include "reading.h"

/* RFC 9000 17.2.5.2: the DCID is the Retry's SCID, the token the Retry's. New keys, the same attempt. */
static bool follows_retry(const struct reading *r, const struct confirm_attempt *attempt)
{
    return attempt->stage == STAGE_OPENED && attempt->retry_scid.hash &&
           attempt_cid_equal(attempt->retry_scid, r->dcid) &&
           attempt->retry_token == qw_hash(r->reader->secret, r->packet->token.data, r->packet->token.len);
}

static void take_retry(struct reading *r, struct confirm_attempt *attempt)
{
    struct confirm_attempt retried = *attempt;
    attempt_set_dcid(&retried, r->reader, r->packet->dcid);
    if (!attempt_open(&retried, r->reader, r->packet, QUIC_CLIENT))
        return;
    retried.retry_scid = (struct confirm_cid){0};
    *attempt = retried;
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
    if (!attempt_version_known(attempt) || !attempt_cid_equal(attempt->client_scid, r->dcid) ||
        !attempt_open(attempt, r->reader, r->packet, QUIC_SERVER))
        return false;
    if (attempt->stage <= STAGE_EARLY_SHORT) { /* RFC 9368 2.3: the server may move to another version */
        attempt->version = r->packet->version;
        attempt->server_scid = r->scid;
    }
    reading_event(r, attempt, EVENT_SERVER_REPLY);
    return true;
}

static void first_initial(struct reading *r)
{
    if (r->datagram_len < QUIC_CLIENT_DATAGRAM_MIN || r->packet->dcid.len < QUIC_CLIENT_DCID_MIN)
        return;
    struct confirm_attempt fresh = attempt_new(r->reader, r->packet, r->from);
    if (!attempt_open(&fresh, r->reader, r->packet, QUIC_CLIENT))
        return;
    reading_event(r, &fresh, EVENT_CLIENT_INITIAL);
    attempt_add(r->scratch, &fresh);
}

/* False when it is not this attempt's client. */
static bool client_initial(struct reading *r, struct confirm_attempt *attempt)
{
    if (!attempt_version_known(attempt))
        return false;
    if (follows_retry(r, attempt))
        take_retry(r, attempt);
    else if (continues(r, attempt))
        attempt_open(attempt, r->reader, r->packet, QUIC_CLIENT);
    else
        return false;
    return true;
}

void read_initial(struct reading *r)
{
    for (int i = 0; i < CONFIRM_ATTEMPTS; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_server(r, attempt) && server_initial(r, attempt))
            return;
        if (reading_from_client(r, attempt) && client_initial(r, attempt))
            return;
    }
    first_initial(r);
}
