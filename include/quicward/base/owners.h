/* Whose a host inside is, where several routers share the hosts: each owner has an external address, or
 * prefixes of hosts, or both. It follows from the configuration and a secret alone, so that every router that
 * has both says the same, of any host and at any time, and has to ask nobody. */
#ifndef QUICWARD_BASE_OWNERS_H
#define QUICWARD_BASE_OWNERS_H

#include <quicward/base/addr.h>
#include <quicward/base/hash.h>
#include <stdbool.h>

#define QW_OWNERS_MAX 64
#define QW_OWNER_NONE QW_OWNERS_MAX /* nobody's: there is no such owner */

struct qw_owners;

struct qw_owners_options {
    unsigned count;                  /* owners, up to QW_OWNERS_MAX */
    const struct qw_addr *addresses; /* of each, IPv4: who has none of the hosts below is one's by a hash;
                                        NULL: no host is */
    struct qw_hash_key key;          /* of that hash */
    const struct qw_owners_prefix {
        struct qw_prefix prefix;
        unsigned owner;
    } * prefixes; /* no two have a host in common */
    unsigned prefix_count;
    const struct qw_owners_host {
        struct qw_addr host; /* IPv4 */
        unsigned owner;
    } * hosts; /* that are an owner's whatever the hash says: of one that is named twice, the first counts */
    unsigned host_count;
};

/* NULL when memory is short. Borrows nothing; the caller owns it. */
struct qw_owners *qw_owners_new(const struct qw_owners_options *options);
void qw_owners_free(struct qw_owners *owners); /* may be NULL */

unsigned qw_owners_count(const struct qw_owners *owners);

/* The owner of a host inside, QW_OWNER_NONE for nobody. A binary search or two, and a hash: for every packet.
 * When an owner is added behind the others, only the hosts that become its own change their owner. */
unsigned qw_owner_of_host(const struct qw_owners *owners, const struct qw_addr *host, enum qw_family family);

/* The owner whose address it is, and the address of an owner (zero: it has none). */
unsigned qw_owner_of_address(const struct qw_owners *owners, const struct qw_addr *address);
struct qw_addr qw_owner_address(const struct qw_owners *owners, unsigned owner);

#endif
