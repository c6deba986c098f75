/* Verdict messages as the kernel reads them. */
#ifndef TEST_IO_SENT_VERDICTS_H
#define TEST_IO_SENT_VERDICTS_H

#include "verdicts.h"

struct sent_verdict {
    int type; /* NFQNL_MSG_VERDICT or NFQNL_MSG_VERDICT_BATCH */
    uint16_t queue;
    uint32_t id, verdict;
    uint32_t mark;       /* 0 for none */
    const uint8_t *data; /* the packet that goes back, NULL for none; valid until the next reading */
    size_t len;
};

/* Reads `len` bytes of messages, which must be well formed, into `out`; returns how many, at most `max`. */
unsigned sent_read(const void *messages, size_t len, struct sent_verdict *out, unsigned max);

/* The same with all pieces of `verdicts`, put together. */
unsigned sent_verdicts(const struct verdicts *verdicts, struct sent_verdict *out, unsigned max);

/* One line for a CU_ASSERT_TRUE: for queue 7401. */
bool sent_is(const struct sent_verdict *sent, int type, uint32_t id, uint32_t verdict);

/* Likewise for a packet accepted with this mark. */
bool sent_marked(const struct sent_verdict *sent, uint32_t id, uint32_t mark);

/* Likewise for a packet accepted with these bytes. */
bool sent_returns(const struct sent_verdict *sent, uint32_t id, const void *data, size_t len);

#endif
