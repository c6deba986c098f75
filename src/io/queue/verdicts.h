/* Verdicts on packets of one queue, as the netlink messages that one send carries.
 *
 * The kernel takes a batch verdict for every packet up to an id that still waits in the queue, in the order
 * they came. So drops are written at once, each by itself, and one batch accept for the last of a run of
 * accepted packets then covers the run. While a packet is held a batch would cover that one too: then each
 * accept is written by itself. A packet whose bytes changed has a message of its own, which takes them back:
 * it ends the run before it, so that no batch accepts the bytes that came. What is accepted leaves in the
 * order of the calls.
 *
 * Bytes are not copied: the message's header is written in front of them, where they stand, and what is sent
 * is a list of pieces. */
#ifndef QUICWARD_IO_VERDICTS_H
#define QUICWARD_IO_VERDICTS_H

#include "stash.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#define VERDICTS_MAX 128        /* messages in one send: two for each packet of a full batch */
#define VERDICT_MESSAGE_SIZE 32 /* nlmsghdr, nfgenmsg, one attribute with a struct nfqnl_msg_verdict_hdr */
#define VERDICT_MARKED_SIZE 40  /* one more attribute, with a mark */

/* A packet whose bytes go with its verdict has room around them: in front for a message and the header of one
 * more attribute, which a message from the kernel always leaves (its own headers and the packet's number take
 * as much), and behind for the padding that netlink asks for. */
#define VERDICT_HEAD 36
#define VERDICT_TAIL 3
#define VERDICT_BYTES_MAX 65531 /* what an attribute takes: its length has 16 bits and counts its header */

/* The messages are sent when they reach this many bytes. Measured with packets of 1,228 bytes, in CPU time a
 * packet from the queue and back, where accepting it unchanged takes 3.2 us: 4.7 us with one packet a send,
 * 4.2 with three (as many as the kernel takes without large pages), 3.7 with 8,000 bytes, 3.6 with 15,000,
 * 3.4 with 30,000, and no less beyond. With a packet of 1,500 bytes on top of it, the kernel's copy and its
 * own share still fit 32 KiB, the largest block that it easily gives. Copying packets together for the send
 * costs another 0.2 to 0.4 us each. */
#define VERDICTS_BYTES 30000

/* Most that is sent at once: what makes the messages full comes on top. */
#define VERDICTS_BYTES_MAX                                                                                   \
    (VERDICTS_BYTES + VERDICT_HEAD + VERDICT_BYTES_MAX + VERDICT_TAIL + 2 * VERDICT_MARKED_SIZE)

struct verdicts {
    uint16_t queue;
    struct stash *stash;     /* borrowed; NULL where no packet's bytes change */
    uint32_t binding;        /* which binding of the queue this is: the kernel's ids start again with each */
    uint32_t held;           /* packets of this binding that are held */
    bool accepts;            /* a run of accepted packets is not written yet; never while one is held */
    uint32_t last;           /* the last of the run */
    size_t len;              /* of all pieces */
    unsigned written, count; /* messages; pieces */
    struct iovec pieces[VERDICTS_MAX];
    _Alignas(uint32_t) char messages[VERDICTS_MAX * VERDICT_MARKED_SIZE]; /* those without bytes */
    size_t messages_len;
};

/* For a binding of `queue`, the first one (`verdicts` is zero then, but for the stash) or the next: nothing
 * waits in it. */
void verdicts_start(struct verdicts *verdicts, uint16_t queue);

/* The verdict for packet `id`: ids must come in the order in which the kernel gave them, none left out. */
void verdicts_accept(struct verdicts *verdicts, uint32_t id);
void verdicts_drop(struct verdicts *verdicts, uint32_t id);

/* Accepts it with another mark than it has. */
void verdicts_accept_marked(struct verdicts *verdicts, uint32_t id, uint32_t mark);

/* Accepts it with the `len` bytes at `data` in place of its own. They and the room around them (VERDICT_HEAD,
 * aligned for netlink, and VERDICT_TAIL) stay as they are until verdicts_clear. */
void verdicts_accept_changed(struct verdicts *verdicts, uint32_t id, uint8_t *data, size_t len);

/* The same for a packet that is held: it gets none for now. */
void verdicts_hold(struct verdicts *verdicts);

/* Holds the packet that verdicts_token last named, and keeps its bytes, which changed. False when there is no
 * room for them: the binding must then be given up, since the packet may not leave as it came. */
bool verdicts_hold_changed(struct verdicts *verdicts, uint64_t token, const uint8_t *data, size_t len);

/* Names packet `id` of this binding for as long as it is held: binding, slot of the stash that it would take,
 * id. */
uint64_t verdicts_token(const struct verdicts *verdicts, uint32_t id);

/* The verdict for a packet that was held; an accepted one goes with the bytes that were kept. One of an
 * earlier binding went when that ended, and its id may now be another packet's: nothing is written. */
void verdicts_release(struct verdicts *verdicts, uint64_t token, bool accept);

/* True when what is written must be sent before the next of the calls above, and before verdicts_token for a
 * packet that may be held. */
bool verdicts_full(const struct verdicts *verdicts);

/* Completes `pieces`; to be sent whole if `count` is not 0. */
void verdicts_finish(struct verdicts *verdicts);

/* They were sent. */
void verdicts_clear(struct verdicts *verdicts);

#endif
