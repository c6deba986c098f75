/* Entries of an earlier process, which the program goes on forwarding by: each pair is matched with a flow
 * that was recovered, or goes. A flow keeps its gates, whose numbers stand in its records, and with them its
 * place in the book. */
#include "offload_spins.h"
#include "offload_state.h"
#include <stdlib.h>
#include <string.h>

struct left_entry {
    bool there;
    struct fast_match match;
    struct fast_record record;
};

/* By the numbers of their gates. */
struct left_entries {
    uint32_t next; /* flow of the book that was not looked at */
    struct left_entry all[];
};

void left_free(struct left_entries *left)
{
    free(left);
}

/* ---- reading ---- */

static struct fast_match match_of(bool ipv6, const void *keys, unsigned index)
{
    struct fast_match match = {.ipv6 = ipv6};
    if (ipv6)
        memcpy(&match.key.six, (const struct fast_key6 *)keys + index, sizeof match.key.six);
    else
        memcpy(&match.key.four, (const struct fast_key4 *)keys + index, sizeof match.key.four);
    return match;
}

static bool is_sound(const struct offload *offload, const struct fast_record *record)
{
    return fast_flow(record) < offload->book.max && record->in_port < FAST_PORTS_MAX &&
           record->out_port < FAST_PORTS_MAX;
}

static void drop(struct offload *offload, const struct fast_match *match)
{
    struct fast_record ignored;
    offload->stats.strangers += kernel_take(offload->kernel, match, &ignored);
}

static void note(struct offload *offload, const struct fast_match *match, const struct fast_record *record)
{
    struct left_entry *entry = is_sound(offload, record) ? &offload->left->all[fast_gate_of(record)] : NULL;
    if (entry && !entry->there)
        *entry = (struct left_entry){true, *match, *record};
    else
        drop(offload, match);
}

static bool read_family(struct offload *offload, bool ipv6, void *keys, struct fast_record *records)
{
    struct kernel_cursor cursor = {0};
    while (!cursor.ended) {
        unsigned count = kernel_each(offload->kernel, ipv6, &cursor, keys, records);
        for (unsigned i = 0; i < count; i++) {
            struct fast_match match = match_of(ipv6, keys, i);
            note(offload, &match, &records[i]);
        }
    }
    return cursor.whole;
}

static bool read_all(struct offload *offload)
{
    void *keys = calloc(KERNEL_EACH, sizeof(struct fast_key6));
    struct fast_record *records = calloc(KERNEL_EACH, sizeof *records);
    size_t size = (size_t)FLOW_PATH_DIRECTIONS * offload->book.max * sizeof(struct left_entry);
    offload->left = calloc(1, sizeof *offload->left + size); /* touched as far as it is used */
    bool done = keys && records && offload->left && read_family(offload, false, keys, records) &&
                read_family(offload, true, keys, records);
    free(keys);
    free(records);
    return done;
}

/* ---- judging ---- */

/* As an engine would tell it, as far as the entries say it: both matches, and the interfaces. */
static struct flow_path path_of(const struct offload *offload, const struct left_entry *pair)
{
    struct flow_path path = {.family = pair[0].match.ipv6 ? QW_IPV6 : QW_IPV4};
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        const struct offload_port *in = &offload->ports.all[pair[way].record.in_port];
        const struct offload_port *out = &offload->ports.all[pair[way].record.out_port];
        path.ways[way].match = entry_tuple(&pair[way].match);
        memcpy(path.ways[way].from, in->name, sizeof path.ways[way].from);
        memcpy(path.ways[way].to, out->name, sizeof path.ways[way].to);
    }
    return path;
}

static bool is_same(const struct fast_match *a, const struct fast_match *b)
{
    return a->ipv6 == b->ipv6 && (a->ipv6 ? memcmp(&a->key.six, &b->key.six, sizeof a->key.six) == 0
                                          : memcmp(&a->key.four, &b->key.four, sizeof a->key.four) == 0);
}

