/* Which hosts have an admitted, confirmed connection to which server endpoints: a client whose port changed
 * goes on with short headers on a new 5-tuple (RFC 9000 9, RFC 9308 3.2), and inherits what was decided if it
 * is inside, and the class of its packets wherever it is. Known by addresses and the server's port alone, no
 * connection ID. Bounded; in parts with a lock each, so that all shards can ask. */
#ifndef ENGINE_PEERS_H
#define ENGINE_PEERS_H

#include <pthread.h>
#include <quicward/base/hash.h>
#include <quicward/flow.h>

struct shard;
struct walk;

struct peer_key {
    struct qw_addr client; /* its host */
    struct qw_endpoint server;
};

/* One of the flows that list a peer, as long as `id` is its. Look with its shard locked. */
struct peer_witness {
    struct shard *shard;
    struct flow *flow;
    uint64_t id;
};

struct peer {
    struct peer_key key;
    struct peer_witness last; /* that listed it */
    uint32_t flows;           /* that do */
    uint32_t next;            /* in its bucket, or free */
    uint16_t rule;            /* of the last */
};

#define PEER_PARTS 16

struct peer_part {
    _Alignas(64) pthread_mutex_t lock;
    struct peer *all;  /* owned */
    uint32_t *buckets; /* owned */
    uint32_t mask, free_head;
};

struct peers {
    struct peer_part parts[PEER_PARTS];
    struct qw_hash_key secret;
};

/* Room for `capacity` peers. NULL when memory is short. The caller owns it. */
struct peers *peers_new(uint32_t capacity, struct qw_hash_key secret);
void peers_free(struct peers *peers);

/* The flow, of the shard, which is locked, was confirmed, or goes on with what it inherited: lists its peers
 * when it was admitted. Nothing when there is no room. */
void peers_list(struct peers *peers, struct shard *shard, struct flow *flow);

/* For many flows of an earlier process, each in three steps, so that they wait for memory together: the hash
 * of its peers, the first look, and peers_list. No shard has to be locked for the first two. */
uint64_t peers_hash(const struct peers *peers, const struct flow *flow);
void peers_look(struct peers *peers, uint64_t hash);
void peers_list_at(struct peers *peers, struct shard *shard, struct flow *flow, uint64_t hash);

/* The flow ends: it lists nothing any more. */
void peers_unlist(struct peers *peers, struct flow *flow);

/* Does the packet, which has no flow, go on with a connection? Then *rule is what admitted that. */
bool peers_inherit(struct walk *w, uint16_t *rule);

/* Does the packet from outside, which has no flow, go on with a connection to a server inside? No rule is
 * inherited there, but its flow is one of QUIC. */
bool peers_speak_quic(struct walk *w);

#endif
