/* The life of the daemon: what is started, in which order, and how it is undone. */
#ifndef COMMAND_DAEMON_H
#define COMMAND_DAEMON_H

#include <quicward/control.h>
#include <stdbool.h>

struct daemon {
    const char *path;      /* of the configuration, borrowed */
    struct config *config; /* as at the start; a reload changes none of the keys that are read here */
    struct engine *engine;
    struct io_queues *queues;
    struct io_watch *watch; /* NULL in other modes than nat */
    struct control_server *control;
    enum config_backend backend;
};

/* Starts everything. False when a step failed: it has said so on standard error and all is undone. */
bool daemon_start(struct daemon *daemon, const char *path);
void daemon_stop(struct daemon *daemon);

/* Reads the configuration again. False, with lines in `errors` and nothing changed, when it is wrong or asks
 * for what a running daemon cannot do. Any thread. */
bool daemon_reload(struct daemon *daemon, FILE *errors);

#endif
