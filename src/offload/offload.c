#include "offload_spins.h"
#include "offload_state.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A flow is asked that long before its timer runs out, and is the engine's alone if it was idle until then.
 */
#define MARGIN_NS (2 * QW_NS_PER_SECOND)

/* Every flow is looked at so often, more rarely when they are many: a look takes 1 to 3 us of a core. */
#define LOOK_NS (5 * QW_NS_PER_SECOND)
#define LOOKS_PER_SECOND 2500

bool offload_built(void)
{
    return kernel_built();
}

/* What was left cannot be gone on with, or nothing can be pinned: it is done without. */
static bool open_kernel(struct offload *offload, const struct offload_options *options,
                        char error[static OFFLOAD_ERROR_MAX])
{
    if (offload->pins && !pins_lock(offload->pins)) {
        snprintf(error, OFFLOAD_ERROR_MAX, "another process has the pins of this instance");
        offload->pins = NULL;
        return false;
    }
    offload->kernel = kernel_new_for(options, offload->pins, error);
    if (offload->kernel || !offload->pins)
        return offload->kernel != NULL;
    pins_clear(offload->pins);
    pins_unlock(offload->pins);
    offload->pins = NULL;
    offload->kernel = kernel_new_for(options, NULL, error);
    return offload->kernel != NULL;
}

static bool open_all(struct offload *offload, const struct offload_options *options, struct qw_time now,
                     char error[static OFFLOAD_ERROR_MAX])
{
    if (!book_open(&offload->book, options->flows_max, now)) {
        offload->pins = NULL; /* not looked at */
        snprintf(error, OFFLOAD_ERROR_MAX, "out of memory");
        return false;
    }
    if (!open_kernel(offload, options, error))
        return false;
    if (gates_open(&offload->gates, kernel_gates(offload->kernel), options->flows_max))
        return true;
    snprintf(error, OFFLOAD_ERROR_MAX, "out of memory");
    return false;
}

struct offload *offload_new_for(const struct offload_options *options, struct offload_pins *pins,
                                struct qw_time now, char error[static OFFLOAD_ERROR_MAX])
{
    struct offload *offload = calloc(1, sizeof *offload);
    if (!offload) {
        snprintf(error, OFFLOAD_ERROR_MAX, "out of memory");
        return NULL;
    }
    pthread_mutex_init(&offload->lock, NULL);
    offload->stats.flows_max = options->flows_max;
    offload->spins = options->spin;
    offload->limits.room = options->limits < FAST_LIMITS_MAX ? options->limits : FAST_LIMITS_MAX;
    offload->pins = pins;
    if (!open_all(offload, options, now, error)) {
        offload_free(offload);
        return NULL;
    }
    offload->stats.pinned = offload->pins != NULL;
    offload->stats.removed = kernel_left(offload->kernel) == KERNEL_REMOVED;
    if (offload_read_left(offload))
        return offload;
    snprintf(error, OFFLOAD_ERROR_MAX, "what an earlier daemon left cannot be read");
    offload_free(offload);
    return NULL;
}

static void free_all(struct offload *offload)
{
    kernel_free(offload->kernel);
    left_free(offload->left);
    book_close(&offload->book);
    gates_close(&offload->gates);
    pthread_mutex_destroy(&offload->lock);
    free(offload);
}

void offload_free(struct offload *offload)
{
    if (!offload)
        return;
    if (offload->kernel)
        ports_close(&offload->ports, offload->kernel);
    if (offload->pins) {
        pins_remove(offload->pins);
        pins_unlock(offload->pins);
    }
    free_all(offload);
}

void offload_leave(struct offload *offload)
{
    if (!offload->pins) {
        offload_free(offload);
        return;
    }
    ports_leave(&offload->ports);
    pins_unlock(offload->pins);
    free_all(offload);
}

/* Who is named by number to the program is looked for again. */
static void look_at_ports(struct offload *offload)
{
    drops_look(&offload->drops, &offload->ports, offload->kernel);
    limits_look(&offload->limits, &offload->ports, offload->kernel);
}

bool offload_attach(struct offload *offload, const char *name, enum offload_place place,
                    char error[static OFFLOAD_ERROR_MAX])
{
    pthread_mutex_lock(&offload->lock);
    bool done = ports_attach(&offload->ports, offload->kernel, name, NULL, place, error);
    look_at_ports(offload);
    pthread_mutex_unlock(&offload->lock);
    return done;
}

