/* The thread that looks at the router around the daemon: when it starts, and when interfaces, addresses,
 * settings or rules of nft change. It says what keeps UDP from quicward or from its way, and in mode nat
 * makes what rules need of an inside interface so again when that interface is a new one. */
#ifndef QUICWARD_IO_SETUP_WATCH_H
#define QUICWARD_IO_SETUP_WATCH_H

#include <quicward/io.h>

struct setup_watch;

/* `config` is borrowed. QW_OK; QW_ERR_SYSTEM or QW_ERR_NO_MEMORY with `error`. */
enum qw_error setup_watch_start(const struct config *config, struct setup_watch **out,
                                struct io_error *error);

/* Ends the thread and frees; `watch` may be NULL. */
void setup_watch_stop(struct setup_watch *watch);

#endif
