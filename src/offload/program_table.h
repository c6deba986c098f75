/* Part of program.bpf.c: finds the record of a key (fast_table.h). */
#ifndef PROGRAM_TABLE_H
#define PROGRAM_TABLE_H

/* Sizes are set by the daemon before it loads. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_line);
    __uint(max_entries, 1);
} lines SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_seed);
    __uint(max_entries, 1);
} seed SEC(".maps");

/* One value: its rows stand where the cache's lines begin, wherever the kernel lets the value begin. */
struct fast_chunk_map {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, uint32_t);
    __uint(value_size, FAST_CHUNK);
    __uint(max_entries, 1);
};

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
    __type(key, uint32_t);
    __uint(max_entries, 1);
    __array(values, struct fast_chunk_map);
} chunks SEC(".maps");

static __always_inline uint8_t *chunk_of(uint32_t number)
{
    uint32_t chunk = fast_row_chunk(number), zero = 0;
    void *map = bpf_map_lookup_elem(&chunks, &chunk);
    return map ? bpf_map_lookup_elem(map, &zero) : NULL;
}

/* A number that was read while its line changed may be anything. */
static __always_inline struct fast_record *row_of(uint32_t number)
{
    uint8_t *bytes = chunk_of(number);
    if (!bytes)
        return NULL;
    __asm__ volatile("" : "+r"(bytes)); /* the verifier of Linux 6.1 wants the comparison before the sum */
    uint32_t at = fast_row_at(unknown(number));
    if (at > FAST_CHUNK - sizeof(struct fast_row6))
        return NULL;
    return (struct fast_record *)(bytes + at);
}

static __always_inline bool is_row(const struct fast_record *row, const union passage_key *key, bool ipv6)
{
    return ipv6 ? fast_is_row6((const struct fast_row6 *)row, &key->six)
                : fast_is_row4((const struct fast_row4 *)row, &key->four);
}

/* NULL: it leads to another one. */
static __always_inline struct fast_record *row_at(uint32_t number, const union passage_key *key, bool ipv6)
{
    if (number == 0 || number >> 31 != ipv6)
        return NULL;
    struct fast_record *row = row_of(number);
    return row && is_row(row, key, ipv6) ? row : NULL;
}

static __always_inline uint32_t number_in(uint32_t at, uint16_t tag)
{
    const struct fast_line *line = bpf_map_lookup_elem(&lines, &at);
    return line ? fast_line_find(line, tag) : 0;
}

/* In its second line, which is seldom. Not static: then the verifier looks at it once. */
__noinline uint32_t find_away(const union passage_key *key, uint32_t ipv6)
{
    uint32_t zero = 0;
    const struct fast_seed *known = bpf_map_lookup_elem(&seed, &zero);
    if (!known || !key)
        return 0;
    struct fast_spot spot = fast_find_spot(known, key, ipv6);
    return number_in(spot.lines[1], spot.tag);
}

static __always_inline struct fast_record *find_row(const union passage_key *key, bool ipv6)
{
    uint32_t zero = 0;
    const struct fast_seed *known = bpf_map_lookup_elem(&seed, &zero);
    if (!known)
        return NULL;
    struct fast_spot spot = fast_find_spot(known, key, ipv6);
    const struct fast_line *line = bpf_map_lookup_elem(&lines, &spot.lines[0]);
    if (!line)
        return NULL;
    struct fast_record *row = row_at(fast_line_find(line, spot.tag), key, ipv6);
    if (row || line->away == 0)
        return row;
    return row_at(find_away(key, ipv6), key, ipv6);
}

#endif