bool offload_attach_vlan(struct offload *offload, const char *name, const struct offload_vlan *vlan,
                         enum offload_place place, char error[static OFFLOAD_ERROR_MAX])
{
    pthread_mutex_lock(&offload->lock);
    bool done = ports_attach(&offload->ports, offload->kernel, name, vlan, place, error);
    look_at_ports(offload);
    pthread_mutex_unlock(&offload->lock);
    return done;
}

bool offload_detach(struct offload *offload, const char *name)
{
    pthread_mutex_lock(&offload->lock);
    bool done = ports_detach(&offload->ports, offload->kernel, name);
    look_at_ports(offload);
    pthread_mutex_unlock(&offload->lock);
    return done;
}

int offload_program(struct offload *offload, enum offload_place place)
{
    return kernel_program(offload->kernel, place);
}

void offload_alive(struct offload *offload, struct qw_time boot)
{
    __atomic_store_n(&kernel_control(offload->kernel)->alive_until_ms, boot.ns / QW_NS_PER_MS,
                     __ATOMIC_RELEASE);
}

void offload_epoch(struct offload *offload)
{
    __atomic_fetch_add(&kernel_control(offload->kernel)->epoch, 1, __ATOMIC_RELEASE);
}

/* ---- figures ---- */

/* The program keeps the lower 32 bits of milliseconds: what it saw lies in the past. */
struct qw_time offload_seen_at(uint32_t last_seen_ms, struct qw_time now)
{
    uint64_t now_ms = now.ns / QW_NS_PER_MS;
    uint32_t age = (uint32_t)now_ms - last_seen_ms;
    if (last_seen_ms == 0)
        return (struct qw_time){0};
    if (age > INT32_MAX) /* the program's clock is a moment ahead of the caller's */
        return now;
    return (struct qw_time){age < now_ms ? (now_ms - age) * QW_NS_PER_MS : 0};
}

/* What a counter of so many bits went on by. */
static uint64_t since(uint64_t now, uint64_t told, unsigned bits)
{
    return (now - told) & (((uint64_t)1 << bits) - 1);
}

/* A process that is killed between this and engine_harvest loses what it was about to tell. */
void offload_add_figures(struct offload *offload, uint32_t index, unsigned way,
                         const struct fast_record *record, struct qw_time now, struct flow_path_figures *out)
{
    struct fast_told *told = &kernel_told(offload->kernel)[index];
    struct flow_path_seen *seen = &out->ways[way];
    struct qw_time last_seen = offload_seen_at(record->last_seen_ms, now);
    uint64_t marked = (uint64_t)record->ce << FAST_TOLD_BITS;
    seen->packets = since(record->packets, told->packets[way], 32);
    seen->bytes = since(record->bytes, told->bytes[way], FAST_TOLD_BITS);
    seen->ce = (uint32_t)since(record->ce, told->bytes[way] >> FAST_TOLD_BITS, 64 - FAST_TOLD_BITS);
    told->packets[way] = record->packets;
    told->bytes[way] = since(record->bytes, 0, FAST_TOLD_BITS) | marked;
    if (last_seen.ns > out->last_seen.ns)
        out->last_seen = last_seen;
}

static void add_figures(struct offload *offload, const struct book_flow *flow, unsigned way,
                        const struct fast_record *record, struct qw_time now, struct flow_path_figures *out)
{
    offload_add_figures(offload, book_index(&offload->book, flow), way, record, now, out);
    spins_tell(offload, flow, way, record, now, out);
}

static struct flow_path_figures begin_figures(const struct book_flow *flow)
{
    return (struct flow_path_figures){.id = flow->id, .key = flow->key};
}

/* ---- taking ---- */

static void use_ports(struct offload *offload, const struct book_flow *flow, int change)
{
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        for (unsigned side = 0; side < 2; side++)
            offload->ports.all[flow->ports[way][side]].users += (uint32_t)change;
        offload->ports.all[flow->ports[way][0]].entries += (uint32_t)change;
    }
}

/* Its entries are gone. */
static void forget(struct offload *offload, struct book_flow *flow)
{
    use_ports(offload, flow, -1);
    gates_forget(&offload->gates, &offload->book, flow);
    book_remove(&offload->book, flow);
    offload->stats.taken++;
}

/* Both entries are gone afterwards, and the flow of the book too. */
static struct flow_path_figures take(struct offload *offload, struct book_flow *flow, struct qw_time now)
{
    struct flow_path_figures figures = begin_figures(flow);
    struct fast_record record;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        if (kernel_take(offload->kernel, &flow->matches[way], &record))
            add_figures(offload, flow, way, &record, now, &figures);
    forget(offload, flow);
    return figures;
}

