#include "kernel_table.h"
#include "table_rows.h"
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define GROW_MAX 64      /* chunks at once: two MiB */
#define GROW_MIN 4       /* 128 KiB */
#define GROW_PART 16     /* of those that there are */
#define GROW_NS 30000000 /* so long the caller may wait for them */
#define REST 256         /* rows that are free before the next chunk is made */

struct kernel_table {
    struct table_parts of;
    struct table_rows rows[2]; /* free, of IPv4 and IPv6 */
    uint32_t row_count[2];     /* free or not */
    uint32_t begin;            /* of a chunk's value, beyond a line of the cache */
    uint32_t chunk_count;
    uint32_t grow; /* chunks next time */
};

/* ---- questions ---- */

bool table_run(int program, unsigned count)
{
    static const uint8_t PACKET[ETH_HLEN + FAST_QUESTIONS_ALL];
    struct bpf_test_run_opts run = {
        .sz = sizeof run, .data_in = PACKET, .data_size_in = ETH_HLEN + count, .repeat = 1};
    return bpf_prog_test_run_opts(program, &run) == 0;
}

void table_ask_for(const struct fast_match *match, enum fast_take what, struct fast_question *out)
{
    memset(out, 0, sizeof *out);
    if (match) {
        memcpy(&out->keys[0], &match->key, match->ipv6 ? sizeof match->key.six : sizeof match->key.four);
        out->ipv6[0] = match->ipv6;
    }
    out->take = (uint8_t)what;
}

static struct fast_question *ask_one(struct kernel_table *table, const struct fast_match *match,
                                     enum fast_take what)
{
    struct fast_question *one = &table->of.questions[FAST_QUESTION_ONE];
    table_ask_for(match, what, one);
    return one;
}

static bool run_one(struct kernel_table *table)
{
    return table_run(table->of.program, FAST_QUESTION_ONE + 1);
}

/* ---- chunks ---- */

uint32_t table_chunks_for(uint32_t flows_max)
{
    uint64_t keys = 2 * (uint64_t)flows_max + 2 * REST;
    uint64_t chunks = keys / rows_in_chunk(false, 0) + keys / rows_in_chunk(true, 0) + 4;
    return chunks < FAST_CHUNKS_MAX ? (uint32_t)chunks : FAST_CHUNKS_MAX;
}

static void free_row(void *context, uint32_t number)
{
    struct kernel_table *table = context;
    rows_free(&table->rows[number >> 31], number);
}

static bool insert_chunks(struct kernel_table *table, const uint32_t *slots, const int *made, uint32_t count)
{
    uint32_t done = count;
    if (bpf_map_update_batch(table->of.chunks, slots, made, &done, NULL) == 0)
        return true;
    for (uint32_t i = 0; i < count; i++) /* where the kernel knows no batches of these */
        if (bpf_map_update_elem(table->of.chunks, &slots[i], &made[i], BPF_ANY) != 0)
            return false;
    return true;
}

/* Returns how many. The kernel waits for its readers once for all of them, or, before Linux 6.8, for each. */
static uint32_t make_chunks(struct kernel_table *table, uint32_t count)
{
    uint32_t slots[GROW_MAX], made = 0;
    int maps[GROW_MAX];
    for (; made < count; made++) {
        slots[made] = table->chunk_count + made;
        maps[made] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "fast_chunk", sizeof(uint32_t), FAST_CHUNK, 1, NULL);
        if (maps[made] < 0)
            break;
    }
    bool done = made > 0 && insert_chunks(table, slots, maps, made);
    for (uint32_t i = 0; i < made; i++)
        close(maps[i]);
    return done ? made : 0;
}

static uint64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint32_t at_most(uint32_t number, uint32_t limit)
{
    return number < limit ? number : limit;
}

/* As many as the kernel makes in a moment, but not many more than there are. */
static void pace(struct kernel_table *table, uint64_t took_ns)
{
    table->grow = took_ns < GROW_NS ? 2 * table->grow : table->grow / 2;
    table->grow = at_most(table->grow, at_most(GROW_MAX, GROW_MIN + table->chunk_count / GROW_PART));
    table->grow = table->grow ? table->grow : 1;
}

static bool add_chunks(struct kernel_table *table, bool ipv6)
{
    uint32_t wanted = at_most(table->grow, table->of.chunks_max - table->chunk_count);
    uint64_t begin = monotonic_ns();
    uint32_t each = rows_in_chunk(ipv6, table->begin);
    if (wanted == 0 || !rows_reserve(&table->rows[ipv6], table->row_count[ipv6] + wanted * each))
        return false;
    uint32_t made = make_chunks(table, wanted);
    table->row_count[ipv6] += made * each;
    for (uint32_t i = 0; i < made; i++)
        rows_of_chunk(ipv6, table->chunk_count++, table->begin, free_row, table);
    pace(table, monotonic_ns() - begin);
    return made > 0;
}

