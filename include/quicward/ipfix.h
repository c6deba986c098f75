/* NAT events for a collector of a carrier: IPFIX (RFC 7011) with the records of RFC 8158, over UDP, TCP or
 * TLS.
 *
 * A thread of its own reads the events that the engine keeps (engine_events.h) and sends them, so no packet
 * waits for a collector. What is lost is counted: events that were pushed out of the ring before they were
 * read, and records that could not be sent. Nothing is sent twice. */
#ifndef QUICWARD_IPFIX_H
#define QUICWARD_IPFIX_H

#include <quicward/config.h>
#include <quicward/engine.h>
#include <quicward/io.h>

struct ipfix;

struct ipfix_stats {
    bool on;
    bool connected;   /* the last message was handed to the kernel, or TLS */
    uint64_t records; /* sent */
    uint64_t lost;    /* not sent, or pushed out of the ring; other events that were pushed out count too */
};

/* Prepares what nat.ipfix of `config` asks for: *out is NULL for "off". Files of TLS are read now. The
 * collector need not answer. QW_OK, and *out is the caller's; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY.
 * Starts no thread. */
enum qw_error ipfix_open(const struct config *config, struct ipfix **out, struct io_error *error);

/* Starts the thread; `engine` outlives it. `ipfix` NULL: does nothing. QW_OK; QW_ERR_SYSTEM with `error`. */
enum qw_error ipfix_start(struct ipfix *ipfix, struct engine *engine, struct io_error *error);

/* Sends what is there, for a second at most, ends the thread and frees. `ipfix` may be NULL. */
void ipfix_stop(struct ipfix *ipfix);

/* Any thread; NULL is off. */
void ipfix_stats(struct ipfix *ipfix, struct ipfix_stats *out);

#endif
