/* Continuation hints: a new flow may go on with the QUIC connection of an older one that fell silent. The
 * client's packets carry the connection ID of that one's server, as after a rebinding (RFC 9000 9.5: a client
 * that moves on purpose changes its connection ID, so that nobody can tell).
 *
 * A hint is for reports. A connection ID by itself proves nothing: whoever saw it can send it from anywhere.
 * Nothing that decides where a packet goes can see this header; tests/check_includes.sh proves it.
 *
 * A connection ID is known from the handshake. A short header does not tell its length (RFC 8999 5.2), so
 * later ones are taken to be as long. Kept are keyed hashes over the server's endpoint and the connection ID,
 * in a table of fixed size: the one that was heard least recently makes room. All is O(1). Any thread; one
 * lock, held for some hundred nanoseconds. */
#ifndef QUICWARD_HINT_H
#define QUICWARD_HINT_H

#include <quicward/base/addr.h>
#include <quicward/base/bytes.h>
#include <quicward/base/hash.h>
#include <quicward/base/time.h>
#include <stdbool.h>
#include <stdint.h>

struct hints;

#define HINT_CID_MIN 4  /* bytes: shorter ones meet by chance */
#define HINT_CID_MAX 20 /* RFC 9000 17.2 */

/* After so long without a packet that shows it a connection ID is forgotten. Connections that are idle for
 * longer are rare (RFC 9308 3.2: mapping timeouts of minutes). */
#define HINT_KEPT_NS (3600 * QW_NS_PER_SECOND)

/* Flows that wait for hint_awaited at once; of two that share a place the newer one waits. */
#define HINT_WAITING 256

/* A flow, and where its owner finds it. */
struct hint_flow {
    uint64_t id; /* never 0 */
    uint32_t shard, slot;
};

/* Room for `capacity` flows (1..2^30), taken now. NULL when memory is short. The caller owns it. */
struct hints *hint_new(uint32_t capacity, struct qw_hash_key secret);
void hint_free(struct hints *hints);

/* `flow` is a connection with `server`, whose client addresses it by `cid` (borrowed). Nothing for lengths
 * beyond HINT_CID_MIN..HINT_CID_MAX. A connection ID that another flow has too tells nothing from then on. */
void hint_learn(struct hints *hints, const struct hint_flow *flow, const struct qw_endpoint *server,
                struct qw_bytes cid, struct qw_time now);

/* The client of flow `id` sent a short header; `behind` is what follows its first byte (borrowed). Its
 * connection ID is the flow's from now on. Nothing for flows that are not known. */
void hint_hear(struct hints *hints, uint64_t id, struct qw_bytes behind, struct qw_time now);

/* Whose connection ID does a short header to `server` carry, which began a flow? `behind` as above. False:
 * nobody's. */
bool hint_find(struct hints *hints, const struct qw_endpoint *server, struct qw_bytes behind,
               struct qw_time now, struct hint_flow *older);

/* Keeps in mind that flow `id` may go on with `older`, whose client had sent `heard` packets then. */
void hint_await(struct hints *hints, uint64_t id, const struct hint_flow *older, uint64_t heard);

/* Takes what hint_await kept for flow `id`, once; false when there is nothing. */
bool hint_awaited(struct hints *hints, uint64_t id, struct hint_flow *older, uint64_t *heard);

/* `newer` goes on with flow `older`: the connection ID is the newer one's from now on. False, and nothing
 * changed, when the older one is not known any more, or the newer one is a connection of its own by now. */
bool hint_move(struct hints *hints, const struct hint_flow *newer, uint64_t older, struct qw_time now);

/* The flow that flow `id` goes on with, 0 when none is known. */
uint64_t hint_continues(struct hints *hints, uint64_t id);

#endif