/* ---- putting ---- */

/* When it is the engine's alone: at a quarter of a short timer at the latest. */
static uint64_t runs_out(const struct book_flow *flow)
{
    uint64_t margin = flow->timeout_ns / 4 < MARGIN_NS ? flow->timeout_ns / 4 : MARGIN_NS;
    return flow->last_seen.ns + flow->timeout_ns - margin;
}

/* Reports, and the order of eviction, want to hear of it before. */
static void wait_for(struct offload *offload, struct book_flow *flow, struct qw_time now)
{
    uint64_t look = offload->book.count * QW_NS_PER_SECOND / LOOKS_PER_SECOND;
    if (look < LOOK_NS)
        look = LOOK_NS;
    uint64_t out = runs_out(flow);
    book_at(&offload->book, flow, out < now.ns + look ? out : now.ns + look);
}

static bool find_ports(const struct offload *offload, const struct flow_path *path,
                       uint8_t out[FLOW_PATH_DIRECTIONS][2])
{
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        const struct flow_path_way *of = &path->ways[way];
        int in_port = ports_find(&offload->ports, of->from), out_port = ports_find(&offload->ports, of->to);
        if (in_port == PORT_NONE || out_port == PORT_NONE)
            return false;
        if (!limits_can(&offload->limits, way == FLOW_PATH_UP ? of->to : of->from))
            return false;
        out[way][0] = (uint8_t)in_port;
        out[way][1] = (uint8_t)out_port;
    }
    return true;
}

static bool all_have(const struct offload *offload, uint8_t ports[FLOW_PATH_DIRECTIONS][2],
                     enum offload_place place)
{
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        for (unsigned side = 0; side < 2; side++)
            if (!port_has(&offload->ports.all[ports[way][side]], place))
                return false;
    return true;
}

/* The place that all interfaces of the flow have in common. OFFLOAD_NOWHERE: none, or one is not attached. */
enum offload_place offload_find_place(const struct offload *offload, const struct flow_path *path,
                                      uint8_t out[FLOW_PATH_DIRECTIONS][2])
{
    if (!find_ports(offload, path, out))
        return OFFLOAD_NOWHERE;
    if (all_have(offload, out, OFFLOAD_XDP))
        return OFFLOAD_XDP;
    return all_have(offload, out, OFFLOAD_TC) ? OFFLOAD_TC : OFFLOAD_NOWHERE;
}

static bool put_entries(struct offload *offload, const struct flow_path *path, const struct book_flow *flow,
                        unsigned kind)
{
    struct fast_record old;
    gates_begin(&offload->gates, &offload->book, flow);
    kernel_told(offload->kernel)[book_index(&offload->book, flow)] = (struct fast_told){0};
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct fast_record record =
            entry_record(path, (enum flow_path_direction)way, flow->ports[way][0], flow->ports[way][1], kind);
        fast_set_flow(&record, book_index(&offload->book, flow), path->hash);
        record.spin = spins_begin(offload, flow, way, path);
        if (kernel_put(offload->kernel, &flow->matches[way], &record))
            continue;
        if (way > 0)
            kernel_take(offload->kernel, &flow->matches[0], &old);
        return false;
    }
    return true;
}

void offload_begin(struct offload *offload, struct book_flow *flow, const struct flow_path *path,
                   struct qw_time now)
{
    flow->key = path->key;
    flow->last_seen = path->last_seen;
    flow->timeout_ns = path->timeout_ns;
    flow->sweep = offload->book.sweep;
    use_ports(offload, flow, 1);
    wait_for(offload, flow, now);
}

static void put(struct offload *offload, const struct flow_path *path, struct qw_time now)
{
    uint8_t ports[FLOW_PATH_DIRECTIONS][2];
    enum offload_place place = offload_find_place(offload, path, ports);
    if (place == OFFLOAD_NOWHERE) {
        offload->stats.unfit++;
        return;
    }
    struct book_flow *flow = book_add(&offload->book, path->id);
    if (!flow) {
        offload->stats.refused++;
        return;
    }
    memcpy(flow->ports, ports, sizeof ports);
    flow->measured = offload->spins && path->spin.measured != 0;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        flow->matches[way] = entry_match(&path->ways[way].match);
    if (!put_entries(offload, path, flow, place == OFFLOAD_TC ? FAST_TC : 0)) {
        offload->stats.refused++;
        book_remove(&offload->book, flow);
        return;
    }
    offload_begin(offload, flow, path, now);
    offload->stats.put++;
}

