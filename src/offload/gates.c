#include "gates.h"
#include <stdlib.h>

/* Without a moment in which nothing waits: pause, so that there is one. */
#define PAUSE_AFTER_NS (2 * QW_NS_PER_SECOND)
/* A worker that hangs: let go all the same. */
#define PAUSE_MAX_NS QW_NS_PER_SECOND

#define ROUND (sizeof((struct gates *)NULL)->round / sizeof(uint32_t))

bool gates_open(struct gates *gates, struct fast_gate *all, uint32_t flows_max)
{
    *gates = (struct gates){.all = all};
    gates->waiting = calloc(flows_max, sizeof *gates->waiting);
    return gates->waiting != NULL;
}

void gates_close(struct gates *gates)
{
    free(gates->waiting);
    gates->waiting = NULL;
}

uint32_t gates_number(const struct book *book, const struct book_flow *flow, unsigned way)
{
    return FLOW_PATH_DIRECTIONS * book_index(book, flow) + way;
}

static struct fast_gate *gate_of(struct gates *gates, const struct book *book, const struct book_flow *flow,
                                 unsigned way)
{
    return &gates->all[gates_number(book, flow, way)];
}

static uint32_t passed(const struct fast_gate *gate)
{
    return __atomic_load_n(&gate->passed, __ATOMIC_SEQ_CST);
}

static uint32_t open_at(const struct fast_gate *gate)
{
    return __atomic_load_n(&gate->open_at, __ATOMIC_SEQ_CST);
}

void gates_begin(struct gates *gates, const struct book *book, const struct book_flow *flow)
{
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        __atomic_store_n(&gate_of(gates, book, flow, way)->open_at, FAST_GATE_CLOSED, __ATOMIC_SEQ_CST);
}

/* ---- who waits ---- */

static void sample(const struct fast_gate *gate, struct book_gate *seen, struct qw_time now)
{
    uint32_t count = passed(gate);
    if (seen->sampled.ns != 0 && (seen->pauses || seen->passed == count))
        return;
    *seen = (struct book_gate){now, count, seen->pauses};
}

void gates_wait(struct gates *gates, const struct book *book, struct book_flow *flow, struct qw_time now)
{
    if (flow->waits)
        return;
    flow->waits = true;
    flow->waits_since = now;
    flow->waiting_at = gates->count;
    gates->waiting[gates->count++] = book_index(book, flow);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        flow->gates[way] = (struct book_gate){0};
}

/* The last one takes its place. */
void gates_forget(struct gates *gates, struct book *book, struct book_flow *flow)
{
    if (!flow->waits)
        return;
    uint32_t last = gates->waiting[--gates->count];
    gates->waiting[flow->waiting_at] = last;
    book->flows[last].waiting_at = flow->waiting_at;
    flow->waits = false;
}

/* ---- a round ---- */

/* Younger than that, what the program passed may not have reached its queue. A flow whose packets come more
 * often gets less: most of its moments are in order all the same. */
#define MARGIN_NS QW_NS_PER_MS

static uint64_t margin_of(uint64_t waited_ns)
{
    static const struct {
        uint64_t waited_ns, margin_ns;
    } MARGINS[] = {{10 * QW_NS_PER_MS, MARGIN_NS}, {50 * QW_NS_PER_MS, 100000}, {250 * QW_NS_PER_MS, 20000}};
    for (unsigned i = 0; i < sizeof MARGINS / sizeof MARGINS[0]; i++)
        if (waited_ns < MARGINS[i].waited_ns)
            return MARGINS[i].margin_ns;
    return 0;
}

static bool pauses(const struct book_flow *flow)
{
    return flow->waits && (flow->gates[FLOW_PATH_UP].pauses || flow->gates[FLOW_PATH_DOWN].pauses);
}

/* Those that pause stay in the round: their packets are dropped meanwhile. */
static void keep_paused(struct gates *gates, const struct book *book)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < gates->round_size; i++)
        if (pauses(&book->flows[gates->round[i]]))
            gates->round[kept++] = gates->round[i];
    gates->round_size = kept;
}

static void fill_round(struct gates *gates, const struct book *book)
{
    for (uint32_t i = 0; i < gates->count && gates->round_size < ROUND; i++) {
        gates->next = gates->next < gates->count ? gates->next : 0;
        uint32_t index = gates->waiting[gates->next++];
        if (!pauses(&book->flows[index]))
            gates->round[gates->round_size++] = index;
    }
}