static bool is_as_wanted(const struct offload *offload, const struct flow_path *path,
                         const struct left_entry *pair)
{
    uint8_t ports[FLOW_PATH_DIRECTIONS][2];
    enum offload_place place = offload_find_place(offload, path, ports);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS && place != OFFLOAD_NOWHERE; way++) {
        const struct fast_record *is = &pair[way].record;
        struct fast_record wanted = offload_wanted(path, way, ports, place);
        struct fast_match match = entry_match(&path->ways[way].match);
        if (!is_same(&match, &pair[way].match) || is->in_port != wanted.in_port ||
            is->out_port != wanted.out_port || !offload_is_alike(is, &wanted))
            return false;
    }
    return place != OFFLOAD_NOWHERE;
}

static void keep(struct offload *offload, uint32_t index, const struct flow_path *path,
                 const struct left_entry *pair, struct qw_time now)
{
    struct book_flow *flow = book_adopt(&offload->book, index, path->id);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        flow->matches[way] = pair[way].match;
        flow->ports[way][0] = pair[way].record.in_port;
        flow->ports[way][1] = pair[way].record.out_port;
        flow->measured |= pair[way].record.spin != 0;
    }
    offload_begin(offload, flow, path, now);
    flow->settled = true;
    gates_adopt(&offload->gates, &offload->book, flow, now);
    offload->stats.recovered++;
}

/* What packets still add until the entry is gone is in what it is taken with. */
static void take(struct offload *offload, const struct left_entry *entry, uint32_t index, unsigned way,
                 struct qw_time now, struct flow_path_figures *figures)
{
    struct fast_record last;
    if (!kernel_take(offload->kernel, &entry->match, &last))
        return;
    offload->stats.strangers++;
    offload_add_figures(offload, index, way, &last, now, figures);
}

/* True: the flow lives, and *figures are its. */
static bool judge(struct offload *offload, uint32_t index, offload_adopt *adopt, void *context,
                  struct qw_time now, struct flow_path_figures *figures)
{
    const struct left_entry *pair = &offload->left->all[FLOW_PATH_DIRECTIONS * index];
    struct flow_path path = {0};
    bool both = pair[0].there && pair[1].there, kept = false;
    if (both) {
        path = path_of(offload, pair);
        kept = adopt(context, &path) && is_as_wanted(offload, &path, pair);
    }
    *figures = (struct flow_path_figures){.id = path.id, .key = path.key};
    if (kept)
        keep(offload, index, &path, pair, now);
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        if (kept) {
            offload_add_figures(offload, index, way, &pair[way].record, now, figures);
            spins_tell(offload, &offload->book.flows[index], way, &pair[way].record, now, figures);
        }
        if (!kept && pair[way].there)
            take(offload, &pair[way], index, way, now, figures);
    }
    return path.id != 0;
}

/* ---- all of them ---- */

static void finish(struct offload *offload)
{
    book_adopted(&offload->book);
    left_free(offload->left);
    offload->left = NULL;
    offload->recovering = false;
}

bool offload_recovers(const struct offload *offload)
{
    return offload->recovering;
}

size_t offload_recover(struct offload *offload, offload_adopt *adopt, void *context, struct qw_time now,
                       struct flow_path_figures *figures, size_t max)
{
    size_t count = 0;
    struct left_entries *left = offload->left;
    for (; count < max && left->next < offload->book.max; left->next++)
        if (left->all[FLOW_PATH_DIRECTIONS * left->next].there ||
            left->all[FLOW_PATH_DIRECTIONS * left->next + 1].there)
            count += judge(offload, left->next, adopt, context, now, &figures[count]);
    if (left->next == offload->book.max)
        finish(offload);
    return count;
}

bool offload_read_left(struct offload *offload)
{
    if (kernel_left(offload->kernel) != KERNEL_TAKEN_OVER)
        return true;
    ports_adopt(&offload->ports, offload->kernel);
    offload->recovering = read_all(offload);
    return offload->recovering;
}

/* ---- before ---- */

bool offload_pins_look(struct offload_pins *pins)
{
    return (pins->left[0] >= 0 && pins->left[1] >= 0) || kernel_open_left(pins, pins->left);
}

struct qw_time offload_pins_seen(const struct offload_pins *pins, const struct qw_tuple *match,
                                 struct qw_time now)
{
    struct fast_match key = entry_match(match);
    struct fast_record record;
    if (pins->left[0] < 0 || pins->left[1] < 0 || !kernel_look_left(pins->left, &key, &record))
        return (struct qw_time){0};
    return offload_seen_at(record.last_seen_ms, now);
}