static uint32_t next_row(struct kernel_table *table, bool ipv6)
{
    struct table_rows *rows = &table->rows[ipv6];
    if (rows->count <= REST)
        add_chunks(table, ipv6);
    return rows_next(rows);
}

/* ---- what is there ---- */

static bool has_chunk(const struct kernel_table *table, uint32_t slot)
{
    uint32_t id;
    return bpf_map_lookup_elem(table->of.chunks, &slot, &id) == 0;
}

static bool find_begin(struct kernel_table *table)
{
    struct fast_question *one = ask_one(table, NULL, FAST_BEGIN);
    if (!run_one(table))
        return false;
    table->begin = one->since_ms;
    return true;
}

/* By number without the family: units of chunks. */
struct used {
    struct kernel_table *table;
    uint8_t *units; /* a bit each */
    uint8_t *ipv6;  /* of each chunk */
};

enum { CHUNK_UNITS = 1 << FAST_ROW_SHIFT };

static bool is_used(const struct used *used, uint32_t number)
{
    uint32_t unit = number & ~FAST_ROW_IPV6;
    return used->units[unit / 8] >> unit % 8 & 1;
}

/* A process that was killed while it moved a key has left it in both lines: one of them is enough. */
static void note_number(struct used *used, struct fast_line *line, unsigned at)
{
    uint32_t number = line->numbers[at], chunk = fast_row_chunk(number), unit = number & ~FAST_ROW_IPV6;
    if (line->tags[at] == 0)
        return;
    if (number == 0 || chunk >= used->table->chunk_count || is_used(used, number)) {
        line->tags[at] = 0;
        return;
    }
    used->units[unit / 8] |= (uint8_t)(1u << unit % 8);
    used->ipv6[chunk] = (uint8_t)(number >> 31);
}

static void free_unused(void *context, uint32_t number)
{
    const struct used *used = context;
    if (!is_used(used, number))
        free_row(used->table, number);
}

/* What no line leads to is free. */
static bool find_free(struct used *used)
{
    struct kernel_table *table = used->table;
    for (uint32_t i = 0; i < table->of.seed->lines; i++)
        for (unsigned at = 0; at < FAST_LINE_PLACES; at++)
            note_number(used, &table->of.lines[i], at);
    for (uint32_t i = 0; i < table->chunk_count; i++)
        table->row_count[used->ipv6[i]] += rows_in_chunk(used->ipv6[i], table->begin);
    for (unsigned i = 0; i < 2; i++)
        if (!rows_reserve(&table->rows[i], table->row_count[i]))
            return false;
    for (uint32_t i = 0; i < table->chunk_count; i++)
        rows_of_chunk(used->ipv6[i], i, table->begin, free_unused, used);
    return true;
}

static bool go_on(struct kernel_table *table)
{
    struct used used = {.table = table};
    while (table->chunk_count < table->of.chunks_max && has_chunk(table, table->chunk_count))
        table->chunk_count++;
    if (table->chunk_count == 0 && (table->chunk_count = make_chunks(table, 1)) == 0)
        return false;
    used.units = calloc(table->chunk_count, CHUNK_UNITS / 8);
    used.ipv6 = calloc(table->chunk_count, 1);
    bool done = used.units && used.ipv6 && find_begin(table) && find_free(&used);
    free(used.units);
    free(used.ipv6);
    return done;
}

struct kernel_table *table_new(const struct table_parts *parts)
{
    struct kernel_table *table = calloc(1, sizeof *table);
    if (!table)
        return NULL;
    table->of = *parts;
    table->grow = 1;
    if (go_on(table))
        return table;
    int problem = errno;
    table_free(table);
    errno = problem;
    return NULL;
}

void table_free(struct kernel_table *table)
{
    if (!table)
        return;
    free(table->rows[0].numbers);
    free(table->rows[1].numbers);
    free(table);
}

/* ---- entries ---- */

static struct fast_spot spot_of(const struct kernel_table *table, const struct fast_match *match)
{
    return fast_find_spot(table->of.seed, &match->key, match->ipv6);
}

/* What stands at that place: its key. */
static bool read_key(struct kernel_table *table, const struct fast_line *line, unsigned at,
                     struct fast_match *out)
{
    struct fast_question *one = ask_one(table, NULL, FAST_READ);
    one->numbers[0] = line->numbers[at];
    if (line->tags[at] == 0 || !run_one(table) || !one->found[0])
        return false;
    *out = (struct fast_match){.ipv6 = one->ipv6[0], .key.six = one->keys[0]};
    return true;
}

