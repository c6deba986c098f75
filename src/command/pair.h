/* The daemon's side of a pair of routers: what the room of peers needs, made of the configuration. */
#ifndef COMMAND_PAIR_H
#define COMMAND_PAIR_H

#include <quicward/config.h>
#include <quicward/io.h>
#include <quicward/peer.h>

struct router_pair {
    char password[PEER_PASSWORD_MAX];
    struct io_owned *owned; /* NULL: a command decides */
    struct peer_pair *peer; /* NULL: there is no pair */
};

/* Reads what only the user who starts the daemon may read. QW_OK, also without a pair; QW_ERR_SYSTEM or
 * QW_ERR_INVALID with `error`. */
enum qw_error pair_read(const struct config *config, struct router_pair *out, struct io_error *error);

/* Starts it where `config` has one; `secret` is that of nat.choice, all zero in other modes. QW_OK;
 * QW_ERR_SYSTEM with `error`, also for a program that was built without hiredis; QW_ERR_NO_MEMORY. */
enum qw_error pair_start(struct router_pair *pair, const struct config *config, struct qw_hash_key secret,
                         struct engine *engine, struct io_error *error);

/* After a reload: what both must agree about may be another. */
void pair_change(const struct router_pair *pair, const struct config *config);

void pair_stop(struct router_pair *pair);

/* A number for what both routers must agree about: mode, external addresses, ports, forwards, filtering and
 * timers. */
uint64_t pair_digest(const struct config *config);

#endif
