/* The fields of a flow, and their order, are an API. */
#include "flow_line.h"
#include <quicward/control.h>

static void put_count(struct json_line *line, const char *key, uint64_t count)
{
    line_key(line, key);
    line_count(line, count);
}

static void put_text(struct json_line *line, const char *key, const char *text)
{
    line_key(line, key);
    line_text(line, text);
}

static void put_endpoint(struct json_line *line, const char *key, const struct engine_flow *flow,
                         const struct qw_endpoint *endpoint)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    put_text(line, key, qw_endpoint_text(endpoint, flow->family, text));
}

static void put_external(struct json_line *line, const struct engine_flow *flow)
{
    if (flow->mapped)
        put_endpoint(line, "external", flow, &flow->external);
    else
        put_text(line, "external", NULL);
}

static void put_version(struct json_line *line, uint32_t version)
{
    char text[16];
    put_text(line, "version", version ? control_version_text(version, text) : NULL);
}

static void put_sni(struct json_line *line, const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    put_text(line, "sni", hello->sni_len ? control_name_text(hello->sni, hello->sni_len, text) : NULL);
}

static void put_protocols(struct json_line *line, const struct engine_hello *hello)
{
    char text[CONTROL_NAME_TEXT_MAX];
    line_raw(line, "[");
    for (size_t at = 0, len; at < hello->alpn_len; at += len) {
        len = (unsigned char)hello->alpn[at];
        line_raw(line, at++ ? "," : "");
        line_text(line, control_name_text(hello->alpn + at, len, text));
    }
    line_raw(line, "]");
}

static void put_alpn(struct json_line *line, const struct engine_hello *hello)
{
    line_key(line, "alpn");
    if (hello->known)
        put_protocols(line, hello);
    else
        line_text(line, NULL);
}

static void put_ech(struct json_line *line, const struct engine_hello *hello)
{
    line_key(line, "ech");
    if (hello->known)
        line_bool(line, hello->ech);
    else
        line_text(line, NULL);
}

static void put_direction(struct json_line *line, const char *key, const struct engine_direction *direction,
                          bool brief)
{
    double share = direction->packets ? (double)direction->ce / (double)direction->packets : 0;
    line_key(line, key);
    line_raw(line, "{");
    put_count(line, "packets", direction->packets);
    put_count(line, "bytes", direction->bytes);
    if (!brief || direction->ce) {
        put_count(line, "ce", direction->ce);
        line_key(line, "ce_share");
        line_share(line, share);
    }
    if (!brief)
        put_count(line, "ect1", direction->ect1);
    line_raw(line, "}");
}

#define SYMMETRY_PACKETS 10 /* fewer say nothing */

/* RFC 9312 3.7: which way a flow primarily goes, by bytes. One that carries four fifths of them does. */
static const char *symmetry(const struct engine_flow *flow)
{
    uint64_t up = flow->up.bytes, down = flow->down.bytes;
    if (flow->up.packets + flow->down.packets < SYMMETRY_PACKETS)
        return NULL;
    return up / 4 >= down ? "client-to-server" : down / 4 >= up ? "server-to-client" : "bidirectional";
}

static void put_addresses(struct json_line *line, const struct engine_flow *flow, bool brief)
{
    put_endpoint(line, "client", flow, &flow->client);
    put_endpoint(line, "server", flow, &flow->server);
    if (!brief || flow->mapped)
        put_external(line, flow);
}

static void put_hello(struct json_line *line, const struct engine_hello *hello, bool brief)
{
    if (!brief || hello->sni_len)
        put_sni(line, hello);
    if (!brief || hello->alpn_len)
        put_alpn(line, hello);
    if (!brief)
        put_ech(line, hello);
}

static void put_decision(struct json_line *line, const struct engine_flow *flow, bool brief)
{
    if (!brief || flow->rule[0])
        put_text(line, "rule", flow->rule[0] ? flow->rule : NULL);
    if (brief && !flow->undecided)
        return;
    line_key(line, "admitted");
    line_bool(line, !flow->undecided);
}

/* There only when a ClientHello was given up. */
static void put_given_up(struct json_line *line, enum engine_hello_state state)
{
    if (state == ENGINE_HELLO_UNREADABLE)
        put_text(line, "hello", "unreadable");
    if (state == ENGINE_HELLO_PARTIAL)
        put_text(line, "hello", "partial");
}

/* What is there only where it applies. */
static void put_rest(struct json_line *line, const struct engine_flow *flow, const char *ended)
{
    if (flow->hello.alpn_more) {
        line_key(line, "alpn_more");
        line_bool(line, true);
    }
    put_given_up(line, flow->hello.state);
    if (flow->continues)
        put_count(line, "continues", flow->continues);
    if (flow->refused) {
        line_key(line, "refused");
        line_bool(line, true);
    }
    if (flow->offloads) {
        line_key(line, "fast");
        line_bool(line, flow->fast);
    }
    if (flow->placed) {
        line_key(line, "throttled_from");
        line_share(line, control_place(flow->place));
    }
    if (ended)
        put_text(line, "ended", ended);
}

void flow_line(struct json_line *line, const struct engine_flow *flow, const char *ended, bool brief)
{
    line->len = 0;
    line->cut = false;
    line_raw(line, "{");
    put_count(line, "id", flow->id);
    if (!brief)
        put_text(line, "proto", "udp");
    put_addresses(line, flow, brief);
    put_text(line, "state", flow_state_word(flow->state));
    if (!brief || flow->version)
        put_version(line, flow->version);
    put_hello(line, &flow->hello, brief);
    put_decision(line, flow, brief);
    put_count(line, "idle_ms", flow->idle_ms);
    put_count(line, "expires_ms", flow->expires_ms);
    if (!brief || flow_has_rtt(&flow->rtt))
        flow_line_rtt(line, &flow->rtt);
    put_direction(line, "up", &flow->up, brief);
    put_direction(line, "down", &flow->down, brief);
    if (!brief) {
        put_text(line, "symmetry", symmetry(flow));
        put_text(line, "roles", flow->client_known ? "handshake" : "first-packet");
    }
    put_rest(line, flow, ended);
    line_raw(line, "}");
}

static bool write_line(const struct engine_flow *flow, const char *ended, FILE *out)
{
    struct json_line line;
    flow_line(&line, flow, ended, false);
    return !line.cut && fwrite(line.text, 1, line.len, out) == line.len && fputc('\n', out) != EOF;
}

bool control_flow_json(const struct engine_flow *flow, FILE *out)
{
    return write_line(flow, NULL, out);
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
    return write_line(flow, end_word(why), out);
}
