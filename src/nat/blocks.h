/* Ports from blocks (RFC 6888 REQ-13, REQ-14): a host has its ports from blocks of its own, and a log needs a
 * record a block instead of one a mapping. Off with a size of 0: then every function but blocks_init does
 * nothing. With the room's lock held. */
#ifndef NAT_BLOCKS_H
#define NAT_BLOCKS_H

#include "pool.h"
#include <quicward/nat.h>

struct nat;

struct block {
    uint64_t idle_ns; /* without a mapping since; while `used` is 0 */
    uint32_t host;    /* that has it; 0: nobody */
    uint32_t next;    /* the host's next one: its number + 1; 0: none */
    uint32_t used;    /* mappings of the host in it */
};

struct blocks {
    uint32_t size;          /* ports of a block, even */
    uint32_t per_slot;      /* blocks of an address */
    struct block *all;      /* owned, by number: slot * per_slot + place */
    struct nat_table heads; /* host -> number of its first block + 1 */
    uint32_t looked;        /* the last block that was looked at for being idle */
    struct qw_time last;    /* that a mapping was made or ended */
    nat_block_changed *changed;
};

/* After the pools are there. False when memory is short: blocks_free all the same. */
bool blocks_init(struct nat *nat, const struct nat_options *options, struct qw_hash_key secret);
void blocks_free(struct blocks *blocks);

/* As choose_port: a port in a block that the host has, or else in one that nobody has, or that stands idle.
 * Looks at every port of the host's blocks at most, and at those of BLOCKS_TRIED others. */
uint16_t blocks_choose(struct nat *nat, unsigned slot, struct owner owner, struct qw_time now);

/* A mapping of `host` has `port` from now on: the block becomes the host's, if it was not. */
void blocks_take(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now);

/* Likewise of an earlier process, which has told of the block: nothing is told. */
void blocks_adopt(struct nat *nat, unsigned slot, uint16_t port, uint32_t host);

/* Likewise of a forward that becomes a mapping, unless the block is another host's: it is told alone then. */
void blocks_drain(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now);

/* The mapping of `host` on `port` has ended. The block stays the host's for the time that a port rests. */
void blocks_leave(struct nat *nat, unsigned slot, uint16_t port, uint32_t host, struct qw_time now);

/* The address of the slot goes, and all blocks with it, told as of the last mapping that was made or ended.
 */
void blocks_end(struct nat *nat, unsigned slot);

/* Does the record of a block stand for the mapping on `port`? */
bool blocks_tell(const struct nat *nat, unsigned slot, uint16_t port);

#endif
