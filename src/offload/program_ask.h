/* Part of program.bpf.c: answers the daemon about many flows at once, and changes records for it. No packet
 * passes here; the daemon runs it (BPF_PROG_TEST_RUN). */
#ifndef PROGRAM_ASK_H
#define PROGRAM_ASK_H

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_question);
    __uint(max_entries, FAST_QUESTIONS_ALL);
} questions SEC(".maps");

static __always_inline struct fast_record *entry_of(const struct fast_question *question, uint32_t way)
{
    const union passage_key *key = (const void *)&question->keys[way];
    return question->ipv6[way] ? find_row(key, true) : find_row(key, false);
}

/* Returns the number that stood there, 0: none. Without branches, as it is found. */
static __always_inline uint32_t clear_place(struct fast_line *line, uint16_t tag)
{
    uint32_t number = fast_line_find(line, tag);
#pragma GCC unroll 10
    for (unsigned i = 0; i < FAST_LINE_PLACES; i++)
        *(volatile uint16_t *)&line->tags[i] = line->tags[i] & (uint16_t)~fast_same(line->tags[i], tag);
    return number;
}

static __always_inline void unlink_at(struct fast_question *question, uint32_t way, struct fast_spot spot)
{
    const union passage_key *key = (const void *)&question->keys[way];
    struct fast_line *first = bpf_map_lookup_elem(&lines, &spot.lines[0]);
    struct fast_line *second = bpf_map_lookup_elem(&lines, &spot.lines[1]);
    if (!first || !second)
        return;
    if (row_at(fast_line_find(first, spot.tag), key, question->ipv6[way] != 0)) {
        question->numbers[way] = clear_place(first, spot.tag);
        return;
    }
    question->numbers[way] = clear_place(second, spot.tag);
    first->away--;
}

/* Of an entry that is there. */
static __always_inline void unlink_entry(struct fast_question *question, uint32_t way)
{
    uint32_t zero = 0;
    const struct fast_seed *known = bpf_map_lookup_elem(&seed, &zero);
    if (known)
        unlink_at(question, way, fast_find_spot(known, &question->keys[way], question->ipv6[way] != 0));
}

static __always_inline void read_row(struct fast_question *question, uint32_t way,
                                     const struct fast_record *row)
{
    __builtin_memcpy(&question->records[way], row, sizeof *row);
    question->records[way].tag = fast_tag_of(&question->keys[way], question->ipv6[way] != 0);
}

/* Not static: then the verifier looks at it once. */
__noinline int unlink_way(uint32_t index, uint32_t way)
{
    struct fast_question *question = bpf_map_lookup_elem(&questions, &index);
    if (question && way < 2)
        unlink_entry(question, way);
    return 0;
}

/* Of those beyond FAST_QUESTIONS the first key alone. Entries go first and are read then: what still counts
 * meanwhile is read too. Nothing else gets their memory before this ends, for the daemon puts no entry while
 * it asks. */
static __always_inline void answer(struct fast_question *question, uint32_t index)
{
    struct fast_record *up = entry_of(question, 0);
    struct fast_record *down = index < FAST_QUESTIONS ? entry_of(question, 1) : NULL;
    bool idle =
        (!up || fast_is_idle(up, question->since_ms)) && (!down || fast_is_idle(down, question->since_ms));
    question->taken = question->take == FAST_TAKE || (question->take == FAST_TAKE_IDLE && idle);
    question->found[0] = up != NULL;
    question->found[1] = down != NULL;
    question->numbers[0] = question->numbers[1] = 0;
    if (question->taken && up)
        unlink_way(index, 0);
    if (question->taken && down)
        unlink_way(index, 1);
    if (up)
        read_row(question, 0, up);
    if (down)
        read_row(question, 1, down);
}

/* ---- one row ---- */

/* Who still reads it as what it was finds other ports at the end. The swaps order what stands around them. */
static __always_inline void write4(struct fast_row4 *row, const struct fast_record *record,
                                   const struct fast_key4 *key)
{
    __sync_lock_test_and_set(&row->ports, 0);
    __builtin_memcpy(&row->record, record, sizeof *record);
    row->record.tag = key->source;
    row->destination = key->destination;
    __sync_lock_test_and_set(&row->ports, fast_ports(key->source_port, key->destination_port));
}