struct fast_record offload_wanted(const struct flow_path *path, unsigned way,
                                  uint8_t ports[FLOW_PATH_DIRECTIONS][2], enum offload_place place)
{
    return entry_record(path, (enum flow_path_direction)way, ports[way][0], ports[way][1],
                        place == OFFLOAD_TC ? FAST_TC : 0);
}

bool offload_is_alike(const struct fast_record *is, const struct fast_record *wanted)
{
    return is->tag == wanted->tag && is->new_addr == wanted->new_addr && is->new_port == wanted->new_port &&
           is->size_max == wanted->size_max && (is->flags | FAST_SERVER) == (wanted->flags | FAST_SERVER) &&
           is->place == wanted->place;
}

/* Would the entries be the same? Then they stay, and no packet takes another way for a moment. */
static bool is_same(struct offload *offload, const struct flow_path *path, const struct book_flow *flow)
{
    uint8_t ports[FLOW_PATH_DIRECTIONS][2];
    enum offload_place place = offload_find_place(offload, path, ports);
    if (place == OFFLOAD_NOWHERE || memcmp(ports, flow->ports, sizeof ports) != 0 ||
        !spins_stay(offload, flow, path))
        return false;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct fast_record is, wanted = offload_wanted(path, way, ports, place);
        struct fast_match match = entry_match(&path->ways[way].match);
        if (match.ipv6 != flow->matches[way].ipv6 || !kernel_look(offload->kernel, &match, &is) ||
            !offload_is_alike(&is, &wanted))
            return false;
    }
    return true;
}

static void keep(struct offload *offload, const struct flow_path *path, struct book_flow *flow,
                 struct qw_time now)
{
    flow->sweep = offload->book.sweep;
    flow->timeout_ns = path->timeout_ns;
    if (path->last_seen.ns > flow->last_seen.ns)
        flow->last_seen = path->last_seen;
    wait_for(offload, flow, now);
}

/* What there was of the path goes first: its match may have changed. */
static size_t apply(struct offload *offload, const struct flow_path_event *event, struct qw_time now,
                    struct flow_path_figures *figures)
{
    struct book_flow *flow = book_find(&offload->book, event->path.id);
    if (flow && event->kind != FLOW_PATH_END && is_same(offload, &event->path, flow)) {
        keep(offload, &event->path, flow, now);
        return 0;
    }
    size_t taken = flow != NULL;
    if (flow)
        *figures = take(offload, flow, now);
    if (event->kind != FLOW_PATH_END)
        put(offload, &event->path, now);
    return taken;
}

size_t offload_apply(struct offload *offload, const struct flow_path_event *events, size_t count,
                     struct qw_time now, struct flow_path_figures *figures)
{
    size_t taken = 0;
    pthread_mutex_lock(&offload->lock);
    for (size_t i = 0; i < count; i++)
        taken += apply(offload, &events[i], now, &figures[taken]);
    pthread_mutex_unlock(&offload->lock);
    return taken;
}

/* What was forwarded, if it is in the book. */
static bool take_by_id(struct offload *offload, uint64_t id, struct qw_time now,
                       struct flow_path_figures *figures)
{
    struct book_flow *flow = book_find(&offload->book, id);
    if (flow)
        *figures = take(offload, flow, now);
    return flow != NULL;
}

bool offload_take(struct offload *offload, uint64_t id, struct qw_time now, struct flow_path_figures *figures)
{
    pthread_mutex_lock(&offload->lock);
    bool taken = take_by_id(offload, id, now, figures);
    pthread_mutex_unlock(&offload->lock);
    return taken;
}

void offload_settle(struct offload *offload, uint64_t id, struct qw_time now)
{
    pthread_mutex_lock(&offload->lock);
    struct book_flow *flow = book_find(&offload->book, id);
    if (flow && !flow->settled) {
        flow->settled = true;
        gates_wait(&offload->gates, &offload->book, flow, now);
    }
    pthread_mutex_unlock(&offload->lock);
}

/* ---- gates ---- */

#define PAUSES_NS (500 * QW_NS_PER_MS)

uint32_t offload_waiting(struct offload *offload)
{
    return __atomic_load_n(&offload->gates.count, __ATOMIC_RELAXED);
}

