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

static json_t *rule(const struct engine_flow *flow)
{
    return flow->rule[0] ? json_string(flow->rule) : json_null();
}

static json_t *sni(const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    return hello->sni_len ? json_string(control_name_text(hello->sni, hello->sni_len, text)) : json_null();
}

static json_t *alpn(const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    json_t *list = hello->known ? json_array() : json_null();
    size_t at = 0;
    while (at < hello->alpn_len) {
        size_t len = (unsigned char)hello->alpn[at++];
        json_array_append_new(list, json_string(control_name_text(hello->alpn + at, len, text)));
        at += len;
    }
    return list;
}

static json_t *ech(const struct engine_hello *hello)
{
    return hello->known ? json_boolean(hello->ech) : json_null();
}

static json_t *external(const struct engine_flow *flow)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    return flow->mapped ? json_string(qw_endpoint_text(&flow->external, flow->family, text)) : json_null();
}

/* The fields and their order are an API. That of the round trip time is there for its readers, and null: it
 * is not known. */
static json_t *fields(const struct engine_flow *flow)
{
    char client[QW_ENDPOINT_TEXT_MAX], server[QW_ENDPOINT_TEXT_MAX];
    qw_endpoint_text(&flow->client, flow->family, client);
    qw_endpoint_text(&flow->server, flow->family, server);
    /* clang-format off */
    return json_pack("{s:I,s:s,s:s,s:s,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:b,s:I,s:I,s:n,s:o,s:o,s:s}",
                     "id", control_count(flow->id),
                     "proto", "udp",
                     "client", client,
                     "server", server,
                     "external", external(flow),
                     "state", flow_state_word(flow->state),
                     "version", version(flow->version),
                     "sni", sni(&flow->hello),
                     "alpn", alpn(&flow->hello),
                     "ech", ech(&flow->hello),
                     "rule", rule(flow),
                     "admitted", !flow->undecided,
                     "idle_ms", control_count(flow->idle_ms),
                     "expires_ms", control_count(flow->expires_ms),
                     "rtt_us",
                     "up", direction(&flow->up),
                     "down", direction(&flow->down),
                     "roles", flow->client_known ? "handshake" : "first-packet");
    /* clang-format on */
}

/* NULL when memory is short. */
static json_t *flow_object(const struct engine_flow *flow)
{
    json_t *object = fields(flow);
    if (!flow->placed || control_add(object, "throttled_from", control_share(control_place(flow->place))))
        return object;
    json_decref(object);
    return NULL;
}

bool control_flow_json(const struct engine_flow *flow, FILE *out)
{
    return control_write_line(flow_object(flow), out);
}

static const char *end_word(enum flow_end why)
{
    switch (why) {
    case FLOW_EVICTED:
        return "evicted";
    case FLOW_UNMAPPED:
        return "unmapped";
    default:
        return "expired";
    }
}

bool control_ended_json(const struct engine_flow *flow, enum flow_end why, FILE *out)
{
    json_t *object = flow_object(flow);
    if (control_add(object, "ended", json_string(end_word(why))))
        return control_write_line(object, out);
    json_decref(object);
    return false;
}
