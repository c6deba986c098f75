/* A path with a known round trip on both sides of an observer: what happens to datagrams on it. */
#ifndef TOOLS_PATH_RULES_H
#define TOOLS_PATH_RULES_H

#include "link_rules.h"

#include <stdbool.h>
#include <stdint.h>

#define PATH_PARTS 1000000u /* chances are in millionths */

struct path_rules {
    uint64_t half_us[2], later_us[2]; /* round trip between the observer and each side; after the step */
    uint64_t step_us;                 /* this long after the first datagram; 0: never */
    uint64_t late_us, jitter_us;
    uint32_t loss, reorder; /* chances, on each way between the observer and a side */
    uint64_t seed;
    unsigned snap; /* bytes of a frame that the capture keeps */
};

/* A path without delay. */
struct path_rules path_rules_none(void);

/* Reads one "KEY=VALUE"; see the head of path_link.c. False when it is none. */
bool path_rules_read(struct path_rules *rules, const char *text);

/* One way of datagram `number` that `from` sent, between the observer and `side`. */
struct path_trip {
    bool lost, late;
    uint64_t delay_us;
};
struct path_trip path_trip(const struct path_rules *rules, enum link_side from, enum link_side side,
                           uint32_t number, bool stepped);

#endif
