/* The verdicts of one batch of packets of one queue, as the netlink messages that one send carries.
 *
 * The kernel takes a batch verdict for every packet up to an id that still waits in the queue, in the
 * order they came. So drops are written first, each by itself, and one batch accept for the last accepted
 * packet then covers the rest. All packets that were received before must have been given to the same
 * batch. */
#ifndef QUICWARD_IO_VERDICTS_H
#define QUICWARD_IO_VERDICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VERDICTS_MAX 64         /* packets in one batch */
#define VERDICT_MESSAGE_SIZE 32 /* nlmsghdr, nfgenmsg, one attribute with a struct nfqnl_msg_verdict_hdr */

struct verdicts {
    uint16_t queue;
    bool accepts;   /* some packet is accepted */
    uint32_t last;  /* the last of them */
    unsigned count; /* packets decided */
    size_t len;     /* of `messages` */
    _Alignas(uint32_t) char messages[(VERDICTS_MAX + 1) * VERDICT_MESSAGE_SIZE];
};

void verdicts_start(struct verdicts *verdicts, uint16_t queue);

/* The verdict for packet `id`: ids must come in the order in which the kernel gave them. At most
 * VERDICTS_MAX calls after verdicts_start. */
void verdicts_accept(struct verdicts *verdicts, uint32_t id);
void verdicts_drop(struct verdicts *verdicts, uint32_t id);

/* Completes `messages`; to be sent whole if `len` is not 0. */
void verdicts_finish(struct verdicts *verdicts);

#endif
