/* Interfaces with their addresses, default routes and settings, as the kernel tells them by netlink and
 * /proc. */
#ifndef QUICWARD_IO_ROUTER_LINKS_H
#define QUICWARD_IO_ROUTER_LINKS_H

#include <quicward/survey.h>
#include <stddef.h>

/* What the kernel says, read: `len` bytes of one answer, which may be any. Links come first; addresses and
 * routes of interfaces that are not there are passed over. */
void router_links_read(const void *buffer, size_t len, struct survey *out);
void router_links_read_addresses(const void *buffer, size_t len, struct survey *out);
void router_links_read_routes(const void *buffer, size_t len, struct survey *out);

/* Asks for all of it, and reads settings. False when the kernel does not answer, or its answer is no longer
 * true. Sets nothing else of *out. */
bool router_links_ask(struct survey *out);

/* The number in /proc/sys/net/FAMILY/conf/INTERFACE/NAME; SURVEY_UNKNOWN when there is none. */
int router_setting(const char *family, const char *interface, const char *name);

#endif
