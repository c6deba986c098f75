#include "hint_table.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

struct hint_wait {
    uint64_t id; /* 0: free */
    struct hint_flow older;
    uint64_t heard;
};

struct hints {
    pthread_mutex_t lock;
    struct qw_hash_key secret;
    struct hint_table table;
    struct hint_wait waits[HINT_WAITING];
    atomic_uint waiting; /* of them in use: most flows need not take the lock */
};

struct hints *hint_new(uint32_t capacity, struct qw_hash_key secret)
{
    struct hints *hints = calloc(1, sizeof *hints);
    if (!hints)
        return NULL;
    pthread_mutex_init(&hints->lock, NULL);
    hints->secret = secret;
    if (hint_table_init(&hints->table, capacity))
        return hints;
    hint_free(hints);
    return NULL;
}

void hint_free(struct hints *hints)
{
    if (!hints)
        return;
    hint_table_free(&hints->table);
    pthread_mutex_destroy(&hints->lock);
    free(hints);
}

/* ---- hashes ---- */

static uint64_t server_hash(const struct hints *hints, const struct qw_endpoint *server)
{
    uint8_t bytes[sizeof server->addr.bytes + sizeof server->port];
    memcpy(bytes, server->addr.bytes, sizeof server->addr.bytes);
    memcpy(bytes + sizeof server->addr.bytes, &server->port, sizeof server->port);
    return qw_hash(hints->secret, bytes, sizeof bytes);
}

/* Of the first `len` bytes; another length is another key. */
static uint64_t key_of(const struct hints *hints, uint64_t server, const uint8_t *cid, uint8_t len)
{
    uint8_t bytes[sizeof server + HINT_CID_MAX];
    memcpy(bytes, &server, sizeof server);
    memcpy(bytes + sizeof server, cid, len);
    return qw_hash(hints->secret, bytes, sizeof server + len);
}

/* ---- with the lock held ---- */

static bool is_over(const struct hint_entry *entry, struct qw_time now)
{
    return qw_time_since(now, entry->heard) > HINT_KEPT_NS;
}

/* The entry that another flow has under `key`, unless its time is over. */
static struct hint_entry *taken(struct hints *hints, uint64_t key, struct qw_time now)
{
    struct hint_entry *entry = hint_by_key(&hints->table, key);
    if (!entry || !is_over(entry, now))
        return entry;
    hint_remove(&hints->table, entry);
    return NULL;
}

/* Servers that give every client the same one would make a continuation of every stray packet. */
static void share(struct hints *hints, struct hint_entry *entry, struct qw_time now)
{
    entry->shared = true;
    hint_touch(&hints->table, entry, now);
}

static void learn(struct hints *hints, const struct hint_entry *what)
{
    struct hint_entry *own = hint_by_flow(&hints->table, what->flow.id);
    if (own)
        hint_remove(&hints->table, own);
    struct hint_entry *other = taken(hints, what->key, what->heard);
    if (other)
        share(hints, other, what->heard);
    else
        hint_add(&hints->table, what);
}

/* ---- connection IDs ---- */

void hint_learn(struct hints *hints, const struct hint_flow *flow, const struct qw_endpoint *server,
                struct qw_bytes cid, struct qw_time now)
{
    if (cid.len < HINT_CID_MIN || cid.len > HINT_CID_MAX)
        return;
    struct hint_entry entry = {.server = server_hash(hints, server), .flow = *flow, .heard = now};
    entry.len = (uint8_t)cid.len;
    entry.key = key_of(hints, entry.server, cid.data, entry.len);
    pthread_mutex_lock(&hints->lock);
    learn(hints, &entry);
    pthread_mutex_unlock(&hints->lock);
}

static void hear(struct hints *hints, struct hint_entry *entry, struct qw_bytes behind, struct qw_time now)
{
    struct hint_entry again = *entry;
    again.heard = now;
    again.shared = false;
    again.key = key_of(hints, entry->server, behind.data, entry->len);
    if (again.key == entry->key)
        hint_touch(&hints->table, entry, now);
    else
        learn(hints, &again);
}

void hint_hear(struct hints *hints, uint64_t id, struct qw_bytes behind, struct qw_time now)
{
    pthread_mutex_lock(&hints->lock);
    struct hint_entry *entry = hint_by_flow(&hints->table, id);
    if (entry && behind.len >= entry->len)
        hear(hints, entry, behind, now);
    pthread_mutex_unlock(&hints->lock);
}

/* Any of the lengths that are known. */
static struct hint_entry *find(struct hints *hints, uint64_t server, struct qw_bytes behind,
                               struct qw_time now)
{
    struct hint_entry *found = NULL;
    for (uint8_t len = HINT_CID_MAX; len >= HINT_CID_MIN && !found; len--)
        if (hints->table.lens[len] > 0 && behind.len >= len)
            found = taken(hints, key_of(hints, server, behind.data, len), now);
    return found;
}

bool hint_find(struct hints *hints, const struct qw_endpoint *server, struct qw_bytes behind,
               struct qw_time now, struct hint_flow *older)
{
    uint64_t hash = server_hash(hints, server);
    const struct hint_entry *found = NULL;
    pthread_mutex_lock(&hints->lock);
    if (hints->table.servers[hash % HINT_SERVERS] > 0)
        found = find(hints, hash, behind, now);
    bool tells = found && !found->shared;
    if (tells)
        *older = found->flow;
    pthread_mutex_unlock(&hints->lock);
    return tells;
}

/* ---- flows that may go on ---- */

void hint_await(struct hints *hints, uint64_t id, const struct hint_flow *older, uint64_t heard)
{
    pthread_mutex_lock(&hints->lock);
    struct hint_wait *wait = &hints->waits[id % HINT_WAITING];
    if (wait->id == 0)
        atomic_fetch_add_explicit(&hints->waiting, 1, memory_order_relaxed);
    *wait = (struct hint_wait){id, *older, heard};
    pthread_mutex_unlock(&hints->lock);
}

bool hint_awaited(struct hints *hints, uint64_t id, struct hint_flow *older, uint64_t *heard)
{
    if (atomic_load_explicit(&hints->waiting, memory_order_relaxed) == 0)
        return false;
    pthread_mutex_lock(&hints->lock);
    struct hint_wait *wait = &hints->waits[id % HINT_WAITING];
    bool waits = wait->id == id;
    if (waits) {
        *older = wait->older;
        *heard = wait->heard;
        wait->id = 0;
        atomic_fetch_sub_explicit(&hints->waiting, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&hints->lock);
    return waits;
}

bool hint_move(struct hints *hints, const struct hint_flow *newer, uint64_t older, struct qw_time now)
{
    pthread_mutex_lock(&hints->lock);
    struct hint_entry *entry = hint_by_flow(&hints->table, older);
    bool moves = entry && !hint_by_flow(&hints->table, newer->id);
    if (moves) {
        struct hint_entry again = *entry;
        again.flow = *newer;
        again.before = older;
        again.heard = now;
        hint_remove(&hints->table, entry);
        hint_add(&hints->table, &again);
    }
    pthread_mutex_unlock(&hints->lock);
    return moves;
}

uint64_t hint_continues(struct hints *hints, uint64_t id)
{
    pthread_mutex_lock(&hints->lock);
    const struct hint_entry *entry = hint_by_flow(&hints->table, id);
    uint64_t before = entry ? entry->before : 0;
    pthread_mutex_unlock(&hints->lock);
    return before;
}
