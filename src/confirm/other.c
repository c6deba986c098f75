#include "reading.h"

static bool other_reply(struct reading *r, struct confirm_attempt *attempt)
{
    if (!reading_from_server(r, attempt) || !attempt_cid_equal(attempt->client_scid, r->dcid))
        return false;
    attempt->server_scid = r->scid;
    reading_event(r, attempt, EVENT_LONG_REPLY);
    return true;
}

static bool other_client(struct reading *r, struct confirm_attempt *attempt)
{
    if (!reading_from_client(r, attempt) || !attempt_cid_equal(attempt->client_scid, r->scid))
        return false;
    if (attempt->stage == STAGE_LONG_ANSWERED && attempt_cid_equal(attempt->server_scid, r->dcid) &&
        attempt_scid_proves_path(attempt))
        reading_event(r, attempt, EVENT_LONG_ECHO);
    return true;
}

void read_other(struct reading *r)
{
    if (quic_version_is_google(r->packet->version))
        return;
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (attempt->version == r->packet->version && (other_reply(r, attempt) || other_client(r, attempt)))
            return;
    }
    struct confirm_attempt fresh = reading_attempt(r);
    attempt_event(r->scratch, &fresh, EVENT_LONG);
    attempt_add(r->scratch, &fresh);
}
