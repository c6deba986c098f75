/* Mode nat in a replay. A capture of the inside shows what comes from outside as it was after translation:
 * its destinations are inside endpoints. The engine asks for external ones, so these are put in their place,
 * as its own mappings of this replay have them. */
#ifndef COMMAND_REPLAY_NAT_H
#define COMMAND_REPLAY_NAT_H

#include <quicward/engine.h>

struct replay_nat {
    void *mappings; /* a tree of this file, by inside endpoint */
    uint64_t after; /* the number of the last event read */
    bool failed;    /* memory ran out: a mapping is missing */
};

/* Begins with the forwards of `config`, whose mode is nat. With external = "auto" the engine is given the
 * dummy address of RFC 7600 7, 192.0.0.8: no capture says what the router's is. */
void replay_nat_begin(struct replay_nat *nat, const struct config *config, struct engine *engine);

/* Takes in what happened to mappings since the last call; to be called after each call of the engine. */
void replay_nat_follow(struct replay_nat *nat, struct engine *engine);

/* Gives the IPv4 packet from outside at `packet`, UDP or an ICMP error about it, the external endpoint of the
 * inside endpoint that it is for. Without a mapping, and any other packet, it stays as it is. `wire_len` and
 * `captured` as in engine_packet; up to wire_len bytes, but at most 65,535, may be written. */
void replay_nat_readdress(const struct replay_nat *nat, uint8_t *packet, size_t captured, uint32_t wire_len);
void replay_nat_free(struct replay_nat *nat);

#endif
