/* What all routers must agree about, on its way from a reload to the thread. */
#ifndef PEER_AGREEMENT_H
#define PEER_AGREEMENT_H

#include <quicward/peer.h>

/* Zeroed: nothing is on its way. The caller locks. */
struct agreement {
    bool news;
    uint64_t digest;
    struct qw_addr external[PEER_ADDRESSES_MAX];
    unsigned external_count;
};

/* From now on this is what is on its way: `count` addresses, of which PEER_ADDRESSES_MAX fit. */
void agreement_put(struct agreement *agreement, uint64_t digest, const struct qw_addr *external,
                   unsigned count);

/* Writes it into the options, once. False: there is nothing new, and nothing was written. */
bool agreement_take(struct agreement *agreement, struct peer_options *options);

#endif
