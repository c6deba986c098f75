#include "reading.h"

/* The server's Initial may have been lost on its way to us, but then only an SCID that nobody guesses counts.
 */
static void server_handshake(struct reading *r, struct confirm_attempt *attempt)
{
    if (attempt->stage != STAGE_OPENED || attempt->client_scid.len < GUESSABLE_CID ||
        !attempt_cid_equal(attempt->client_scid, r->dcid))
        return;
    attempt->version = r->packet->version;
    attempt->server_scid = r->scid;
    reading_event(r, attempt, EVENT_SERVER_REPLY);
}

/* Some clients move to a CID of a NEW_CONNECTION_ID frame, which nobody here can read, before they send their
 * first Handshake packet: it is theirs by its SCID, but whether they saw the server's answer must show
 * otherwise. */
static void client_handshake(struct reading *r, struct confirm_attempt *attempt)
{
    if (!attempt_answered(attempt) || r->packet->version != attempt->version ||
        !attempt_cid_equal(attempt->client_scid, r->scid))
        return;
    bool proven = attempt_cid_equal(attempt->server_scid, r->dcid) && attempt_scid_proves_path(attempt);
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

void read_retry(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        struct qw_bytes original = {attempt->dcid, attempt->dcid_len};
        if (!reading_from_server(r, attempt) || attempt->stage != STAGE_OPENED ||
            !attempt_cid_equal(attempt->client_scid, r->dcid) ||
            quic_retry_verify(r->reader->crypto, r->packet, original) != QW_OK)
            continue;
        attempt->retry_scid = r->scid;
        attempt->retry_token = qw_hash(r->reader->secret, r->packet->token.data, r->packet->token.len);
    }
}

void read_short(struct reading *r)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_client(r, attempt))
            reading_event(r, attempt, EVENT_CLIENT_SHORT);
        else if (reading_from_server(r, attempt))
            reading_event(r, attempt, EVENT_SERVER_SHORT);
    }
}
