/* What happens to the datagrams of a link: rules by packet count and seed, so that a run can be repeated. */
#ifndef TOOLS_LINK_RULES_H
#define TOOLS_LINK_RULES_H

#include <stdbool.h>
#include <stdint.h>

enum link_side { LINK_CLIENT, LINK_SERVER }; /* who sent a datagram */

#define LINK_NUMBERS_MAX 64 /* the highest number that a list holds */
#define LINK_REBINDS_MAX 8

/* Which datagrams of a side: a share of all, or those of a list. Numbers count a flow's datagrams from one
 * side, from 1. */
struct link_choice {
    unsigned percent;
    uint64_t numbers; /* bit n-1 is number n */
};

struct link_rules {
    struct link_choice drop[2], corrupt[2], late[2];
    unsigned burst; /* so many in a row are lost to a percentage at most; 0: any number */
    uint64_t delay_us, late_us;
    uint64_t pace_us; /* 0: datagrams follow one another at once */
    uint64_t seed;
    unsigned rebinds;
    uint32_t rebind[LINK_REBINDS_MAX]; /* from these datagrams of the client on its port is another one */
};

/* Rules under which nothing happens. */
struct link_rules link_rules_none(void);

/* Reads one "KEY=VALUE"; see the head of lossy_link.c. False when it is none. */
bool link_rules_read(struct link_rules *rules, const char *text);

/* What `choice` says of datagram `number` of a side of flow `flow`. `kind` tells rules of one seed apart. */
bool link_chosen(const struct link_rules *rules, const struct link_choice *choice, unsigned kind,
                 uint32_t flow, enum link_side side, uint32_t number);

/* A number that depends on its arguments alone. */
uint32_t link_random(uint64_t seed, unsigned kind, uint32_t flow, enum link_side side, uint32_t number);

#endif
