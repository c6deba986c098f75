/* What was told of the path of each flow, and what is to be told. */
#include "flow_path.h"
#include "walk.h"
#include <stdio.h>
#include <string.h>

/* ---- names of interfaces ---- */

static uint8_t find_name(const struct path_book *book, const char *name)
{
    unsigned count = atomic_load_explicit(&book->name_count, memory_order_acquire);
    for (unsigned i = 0; i < count; i++)
        if (strcmp(book->names[i], name) == 0)
            return (uint8_t)i;
    return PATH_NO_NAME;
}

/* A name that is there never changes or goes, so it is found without the lock. */
static uint8_t add_name(struct path_book *book, const char *name)
{
    pthread_mutex_lock(&book->lock);
    uint8_t found = find_name(book, name);
    unsigned count = atomic_load_explicit(&book->name_count, memory_order_relaxed);
    if (found == PATH_NO_NAME && count < PATH_NAMES_MAX) {
        snprintf(book->names[count], FLOW_PATH_INTERFACE_MAX, "%s", name);
        atomic_store_explicit(&book->name_count, count + 1, memory_order_release);
        found = (uint8_t)count;
    }
    pthread_mutex_unlock(&book->lock);
    return found;
}

/* `before` is what it was at the flow's last packet: mostly it is that again. More names than there is room
 * for: the interface counts as not known. */
static uint8_t name_of(struct path_book *book, const char *name, uint8_t before)
{
    if (name && before != PATH_NO_NAME && strcmp(book->names[before], name) == 0)
        return before;
    if (!name || name[0] == '\0' || strlen(name) >= FLOW_PATH_INTERFACE_MAX)
        return PATH_NO_NAME;
    uint8_t found = find_name(book, name);
    bool full = atomic_load_explicit(&book->name_count, memory_order_relaxed) == PATH_NAMES_MAX;
    return found == PATH_NO_NAME && !full ? add_name(book, name) : found;
}

/* ---- ends ---- */

/* The END of what was told, and nothing is told any more. */
static void take_back(struct path_note *note, struct path_entry *out, const struct path_notes *notes)
{
    *out = (struct path_entry){.id = note->id,
                               .slot = (uint32_t)(note - notes->all),
                               .shard = notes->shard,
                               .kind = FLOW_PATH_END,
                               .inside = note->inside,
                               .key = note->key,
                               .external = note->external};
    note->told = PATH_UNTOLD;
}

static void take_entries(struct shard *shard, struct flow *flow, uint64_t id)
{
    const struct path_taker *taker = shard->paths->taker;
    struct flow_path_figures figures = {.id = id};
    if (taker->take && taker->take(taker->context, id, shard->now, &figures))
        paths_add(shard, flow, &figures);
}

void paths_flow_over(struct shard *shard, struct flow *flow)
{
    struct path_notes *notes = shard->paths;
    struct path_note *note = &notes->all[flow_slot(shard->flows, flow)];
    uint64_t id = atomic_load_explicit(&flow->id, memory_order_relaxed);
    if (note->id != id)
        return;
    if (note->was_told)
        take_entries(shard, flow, id);
    note->was_told = false;
    if (note->told == PATH_TOLD) {
        note->told = PATH_GONE;
        note->next = notes->gone;
        notes->gone = (uint32_t)(note - notes->all);
    }
}

void paths_forget(struct shard *shard, const struct flow *flow)
{
    struct path_notes *notes = shard->paths;
    if (!notes)
        return;
    struct path_note *note = &notes->all[flow_slot(shard->flows, flow)];
    if (note->told == PATH_TOLD && note->id == atomic_load_explicit(&flow->id, memory_order_relaxed))
        note->told = PATH_UNTOLD;
}

static unsigned take_gone(struct path_notes *notes, struct path_entry *out, unsigned max)
{
    unsigned count = 0;
    while (count < max && notes->gone != FLOW_NONE) {
        struct path_note *note = &notes->all[notes->gone];
        notes->gone = note->next;
        take_back(note, &out[count++], notes);
    }
    return count;
}

/* ---- what a packet changes ---- */

static void begin(struct path_note *note, uint64_t id)
{
    *note = (struct path_note){.id = id};
    memset(note->from, PATH_NO_NAME, sizeof note->from);
    memset(note->to, PATH_NO_NAME, sizeof note->to);
}

static void note_interfaces(const struct walk *w, struct path_note *note)
{
    struct path_book *book = w->worker->engine->paths;
    unsigned way = w->sender == shard_inside(w->flow) ? FLOW_PATH_UP : FLOW_PATH_DOWN;
    uint8_t from = name_of(book, w->packet->from_interface, note->from[way]);
    uint8_t to = name_of(book, w->packet->to_interface, note->to[way]);
    note->moved |= note->from[way] != from || note->to[way] != to;
    note->from[way] = from;
    note->to[way] = to;
}

