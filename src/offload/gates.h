/* Gates of directions whose packets may still wait in a queue (fast_record.h), and the flows that have closed
 * ones. Bounded, allocated once. */
#ifndef OFFLOAD_GATES_H
#define OFFLOAD_GATES_H

#include "book.h"

struct gates {
    struct fast_gate *all; /* mapped; the kernel's. Two a flow of the book */
    uint32_t *waiting;     /* owned; indices of flows */
    uint32_t count;
    uint32_t next;       /* of `waiting`, where the next round begins */
    uint32_t shut;       /* gates that the program had closed, when they were last looked for */
    uint64_t paused;     /* directions that had to pause */
    uint32_t round[64];  /* the flows of the round at hand, those that pause first */
    uint32_t round_size; /* how many; between two rounds those that pause */
};

/* False when memory is short. */
bool gates_open(struct gates *gates, struct fast_gate *all, uint32_t flows_max);
void gates_close(struct gates *gates);

/* The number of one direction's gate, for its record. */
uint32_t gates_number(const struct book *book, const struct book_flow *flow, unsigned way);

/* The flow's entries are about to be put: its gates are closed, and stay so until gates_wait. */
void gates_begin(struct gates *gates, const struct book *book, const struct book_flow *flow);

/* Of a flow whose entries an earlier process has put: waits if one of them is closed. */
void gates_adopt(struct gates *gates, const struct book *book, struct book_flow *flow, struct qw_time now);

/* They may open once nothing waits. Does nothing to a flow that waits. */
void gates_wait(struct gates *gates, const struct book *book, struct book_flow *flow, struct qw_time now);

/* The flow's entries are gone. */
void gates_forget(struct gates *gates, struct book *book, struct book_flow *flow);

/* First gates_sample at `now`; then somebody looks whether packets wait; then gates_release: what had come to
 * a queue before `empty` has left it. Up to 64 flows a round. */
void gates_sample(struct gates *gates, struct book *book, struct qw_time now);
void gates_release(struct gates *gates, struct book *book, struct qw_time empty, struct qw_time now);

/* Flows whose gates the program has closed again wait from now on. O(flows) when there are any. */
void gates_find_shut(struct gates *gates, struct book *book, uint32_t shut, struct qw_time now);

#endif
