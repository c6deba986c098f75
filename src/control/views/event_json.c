/* Events as JSON lines: their fields as the table of kinds has them. */
#include "json_line.h"
#include "text.h"
#include <quicward/control.h>

static void put_text(struct json_line *line, const char *key, const char *text)
{
    line_key(line, key);
    line_text(line, text);
}

static void put_count(struct json_line *line, const char *key, uint64_t count)
{
    line_key(line, key);
    line_count(line, count);
}

/* An endpoint without a port is not known. */
static void put_endpoint(struct json_line *line, const char *key, const struct engine_event *event,
                         const struct qw_endpoint *endpoint)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    if (endpoint->port)
        put_text(line, key, qw_endpoint_text(endpoint, event->family, text));
}

static void put_address(struct json_line *line, const struct engine_event *event)
{
    static const struct qw_addr NONE;
    char text[QW_ADDR_TEXT_MAX];
    const struct qw_addr *addr = &event->external.addr;
    put_text(line, "external", qw_addr_equal(addr, &NONE) ? NULL : qw_addr_text(addr, QW_IPV4, text));
}

static void put_flow(struct json_line *line, const struct engine_event *event)
{
    if (event->flow)
        put_count(line, "flow", event->flow);
    put_endpoint(line, "client", event, &event->client);
    put_endpoint(line, "server", event, &event->server);
}

static void put_version(struct json_line *line, uint32_t version)
{
    char text[16];
    put_text(line, "version", control_version_text(version, text));
}

/* It may quote what somebody wrote. */
static void put_words(struct json_line *line, const struct engine_event *event)
{
    char text[ENGINE_EVENT_TEXT_MAX];
    snprintf(text, sizeof(text), "%s", event->text);
    control_make_printable(text);
    put_text(line, "text", text);
}

/* Addresses, and the ports that the host has of the external one. */
static void put_block(struct json_line *line, const struct engine_event *event)
{
    char text[QW_ADDR_TEXT_MAX];
    put_text(line, "inside", qw_addr_text(&event->inside.addr, QW_IPV4, text));
    put_address(line, event);
    snprintf(text, sizeof text, "[%u,%u]", event->external.port, event->last_port);
    line_key(line, "ports");
    line_raw(line, text);
}

static void put_fields(struct json_line *line, const struct engine_event *event)
{
    unsigned fields = ENGINE_EVENT_ROWS[event->kind].fields;
    if (fields & ENGINE_FIELD_INSIDE)
        put_endpoint(line, "inside", event, &event->inside);
    if (fields & ENGINE_FIELD_EXTERNAL)
        put_endpoint(line, "external", event, &event->external);
    if (fields & ENGINE_FIELD_ADDRESS)
        put_address(line, event);
    if (fields & ENGINE_FIELD_FLOW)
        put_flow(line, event);
    if (fields & ENGINE_FIELD_CONTINUES)
        put_count(line, "continues", event->continues);
    if (fields & ENGINE_FIELD_VERSION)
        put_version(line, event->version);
    if (fields & ENGINE_FIELD_REASON)
        put_text(line, "reason", qw_reason_word(event->reason));
    if (fields & ENGINE_FIELD_RULE)
        put_text(line, "rule", event->rule[0] ? event->rule : NULL);
    if (fields & ENGINE_FIELD_COUNT)
        put_count(line, "count", event->count);
    if (fields & ENGINE_FIELD_BLOCK)
        put_block(line, event);
    if (fields & ENGINE_FIELD_TEXT)
        put_words(line, event);
}

bool control_event_json(const struct engine_event *event, int64_t epoch_ns, FILE *out)
{
    char time[CONTROL_TIME_TEXT_MAX];
    struct json_line line;
    line.len = 0;
    line.cut = false;
    control_time_text(epoch_ns + (int64_t)event->time.ns, time);
    line_raw(&line, "{");
    put_count(&line, "number", event->number);
    put_text(&line, "time", time);
    put_text(&line, "event", ENGINE_EVENT_ROWS[event->kind].word);
    put_fields(&line, event);
    line_raw(&line, "}\n");
    return !line.cut && fwrite(line.text, 1, line.len, out) == line.len;
}
