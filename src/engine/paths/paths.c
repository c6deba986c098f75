/* Paths on their way out: from the rings of the workers to whoever reads them. */
#include "life.h"
#include <stdlib.h>
#include <string.h>

#define TAKE 32 /* entries at once */

/* ---- life ---- */

static bool init_notes(const struct path_book *book, struct path_notes *notes, struct shard *shard,
                       unsigned number)
{
    *notes = (struct path_notes){.gone = FLOW_NONE, .shard = (uint8_t)number, .taker = &book->taker};
    notes->all = calloc(flow_slots(shard->flows), sizeof *notes->all);
    shard->paths = notes;
    return notes->all != NULL;
}

bool paths_start(struct engine *engine)
{
    struct path_book *book = calloc(1, sizeof *book);
    if (!book)
        return false;
    engine->paths = book;
    pthread_mutex_init(&book->reader, NULL);
    pthread_mutex_init(&book->lock, NULL);
    bool whole = path_ring_init(&book->ring);
    book->notes = calloc(engine->shard_count, sizeof *book->notes);
    book->shard_count = book->notes ? engine->shard_count : 0;
    for (unsigned i = 0; i < book->shard_count; i++)
        whole &= init_notes(book, &book->notes[i], &engine->shards[i], i);
    return whole && book->notes;
}

void paths_end(struct engine *engine)
{
    struct path_book *book = engine->paths;
    if (!book)
        return;
    for (unsigned i = 0; i < book->shard_count; i++)
        free(book->notes[i].all);
    free(book->notes);
    path_ring_free(&book->ring);
    pthread_mutex_destroy(&book->reader);
    pthread_mutex_destroy(&book->lock);
    free(book);
    engine->paths = NULL;
}

bool paths_worker_start(struct engine_worker *worker)
{
    return !worker->engine->paths || path_ring_init(&worker->paths);
}

void paths_worker_end(struct engine_worker *worker)
{
    struct path_entry entry;
    if (worker->paths.entries && path_ring_take(&worker->paths, &entry, 1) > 0)
        paths_resync(worker->engine);
}

void paths_resync(struct engine *engine)
{
    if (engine->paths)
        atomic_store(&engine->paths->resync, true);
}

void engine_paths_taker(struct engine *engine, flow_path_take *take, void *context)
{
    if (engine->paths)
        engine->paths->taker = (struct path_taker){take, context};
}

void engine_paths_recall(struct engine *engine, flow_path_recall *recall, void *context)
{
    if (engine->paths)
        engine->paths->recall = (struct path_recall){recall, context};
}

/* ---- the reader ---- */

/* The next ring that has something; the last one is that of other threads. Workers come and go under the
 * engine's lock, so it is held, and no shard is locked meanwhile: workers lock in the other order. */
static unsigned take(struct engine *engine, struct path_entry *out, unsigned max)
{
    struct path_book *book = engine->paths;
    unsigned count = 0;
    pthread_mutex_lock(&engine->lock);
    for (unsigned i = 0; i <= CONFIG_WORKERS_MAX && count == 0; i++) {
        unsigned at = book->next;
        book->next = (at + 1) % (CONFIG_WORKERS_MAX + 1);
        if (at == CONFIG_WORKERS_MAX)
            count = path_ring_take(&book->ring, out, max);
        else if (engine->workers[at])
            count = path_ring_take(&engine->workers[at]->paths, out, max);
    }
    pthread_mutex_unlock(&engine->lock);
    return count;
}

/* With the shard locked: the path in that slot, if it is told and still may be. */
static bool current(struct engine *engine, struct shard *shard, uint32_t slot, const struct sizes *sizes,
                    struct qw_time now, struct flow_path *out)
{
    const struct path_note *note = &shard->paths->all[slot];
    struct flow *flow = flow_at(shard->flows, slot, now);
    if (!flow || note->told != PATH_TOLD ||
        note->id != atomic_load_explicit(&flow->id, memory_order_relaxed) ||
        !settings_is_fast(engine->paths->slow, flow->rule))
        return false;
    *out = path_make(engine, shard, flow, note, sizes);
    return true;
}

