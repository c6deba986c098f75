/* What tells the keeper of rules to look: rules_events.c. */
#ifndef QUICWARD_IO_RULES_KEEPER_H
#define QUICWARD_IO_RULES_KEEPER_H

#include "netlink.h"
#include <quicward/io.h>

/* News of nft's tables, those of iptables-nft among them, and of links and routing rules. */
struct rules_events {
    struct mnl_socket *tables, *routes; /* owned; NULL where the kernel has none */
};

/* False with errno set when there are no news of links. A kernel without nft has none of its tables. */
bool rules_events_open(struct rules_events *events);
void rules_events_close(struct rules_events *events);

/* Reads all that came. rules_events_tables: did it concern `table` of ours, or one that iptables-nft has our
 * rules in? rules_events_routes: did it concern links, did it concern routing rules? What was lost concerns
 * everything. */
bool rules_events_tables(struct rules_events *events, const char *table);
struct rules_news {
    bool links, rules;
};
struct rules_news rules_events_routes(struct rules_events *events);

/* A number that changes when somebody changes the tables of iptables-legacy, which gives no news: of both
 * families and all tables that have rules of ours. Counters of packets do not count. 0 without such tables.
 */
uint64_t rules_legacy_hash(void);

/* For tests: one message of nft's news, `len` bytes. */
bool rules_events_concerns(const void *buffer, size_t len, const char *table);

#endif
