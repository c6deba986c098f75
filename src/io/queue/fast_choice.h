/* At which place of an interface the fast path's program is to stand, and why. */
#ifndef IO_FAST_CHOICE_H
#define IO_FAST_CHOICE_H

#include <quicward/config.h>
#include <quicward/offload.h>

/* What the kernel says of an interface. */
struct fast_facts {
    bool ethernet;
    char kind[16];  /* of a virtual one: "veth", "bridge", "vlan"; "" for hardware */
    char qdisc[16]; /* at its root; "" when it has none */
    bool features;  /* the kernel tells what its driver can do at XDP (Linux 6.3), and: */
    bool redirects; /* it hands frames on, and takes those of others */
    bool policies;  /* IPsec policies exist on this machine */

    /* of a VLAN; `features` and `redirects` are its carrier's then */
    uint16_t tag;           /* 0: it is none, or XDP cannot put its tags: not 802.1Q, or a VLAN in a VLAN */
    char carrier[16];       /* the interface that its tagged frames pass */
    char carrier_kind[16];  /* as above */
    char carrier_qdisc[16]; /* as above */
    bool stripped;          /* the carrier may take tags off frames before XDP sees them */
};

struct fast_choice {
    enum offload_place place;
    char why[OFFLOAD_ERROR_MAX];
};

/* `mode` is not off. "xdp" and "tc" are what the operator wants, whatever the facts say. */
struct fast_choice fast_choose(enum config_offload mode, const struct fast_facts *facts);

/* Asks the kernel about the interface `name`, of this thread's network. False: there is none. */
bool fast_ask(const char *name, struct fast_facts *out);

#endif
