/* Who the daemon is to be. */
#ifndef QUICWARD_IO_PRIVILEGES_H
#define QUICWARD_IO_PRIVILEGES_H

#include <quicward/io.h>
#include <sys/types.h>

struct privileges_user {
    const char *name; /* borrowed; "": none is asked for */
    uid_t uid;
    gid_t gid;
};

/* Looks up `config`'s user. QW_OK; QW_ERR_INVALID with `error`. */
enum qw_error privileges_user_find(const struct config *config, struct privileges_user *out,
                                   struct io_error *error);

/* Gives the folders of the state, the control socket, the metrics' socket and the file of events, and what an
 * earlier daemon of root's left in them, to `user`. A file of events in a folder that is not the user's is
 * made there and given; the folder stays whose it is. QW_OK; QW_ERR_SYSTEM with `error` when files could not
 * be made there. */
enum qw_error privileges_give(const struct config *config, const struct privileges_user *user,
                              struct io_error *error);

/* Keeps CAP_NET_ADMIN and CAP_NET_RAW (as far as they are there) and gives up all other capabilities; for
 * processes beside the daemon. False with errno. */
bool privileges_keep_net(void);

#endif
