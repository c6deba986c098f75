/* This router's store: what changed is written into it, one window of commands at a time. */
#ifndef PEER_WRITER_H
#define PEER_WRITER_H

#include "link.h"
#include "record.h"
#include <quicward/peer.h>

#define WRITER_RUNS 768                       /* commands of a window that write flows */
#define WRITER_RECORDS 16384                  /* records of a window: 1 MiB */
#define WRITER_RUN_RECORDS 1024               /* of one command: 64 KiB */
#define WRITER_HEADER_NS (500 * QW_NS_PER_MS) /* between two headers */

#define WRITER_KEY_MAX 96 /* "qw:SITE:ROUTER:s:SHARD" */

struct writer_run {
    uint32_t shard, slot, count;
};

struct peer_writer {
    const struct peer_options *options;
    const struct record_terms *terms;
    struct store_link *link; /* owned */
    struct engine_mirror_size size;
    struct record_header header; /* what is written of this router */
    bool asked, known; /* our own header of before: asked for; answered, or there is nobody to ask */
    uint64_t epochs_before[RECORD_OWNED_MAX]; /* in it */
    struct qw_time header_at;
    struct writer_run runs[WRITER_RUNS];
    unsigned run_count, refusals;
    uint64_t cursor, look_cursor;
    struct qw_time paused_until, looked, unsent_since; /* unsent_since 0: nothing waits */
    uint64_t pause_ns;
    bool level;
    bool windows; /* one was sent that is not judged yet */
    uint64_t written, errors;
    bool troubled; /* told */
    char trouble[LINK_ERROR_MAX];
    uint8_t *run_bytes;       /* owned; one run */
    char key[WRITER_KEY_MAX]; /* of the shard that a run was sent of last; "": none was */
    uint32_t key_shard;
};

/* False when memory is short; writer_free takes what is there. */
bool writer_init(struct peer_writer *writer, const struct peer_options *options,
                 const struct record_terms *terms, uint64_t life);
void writer_free(struct peer_writer *writer);

/* What goes now. Between two calls the link was stepped. Without `flows` only the header goes: somebody waits
 * for this thread. */
void writer_turn(struct peer_writer *writer, bool flows, struct qw_time now);

/* What all must agree about is another now; the next turn that can says so. */
void writer_agree(struct peer_writer *writer, uint64_t digest);

/* The header is written with the next turn that can. */
void writer_tell(struct peer_writer *writer);

#endif
