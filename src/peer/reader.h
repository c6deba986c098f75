/* The copy of another router's store, and a copy of that in memory: read piece by piece, so that what was
 * read is there when the store is not. */
#ifndef PEER_READER_H
#define PEER_READER_H

#include "copy.h"
#include "link.h"
#include <quicward/peer.h>

#define READER_PIECE 1024 /* records: 64 KiB */
#define READER_FAST 16    /* pieces asked for at once in a pass that somebody waits for */
#define READER_HEADER_NS (100 * QW_NS_PER_MS)
#define READER_PASS_NS (5 * QW_NS_PER_SECOND) /* of a pass that nobody waits for */

struct peer_reader {
    const struct peer_options *options;
    const struct record_terms *terms;
    const struct peer_other *other; /* whose it is */
    struct store_link *link;        /* owned */

    bool known, mismatch; /* there is a header of our form; its configuration or version is another */
    struct record_header header;
    struct qw_time seen;  /* when header.now came that stands in it */
    struct qw_time asked; /* when the header was last asked for */
    uint64_t answers;     /* to that question */
    bool waits_for_header;

    struct copy copy; /* by shard and slot; none before the first header that agrees */
    uint32_t shards, slots;
    uint32_t pass;  /* its number */
    uint32_t piece; /* asked for next, of all shards together */
    uint32_t read;  /* pieces of this pass that came */
    struct qw_time paced;
    bool fast, done; /* somebody waits for a whole pass; it is over */
    uint64_t passes;
    uint64_t flows; /* in the copy, when the last pass was over */
};

bool reader_init(struct peer_reader *reader, const struct peer_options *options,
                 const struct peer_other *other, const struct record_terms *terms);
void reader_free(struct peer_reader *reader);

/* What is asked for now. `reads`: the flows too, not only the header. */
void reader_turn(struct peer_reader *reader, bool reads, struct qw_time now);

/* A whole pass from the first piece on, as fast as it goes; reader->done says when it is over. */
void reader_hurry(struct peer_reader *reader);

/* reader->terms are others now. */
void reader_distrust(struct peer_reader *reader);

/* A flow of the copy, with last_seen by the clock here; `slot` counts over all shards. */
enum record_result reader_flow(const struct peer_reader *reader, uint64_t slot, struct qw_time now,
                               struct engine_mirrored *out);

/* How many slots the copy has; 0: there is none. */
uint64_t reader_slots(const struct peer_reader *reader);

#endif
