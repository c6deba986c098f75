/* The daemon's side of the table (fast_table.h): puts, looks and takes. One thread at a time. */
#ifndef OFFLOAD_KERNEL_TABLE_H
#define OFFLOAD_KERNEL_TABLE_H

#include "fast_table.h"
#include "offload_entry.h"

/* What of the kernel it works on: borrowed. */
struct table_parts {
    struct fast_line *lines; /* mapped */
    const struct fast_seed *seed;
    struct fast_question *questions;
    uint32_t chunks_max;
    int chunks, program; /* descriptors: the map of chunks, fast_ask */
};

struct kernel_table;

/* What stands in the maps is gone on with. NULL, and errno. The caller owns it. */
struct kernel_table *table_new(const struct table_parts *parts);
void table_free(struct kernel_table *table);

/* Chunks that the map of chunks must have room for. */
uint32_t table_chunks_for(uint32_t flows_max);

/* As kernel_put and so on (kernel.h). */
bool table_put(struct kernel_table *table, const struct fast_match *match, const struct fast_record *record);
bool table_look(struct kernel_table *table, const struct fast_match *match, struct fast_record *out);
bool table_take(struct kernel_table *table, const struct fast_match *match, struct fast_record *out);
bool table_ask(struct kernel_table *table, unsigned count);

/* Entries of one family from line *line on, TABLE_EACH at most. Returns how many, -1: the kernel refuses;
 * *line is the next one, or the number of lines at the end. */
#define TABLE_EACH (2 * FAST_QUESTIONS)
int table_each(struct kernel_table *table, bool ipv6, uint32_t *line, void *keys,
               struct fast_record *records);

/* Runs fast_ask, of which `program` is the descriptor. */
bool table_run(int program, unsigned count);

/* Asks for one entry in the first key of a question. */
void table_ask_for(const struct fast_match *match, enum fast_take what, struct fast_question *out);

#endif
