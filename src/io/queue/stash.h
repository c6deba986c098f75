/* The bytes of packets that were translated and then held: the kernel has them as they came, so what the
 * engine made of them is kept here until their verdict takes it back. One stash per worker, mode nat only.
 *
 * A slot has room for any packet, since a first datagram put together from fragments may be as long as one
 * can be. That is address space: the kernel gives memory page by page when bytes come, and slots are taken
 * last freed first, so a slot that had a usual packet costs a page and few are ever touched. */
#ifndef QUICWARD_IO_STASH_H
#define QUICWARD_IO_STASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STASH_SLOTS_MAX 65537u /* hold.total at most, and the one that the next packet would take */
#define STASH_NO_SLOT 0        /* slots are numbered from 1 */

struct stash_slot {
    uint64_t owner;
    uint32_t len;  /* bytes kept */
    uint32_t next; /* in the list that the slot is in */
    bool taken;
};

struct stash {
    uint32_t capacity;
    uint8_t *memory;          /* owned */
    struct stash_slot *slots; /* owned; the first is number 1 */
    uint32_t next;            /* what the next stash_keep takes; in no list */
    uint32_t free, leaving;   /* lists; leaving: given back but still to be sent from */
};

/* A stash of `capacity` slots, at most STASH_SLOTS_MAX. False, and nothing open, when the system refuses. */
bool stash_open(struct stash *stash, uint32_t capacity);

/* A zero stash is closed already. */
void stash_close(struct stash *stash);

/* The slot that the next stash_keep takes, the same until then; STASH_NO_SLOT when none is free. */
uint32_t stash_next(const struct stash *stash);

/* Copies the bytes, with room around them as verdicts need it, into that slot; it is `owner`'s from now on.
 * False when none is free or `len` is longer than a packet can be. */
bool stash_keep(struct stash *stash, uint64_t owner, const uint8_t *data, size_t len);

/* Gives the slot back and returns the bytes that `owner` kept there, *len of them, valid until stash_reuse;
 * NULL when they are not there. */
uint8_t *stash_take(struct stash *stash, uint32_t slot, uint64_t owner, size_t *len);

/* Nothing will be sent any more from what was taken. */
void stash_reuse(struct stash *stash);

/* True when no slot is free until stash_reuse is called. */
bool stash_starved(const struct stash *stash);

#endif
