/* The way to the collector. Nothing blocks: a message is taken whole, or it is not. */
#ifndef IPFIX_TRANSPORT_H
#define IPFIX_TRANSPORT_H

#include <quicward/config.h>
#include <quicward/io.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct transport;

/* Reads the files of TLS. QW_OK and *out, the caller's; QW_ERR_SYSTEM with `error`; QW_ERR_NO_MEMORY. */
enum qw_error transport_new(const struct config *config, struct transport **out, struct io_error *error);
void transport_free(struct transport *transport);

enum transport_state {
    TRANSPORT_CLOSED,  /* call transport_open, not more than once a second or so */
    TRANSPORT_OPENING, /* call transport_step when transport_events has come */
    TRANSPORT_OPEN,    /* transport_send may be called */
    TRANSPORT_BUSY     /* a message is under way: as OPENING */
};
enum transport_state transport_state(const struct transport *transport);

/* Begins to connect. */
void transport_open(struct transport *transport);

/* What poll(2) is to wait for; *fd is -1 while closed. */
short transport_events(const struct transport *transport, int *fd);

/* Goes on with what is under way, and sees whether the collector has gone. */
void transport_step(struct transport *transport);

/* Hands over a message of a transport that is OPEN: it is copied. False: it is lost, and the transport may be
 * CLOSED now. */
bool transport_send(struct transport *transport, const uint8_t *bytes, size_t len);

void transport_close(struct transport *transport);

/* Over UDP nobody says that the collector has gone: templates are to be sent again (RFC 7011 8.4). */
bool transport_forgets(const struct transport *transport);

#endif
