/* A client of client.h with a server that answers it. */
#ifndef TEST_ATTEMPTS_H
#define TEST_ATTEMPTS_H

#include "client.h"

/* The server's Initial to the client, true when it passes. */
bool server_answers(struct router *r, const struct client *c);

/* The client's Handshake packet to the connection ID that server_answers shows. */
bool client_sends_handshake(struct router *r, const struct client *c);

/* The whole handshake: ClientHello, answer, Handshake packet, short header. */
void client_connects(struct router *r, struct client *c);

/* A handshake of v1 that nobody can open: 80 ms to WAN and back, 20 ms to `from`. */
void shake_hands(struct router *r, const char *from);

/* Both sides of `from` and WAN send a short header each millisecond, with the spin bit of round trips of 80
 * and 20 ms. */
void both_spin(struct router *r, const char *from, unsigned round_trips);

#endif
