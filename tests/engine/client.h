/* A client whose ClientHello comes in pieces, and a router with rules written as an operator would. */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include "client_hello.h"
#include "router.h"

/* What a file says that has `text` behind mode, inside and outside; the caller's, config_free. */
struct config *config_with(const char *mode, const char *text);

/* Firewall mode with `text` behind mode, inside and outside. */
struct router router_with(const char *text);

/* Mode nat likewise. */
struct router nat_with(const char *text);

/* Replaces the rules of the running engine. */
enum qw_error reload_with(struct router *r, const char *text);

struct client {
    const char *from, *to;
    const char *outside; /* what `from` is called outside, NULL: the same */
    enum engine_origin side;
    uint8_t fill; /* its connection IDs, and so its attempt */
    uint8_t hello[4000];
    size_t hello_len;
    uint64_t packet_number;
};

/* A ClientHello for `sni` of `len` bytes or what it needs. */
struct client client_of(const char *sni, uint8_t fill, size_t len);

/* Sends bytes `start`..`end`-1 of its ClientHello in one Initial; what becomes of the datagram. */
enum engine_action client_sends(struct router *r, struct client *c, size_t start, size_t end);
/* Both ClientHellos, whole, in one Initial of `c`. */
enum engine_action client_sends_two(struct router *r, struct client *c, const struct client *other);
enum engine_action client_sends_all(struct router *r, struct client *c);
enum engine_action client_sends_zero_rtt(struct router *r, struct client *c);

/* The server of `c` answers its first Initial with a Retry; then the client follows it with its whole
 * ClientHello. */
bool server_retries(struct router *r, const struct client *c);
enum engine_action client_follows(struct router *r, struct client *c);
/* Likewise, with `bad` small Initials that do not open in front, in one datagram. */
enum engine_action client_follows_behind(struct router *r, struct client *c, unsigned bad);

/* What the last call let go: "a" for each accepted packet, "d" for each dropped, as "a1a2" with its token.
 * Returns a static string. */
const char *released(struct router *r);

/* A tick, `ms` later. */
void later(struct router *r, uint64_t ms);

#endif
