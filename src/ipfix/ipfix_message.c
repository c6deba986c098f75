/* RFC 7011 3: a header, then sets. Information elements by the numbers of IANA's registry, templates as RFC
 * 8158 5 has them: what is told has all the fields that are mandatory there. */
#include "ipfix_message.h"
#include <string.h>

#define VERSION 10
#define HEADER 16
#define SET_HEADER 4
#define TEMPLATE_SET 2
#define PROTOCOL_UDP 17

/* Information elements, each with its length. */
#define OBSERVATION_TIME 323, 8 /* observationTimeMilliseconds */
#define NAT_EVENT 230, 1        /* natEvent */
#define PROTOCOL 4, 1           /* protocolIdentifier */
#define SOURCE 8, 4             /* sourceIPv4Address */
#define POST_SOURCE 225, 4      /* postNATSourceIPv4Address */
#define SOURCE_PORT 7, 2        /* sourceTransportPort */
#define POST_SOURCE_PORT 227, 2 /* postNAPTSourceTransportPort */
#define QUOTA_EVENT 466, 4      /* natQuotaExceededEvent */
#define PER_USER 473, 4         /* maxEntriesPerUser */
#define POOL 283, 4             /* natPoolId */
#define FIRST_PORT 361, 2       /* portRangeStart */
#define LAST_PORT 362, 2        /* portRangeEnd */

enum { BINDING = 256, QUOTA, NO_ADDRESSES, BLOCK }; /* template IDs */

/* natEvent: RFC 8158 8.1 */
enum {
    EVENT_NO_ADDRESSES = 3,
    EVENT_BINDING_MADE = 8,
    EVENT_BINDING_ENDED = 9,
    EVENT_QUOTA = 13,
    EVENT_BLOCK_ASSIGNED = 16,
    EVENT_BLOCK_RELEASED = 17
};

#define QUOTA_PER_USER 3 /* natQuotaExceededEvent: most entries of one user (RFC 8158 8.3) */

#define FIELDS_MAX 8

static const struct form {
    uint16_t id;
    uint16_t count;
    struct {
        uint16_t element, length;
    } fields[FIELDS_MAX];
} FORMS[] = {
    /* NAT44 BIB create and delete */
    {BINDING,
     7,
     {{OBSERVATION_TIME},
      {NAT_EVENT},
      {PROTOCOL},
      {SOURCE},
      {POST_SOURCE},
      {SOURCE_PORT},
      {POST_SOURCE_PORT}}},
    {QUOTA, 5, {{OBSERVATION_TIME}, {NAT_EVENT}, {QUOTA_EVENT}, {PER_USER}, {SOURCE}}},
    {NO_ADDRESSES, 3, {{OBSERVATION_TIME}, {NAT_EVENT}, {POOL}}},
    {BLOCK, 6, {{OBSERVATION_TIME}, {NAT_EVENT}, {SOURCE}, {POST_SOURCE}, {FIRST_PORT}, {LAST_PORT}}},
};

/* ---- bytes ---- */

