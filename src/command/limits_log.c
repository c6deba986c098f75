#include "limits_log.h"
#include <inttypes.h>
#include <quicward/base/log.h>

#define PAUSE_NS (60 * QW_NS_PER_SECOND) /* between two lines about one limit */
#define AT_ONCE 64

/* What is said of a limit, and with what it is raised. NULL: the event is about none. */
static const struct {
    const char *what, *key;
} LIMITS[ENGINE_EVENT_KINDS] = {
    [ENGINE_EVENT_NO_PORT] = {"no external port was free", "nat.ports, or more addresses in nat.external"},
    [ENGINE_EVENT_HOST_LIMIT] = {"a host has as many mappings as it may", "nat.per_host"},
    [ENGINE_EVENT_NO_ADDRESS] = {"no external address is known", "nat.external"},
    [ENGINE_EVENT_TABLE_FULL] = {"the flow table is full", "flows.max"},
};

static const char *whom(const struct engine_event *event, char out[static QW_ADDR_TEXT_MAX])
{
    bool mapping = ENGINE_EVENT_ROWS[event->kind].fields & ENGINE_FIELD_INSIDE;
    const struct qw_addr *addr = mapping ? &event->inside.addr : &event->client.addr;
    return qw_addr_text(addr, event->family, out);
}

static void say(struct limits_sum *sum, struct qw_time now)
{
    char text[QW_ADDR_TEXT_MAX];
    const struct engine_event *event = &sum->last;
    qw_log(QW_LOG_WARNING, "%s: %" PRIu64 " first packets dropped, the last from %s; see %s",
           LIMITS[event->kind].what, sum->refused, whom(event, text), LIMITS[event->kind].key);
    sum->refused = 0;
    sum->told = now;
    sum->ever = true;
}

static void count(struct limits_log *log, const struct engine_event *event)
{
    struct limits_sum *sum = &log->sums[event->kind];
    if (!LIMITS[event->kind].what)
        return;
    sum->refused += event->count;
    sum->last = *event;
}

void limits_log_look(struct limits_log *log, struct engine *engine, const struct control_veil *veil,
                     struct qw_time now)
{
    struct engine_event events[AT_ONCE];
    size_t got;
    while ((got = engine_events(engine, &log->read, events, AT_ONCE)) > 0)
        for (size_t i = 0; i < got; i++) {
            control_veil_event(veil, &events[i]);
            count(log, &events[i]);
        }
    for (unsigned i = 0; i < ENGINE_EVENT_KINDS; i++) {
        struct limits_sum *sum = &log->sums[i];
        if (sum->refused && (!sum->ever || qw_time_since(now, sum->told) >= PAUSE_NS))
            say(sum, now);
    }
}