/* Of which connection the spin bit is measured; 0: of none. */
static uint32_t connection_of(const struct shard *shard, const struct flow *flow)
{
    const struct measure *m = shard_measure(shard, flow);
    return flow->measured && measure_spins(m) ? m->handshake[0] ^ m->handshake[1] << 1 : 0;
}

static bool differs(const struct path_note *note, const struct shard *shard, const struct flow *flow)
{
    return note->moved || note->connection != connection_of(shard, flow) || note->mapping != flow->external ||
           note->state != flow->state || note->flags != flow->flags;
}

/* An address that vanished just now leaves no endpoint: the flow is about to end. */
static bool tell(struct engine *engine, const struct shard *shard, const struct flow *flow,
                 struct path_note *note)
{
    struct qw_endpoint external = {0};
    static const struct qw_addr NONE;
    if (engine->nat && flow->key.family == QW_IPV4) {
        external = nat_endpoint(engine->nat, flow->external);
        if (qw_addr_equal(&external.addr, &NONE))
            return false;
    }
    note->key = flow->key;
    note->inside = (uint8_t)shard_inside(flow);
    note->external = external;
    note->mapping = flow->external;
    note->state = flow->state;
    note->flags = flow->flags;
    note->connection = connection_of(shard, flow);
    note->moved = false;
    note->told = PATH_TOLD;
    note->was_told = true;
    return true;
}

static void look(struct walk *w, struct path_note *note, struct path_pending *out)
{
    struct path_notes *notes = w->shard->paths;
    bool eligible = path_eligible(w->worker->engine, w->shard, w->flow, w->worker->settings->slow);
    bool told = note->told == PATH_TOLD;
    if (told && !eligible)
        take_back(note, &out->entries[out->count++], notes);
    if (!eligible || (told && !differs(note, w->shard, w->flow)) ||
        !tell(w->worker->engine, w->shard, w->flow, note))
        return;
    out->entries[out->count++] = (struct path_entry){.id = note->id,
                                                     .slot = (uint32_t)(note - notes->all),
                                                     .shard = notes->shard,
                                                     .kind = told ? FLOW_PATH_CHANGE : FLOW_PATH_ADD};
}

/* Only packets of the flow itself tell of it: an ICMP error passes by other ways. */
void paths_look(struct walk *w, bool passed, struct path_pending *out)
{
    out->count = take_gone(w->shard->paths, out->entries, PATH_TAKE);
    if (!passed || !w->flow || w->view->kind != PACKET_UDP)
        return;
    struct path_note *note = &w->shard->paths->all[flow_slot(w->shard->flows, w->flow)];
    if (note->told == PATH_GONE) /* of who had the slot before: the next packet finds it free */
        return;
    if (note->id != w->flow_id)
        begin(note, w->flow_id);
    note_interfaces(w, note);
    look(w, note, out);
}

bool paths_note_adopted(struct engine *engine, struct shard *shard, const struct flow *flow,
                        const struct flow_path *path)
{
    struct path_note *note = &shard->paths->all[flow_slot(shard->flows, flow)];
    if (note->told == PATH_GONE)
        return false;
    begin(note, atomic_load_explicit(&flow->id, memory_order_relaxed));
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        note->from[way] = name_of(engine->paths, path->ways[way].from, PATH_NO_NAME);
        note->to[way] = name_of(engine->paths, path->ways[way].to, PATH_NO_NAME);
    }
    return tell(engine, shard, flow, note);
}

/* ---- out of the shard ---- */

static bool push_other(struct path_book *book, const struct path_entry *entry)
{
    pthread_mutex_lock(&book->lock);
    bool done = path_ring_put(&book->ring, entry);
    pthread_mutex_unlock(&book->lock);
    return done;
}

static void push(struct engine *engine, struct engine_worker *worker, const struct path_pending *pending)
{
    bool whole = true;
    for (unsigned i = 0; i < pending->count; i++)
        whole &= worker ? path_ring_put(&worker->paths, &pending->entries[i])
                        : push_other(engine->paths, &pending->entries[i]);
    if (!whole)
        atomic_store(&engine->paths->resync, true);
}

void paths_push(struct engine_worker *worker, const struct path_pending *pending)
{
    push(worker->engine, worker, pending);
}

void paths_flush(struct engine *engine, struct engine_worker *worker, struct shard *shard)
{
    struct path_pending pending = {.count = PATH_TAKE};
    while (shard->paths && pending.count == PATH_TAKE) {
        pthread_mutex_lock(&shard->lock);
        pending.count = take_gone(shard->paths, pending.entries, PATH_TAKE);
        pthread_mutex_unlock(&shard->lock);
        push(engine, worker, &pending);
    }
}
