/* What a control server talks about, made small: an engine with some flows, a folder, one client's answer. */
#ifndef TEST_CONTROL_WORLD_H
#define TEST_CONTROL_WORLD_H

#include <quicward/control.h>

struct world {
    struct engine *engine;
    struct engine_worker *worker;
    char folder[64], path[128]; /* path: folder/made/control.sock, `made` not there yet */
};

/* An engine in monitor mode with `flows` one-way flows that began at `now`, and an empty folder. `now` is on
 * the clock by which the test looks: io_now() where the server's own thread does. */
void world_make(struct world *world, unsigned flows, struct qw_time now);

/* The same in mode nat, so that each of the flows has a mapping. */
void world_make_nat(struct world *world, unsigned flows, struct qw_time now);
void world_end(struct world *world);

/* An answer: its lines one after another, and how many. */
struct heard {
    unsigned lines;
    char text[4096]; /* as much as fits */
};

/* A control_line; `context` is a struct heard. */
void hear(void *context, const char *line);

/* Runs `print` into a buffer that the caller frees. */
char *printed(void (*print)(void *context, FILE *out), void *context);

#endif
