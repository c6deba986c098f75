/* When what is known of interfaces is old: the kernel's news of links. */
#ifndef QUICWARD_IO_INTERFACE_NEWS_H
#define QUICWARD_IO_INTERFACE_NEWS_H

#include "netlink.h"
#include "side_thread.h"
#include <quicward/io.h>
#include <stdatomic.h>

/* All zero: not started. */
struct interface_news {
    atomic_uint count; /* goes up with each change of an interface (RTM_NEWLINK, RTM_DELLINK) */
    struct mnl_socket *links;
    struct side_thread thread;
};

/* Starts the thread that counts. QW_OK; QW_ERR_SYSTEM with `error`. */
enum qw_error interface_news_start(struct interface_news *news, struct io_error *error);

/* Ends it. Does nothing when it was not started. */
void interface_news_stop(struct interface_news *news);

#endif