static __always_inline void write6(struct fast_row6 *row, const struct fast_record *record,
                                   const struct fast_key6 *key)
{
    __sync_lock_test_and_set(&row->ports, 0);
    __builtin_memcpy(&row->record, record, sizeof *record);
    __builtin_memcpy(row->source, key->source, sizeof row->source);
    __builtin_memcpy(row->destination, key->destination, sizeof row->destination);
    __sync_lock_test_and_set(&row->ports, fast_ports(key->source_port, key->destination_port));
}

/* Of the first key, if it has no entry yet. */
static __always_inline void write_row(struct fast_question *question)
{
    uint32_t number = question->numbers[0];
    struct fast_record *row = row_of(number);
    question->found[0] = entry_of(question, 0) != NULL;
    question->taken = 0;
    if (!row || question->found[0])
        return;
    question->taken = 1;
    if (number & FAST_ROW_IPV6)
        write6((struct fast_row6 *)row, &question->records[0], &question->keys[0]);
    else
        write4((struct fast_row4 *)row, &question->records[0], (const struct fast_key4 *)&question->keys[0]);
}

/* Of both numbers: keys and records. */
static __always_inline void read_number(struct fast_question *question, uint32_t way)
{
    uint32_t number = question->numbers[way];
    const struct fast_record *row = number ? row_of(number) : NULL;
    question->found[way] = row != NULL;
    if (!row)
        return;
    question->ipv6[way] = (number & FAST_ROW_IPV6) != 0;
    if (number & FAST_ROW_IPV6) {
        const struct fast_row6 *six = (const void *)row;
        __builtin_memcpy(question->keys[way].source, six->source, sizeof six->source);
        __builtin_memcpy(question->keys[way].destination, six->destination, sizeof six->destination);
        question->keys[way].source_port = (uint16_t)(six->ports >> 16);
        question->keys[way].destination_port = (uint16_t)six->ports;
    } else {
        const struct fast_row4 *four = (const void *)row;
        *(struct fast_key4 *)&question->keys[way] = (struct fast_key4){
            four->record.tag, four->destination, (uint16_t)(four->ports >> 16), (uint16_t)four->ports};
    }
    read_row(question, way, row);
}

/* Where the value of chunk 0 begins, beyond a line of the cache. A pointer is no number for the verifier
 * until it was in memory. */
static __always_inline void find_begin(struct fast_question *question)
{
    volatile uint64_t *word = (volatile uint64_t *)question->keys;
    *word = (uint64_t)(long)chunk_of(0);
    question->since_ms = (uint32_t)(*word % FAST_ROW_LINE);
    *word = 0;
}

__noinline int change_at(uint32_t index)
{
    struct fast_question *question = bpf_map_lookup_elem(&questions, &index);
    if (!question)
        return 0;
    if (question->take == FAST_PUT)
        write_row(question);
    if (question->take == FAST_BEGIN)
        find_begin(question);
    return 0;
}

__noinline int read_at(uint32_t index)
{
    struct fast_question *question = bpf_map_lookup_elem(&questions, &index);
    if (!question)
        return 0;
    read_number(question, 0);
    read_number(question, 1);
    return 0;
}

__noinline int answer_at(uint32_t index)
{
    struct fast_question *question = bpf_map_lookup_elem(&questions, &index);
    if (!question)
        return 0;
    if (question->take == FAST_READ)
        read_at(index);
    else if (question->take > FAST_READ)
        change_at(index);
    else
        answer(question, index);
    return 0;
}

/* The packet has as many bytes beyond an Ethernet header as there are questions; more than FAST_QUESTIONS:
 * the last one of so many alone. */
SEC("tc") int fast_ask(struct __sk_buff *skb)
{
    uint32_t count = skb->len - ETH_HLEN;
    if (count > FAST_QUESTIONS) {
        answer_at(count - 1);
        return TC_ACT_OK;
    }
    for (uint32_t i = 0; i < FAST_QUESTIONS; i++) {
        if (i >= count)
            break;
        answer_at(i);
    }
    return TC_ACT_OK;
}

#endif
