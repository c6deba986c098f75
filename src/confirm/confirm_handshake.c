#include "reading.h"

/* True when the client's SCID alone tells which attempt a server's packet belongs to: nobody guesses it, and
 * no other attempt has it, nor one that was given up for want of a place. */
static bool tells_attempt(const struct reading *r, const struct confirm_attempt *attempt)
{
    if (attempt->client_scid.len < GUESSABLE_CID || r->scratch->in_use == CONFIRM_ATTEMPTS)
        return false;
    for (unsigned i = 0; i < r->scratch->in_use; i++)
        if (&r->scratch->attempts[i] != attempt &&
            attempt_cid_equal(r->scratch->attempts[i].client_scid, attempt->client_scid))
            return false;
    return true;
}

/* The server's Initial may have been lost on its way to us. */
static void server_handshake(struct reading *r, struct confirm_attempt *attempt)
{
    if (attempt->stage != STAGE_OPENED || !attempt_cid_equal(attempt->client_scid, r->dcid) ||
        !tells_attempt(r, attempt))
        return;
    attempt->version = r->packet->version;
    attempt->server_scid = r->scid;
    attempt->server_spoke = true;
    reading_event(r, attempt, EVENT_SERVER_REPLY);
}

/* Some clients move to a CID of a NEW_CONNECTION_ID frame, which nobody here can read, before they send their
 * first Handshake packet: it is theirs by its SCID, but whether they saw the server's answer must show
 * otherwise. */
static void client_handshake(struct reading *r, struct confirm_attempt *attempt)
{
    if (attempt_cid_equal(attempt->client_dcid, r->dcid) ||
        (attempt_answered(attempt) && attempt_cid_equal(attempt->server_scid, r->dcid)))
        r->slot = (int)(attempt - r->scratch->attempts);
    if (!attempt_answered(attempt) || r->packet->version != attempt->version ||
        !attempt_cid_equal(attempt->client_scid, r->scid))
        return;
    bool proven = attempt->path_proven ||
                  (attempt_cid_equal(attempt->server_scid, r->dcid) && attempt_scid_proves_path(attempt));
    reading_event(r, attempt, proven ? EVENT_CLIENT_ECHO : EVENT_CLIENT_ECHO_WEAK);
}

void read_handshake(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_server(r, attempt) && attempt_version_known(attempt))
            server_handshake(r, attempt);
        else if (reading_from_client(r, attempt) && attempt_version_known(attempt))
            client_handshake(r, attempt);
    }
}

uint64_t retry_hash(const struct reading *r, struct confirm_cid scid)
{
    const struct qw_bytes token = r->packet->token;
    uint64_t parts[] = {scid.hash, scid.len, qw_hash(r->reader->secret, token.data, token.len)};
    return qw_hash(r->reader->secret, (const uint8_t *)parts, sizeof parts);
}

/* RFC 9000 17.2.5.2: a client follows one Retry at most, and none without a token. */
void read_retry(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use && r->packet->token.len > 0; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        struct qw_bytes original = {attempt->dcid, attempt->dcid_len};
        if (reading_from_server(r, attempt) && attempt->stage == STAGE_OPENED && !attempt->path_proven &&
            attempt_cid_equal(attempt->client_scid, r->dcid) &&
            quic_retry_verify(r->reader->crypto, r->packet, original) == QW_OK)
            attempt_note_retry(attempt, retry_hash(r, r->scid));
    }
}

/* What a server sends right behind its answer may be for anybody (0.5-RTT data, RFC 9001 5.7). What it sends
 * after the client spoke again, it sends to one that took part: until then it has nothing that is new. */
static bool server_went_on(const struct reading *r, const struct confirm_attempt *attempt)
{
    return reading_from_server(r, attempt) && attempt->spoke > r->scratch->replied;
}

void read_short(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_client(r, attempt))
            reading_event(r, attempt, EVENT_CLIENT_SHORT);
        else if (server_went_on(r, attempt))
            reading_event(r, attempt, EVENT_SERVER_SHORT);
    }
}
