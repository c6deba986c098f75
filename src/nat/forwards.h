/* Forwards that come and go while the room works. With the room's lock held, unless it says otherwise. */
#ifndef NAT_FORWARDS_H
#define NAT_FORWARDS_H

#include <quicward/nat.h>

struct forwards {
    struct nat_forward *sorted; /* owned: by address and port */
    unsigned count;
    bool cut; /* a mapping lost its endpoint */
    struct qw_time now;
};

/* Copies `wanted`; without the lock. False when memory is short: forwards_free all the same. */
bool forwards_take(struct forwards *forwards, const struct nat_forward *wanted, unsigned count,
                   struct qw_time now);
void forwards_free(struct forwards *forwards);

/* Do exactly these stand? `slots` are those of the addresses that forwards count. */
bool forwards_stand(const struct nat *nat, const struct forwards *forwards, const uint8_t *slots);

/* Ends those that are not wanted any more, while the slots still have their addresses. `slots` as above,
 * `count` of them. */
void forwards_leave(struct nat *nat, const struct forwards *forwards, const uint8_t *slots, unsigned count);

/* Sets up those that are new on address number `address`, whose slot has its ports and its address by now. */
void forwards_enter(struct nat *nat, struct forwards *forwards, unsigned address, unsigned slot);

#endif
