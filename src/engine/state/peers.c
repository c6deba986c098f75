#include "peers.h"
#include "walk.h"
#include <quicward/base/array.h>
#include <quicward/base/fetch.h>
#include <stdlib.h>
#include <string.h>

#define LONG_HEADER 0x80 /* RFC 8999 5.1: the form bit */

static bool part_init(struct peer_part *part, uint32_t capacity)
{
    uint32_t buckets = 1;
    while (buckets < capacity)
        buckets *= 2;
    pthread_mutex_init(&part->lock, NULL);
    part->mask = buckets - 1;
    part->all = qw_array(capacity, sizeof *part->all);
    part->buckets = malloc(buckets * sizeof *part->buckets);
    if (!part->all || !part->buckets)
        return false;
    memset(part->buckets, 0xff, buckets * sizeof *part->buckets);
    for (uint32_t i = 0; i < capacity; i++)
        part->all[i].next = i + 1 < capacity ? i + 1 : FLOW_NONE;
    return true;
}

struct peers *peers_new(uint32_t capacity, struct qw_hash_key secret)
{
    struct peers *peers = aligned_alloc(64, sizeof *peers);
    bool whole = true;
    if (!peers)
        return NULL;
    memset(peers, 0, sizeof *peers);
    peers->secret = secret;
    for (unsigned i = 0; i < PEER_PARTS; i++)
        whole &= part_init(&peers->parts[i], (capacity + PEER_PARTS - 1) / PEER_PARTS);
    if (whole)
        return peers;
    peers_free(peers);
    return NULL;
}

void peers_free(struct peers *peers)
{
    for (unsigned i = 0; peers && i < PEER_PARTS; i++) {
        free(peers->parts[i].all);
        free(peers->parts[i].buckets);
        pthread_mutex_destroy(&peers->parts[i].lock);
    }
    free(peers);
}

/* ---- one part, locked ---- */

struct peer_place {
    struct peer_part *part;
    uint32_t *bucket;
};

static uint64_t hash_of(const struct peers *peers, const struct peer_key *key)
{
    uint8_t bytes[2 * sizeof key->client.bytes + sizeof key->server.port];
    memcpy(bytes, key->client.bytes, sizeof key->client.bytes);
    memcpy(bytes + sizeof key->client.bytes, key->server.addr.bytes, sizeof key->server.addr.bytes);
    memcpy(bytes + 2 * sizeof key->client.bytes, &key->server.port, sizeof key->server.port);
    return qw_hash(peers->secret, bytes, sizeof bytes);
}

static unsigned part_of(uint64_t hash)
{
    return hash >> 32 & (PEER_PARTS - 1);
}

/* Locks the part. */
static struct peer_place lock_place(struct peers *peers, uint64_t hash)
{
    struct peer_part *part = &peers->parts[part_of(hash)];
    pthread_mutex_lock(&part->lock);
    return (struct peer_place){part, &part->buckets[hash & part->mask]};
}

static struct peer_place place_of(struct peers *peers, const struct peer_key *key)
{
    return lock_place(peers, hash_of(peers, key));
}

static bool same(const struct peer_key *a, const struct peer_key *b)
{
    return qw_addr_equal(&a->client, &b->client) && qw_addr_equal(&a->server.addr, &b->server.addr) &&
           a->server.port == b->server.port;
}

/* The link that holds the peer's number; FLOW_NONE stands there when it is unknown. */
static uint32_t *find(struct peer_place place, const struct peer_key *key)
{
    uint32_t *link = place.bucket;
    while (*link != FLOW_NONE && !same(&place.part->all[*link].key, key))
        link = &place.part->all[*link].next;
    return link;
}

static struct peer *add(struct peer_place place, const struct peer_key *key)
{
    uint32_t i = place.part->free_head;
    if (i == FLOW_NONE)
        return NULL;
    place.part->free_head = place.part->all[i].next;
    place.part->all[i] = (struct peer){.key = *key, .next = *place.bucket};
    *place.bucket = i;
    return &place.part->all[i];
}

static void drop(struct peer_place place, uint32_t *link)
{
    uint32_t i = *link;
    if (--place.part->all[i].flows > 0)
        return;
    *link = place.part->all[i].next;
    place.part->all[i].next = place.part->free_head;
    place.part->free_head = i;
}

/* ---- flows ---- */

static struct peer_key key_with(const struct flow *flow, bool server_inside)
{
    enum flow_side inside = shard_inside(flow);
    enum flow_side client = server_inside ? flow_peer(inside) : inside;
    return (struct peer_key){.client = flow->key.addr[client],
                             .server = shard_endpoint(flow, flow_peer(client))};
}

static struct peer_key key_of(const struct flow *flow)
{
    return key_with(flow, flow->marks & FLOW_SERVER_INSIDE);
}

