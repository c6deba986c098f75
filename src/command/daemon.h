/* The life of the daemon: what is started, in which order, and how it is undone. */
#ifndef COMMAND_DAEMON_H
#define COMMAND_DAEMON_H

#include "pair.h"
#include "veils.h"
#include <pthread.h>
#include <quicward/command.h>
#include <quicward/control.h>
#include <quicward/metrics.h>
#include <stdbool.h>

struct feeder;

struct daemon {
    const char *path;            /* of the configuration, borrowed */
    enum command_status failure; /* what a start that failed ends with */
    struct config *config;       /* as at the start; a reload changes none of the keys that are read here */
    int instance;                /* of io_instance_take */
    struct stand_in *stand_in;   /* NULL where packets must not pass without the daemon */
    struct io_helper *helper;    /* keeps the privileges that the daemon gives up */
    struct qw_hash_key secret;   /* of mode nat, where a file keeps one */
    bool leaving;                /* another process goes on: rules stay whatever when_down says */
    struct io_handover handed;   /* by the one before, until the queues are started */
    struct io_keeper *keeper;
    struct engine *engine;
    struct io_state *state;    /* NULL: what the engine knows ends with it */
    struct offload_pins *pins; /* NULL: no fast path outlives the daemon */
    struct io_queues *queues;
    struct feeder *feeder;
    struct io_inside *inside;
    struct io_watch *watch; /* NULL in other modes than nat */
    struct control_server *control;
    struct router_pair pair;
    struct ipfix *ipfix;     /* NULL: off */
    struct metrics *metrics; /* NULL: off */
    bool taking_over;        /* the one before has let go: nothing that can be done without may fail */
    struct veils veils;
    struct control_sinks *sinks; /* NULL: events go nowhere by themselves */
    enum config_backend backend;
    struct config *reloaded; /* as the last reload read it; NULL: there was none. With `reloading` held */
    pthread_mutex_t
        reloading; /* SIGHUP and `quicward reload` come in two threads; one file after the other */
};

/* Starts everything. With `take_over` the daemon of this instance, if one runs, hands its queues over: no
 * packet finds them unbound. False when a step failed: it has said so on standard error and all is undone. */
bool daemon_start(struct daemon *daemon, const char *path, bool take_over);
void daemon_stop(struct daemon *daemon);

/* In the place of daemon_stop: ends everything and hands the queues to the process at `to` (of
 * io_handover_asked). False when that is gone; nobody reads the queues then. */
bool daemon_hand_over(struct daemon *daemon, int to);

/* Reads the configuration again. False, with lines in the log and in `errors` (may be NULL) and nothing
 * changed, when it is wrong or asks for what a running daemon cannot do. Any thread; calls at the same time
 * are done one after the other. */
bool daemon_reload(struct daemon *daemon, FILE *errors);

/* To be called once a second: an address that left nat.external goes from the kernel rules with its last
 * mapping. Not before daemon_start was done, nor after its end began. */
void daemon_look(struct daemon *daemon);

#endif
