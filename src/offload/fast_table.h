/* The table that leads from a key to its record: the program finds, the daemon puts and takes. Both compile
 * this header, so it has nothing but types and sums.
 *
 * Lines of one cache line lead to rows, which stand in chunks: arrays so small that the kernel takes them
 * from its large pages, and which are made when flows need them. A key may stand in two lines, which a keyed
 * hash chooses: whoever does not know the key cannot fill the lines of others. The second one is for keys
 * that find no room in their first. A tag stands in a line once, so a finder has one row to look at; the row
 * says whose it is. */
#ifndef FAST_TABLE_H
#define FAST_TABLE_H

#include "fast_record.h"
#include <stddef.h>

#define fast_always static inline __attribute__((always_inline))

#define FAST_LINE_PLACES 10
#define FAST_LINE_LOAD 5 /* keys a line in a full table: both lines of one in ten thousand are full then */

/* The daemon alone writes it, and what it runs. */
struct fast_line {
    uint16_t tags[FAST_LINE_PLACES];    /* 0: the place is free */
    uint32_t away;                      /* at least so many keys of this first line stand in their second */
    uint32_t numbers[FAST_LINE_PLACES]; /* of rows */
};

/* One direction of one flow, and whose it is. Whoever writes it makes its ports 0 first, and gives it its own
 * at the end; whoever reads it reads them last. In memory IPv4 takes one cache line. */
struct fast_row4 {
    struct fast_record record; /* where the tag would be stands the source address */
    uint32_t destination;
    uint32_t ports;
};

struct fast_row6 {
    struct fast_record record;
    uint32_t source[4], destination[4];
    uint32_t ports;
    uint32_t spare;
};

/* With the kernel's own header, which is below 512 bytes, this is the largest piece that is not scattered. */
#define FAST_CHUNK (32768 - 512)

/* Of a row: IPv6 in the top bit, its chunk, and where it stands there, in units of 8 bytes. Never 0. */
enum { FAST_ROW_SHIFT = 12, FAST_ROW_UNIT = 8, FAST_ROW_LINE = 64 };
#define FAST_ROW_IPV6 0x80000000u
#define FAST_CHUNKS_MAX (1u << 19)

fast_always uint32_t fast_row_chunk(uint32_t number)
{
    return number >> FAST_ROW_SHIFT & (FAST_CHUNKS_MAX - 1);
}

fast_always uint32_t fast_row_at(uint32_t number)
{
    return (number & ((1u << FAST_ROW_SHIFT) - 1)) * FAST_ROW_UNIT;
}

fast_always uint32_t fast_row_size(bool ipv6)
{
    return ipv6 ? sizeof(struct fast_row6) : sizeof(struct fast_row4);
}

/* `at` is a multiple of FAST_ROW_UNIT. */
fast_always uint32_t fast_row_number(bool ipv6, uint32_t chunk, uint32_t at)
{
    return (ipv6 ? FAST_ROW_IPV6 : 0) | chunk << FAST_ROW_SHIFT | at / FAST_ROW_UNIT;
}

/* ---- where a key may stand ---- */

struct fast_spot {
    uint32_t lines[2]; /* below the number of lines */
    uint16_t tag;      /* never 0 */
};

/* Any two keys meet with the chance of any other two, as long as the seed is unknown (NH of UMAC, RFC 4418
 * 5.2): sums of products of two words each. */
fast_always uint64_t fast_pair(const uint32_t *seed, uint32_t one, uint32_t other)
{
    return (uint64_t)(seed[0] + one) * (uint32_t)(seed[1] + other);
}

fast_always uint32_t fast_ports(uint16_t source, uint16_t destination)
{
    return (uint32_t)source << 16 | destination;
}

fast_always uint64_t fast_hash4(const uint32_t seed[FAST_SEED_WORDS], const struct fast_key4 *key)
{
    return fast_pair(seed, key->source, key->destination) +
           fast_pair(seed + 2, fast_ports(key->source_port, key->destination_port), 0);
}

fast_always uint64_t fast_hash6(const uint32_t seed[FAST_SEED_WORDS], const struct fast_key6 *key)
{
    return fast_pair(seed, key->source[0], key->source[1]) +
           fast_pair(seed + 2, key->source[2], key->source[3]) +
           fast_pair(seed + 4, key->destination[0], key->destination[1]) +
           fast_pair(seed + 6, key->destination[2], key->destination[3]) +
           fast_pair(seed + 8, fast_ports(key->source_port, key->destination_port), 1);
}

/* Spreads what the sum is over all bits; one hash makes one of it, so nothing meets here. */
fast_always uint64_t fast_spread(uint64_t hash)
{
    hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
    hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
    return hash ^ hash >> 32;
}

fast_always struct fast_spot fast_spot_of(uint64_t hash, uint32_t lines)
{
    uint64_t word = fast_spread(hash), other = word * 0x94d049bb133111ebull;
    return (struct fast_spot){
        {(uint32_t)((word >> 32) * lines >> 32), (uint32_t)((word & 0xffffffffu) * lines >> 32)},
        (uint16_t)(other >> 48 | 1)};
}

/* `key`: a struct fast_key6 or fast_key4. */
fast_always struct fast_spot fast_find_spot(const struct fast_seed *seed, const void *key, bool ipv6)
{
    return fast_spot_of(ipv6 ? fast_hash6(seed->words, key) : fast_hash4(seed->words, key), seed->lines);
}

/* For so many keys. A small table has more than it needs. */
static inline uint32_t fast_lines_for(uint64_t keys)
{
    return (uint32_t)(keys / FAST_LINE_LOAD + 16);
}

/* All bits if they are the same, else none. The compiler shall neither see where it comes from nor what it
 * can be: it would branch, and which place it is can be foreseen by no processor; the kernel's verifier would
 * follow each branch. */
fast_always uint64_t fast_same(uint16_t one, uint16_t other)
{
    uint64_t differs = (uint64_t)(one ^ other) - 1;
    __asm__("" : "+r"(differs));
    uint64_t same = 0 - (differs >> 63);
    __asm__("" : "+r"(same));
    return same;
}

/* The row that stands under the tag; 0: none. While the line changes it may be anything. */
fast_always uint32_t fast_line_find(const struct fast_line *line, uint16_t tag)
{
    uint64_t number = 0;
#pragma GCC unroll 10
    for (unsigned i = 0; i < FAST_LINE_PLACES; i++)
        number |= line->numbers[i] & fast_same(line->tags[i], tag);
    return (uint32_t)number;
}

/* ---- whose a row is ---- */

fast_always bool fast_is_row4(const volatile struct fast_row4 *row, const struct fast_key4 *key)
{
    uint32_t ports = fast_ports(key->source_port, key->destination_port);
    return ((row->record.tag ^ key->source) | (row->destination ^ key->destination) | (row->ports ^ ports)) ==
           0;
}

fast_always bool fast_is_row6(const volatile struct fast_row6 *row, const struct fast_key6 *key)
{
    uint32_t differs = 0;
#pragma GCC unroll 4
    for (unsigned i = 0; i < 4; i++)
        differs |= (row->source[i] ^ key->source[i]) | (row->destination[i] ^ key->destination[i]);
    return (differs | (row->ports ^ fast_ports(key->source_port, key->destination_port))) == 0;
}

_Static_assert(sizeof(struct fast_line) == 64 && sizeof(struct fast_row4) == 64 &&
                   sizeof(struct fast_row6) == 96,
               "whole cache lines");
_Static_assert(offsetof(struct fast_row4, ports) + sizeof(uint32_t) == sizeof(struct fast_row4),
               "the ports are read last");

#endif