/* What went on without a handshake was begun by a client. */
static bool knows_client(const struct flow *flow)
{
    return flow->marks & (FLOW_INHERITED | FLOW_CAME_ON) || flow->flags & FLOW_CLIENT_SEEN;
}

/* Whoever began it. */
static bool inside_is_client(const struct flow *flow)
{
    enum flow_side client = flow->flags & FLOW_CLIENT_HI ? FLOW_HI : FLOW_LO;
    if (flow->marks & (FLOW_INHERITED | FLOW_CAME_ON))
        return flow->marks & FLOW_INHERITED;
    return client == shard_inside(flow);
}

uint64_t peers_hash(const struct peers *peers, const struct flow *flow)
{
    const struct peer_key key = key_with(flow, !inside_is_client(flow));
    uint64_t hash = hash_of(peers, &key);
    const struct peer_part *part = &peers->parts[part_of(hash)];
    qw_fetch(&part->buckets[hash & part->mask]);
    return hash;
}

void peers_look(struct peers *peers, uint64_t hash)
{
    struct peer_place place = lock_place(peers, hash);
    if (*place.bucket != FLOW_NONE)
        qw_fetch_all(&place.part->all[*place.bucket], sizeof *place.part->all);
    pthread_mutex_unlock(&place.part->lock);
}

void peers_list(struct peers *peers, struct shard *shard, struct flow *flow)
{
    const struct peer_key key = key_with(flow, !inside_is_client(flow));
    peers_list_at(peers, shard, flow, hash_of(peers, &key));
}

void peers_list_at(struct peers *peers, struct shard *shard, struct flow *flow, uint64_t hash)
{
    if (flow->flags & FLOW_UNDECIDED || flow->marks & FLOW_LISTED || !knows_client(flow))
        return;
    if (!inside_is_client(flow))
        flow->marks |= FLOW_SERVER_INSIDE;
    const struct peer_key key = key_of(flow);
    struct peer_place place = lock_place(peers, hash);
    uint32_t *link = find(place, &key);
    struct peer *peer = *link == FLOW_NONE ? add(place, &key) : &place.part->all[*link];
    if (peer) {
        peer->flows++;
        peer->rule = flow->rule;
        peer->last =
            (struct peer_witness){shard, flow, atomic_load_explicit(&flow->id, memory_order_relaxed)};
        flow->marks |= FLOW_LISTED;
    }
    pthread_mutex_unlock(&place.part->lock);
}

void peers_unlist(struct peers *peers, struct flow *flow)
{
    if (!(flow->marks & FLOW_LISTED))
        return;
    const struct peer_key key = key_of(flow);
    struct peer_place place = place_of(peers, &key);
    drop(place, find(place, &key));
    flow->marks &= (uint8_t) ~(FLOW_LISTED | FLOW_SERVER_INSIDE);
    pthread_mutex_unlock(&place.part->lock);
}

/* ---- packets ---- */

static bool within_timer(const struct peer_witness *witness, struct qw_time now)
{
    const struct flow *flow = witness->flow;
    uint64_t idle = qw_time_since(now, flow_last_seen(witness->shard->flows, flow));
    return atomic_load_explicit(&flow->id, memory_order_relaxed) != witness->id ||
           idle < flow_timeout(witness->shard->flows, flow);
}

/* A flow whose time is over is swept a little later. While another worker has its shard, it is taken for
 * alive.
 */
static bool lives(const struct walk *w, const struct peer_witness *witness)
{
    if (witness->shard == w->shard)
        return within_timer(witness, w->now);
    if (!shard_try_lock(witness->shard, &w->worker->settings->shards, w->now))
        return true;
    bool lives = within_timer(witness, w->now);
    shard_unlock(witness->shard);
    return lives;
}

/* A short header, of a client to a server. */
static bool goes_on(const struct walk *w)
{
    const struct qw_bytes payload = w->view->payload;
    return !w->hairpin && !w->turned && payload.len > 0 && !(payload.data[0] & LONG_HEADER) &&
           w->worker->settings->reads_quic;
}

static bool is_known(struct walk *w, uint16_t *rule)
{
    struct peer found = {.flows = 0};
    const struct peer_key key = {w->view->tuple.src.addr, w->view->tuple.dst};
    struct peer_place place = place_of(w->worker->engine->peers, &key);
    uint32_t *link = find(place, &key);
    if (*link != FLOW_NONE)
        found = place.part->all[*link];
    pthread_mutex_unlock(&place.part->lock);
    *rule = found.rule;
    return found.flows > 1 || (found.flows == 1 && lives(w, &found.last));
}

bool peers_inherit(struct walk *w, uint16_t *rule)
{
    return w->packet->from != ENGINE_OUTSIDE && goes_on(w) && is_known(w, rule);
}

bool peers_speak_quic(struct walk *w)
{
    uint16_t rule;
    return w->packet->from == ENGINE_OUTSIDE && goes_on(w) && is_known(w, &rule);
}
