/* Netlink sockets: those that are told news, and those that a question is asked with. */
#ifndef QUICWARD_IO_NETLINK_H
#define QUICWARD_IO_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define NETLINK_PART 8192 /* bytes that the kernel fills a part of an answer, or news, with at most */

/* A socket of the protocol `bus` (NETLINK_ROUTE, NETLINK_NETFILTER) that gets the news of all `count` groups;
 * owned by the caller: netlink_close. NULL with errno. */
struct mnl_socket *netlink_listen(int bus, const int *groups, unsigned count);

/* `nl` may be NULL in both; a poll ignores the descriptor -1. */
void netlink_close(struct mnl_socket *nl);
int netlink_fd(const struct mnl_socket *nl);

/* Takes news that came, without waiting: their length; 0 when some were lost, for which nothing is in the
 * buffer; -1 when there are no more. */
ssize_t netlink_news(struct mnl_socket *nl, void *buffer, size_t size);

/* Takes all news that came and forgets them: for those who then ask what is so now. */
void netlink_forget(struct mnl_socket *nl);

/* Calls `take` for each message in the `len` bytes, which may be any; stops where one is not whole. Returns
 * what mnl_cb_run does; MNL_CB_ERROR for a list that the kernel broke off. */
int netlink_messages(const void *bytes, size_t len, unsigned seq, mnl_cb_t take, void *context);

/* Calls `take` with the index of each interface that a route of several ways leaves by (RTA_MULTIPATH); stops
 * where a way is not whole. */
typedef void netlink_way_taker(void *context, unsigned index);
void netlink_ways(const struct nlattr *attribute, netlink_way_taker *take, void *context);

/* Asks the kernel and waits for the answer, with a socket for this one question: nothing of an answer that
 * was given up can be taken for the next one. `take` gets each message and returns MNL_CB_STOP when it needs
 * no more. False with errno when the kernel refuses, or says that the list changed while it was read. */
bool netlink_ask(int bus, struct nlmsghdr *question, mnl_cb_t take, void *context);

#endif
