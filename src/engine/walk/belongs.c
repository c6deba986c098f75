/* Who may be inside (BCP 38). Limits for a host are void while it may send in the name of others (RFC 6888
 * REQ-4). */
#include "walk.h"

static bool is_inside(const struct walk *w)
{
    const struct settings *settings = w->worker->settings;
    struct engine *engine = w->worker->engine;
    const struct qw_addr *source = &w->view->tuple.src.addr;
    if (settings->inside_how == CONFIG_INSIDE_ANY)
        return true;
    if (settings->inside_how == CONFIG_INSIDE_LIST)
        return qw_prefix_set_has(&settings->inside, source, w->view->family);
    return inside_has(&engine->inside, source, w->view->family);
}

/* Only packets that begin a flow are asked for. What the router itself sends comes by no interface. */
struct step walk_belongs(struct walk *w)
{
    if (w->packet->from != ENGINE_INSIDE || !w->packet->from_interface || is_inside(w))
        return STEP_CONTINUE;
    walk_tell_packet(w, ENGINE_EVENT_SPOOFED);
    if (!walk_monitors(w))
        return STEP_DROP(SPOOFED);
    w->would = QW_REASON_SPOOFED;
    return STEP_CONTINUE;
}
