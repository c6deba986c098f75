/* An IPFIX message as bytes. No socket, no clock. */
#ifndef IPFIX_MESSAGE_H
#define IPFIX_MESSAGE_H

#include <quicward/engine_events.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of an IPv6 path without fragments, less IP and UDP headers (RFC 7011 10.3.3). */
#define MESSAGE_MAX 1232

struct ipfix_message {
    size_t len;       /* bytes written */
    size_t set;       /* where the open set begins; 0: none is open */
    uint16_t set_id;  /* of it */
    uint32_t records; /* data records in it */
    uint8_t bytes[MESSAGE_MAX];
};

/* Begins a message. `templates`: it begins with all of them. */
void message_begin(struct ipfix_message *message, bool templates);

/* Is the event one of those that are told? */
bool message_tells(const struct engine_event *event);

/* Adds the record of an event that message_tells of; `time_ms` since 1970 is when it happened, `per_host`
 * the limit that HOST_LIMIT tells of. False, and the message
 * unchanged, when there is no room. */
bool message_add(struct ipfix_message *message, const struct engine_event *event, uint64_t time_ms,
                 uint32_t per_host);

/* Completes it. `sequence`: data records sent before it, modulo 2^32 (RFC 7011 3.1). */
void message_finish(struct ipfix_message *message, uint32_t sequence, uint32_t domain, uint32_t now_s);

#endif