/* To its second line, if it stands in its first one and there is room. It stands in both for a moment, and
 * who looks at the first one later looks at the second one then. */
static bool move_away(struct kernel_table *table, struct fast_line *line, unsigned at)
{
    struct fast_match match;
    struct table_place place;
    if (!read_key(table, line, at, &match))
        return false;
    struct fast_spot spot = spot_of(table, &match);
    if (&table->of.lines[spot.lines[0]] != line || !lines_find_second(table->of.lines, &spot, &place))
        return false;
    lines_put(&place, line->numbers[at]);
    __atomic_store_n(&line->tags[at], 0, __ATOMIC_RELEASE);
    return true;
}

/* In a full table one key in ten thousand finds both lines full: then another one makes room. Where one line
 * is full and the other one has that tag, it depends on which one goes. */
static bool find_place(struct kernel_table *table, const struct fast_spot *spot, struct table_place *out)
{
    if (lines_find_place(table->of.lines, spot, out))
        return true;
    for (unsigned i = 0; i < 2; i++)
        for (unsigned at = 0; at < FAST_LINE_PLACES; at++)
            if (move_away(table, &table->of.lines[spot->lines[i]], at) &&
                lines_find_place(table->of.lines, spot, out))
                return true;
    return false;
}

static bool write_row(struct kernel_table *table, const struct fast_match *match,
                      const struct fast_record *record, uint32_t number)
{
    struct fast_question *one = ask_one(table, match, FAST_PUT);
    one->numbers[0] = number;
    one->records[0] = *record;
    return run_one(table) && one->taken;
}

bool table_put(struct kernel_table *table, const struct fast_match *match, const struct fast_record *record)
{
    struct fast_spot spot = spot_of(table, match);
    struct table_place place;
    if (!find_place(table, &spot, &place))
        return false;
    uint32_t number = next_row(table, match->ipv6);
    if (number == 0)
        return false;
    if (!write_row(table, match, record, number)) {
        rows_free(&table->rows[match->ipv6], number);
        return false;
    }
    lines_put(&place, number);
    return true;
}

static bool get(struct kernel_table *table, const struct fast_match *match, enum fast_take what,
                struct fast_record *out)
{
    struct fast_question *one = ask_one(table, match, what);
    if (!run_one(table) || !one->found[0])
        return false;
    *out = one->records[0];
    if (one->numbers[0] != 0)
        free_row(table, one->numbers[0]);
    return true;
}

bool table_look(struct kernel_table *table, const struct fast_match *match, struct fast_record *out)
{
    return get(table, match, FAST_LOOK, out);
}

bool table_take(struct kernel_table *table, const struct fast_match *match, struct fast_record *out)
{
    return get(table, match, FAST_TAKE, out);
}

bool table_ask(struct kernel_table *table, unsigned count)
{
    if (count == 0 || !table_run(table->of.program, count))
        return false;
    for (unsigned i = 0; i < count; i++)
        for (unsigned way = 0; way < 2; way++)
            if (table->of.questions[i].numbers[way] != 0)
                free_row(table, table->of.questions[i].numbers[way]);
    return true;
}

/* ---- all of them ---- */

/* Of the questions, two rows each. */
static int read_rows(struct kernel_table *table, bool ipv6, unsigned count, char *keys,
                     struct fast_record *records)
{
    size_t size = ipv6 ? sizeof(struct fast_key6) : sizeof(struct fast_key4);
    int read = 0;
    if (count > 0 && !table_run(table->of.program, (count + 1) / 2))
        return -1;
    for (unsigned i = 0; i < count; i++) {
        const struct fast_question *question = &table->of.questions[i / 2];
        if (!question->found[i % 2])
            continue;
        memcpy(keys + (size_t)read * size, &question->keys[i % 2], size);
        records[read++] = question->records[i % 2];
    }
    return read;
}

static unsigned ask_line(struct kernel_table *table, bool ipv6, uint32_t number, unsigned count)
{
    const struct fast_line *line = &table->of.lines[number];
    for (unsigned i = 0; i < FAST_LINE_PLACES; i++) {
        if (line->tags[i] == 0 || line->numbers[i] >> 31 != ipv6)
            continue;
        struct fast_question *question = &table->of.questions[count / 2];
        if (count % 2 == 0)
            table_ask_for(NULL, FAST_READ, question);
        question->numbers[count++ % 2] = line->numbers[i];
    }
    return count;
}

int table_each(struct kernel_table *table, bool ipv6, uint32_t *line, void *keys, struct fast_record *records)
{
    unsigned count = 0;
    for (; *line < table->of.seed->lines && count + FAST_LINE_PLACES <= TABLE_EACH; ++*line)
        count = ask_line(table, ipv6, *line, count);
    return read_rows(table, ipv6, count, keys, records);
}