/* Not for longer: this process may end meanwhile. */
static void allow_pauses(struct offload *offload, struct qw_time now)
{
    uint64_t until_ns = qw_time_add(now, PAUSES_NS).ns;
    __atomic_store_n(&kernel_control(offload->kernel)->paused_until_ms, (uint32_t)(until_ns / QW_NS_PER_MS),
                     __ATOMIC_SEQ_CST);
}

void offload_open(struct offload *offload, struct qw_time now, offload_empty *empty, void *context)
{
    pthread_mutex_lock(&offload->lock);
    gates_sample(&offload->gates, &offload->book, now);
    if (offload->gates.round_size > 0) {
        allow_pauses(offload, now);
        gates_release(&offload->gates, &offload->book, empty(context), now);
    }
    pthread_mutex_unlock(&offload->lock);
}

void offload_find_shut(struct offload *offload, struct qw_time now)
{
    uint32_t shut = __atomic_load_n(&kernel_control(offload->kernel)->shut, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&offload->lock);
    gates_find_shut(&offload->gates, &offload->book, shut, now);
    pthread_mutex_unlock(&offload->lock);
}

/* ---- timers ---- */

static bool has_packets(const struct flow_path_figures *figures)
{
    return figures->ways[FLOW_PATH_UP].packets > 0 || figures->ways[FLOW_PATH_DOWN].packets > 0;
}

/* `take`: if it was idle for so long that it is the engine's alone. */
static void ask(const struct book_flow *flow, bool take, struct qw_time now, struct fast_question *out)
{
    uint64_t idle_ns = runs_out(flow) - flow->last_seen.ns;
    out->take = take && runs_out(flow) <= now.ns;
    out->since_ms = out->take ? (uint32_t)((now.ns - idle_ns) / QW_NS_PER_MS) : 0;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        out->ipv6[way] = flow->matches[way].ipv6;
        memcpy(&out->keys[way], &flow->matches[way].key, sizeof out->keys[way]);
    }
}

/* What was counted since it was last told. */
static struct flow_path_figures hear(struct offload *offload, struct book_flow *flow,
                                     const struct fast_question *answer, struct qw_time now)
{
    struct flow_path_figures figures = begin_figures(flow);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        if (answer->found[way])
            add_figures(offload, flow, way, &answer->records[way], now, &figures);
    if (figures.last_seen.ns > flow->last_seen.ns)
        flow->last_seen = figures.last_seen;
    return figures;
}

static struct flow_path_figures hear_due(struct offload *offload, struct book_flow *flow,
                                         const struct fast_question *answer, struct qw_time now)
{
    struct flow_path_figures figures = hear(offload, flow, answer, now);
    if (!answer->taken) {
        wait_for(offload, flow, now);
        return figures;
    }
    forget(offload, flow);
    figures.over = true;
    offload->stats.idle++;
    return figures;
}

/* Who was not answered is asked again. */
static void ask_again(struct offload *offload, struct book_flow *const *flows, unsigned count,
                      struct qw_time now)
{
    for (unsigned i = 0; i < count; i++)
        book_at(&offload->book, flows[i], now.ns + LOOK_NS);
}

/* Some flows whose time has come; `*asked` of them were asked. Returns how many figures there are. */
static size_t ask_due(struct offload *offload, struct qw_time now, struct flow_path_figures *figures,
                      size_t max, unsigned *asked)
{
    struct fast_question *questions = kernel_questions(offload->kernel);
    struct book_flow *flows[FAST_QUESTIONS];
    size_t count = 0;
    for (*asked = 0; *asked < max && *asked < FAST_QUESTIONS; ++*asked) {
        flows[*asked] = book_due(&offload->book, now);
        if (!flows[*asked])
            break;
        ask(flows[*asked], true, now, &questions[*asked]);
    }
    if (!kernel_ask(offload->kernel, *asked)) {
        ask_again(offload, flows, *asked, now);
        *asked = 0;
    }
    for (unsigned i = 0; i < *asked; i++) {
        figures[count] = hear_due(offload, flows[i], &questions[i], now);
        count += figures[count].over || has_packets(&figures[count]);
    }
    return count;
}

size_t offload_due(struct offload *offload, struct qw_time now, struct flow_path_figures *figures, size_t max)
{
    size_t count = 0;
    unsigned asked = 1;
    pthread_mutex_lock(&offload->lock);
    while (count < max && asked > 0)
        count += ask_due(offload, now, figures + count, max - count, &asked);
    pthread_mutex_unlock(&offload->lock);
    return count;
}

