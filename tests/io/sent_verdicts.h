/* Verdict messages as the kernel reads them. */
#ifndef TEST_IO_SENT_VERDICTS_H
#define TEST_IO_SENT_VERDICTS_H

#include "verdicts.h"

struct sent_verdict {
    int type; /* NFQNL_MSG_VERDICT or NFQNL_MSG_VERDICT_BATCH */
    uint16_t queue;
    uint32_t id, verdict;
};

/* Reads all of `verdicts->messages`, which must be well formed, into `out`; returns how many, at most `max`.
 */
unsigned sent_verdicts(const struct verdicts *verdicts, struct sent_verdict *out, unsigned max);

/* One line for a CU_ASSERT_TRUE: for queue 7401. */
bool sent_is(const struct sent_verdict *sent, int type, uint32_t id, uint32_t verdict);

#endif
