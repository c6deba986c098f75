#include "text.h"
#include <quicward/control.h>

static json_t *direction(const struct engine_direction *direction)
{
    return json_pack("{s:I,s:I,s:I}", "packets", control_count(direction->packets), "bytes",
                     control_count(direction->bytes), "ce", control_count(direction->ce));
}

static json_t *version(uint32_t version)
{
    char text[16];
    return version ? json_string(control_version_text(version, text)) : json_null();
}

static json_t *rule(uint32_t rule)
{
    return rule == FLOW_NONE ? json_null() : json_integer(rule);
}

/* The fields and their order are an API. Those of a translation, of the ClientHello and of the round trip
 * time are there for their readers, and null: none of it is known. */
static json_t *flow_object(const struct engine_flow *flow)
{
    char client[QW_ENDPOINT_TEXT_MAX], server[QW_ENDPOINT_TEXT_MAX];
    qw_endpoint_text(&flow->client, flow->family, client);
    qw_endpoint_text(&flow->server, flow->family, server);
    /* clang-format off */
    return json_pack("{s:I,s:s,s:s,s:s,s:n,s:s,s:o,s:n,s:n,s:n,s:o,s:I,s:I,s:n,s:o,s:o,s:s}",
                     "id", control_count(flow->id),
                     "proto", "udp",
                     "client", client,
                     "server", server,
                     "external",
                     "state", flow_state_word(flow->state),
                     "version", version(flow->version),
                     "sni",
                     "alpn",
                     "ech",
                     "rule", rule(flow->rule),
                     "idle_ms", control_count(flow->idle_ms),
                     "expires_ms", control_count(flow->expires_ms),
                     "rtt_us",
                     "up", direction(&flow->up),
                     "down", direction(&flow->down),
                     "roles", flow->client_known ? "handshake" : "first-packet");
    /* clang-format on */
}

bool control_flow_json(const struct engine_flow *flow, FILE *out)
{
    return control_write_line(flow_object(flow), out);
}

bool control_ended_json(const struct engine_flow *flow, enum flow_end why, FILE *out)
{
    json_t *object = flow_object(flow);
    const char *word = why == FLOW_EVICTED ? "evicted" : "expired";
    if (object && json_object_set_new(object, "ended", json_string(word)) < 0) {
        json_decref(object);
        return false;
    }
    return control_write_line(object, out);
}