/* From *cursor on, which goes behind them. */
static size_t ask_some(struct offload *offload, uint32_t *cursor, struct qw_time now,
                       struct flow_path_figures *figures, size_t max)
{
    struct fast_question *questions = kernel_questions(offload->kernel);
    struct book_flow *flows[FAST_QUESTIONS];
    unsigned asked = 0;
    size_t count = 0;
    for (; asked < max && asked < FAST_QUESTIONS && *cursor < offload->book.max; ++*cursor) {
        struct book_flow *flow = &offload->book.flows[*cursor];
        if (flow->id == 0)
            continue;
        ask(flow, false, now, &questions[asked]);
        flows[asked++] = flow;
    }
    if (!kernel_ask(offload->kernel, asked))
        return 0;
    for (unsigned i = 0; i < asked; i++) {
        figures[count] = hear(offload, flows[i], &questions[i], now);
        count += has_packets(&figures[count]);
    }
    return count;
}

size_t offload_look(struct offload *offload, uint32_t *cursor, struct qw_time now,
                    struct flow_path_figures *figures, size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&offload->lock);
    while (count < max && *cursor < offload->book.max)
        count += ask_some(offload, cursor, now, figures + count, max - count);
    pthread_mutex_unlock(&offload->lock);
    return count;
}

/* ---- after a resync ---- */

void offload_sweep_begin(struct offload *offload)
{
    pthread_mutex_lock(&offload->lock);
    offload->book.sweep++;
    offload->swept = 0;
    pthread_mutex_unlock(&offload->lock);
}

size_t offload_sweep(struct offload *offload, struct qw_time now, struct flow_path_figures *figures,
                     size_t max)
{
    size_t count = 0;
    pthread_mutex_lock(&offload->lock);
    for (; count < max && offload->swept < offload->book.max; offload->swept++) {
        struct book_flow *flow = &offload->book.flows[offload->swept];
        if (flow->id && flow->sweep != offload->book.sweep)
            figures[count++] = take(offload, flow, now);
    }
    pthread_mutex_unlock(&offload->lock);
    return count;
}

/* ---- reports ---- */

void offload_stats(struct offload *offload, struct offload_stats *out)
{
    pthread_mutex_lock(&offload->lock);
    *out = offload->stats;
    out->flows = offload->book.count;
    out->waiting = offload->gates.count;
    out->changes = offload->ports.changes;
    out->paused = offload->gates.paused;
    pthread_mutex_unlock(&offload->lock);
}

bool offload_why(struct offload *offload, const char *name, unsigned index, const char **text,
                 struct offload_count *out)
{
    static const char *const TEXTS[] = {
#define X(name, words) words,
        FAST_WHYS(X)
#undef X
    };
    if (index >= FAST_WHY_COUNT)
        return false;
    *text = TEXTS[index];
    *out = (struct offload_count){0};
    pthread_mutex_lock(&offload->lock);
    for (uint32_t slot = 0; slot < FAST_PORTS_MAX; slot++) {
        const struct offload_port *port = &offload->ports.all[slot];
        if (port->place == OFFLOAD_NOWHERE || (name && strcmp(port->name, name) != 0))
            continue;
        struct fast_count count = kernel_count(offload->kernel, slot, (enum fast_why)index);
        out->packets += count.packets;
        out->bytes += count.bytes;
    }
    pthread_mutex_unlock(&offload->lock);
    return true;
}

unsigned offload_ports(struct offload *offload, struct offload_port_report *out, unsigned max)
{
    unsigned count = 0;
    pthread_mutex_lock(&offload->lock);
    for (unsigned slot = 0; slot < FAST_PORTS_MAX && count < max; slot++) {
        const struct offload_port *port = &offload->ports.all[slot];
        if (port->place == OFFLOAD_NOWHERE)
            continue;
        struct offload_port_report report = {.place = port->place, .entries = port->entries};
        memcpy(report.name, port->name, sizeof report.name);
        out[count++] = report;
    }
    pthread_mutex_unlock(&offload->lock);
    return count;
}

bool offload_has(struct offload *offload, uint64_t id)
{
    pthread_mutex_lock(&offload->lock);
    const struct book_flow *flow = book_find(&offload->book, id);
    bool fast = flow && flow->settled && !flow->waits;
    pthread_mutex_unlock(&offload->lock);
    return fast;
}
