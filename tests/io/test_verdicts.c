#include "sent_verdicts.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

#define BATCH 64 /* packets */

static void accepts_in_one(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[4];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 10; id < 10 + BATCH; id++)
        verdicts_accept(&verdicts, id);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 10 + BATCH - 1, NF_ACCEPT));
}

static void drops_go_first(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_drop(&verdicts, 2);
    verdicts_accept(&verdicts, 3);
    verdicts_drop(&verdicts, 4);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 3);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 2, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 4, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT_BATCH, 3, NF_ACCEPT));
}

/* Each has a message of its own, behind the run that came before it. */
static void marks_end_a_run(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_accept(&verdicts, 2);
    verdicts_accept_marked(&verdicts, 3, 0x12);
    verdicts_accept_marked(&verdicts, 4, 0x3ffffff);
    verdicts_accept(&verdicts, 5);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 4);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_marked(&sent[1], 3, 0x12));
    CU_ASSERT_TRUE(sent_marked(&sent[2], 4, 0x3ffffff));
    CU_ASSERT_TRUE(sent_is(&sent[3], NFQNL_MSG_VERDICT_BATCH, 5, NF_ACCEPT));
}

static void marks_fit(void)
{
    struct verdicts verdicts = {0};
    static struct sent_verdict sent[VERDICTS_MAX + 1];
    uint32_t id = 0;
    verdicts_start(&verdicts, 7401);
    while (!verdicts_full(&verdicts))
        verdicts_accept_marked(&verdicts, id++, 1);
    verdicts_finish(&verdicts);
    CU_ASSERT_TRUE(id >= VERDICTS_MAX - 1);
    CU_ASSERT_EQUAL(sent_verdicts(&verdicts, sent, VERDICTS_MAX + 1), id);
}

static void drops_alone(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[BATCH + 1];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 0; id < BATCH; id++)
        verdicts_drop(&verdicts, id);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, BATCH + 1), BATCH);
    for (uint32_t id = 0; id < BATCH; id++)
        CU_ASSERT_TRUE(sent_is(&sent[id], NFQNL_MSG_VERDICT, id, NF_DROP));
}

/* A run that is not written yet keeps its room. */
static void full_in_time(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[VERDICTS_MAX + 1];
    uint32_t id = 0;
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, id++);
    while (!verdicts_full(&verdicts))
        verdicts_drop(&verdicts, id++);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(id, VERDICTS_MAX);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, VERDICTS_MAX + 1), VERDICTS_MAX);
    CU_ASSERT_TRUE(sent_is(&sent[VERDICTS_MAX - 1], NFQNL_MSG_VERDICT_BATCH, 0, NF_ACCEPT));
    CU_ASSERT_EQUAL(verdicts.count, 1);
}

/* The last packet decides, not the largest number: the kernel compares by signed distance. */
static void ids_wrap(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[4];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 0xfffffffe);
    verdicts_drop(&verdicts, 0xffffffff);
    verdicts_accept(&verdicts, 0);
    verdicts_accept(&verdicts, 1);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 2);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 0xffffffff, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT_BATCH, 1, NF_ACCEPT));
}

static void each_batch_starts_anew(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[4];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 5);
    verdicts_finish(&verdicts);
    verdicts_clear(&verdicts);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(verdicts.len, 0);
    verdicts_drop(&verdicts, 6);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 6, NF_DROP));
}

void verdicts_suite(void)
{
    static const struct test TESTS[] = {
        {"F6: accepts of a batch are one message", accepts_in_one},
        {"F6: drops go before the accept that would cover them", drops_go_first},
        {"K3: a mark goes with its packet, behind the run before it", marks_end_a_run},
        {"K3: messages full of marks fit", marks_fit},
        {"drops alone bring no accept", drops_alone},
        {"messages are full while the last accept still fits", full_in_time},
        {"F6: ids wrap around", ids_wrap},
        {"nothing is left of the batch before", each_batch_starts_anew},
    };
    TEST_SUITE("verdicts", TESTS);
}
