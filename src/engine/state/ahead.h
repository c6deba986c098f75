/* What is known of packets before their turn comes. */
#ifndef ENGINE_AHEAD_H
#define ENGINE_AHEAD_H

#include <quicward/engine.h>
#include <quicward/packet.h>

struct ahead_packet {
    const uint8_t *data; /* which packet it is */
    enum qw_error decoded;
    struct packet_view view;
    nat_external mapping; /* mode nat, from outside: of its destination */
    bool hashed;          /* then, of its tuple or the one that it is translated to: */
    enum flow_side sender;
    struct flow_key key;
    uint64_t hash;
};

struct ahead {
    unsigned count, next;
    struct ahead_packet packets[ENGINE_AHEAD];
};

/* What is known of the packet at `data`, if it is the one to come next; NULL otherwise. */
static inline struct ahead_packet *ahead_take(struct ahead *ahead, const uint8_t *data)
{
    if (ahead->next >= ahead->count || ahead->packets[ahead->next].data != data)
        return NULL;
    return &ahead->packets[ahead->next++];
}

#endif
