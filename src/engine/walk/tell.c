/* Events about the packet at hand. */
#include "walk.h"

/* Floods of one host are summed apart from those of most others. */
static unsigned key_of(const struct qw_endpoint *host)
{
    return host->addr.bytes[15];
}

void walk_tell(struct walk *w, enum engine_event_kind kind, const struct qw_endpoint *client,
               const struct qw_endpoint *server)
{
    struct events *events = &w->worker->engine->events;
    if (events_count(events, kind, key_of(client), w->now))
        events_tell(events,
                    &(struct engine_event){.kind = kind,
                                           .time = w->now,
                                           .family = w->view->family,
                                           .client = *client,
                                           .server = *server,
                                           .flow = w->flow_id},
                    key_of(client));
}

void walk_tell_packet(struct walk *w, enum engine_event_kind kind)
{
    walk_tell(w, kind, &w->view->tuple.src, &w->view->tuple.dst);
}
