/* What stands in a store. All numbers have their most significant byte first.
 *
 * A flow, 64 bytes at slot * 64 of the string "qw:SITE:ROUTER:s:SHARD"; all zero: the slot has none.
 *
 *      0   1  RECORD_VERSION
 *      1   1  family: 4 or 6
 *      2   1  enum flow_state
 *      3   1  enum flow_class
 *      4   1  enum engine_mirror_flag
 *      5   1  0
 *      6   2  inside port
 *      8  16  inside address; of IPv4 the last four bytes, the others 0
 *     24  16  outside address, likewise
 *     40   2  outside port
 *     42   2  external port, 0: not translated
 *     44   4  external address, IPv4; 0: likewise
 *     48   4  version of QUIC, 0: none
 *     52   4  last packet, seconds of the writer's clock
 *     56   4  engine_mirror_rule of its rule, 0: the default
 *     60   4  the lower half of SipHash-2-4 of the bytes before, with the key that both routers have
 *
 * A header, 80 bytes and 8 for each thing that is owned, the value of "qw:SITE:ROUTER:h":
 *
 *      0   6  "QWPEER"
 *      6   2  RECORD_VERSION
 *      8   8  digest of the configuration
 *     16   8  how many things have an owner
 *     24   8  the writer's clock, nanoseconds
 *     32   8  a number of this run of the writer
 *     40   4  shards
 *     44   4  slots of a shard
 *     48   8  0
 *     56   8  records written
 *     64   8  0
 *     72  8n  of each: 1 byte, 1: the writer owns it; 1 byte, 0; 6 bytes, its epoch: one more with each
 * takeover by any router 72+8n  8  SipHash-2-4 of the bytes before, likewise
 *
 * Nothing is believed: a record is taken only when each field is one that a flow can have. */
#ifndef PEER_RECORD_H
#define PEER_RECORD_H

#include <quicward/base/hash.h>
#include <quicward/engine_mirror.h>

#define RECORD_VERSION 2
#define RECORD_SIZE 64
#define RECORD_OWNED_MAX 64
#define RECORD_HEADER_SIZE(owned) (80u + 8u * (owned))
#define RECORD_HEADER_MAX RECORD_HEADER_SIZE(RECORD_OWNED_MAX)
#define RECORD_SHARDS_MAX 64
#define RECORD_SLOTS_MAX (1u << 24) /* of all shards together: flows.max is no more */

/* What the reader's configuration has. */
struct record_terms {
    struct qw_hash_key key;
    bool nat;
    const struct qw_addr *external; /* IPv4 */
    unsigned external_count;        /* 0 with `nat`: not known here */
};

/* `flow` was told by the engine. */
void record_write(const struct record_terms *terms, const struct engine_mirrored *flow,
                  uint8_t out[static RECORD_SIZE]);

enum record_result { RECORD_EMPTY, RECORD_FLOW, RECORD_BAD };

/* *out is written only with RECORD_FLOW; its last_seen is by the writer's clock, in whole seconds. */
enum record_result record_read(const struct record_terms *terms, const uint8_t bytes[static RECORD_SIZE],
                               struct engine_mirrored *out);

/* The same of bytes that record_read found to be a flow, by terms that have not changed since. */
void record_decode(const uint8_t bytes[static RECORD_SIZE], struct engine_mirrored *out);

struct record_owned {
    uint64_t epoch;
    bool active;
};

struct record_header {
    uint64_t digest, life, written;
    struct qw_time now;
    uint32_t shards, slots;
    unsigned owned_count; /* 1 to RECORD_OWNED_MAX */
    struct record_owned owned[RECORD_OWNED_MAX];
};

/* Returns how long it is: RECORD_HEADER_SIZE of its owned_count. */
size_t record_header_write(const struct record_terms *terms, const struct record_header *header,
                           uint8_t out[static RECORD_HEADER_MAX]);

/* RECORD_OTHER: it is whole, but of another version, so nothing in it can be read. */
enum record_header_result { RECORD_HEADER_GOOD, RECORD_HEADER_OTHER, RECORD_HEADER_BAD };

/* *out is written only with RECORD_HEADER_GOOD. */
enum record_header_result record_header_read(const struct record_terms *terms, const void *bytes, size_t len,
                                             struct record_header *out);

#endif
