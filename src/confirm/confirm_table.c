#include "confirm_table.h"

/* Events that a stage has no row for change nothing: evidence adds up, in any order that loss and reordering
 * leave, and nothing takes it away (RFC 9312 3.2: what is seen later on the path says nothing of a
 * connection's end). */
static const struct row {
    uint8_t stage, event, next;
    const char *source;
} ROWS[] = {
    /* v1 and v2 */
    {STAGE_FREE, EVENT_CLIENT_INITIAL, STAGE_OPENED, "RFC 9001 5.2; RFC 9312 3.2"},
    {STAGE_FREE, EVENT_ZERO_RTT, STAGE_EARLY_DATA, "RFC 9000 17.2.3"},
    {STAGE_EARLY_DATA, EVENT_CLIENT_INITIAL, STAGE_OPENED, "RFC 9001 5.2; RFC 9312 3.2"},
    {STAGE_OPENED, EVENT_SERVER_REPLY, STAGE_ANSWERED, "RFC 9000 7.2; RFC 9312 3.2"},
    {STAGE_ANSWERED, EVENT_CLIENT_ECHO, STAGE_ECHOED, "RFC 9000 7.2; RFC 9312 2.4"},
    {STAGE_ECHOED, EVENT_CLIENT_SHORT, STAGE_CONFIRMED, "RFC 9001 4.1.1; RFC 9312 4.2"},
    /* the short header overtook the Handshake packet, or that was lost before us and came again */
    {STAGE_ANSWERED, EVENT_CLIENT_SHORT, STAGE_EARLY_SHORT, "RFC 9000 13.2.3"},
    {STAGE_EARLY_SHORT, EVENT_CLIENT_ECHO, STAGE_CONFIRMED, "RFC 9000 13.2.3; RFC 9312 4.2"},
    /* A CID that is short, the client's own choice or unknown proves nothing. A client that had no answer
     * cannot make the server go on with short headers: one more round trip must show. */
    {STAGE_ANSWERED, EVENT_CLIENT_ECHO_WEAK, STAGE_ECHOED_WEAK, "RFC 9000 21.1.1"},
    {STAGE_EARLY_SHORT, EVENT_CLIENT_ECHO_WEAK, STAGE_SHORT_WEAK, "RFC 9000 21.1.1"},
    {STAGE_ECHOED_WEAK, EVENT_CLIENT_SHORT, STAGE_SHORT_WEAK, "RFC 9001 4.1.1"},
    {STAGE_ECHOED_WEAK, EVENT_SERVER_SHORT, STAGE_RETURNED, "RFC 9000 8.1"},
    {STAGE_SHORT_WEAK, EVENT_SERVER_SHORT, STAGE_RETURNED_SHORT, "RFC 9000 8.1"},
    {STAGE_RETURNED, EVENT_CLIENT_SHORT, STAGE_CONFIRMED, "RFC 9001 4.1.1; RFC 9312 4.2"},
    {STAGE_RETURNED_SHORT, EVENT_CLIENT_SHORT, STAGE_CONFIRMED, "RFC 9001 4.1.1; RFC 9312 4.2"},
    {STAGE_RETURNED_SHORT, EVENT_CLIENT_ECHO_WEAK, STAGE_CONFIRMED, "RFC 9000 13.2.1; RFC 9312 4.2"},
    {STAGE_ECHOED_WEAK, EVENT_CLIENT_ECHO, STAGE_ECHOED, "RFC 9000 7.2; RFC 9312 2.4"},
    {STAGE_RETURNED, EVENT_CLIENT_ECHO, STAGE_ECHOED, "RFC 9000 7.2; RFC 9312 2.4"},
    {STAGE_SHORT_WEAK, EVENT_CLIENT_ECHO, STAGE_CONFIRMED, "RFC 9000 13.2.3; RFC 9312 4.2"},
    {STAGE_RETURNED_SHORT, EVENT_CLIENT_ECHO, STAGE_CONFIRMED, "RFC 9000 13.2.3; RFC 9312 4.2"},
    /* any other version: invariants only */
    {STAGE_FREE, EVENT_LONG, STAGE_LONG_SEEN, "RFC 8999 5.1"},
    {STAGE_FREE, EVENT_LONG_UPGRADE, STAGE_UPGRADED, "RFC 9368 2.3"},
    {STAGE_LONG_SEEN, EVENT_LONG_REPLY, STAGE_LONG_ANSWERED, "RFC 8999 5.1"},
    {STAGE_LONG_ANSWERED, EVENT_LONG_ECHO, STAGE_LONG_ECHOED, "RFC 8999 5.1"},
    {STAGE_UPGRADED, EVENT_LONG_ECHO, STAGE_LONG_ECHOED, "RFC 8999 5.1; RFC 9368 2.3"},
    {STAGE_LONG_ECHOED, EVENT_CLIENT_MORE, STAGE_CONFIRMED, "RFC 8999 5; RFC 9312 4.2"},
    {STAGE_LONG_ANSWERED, EVENT_LONG_ECHO_WEAK, STAGE_LONG_ECHOED_WEAK, "RFC 9000 21.1.1"},
    {STAGE_UPGRADED, EVENT_LONG_ECHO_WEAK, STAGE_LONG_ECHOED_WEAK, "RFC 9000 21.1.1"},
    {STAGE_LONG_ECHOED_WEAK, EVENT_SERVER_SHORT, STAGE_LONG_RETURNED, "RFC 8999 5.2; RFC 9000 8.1"},
    {STAGE_LONG_RETURNED, EVENT_CLIENT_SHORT, STAGE_CONFIRMED, "RFC 8999 5.2; RFC 9312 4.2"},
    {STAGE_LONG_ECHOED_WEAK, EVENT_LONG_ECHO, STAGE_LONG_ECHOED, "RFC 8999 5.1"},
    {STAGE_LONG_RETURNED, EVENT_LONG_ECHO, STAGE_LONG_ECHOED, "RFC 8999 5.1"},
    /* from another version to v1 or v2: the server's Initial opens with keys from the client's DCID */
    {STAGE_LONG_SEEN, EVENT_SERVER_REPLY, STAGE_ANSWERED, "RFC 9368 2.3"},
    {STAGE_LONG_ANSWERED, EVENT_SERVER_REPLY, STAGE_ANSWERED, "RFC 9368 2.3"},
};

enum confirm_stage confirm_next(enum confirm_stage stage, enum confirm_event event)
{
    for (unsigned i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++)
        if (ROWS[i].stage == stage && ROWS[i].event == event)
            return (enum confirm_stage)ROWS[i].next;
    return stage;
}

enum flow_state confirm_flow_state(enum confirm_stage stage)
{
    switch (stage) {
    case STAGE_OPENED:
        return FLOW_INITIAL;
    case STAGE_ANSWERED:
    case STAGE_EARLY_SHORT:
    case STAGE_ECHOED_WEAK:
    case STAGE_SHORT_WEAK:
    case STAGE_RETURNED:
    case STAGE_RETURNED_SHORT:
    case STAGE_ECHOED:
        return FLOW_REPLIED;
    case STAGE_CONFIRMED:
        return FLOW_CONFIRMED;
    default:
        return FLOW_ONE_WAY;
    }
}
