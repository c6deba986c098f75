#include "replay_flows.h"
#include <stdlib.h>

#define FIRST_ROOM 64
#define CHUNK 64

static void add(struct replay_flows *flows, const struct replay_flow *flow)
{
    if (flows->count == flows->room) {
        size_t room = flows->room ? 2 * flows->room : FIRST_ROOM;
        struct replay_flow *list = reallocarray(flows->list, room, sizeof(*list));
        if (!list) {
            flows->failed = true;
            return;
        }
        flows->list = list;
        flows->room = room;
    }
    flows->list[flows->count++] = *flow;
}

void replay_flows_ended(void *context, const struct engine_flow *flow, enum flow_end why)
{
    add(context, &(struct replay_flow){.flow = *flow, .ended = true, .why = why});
}

void replay_flows_live(struct replay_flows *flows, struct engine *engine, struct qw_time now)
{
    struct engine_flow chunk[CHUNK];
    uint64_t cursor = 0;
    size_t count;
    while ((count = engine_flows(engine, &cursor, now, chunk, CHUNK)) > 0)
        for (size_t i = 0; i < count; i++)
            add(flows, &(struct replay_flow){.flow = chunk[i]});
}

/* Alive before ended. */
static int compare(const void *a, const void *b)
{
    const struct replay_flow *one = a, *two = b;
    if (one->flow.id != two->flow.id)
        return one->flow.id < two->flow.id ? -1 : 1;
    return one->ended - two->ended;
}

void replay_flows_sort(struct replay_flows *flows)
{
    size_t kept = 0;
    if (flows->count)
        qsort(flows->list, flows->count, sizeof(*flows->list), compare);
    for (size_t i = 0; i < flows->count; i++)
        if (kept == 0 || flows->list[kept - 1].flow.id != flows->list[i].flow.id)
            flows->list[kept++] = flows->list[i];
    flows->count = kept;
}

void replay_flows_free(struct replay_flows *flows)
{
    free(flows->list);
}