static void put(struct ipfix_message *message, uint64_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        message->bytes[message->len++] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static void put_at(struct ipfix_message *message, size_t at, uint64_t value, unsigned bytes)
{
    size_t len = message->len;
    message->len = at;
    put(message, value, bytes);
    message->len = len;
}

static void put_address(struct ipfix_message *message, const struct qw_addr *addr)
{
    memcpy(message->bytes + message->len, addr->bytes + 12, 4);
    message->len += 4;
}

static void close_set(struct ipfix_message *message)
{
    if (message->set)
        put_at(message, message->set + 2, message->len - message->set, 2);
    message->set = 0;
}

static void open_set(struct ipfix_message *message, uint16_t id)
{
    if (message->set && message->set_id == id)
        return;
    close_set(message);
    message->set = message->len;
    message->set_id = id;
    put(message, id, 2);
    put(message, 0, 2);
}

/* ---- messages ---- */

static void put_templates(struct ipfix_message *message)
{
    open_set(message, TEMPLATE_SET);
    for (unsigned i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        put(message, FORMS[i].id, 2);
        put(message, FORMS[i].count, 2);
        for (unsigned k = 0; k < FORMS[i].count; k++) {
            put(message, FORMS[i].fields[k].element, 2);
            put(message, FORMS[i].fields[k].length, 2);
        }
    }
}

void message_begin(struct ipfix_message *message, bool templates)
{
    message->len = HEADER;
    message->set = 0;
    message->records = 0;
    if (templates)
        put_templates(message);
}

/* NULL: it is not told. */
static const struct form *form_of(const struct engine_event *event)
{
    switch (event->kind) {
    case ENGINE_EVENT_MAPPING_CREATED:
    case ENGINE_EVENT_MAPPING_REMOVED:
        return &FORMS[BINDING - BINDING];
    case ENGINE_EVENT_BLOCK_ASSIGNED:
    case ENGINE_EVENT_BLOCK_RELEASED:
        return &FORMS[BLOCK - BINDING];
    case ENGINE_EVENT_HOST_LIMIT:
        return &FORMS[QUOTA - BINDING];
    case ENGINE_EVENT_NO_ADDRESS:
        return &FORMS[NO_ADDRESSES - BINDING];
    default:
        return NULL;
    }
}

bool message_tells(const struct engine_event *event)
{
    return form_of(event) != NULL;
}

static void put_binding(struct ipfix_message *message, const struct engine_event *event)
{
    put(message, event->kind == ENGINE_EVENT_MAPPING_CREATED ? EVENT_BINDING_MADE : EVENT_BINDING_ENDED, 1);
    put(message, PROTOCOL_UDP, 1);
    put_address(message, &event->inside.addr);
    put_address(message, &event->external.addr);
    put(message, event->inside.port, 2);
    put(message, event->external.port, 2);
}

static void put_block(struct ipfix_message *message, const struct engine_event *event)
{
    put(message, event->kind == ENGINE_EVENT_BLOCK_ASSIGNED ? EVENT_BLOCK_ASSIGNED : EVENT_BLOCK_RELEASED, 1);
    put_address(message, &event->inside.addr);
    put_address(message, &event->external.addr);
    put(message, event->external.port, 2);
    put(message, event->last_port, 2);
}

static void put_quota(struct ipfix_message *message, const struct engine_event *event, uint32_t per_host)
{
    put(message, EVENT_QUOTA, 1);
    put(message, QUOTA_PER_USER, 4);
    put(message, per_host, 4);
    put_address(message, &event->inside.addr);
}

static size_t record_length(const struct form *form)
{
    size_t len = 0;
    for (unsigned i = 0; i < form->count; i++)
        len += form->fields[i].length;
    return len;
}

bool message_add(struct ipfix_message *message, const struct engine_event *event, uint64_t time_ms,
                 uint32_t per_host)
{
    const struct form *form = form_of(event);
    if (!form || message->len + SET_HEADER + record_length(form) > MESSAGE_MAX)
        return false;
    open_set(message, form->id);
    put(message, time_ms, 8);
    if (form->id == BINDING)
        put_binding(message, event);
    else if (form->id == BLOCK)
        put_block(message, event);
    else if (form->id == QUOTA)
        put_quota(message, event, per_host);
    else {
        put(message, EVENT_NO_ADDRESSES, 1);
        put(message, 0, 4); /* there is one pool */
    }
    message->records++;
    return true;
}

void message_finish(struct ipfix_message *message, uint32_t sequence, uint32_t domain, uint32_t now_s)
{
    close_set(message);
    put_at(message, 0, VERSION, 2);
    put_at(message, 2, message->len, 2);
    put_at(message, 4, now_s, 4);
    put_at(message, 8, sequence, 4);
    put_at(message, 12, domain, 4);
}
