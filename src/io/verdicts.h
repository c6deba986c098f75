/* Verdicts on packets of one queue, as the netlink messages that one send carries.
 *
 * The kernel takes a batch verdict for every packet up to an id that still waits in the queue, in the order
 * they came. So drops are written at once, each by itself, and one batch accept for the last of a run of
 * accepted packets then covers the run. While a packet is held a batch would cover that one too: then each
 * accept is written by itself. What is accepted leaves in the order of the calls. */
#ifndef QUICWARD_IO_VERDICTS_H
#define QUICWARD_IO_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERDICTS_MAX 128        /* messages in one send: two for each packet of a full batch */
#define VERDICT_MESSAGE_SIZE 32 /* nlmsghdr, nfgenmsg, one attribute with a struct nfqnl_msg_verdict_hdr */

struct verdicts {
    uint16_t queue;
    uint32_t binding; /* which binding of the queue this is: the kernel's ids start again with each */
    uint32_t held;    /* packets of this binding that are held */
    bool accepts;     /* a run of accepted packets is not written yet; never while one is held */
    uint32_t last;    /* the last of the run */
    size_t len;       /* of `messages` */
    _Alignas(uint32_t) char messages[VERDICTS_MAX * VERDICT_MESSAGE_SIZE];
};

/* For a binding of `queue`, the first one (`verdicts` is zero then) or the next: nothing waits in it. */
void verdicts_start(struct verdicts *verdicts, uint16_t queue);

/* The verdict for packet `id`: ids must come in the order in which the kernel gave them, none left out. */
void verdicts_accept(struct verdicts *verdicts, uint32_t id);
void verdicts_drop(struct verdicts *verdicts, uint32_t id);

/* The same for a packet that is held: it gets none for now. */
void verdicts_hold(struct verdicts *verdicts);

/* Names packet `id` of this binding for as long as it is held. */
uint64_t verdicts_token(const struct verdicts *verdicts, uint32_t id);

/* The verdict for a packet that was held. One of an earlier binding went when that ended, and its id may now
 * be another packet's: nothing is written. */
void verdicts_release(struct verdicts *verdicts, uint64_t token, bool accept);

/* True when `messages` must be sent before the next of the calls above. */
bool verdicts_full(const struct verdicts *verdicts);

/* Completes `messages`; to be sent whole if `len` is not 0. */
void verdicts_finish(struct verdicts *verdicts);

/* They were sent. */
void verdicts_clear(struct verdicts *verdicts);

#endif
