/* Part of program.bpf.c: answers the daemon about many flows at once. No packet passes here; the daemon runs
 * it (BPF_PROG_TEST_RUN). */
#ifndef PROGRAM_ASK_H
#define PROGRAM_ASK_H

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_question);
    __uint(max_entries, FAST_QUESTIONS);
} questions SEC(".maps");

static __always_inline struct fast_record *entry_of(const struct fast_question *question, uint32_t way)
{
    const void *key = &question->keys[way];
    return question->ipv6[way] ? bpf_map_lookup_elem(&flows6, key) : bpf_map_lookup_elem(&flows4, key);
}

static __always_inline void delete_entry(const struct fast_question *question, uint32_t way)
{
    const void *key = &question->keys[way];
    if (question->ipv6[way])
        bpf_map_delete_elem(&flows6, key);
    else
        bpf_map_delete_elem(&flows4, key);
}

/* Entries go first and are read then: what still counts meanwhile is read too. Nothing else gets their memory
 * before this ends, for the daemon puts no entry while it asks. */
static __always_inline void answer(struct fast_question *question)
{
    struct fast_record *up = entry_of(question, 0), *down = entry_of(question, 1);
    question->taken = question->take && (!up || fast_is_idle(up, question->since_ms)) &&
                      (!down || fast_is_idle(down, question->since_ms));
    question->found[0] = up != NULL;
    question->found[1] = down != NULL;
    if (question->taken) {
        delete_entry(question, 0);
        delete_entry(question, 1);
    }
    if (up)
        __builtin_memcpy(&question->records[0], up, sizeof *up);
    if (down)
        __builtin_memcpy(&question->records[1], down, sizeof *down);
}

/* Not static: then the verifier looks at it once. */
__noinline int answer_at(uint32_t index)
{
    struct fast_question *question = bpf_map_lookup_elem(&questions, &index);
    if (question)
        answer(question);
    return 0;
}

/* As many as the packet has bytes beyond an Ethernet header. */
SEC("tc") int fast_ask(struct __sk_buff *skb)
{
    uint32_t count = skb->len - ETH_HLEN;
    for (uint32_t i = 0; i < FAST_QUESTIONS; i++) {
        if (i >= count)
            break;
        answer_at(i);
    }
    return TC_ACT_OK;
}

#endif