void gates_sample(struct gates *gates, struct book *book, struct qw_time now)
{
    keep_paused(gates, book);
    fill_round(gates, book);
    for (uint32_t i = 0; i < gates->round_size; i++) {
        struct book_flow *flow = &book->flows[gates->round[i]];
        for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
            sample(gate_of(gates, book, flow, way), &flow->gates[way], now);
    }
}

/* The program may open the gate at the count that was named before, or find that an older flow's was opened:
 * so nothing but what was read is replaced. */
static bool set(struct fast_gate *gate, uint32_t wanted)
{
    uint32_t was = open_at(gate);
    return was == FAST_GATE_OPEN || __atomic_compare_exchange_n(&gate->open_at, &was, wanted, false,
                                                                __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/* Opens it with the next packet unless one passed since it was sampled: either the program finds what is
 * written here, or its packet is counted when the count is read again. */
static bool release(struct fast_gate *gate, const struct book_gate *seen)
{
    if (open_at(gate) == FAST_GATE_OPEN)
        return true;
    return passed(gate) == seen->passed && set(gate, seen->passed) &&
           (passed(gate) == seen->passed || open_at(gate) == FAST_GATE_OPEN);
}

/* When the pause was over, or the program has closed the gate meanwhile, it begins anew. */
static bool release_paused(struct gates *gates, struct fast_gate *gate, struct book_gate *seen,
                           struct qw_time empty, struct qw_time now)
{
    if (!seen->pauses || open_at(gate) != FAST_GATE_PAUSED) {
        gates->paused += !seen->pauses;
        *seen = (struct book_gate){.pauses = true};
        set(gate, FAST_GATE_PAUSED);
        return false;
    }
    if (empty.ns < seen->sampled.ns + MARGIN_NS && qw_time_since(now, seen->sampled) < PAUSE_MAX_NS)
        return false;
    return set(gate, FAST_GATE_FORCED);
}

static bool release_way(struct gates *gates, struct book *book, struct book_flow *flow, unsigned way,
                        struct qw_time empty, struct qw_time now)
{
    struct fast_gate *gate = gate_of(gates, book, flow, way);
    struct book_gate *seen = &flow->gates[way];
    uint64_t waited_ns = qw_time_since(now, flow->waits_since);
    if (open_at(gate) == FAST_GATE_OPEN || open_at(gate) == FAST_GATE_FORCED)
        return true;
    if (!seen->pauses && empty.ns >= seen->sampled.ns + margin_of(waited_ns))
        return release(gate, seen);
    return waited_ns >= PAUSE_AFTER_NS && release_paused(gates, gate, seen, empty, now);
}

void gates_release(struct gates *gates, struct book *book, struct qw_time empty, struct qw_time now)
{
    for (uint32_t i = 0; i < gates->round_size; i++) {
        struct book_flow *flow = &book->flows[gates->round[i]];
        bool open = flow->waits;
        for (unsigned way = 0; flow->waits && way < FLOW_PATH_DIRECTIONS; way++)
            open &= release_way(gates, book, flow, way, empty, now);
        if (open)
            gates_forget(gates, book, flow);
    }
    keep_paused(gates, book);
}

/* An earlier process may have died while the direction paused. */
static bool is_shut(uint32_t state)
{
    return state == FAST_GATE_CLOSED || state == FAST_GATE_PAUSED;
}

static bool is_closed(struct gates *gates, const struct book *book, const struct book_flow *flow)
{
    bool closed = false;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++)
        closed |= is_shut(open_at(gate_of(gates, book, flow, way)));
    return closed;
}

void gates_adopt(struct gates *gates, const struct book *book, struct book_flow *flow, struct qw_time now)
{
    if (is_closed(gates, book, flow))
        gates_wait(gates, book, flow, now);
}

void gates_find_shut(struct gates *gates, struct book *book, uint32_t shut, struct qw_time now)
{
    if (shut == gates->shut)
        return;
    gates->shut = shut;
    for (uint32_t i = 0; i < book->max; i++) {
        struct book_flow *flow = &book->flows[i];
        if (flow->id != 0 && flow->settled && is_closed(gates, book, flow))
            gates_wait(gates, book, flow, now);
    }
}