/* The rings are read one after the other, so what they tell of one flow may come in another order than it
 * happened. What is delivered is how things stand now, whatever the entry says: the last entry that was noted
 * is delivered after its change, and so the last word is right. False: it is over, and its END is under way.
 */
static bool deliver(struct engine *engine, const struct path_entry *entry, const struct sizes *sizes,
                    struct flow_path_event *out)
{
    struct shard *shard = &engine->shards[entry->shard];
    bool ends = entry->kind == FLOW_PATH_END;
    pthread_mutex_lock(&shard->lock);
    bool there = shard->paths->all[entry->slot].id == entry->id &&
                 current(engine, shard, entry->slot, sizes, (struct qw_time){0}, &out->path);
    pthread_mutex_unlock(&shard->lock);
    out->kind = there && ends ? FLOW_PATH_CHANGE : (enum flow_path_kind)entry->kind;
    if (!there && ends)
        out->path = path_over(entry);
    return there || ends;
}

/* What paths need of the settings in force. Later ones make a resync. */
void paths_take_settings(struct engine *engine)
{
    pthread_mutex_lock(&engine->lock);
    const struct settings *now = atomic_load_explicit(&engine->settings, memory_order_relaxed);
    engine->paths->sizes = now->sizes;
    engine->paths->reads_quic = now->reads_quic;
    if (engine->paths->generation != now->shards.generation)
        memcpy(engine->paths->slow, now->slow, sizeof now->slow);
    engine->paths->generation = now->shards.generation;
    pthread_mutex_unlock(&engine->lock);
}

size_t engine_paths(struct engine *engine, struct flow_path_event *out, size_t max, bool *resync)
{
    struct path_book *book = engine->paths;
    struct path_entry entries[TAKE];
    size_t count = 0;
    unsigned taken;
    if (!book)
        return 0;
    pthread_mutex_lock(&book->reader);
    if (atomic_exchange(&book->resync, false))
        *resync = true;
    paths_take_settings(engine);
    while (count < max &&
           (taken = take(engine, entries, max - count < TAKE ? (unsigned)(max - count) : TAKE)))
        for (unsigned i = 0; i < taken; i++)
            count += deliver(engine, &entries[i], &book->sizes, &out[count]);
    pthread_mutex_unlock(&book->reader);
    return count;
}

size_t engine_paths_all(struct engine *engine, uint64_t *cursor, struct qw_time now, struct flow_path *out,
                        size_t max)
{
    uint32_t slots = flow_slots(engine->shards[0].flows);
    size_t found = 0;
    if (!engine->paths)
        return 0;
    pthread_mutex_lock(&engine->paths->reader);
    paths_take_settings(engine);
    while (found == 0 && *cursor < (uint64_t)slots * engine->shard_count) {
        struct shard *shard = &engine->shards[*cursor / slots];
        uint64_t end = (*cursor / slots + 1) * slots;
        pthread_mutex_lock(&shard->lock);
        for (; *cursor < end && found < max; ++*cursor)
            found +=
                current(engine, shard, (uint32_t)(*cursor % slots), &engine->paths->sizes, now, &out[found]);
        pthread_mutex_unlock(&shard->lock);
    }
    pthread_mutex_unlock(&engine->paths->reader);
    return found;
}

bool engine_path_stands(struct engine *engine, uint64_t id, const struct flow_key *key)
{
    uint64_t hash = flow_hash(engine->secret, key);
    struct shard *shard = engine_shard(engine, hash);
    if (!engine->paths)
        return false;
    pthread_mutex_lock(&shard->lock);
    const struct flow *flow = flow_lookup(shard->flows, key, hash, (struct qw_time){0});
    bool same = flow && atomic_load_explicit(&flow->id, memory_order_relaxed) == id;
    const struct path_note *note = same ? &shard->paths->all[flow_slot(shard->flows, flow)] : NULL;
    bool stands = note && note->id == id && note->told == PATH_TOLD;
    pthread_mutex_unlock(&shard->lock);
    return stands;
}
