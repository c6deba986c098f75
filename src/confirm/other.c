/* Versions that nobody here can read: the invariants alone (RFC 8999). */
#include "reading.h"

/* What comes back as it was sent is an echo service's, no server's. */
static bool may_be_echoed(const struct confirm_attempt *attempt)
{
    return attempt_cid_equal(attempt->client_dcid, attempt->client_scid);
}

static bool is_answered(const struct confirm_attempt *attempt)
{
    return attempt->stage == STAGE_UPGRADED || attempt->stage >= STAGE_LONG_ANSWERED;
}

static bool other_reply(struct reading *r, struct confirm_attempt *attempt)
{
    if (!reading_from_server(r, attempt) || !attempt_cid_equal(attempt->client_scid, r->dcid) ||
        may_be_echoed(attempt))
        return false;
    attempt->server_scid = r->scid;
    reading_event(r, attempt, EVENT_LONG_REPLY);
    return true;
}

/* True when the client may know the server's SCID without having seen it: a short one, or a DCID of its own
 * choice, of whichever attempt: that an answer belongs to this one cannot be told. Attempts may have been
 * forgotten once all places are taken. */
static bool client_knows(const struct reading *r, struct confirm_cid server_scid)
{
    bool known = server_scid.len < GUESSABLE_CID || r->scratch->in_use == CONFIRM_ATTEMPTS;
    for (unsigned i = 0; i < r->scratch->in_use; i++)
        known |= attempt_cid_equal(r->scratch->attempts[i].client_dcid, server_scid);
    return known;
}

/* A DCID that is neither the first one nor the server's begins another attempt. */
static bool other_client(struct reading *r, struct confirm_attempt *attempt)
{
    if (!reading_from_client(r, attempt) || !attempt_cid_equal(attempt->client_scid, r->scid))
        return false;
    if (!is_answered(attempt) || !attempt_cid_equal(attempt->server_scid, r->dcid))
        return attempt_cid_equal(attempt->client_dcid, r->dcid);
    reading_event(r, attempt, client_knows(r, r->dcid) ? EVENT_LONG_ECHO_WEAK : EVENT_LONG_ECHO);
    return true;
}

/* RFC 9368 2.3: a server may answer a v1 or v2 Initial in a version that it knows to be compatible. Who sent
 * it cannot be told, so this is an attempt of its own: if it was forged, the client never takes up its SCID.
 */
static bool upgrades(const struct reading *r, const struct confirm_attempt *attempt)
{
    return reading_from_server(r, attempt) && attempt_version_known(attempt) &&
           attempt->stage >= STAGE_OPENED && attempt_cid_equal(attempt->client_scid, r->dcid);
}

static struct confirm_attempt upgraded(const struct reading *r, const struct confirm_attempt *from)
{
    struct confirm_attempt attempt = *from;
    attempt.stage = STAGE_FREE;
    attempt.version = r->packet->version;
    attempt.server_scid = r->scid;
    attempt.retry_count = 0;
    return attempt;
}

static struct confirm_attempt new_attempt(const struct reading *r, enum confirm_event *event)
{
    for (unsigned i = 0; i < r->scratch->in_use; i++)
        if (upgrades(r, &r->scratch->attempts[i])) {
            *event = EVENT_LONG_UPGRADE;
            return upgraded(r, &r->scratch->attempts[i]);
        }
    *event = EVENT_LONG;
    return reading_attempt(r);
}

void read_other(struct reading *r)
{
    enum confirm_event event;
    if (quic_version_is_google(r->packet->version))
        return;
    for (unsigned i = 0; i < r->scratch->in_use; i++) {
        struct confirm_attempt *attempt = &r->scratch->attempts[i];
        if (reading_from_server(r, attempt))
            r->scratch->replied = r->scratch->clock;
        if (attempt->version == r->packet->version && (other_reply(r, attempt) || other_client(r, attempt)))
            return;
    }
    struct confirm_attempt fresh = new_attempt(r, &event);
    attempt_event(r->scratch, &fresh, event);
    attempt_add(r->scratch, &fresh);
}
