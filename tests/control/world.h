/* What a control server talks about, made small: an engine with some flows, a folder, one client's answer. */
#ifndef TEST_CONTROL_WORLD_H
#define TEST_CONTROL_WORLD_H

#include <quicward/control.h>

struct world {
    struct engine *engine;
    struct engine_worker *worker;
    char folder[64], path[128]; /* path: folder/made/control.sock, `made` not there yet */
};

/* An engine in monitor mode with `flows` one-way flows, and an empty folder. */
void world_make(struct world *world, unsigned flows);

/* The same in mode nat, so that each of the flows has a mapping. */
void world_make_nat(struct world *world, unsigned flows);
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
