/* Mappings and what happens to them, as JSON lines. */
#include "text.h"
#include <quicward/control.h>

bool control_mapping_json(const struct nat_mapping *mapping, struct qw_time now, FILE *out)
{
    char inside[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    uint64_t age_ms = qw_time_since(now, mapping->since) / QW_NS_PER_MS;
    qw_endpoint_text(&mapping->inside, QW_IPV4, inside);
    qw_endpoint_text(&mapping->external, QW_IPV4, external);
    /* clang-format off */
    return control_write_line(json_pack("{s:s,s:s,s:I,s:b,s:I}",
                                        "inside", inside,
                                        "external", external,
                                        "sessions", control_count(mapping->sessions),
                                        "forward", mapping->forward,
                                        "age_ms", control_count(age_ms)), out);
    /* clang-format on */
}

static const char *event_word(enum engine_event_kind kind)
{
    static const char *const WORDS[] = {
        [ENGINE_EVENT_MAPPING_CREATED] = "mapping-created",
        [ENGINE_EVENT_MAPPING_REMOVED] = "mapping-removed",
        [ENGINE_EVENT_NO_PORT] = "no-port",
        [ENGINE_EVENT_HOST_LIMIT] = "host-limit",
        [ENGINE_EVENT_NO_ADDRESS] = "no-address",
        [ENGINE_EVENT_ADDRESS_CHANGED] = "address-changed",
    };
    return WORDS[kind];
}

/* An endpoint without a port does not apply. */
static bool add_endpoint(json_t *object, const char *key, const struct qw_endpoint *endpoint)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    return endpoint->port == 0 ||
           control_add(object, key, json_string(qw_endpoint_text(endpoint, QW_IPV4, text)));
}

/* What changes is an address, of no port. */
static bool add_external(json_t *object, const struct engine_event *event)
{
    if (event->kind == ENGINE_EVENT_ADDRESS_CHANGED)
        return control_add(object, "external", control_address(&event->external.addr));
    return add_endpoint(object, "external", &event->external);
}

bool control_event_json(const struct engine_event *event, int64_t epoch_ns, FILE *out)
{
    char time[CONTROL_TIME_TEXT_MAX];
    control_time_text(epoch_ns + (int64_t)event->time.ns, time);
    json_t *object = json_pack("{s:I,s:s,s:s}", "number", control_count(event->number), "time", time, "event",
                               event_word(event->kind));
    bool whole =
        add_endpoint(object, "inside", &event->inside) && add_external(object, event) &&
        (event->count == 0 || control_add(object, "count", json_integer(control_count(event->count))));
    if (whole)
        return control_write_line(object, out);
    json_decref(object);
    return false;
}
