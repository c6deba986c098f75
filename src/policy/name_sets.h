/* Looking one name up in many sets: its suffixes are hashed once. */
#ifndef POLICY_NAMES_H
#define POLICY_NAMES_H

#include <quicward/policy.h>

#define NAMES_LABELS_MAX 127 /* of a name of CONFIG_HOST_NAME_MAX bytes */

struct names_query {
    char text[CONFIG_HOST_NAME_MAX + 2]; /* lower case, without a dot at the end */
    size_t len;
    unsigned labels; /* of the whole name */
    unsigned hashed; /* suffixes below: of one label, two, ... */
    struct names_suffix {
        uint8_t at; /* offset in `text` */
        uint32_t hash;
    } suffix[NAMES_LABELS_MAX];
};

/* Prepares `sni` for sets with this secret whose names have at most `depth` labels. What is no host name
 * gives a query that nothing matches. */
void names_query(struct qw_hash_key secret, unsigned depth, struct qw_bytes sni, struct names_query *out);

/* *probes grows by the slots that were looked at. */
bool names_match(const struct policy_names *names, const struct names_query *query, size_t *probes);

/* Labels of the longest name. */
unsigned names_depth(const struct policy_names *names);

#endif
