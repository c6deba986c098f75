#include "sent_verdicts.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>

static uint64_t hold(struct verdicts *verdicts, uint32_t id)
{
    verdicts_hold(verdicts);
    return verdicts_token(verdicts, id);
}

static void no_batch_covers_held(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_accept(&verdicts, 2);
    hold(&verdicts, 3);
    verdicts_accept(&verdicts, 4);
    verdicts_drop(&verdicts, 5);
    verdicts_accept(&verdicts, 6);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 4);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 4, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT, 5, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[3], NFQNL_MSG_VERDICT, 6, NF_ACCEPT));
}

static void held_over_sends(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[4];
    verdicts_start(&verdicts, 7401);
    hold(&verdicts, 1);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL(verdicts.len, 0);
    verdicts_clear(&verdicts);
    verdicts_accept(&verdicts, 2);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 2, NF_ACCEPT));
}

/* As when packet 4 completes what 1 and 2 began: they leave before it, and batches are back with it. */
static void released_leave_first(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    uint64_t first = hold(&verdicts, 1), second = hold(&verdicts, 2);
    verdicts_accept(&verdicts, 3);
    verdicts_release(&verdicts, first, true);
    verdicts_release(&verdicts, second, true);
    verdicts_accept(&verdicts, 4);
    verdicts_accept(&verdicts, 5);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 4);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 3, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 1, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[3], NFQNL_MSG_VERDICT_BATCH, 5, NF_ACCEPT));
}

static void released_out_of_order(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    uint64_t tokens[3];
    verdicts_start(&verdicts, 7401);
    for (uint32_t id = 0; id < 3; id++)
        tokens[id] = hold(&verdicts, id);
    verdicts_release(&verdicts, tokens[2], true);
    verdicts_release(&verdicts, tokens[0], false);
    verdicts_accept(&verdicts, 3); /* 1 is still held */
    verdicts_release(&verdicts, tokens[1], true);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 4);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 0, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT, 3, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[3], NFQNL_MSG_VERDICT, 1, NF_ACCEPT));
}

static void bound_again(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    uint64_t old = hold(&verdicts, 1);
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_release(&verdicts, old, false);
    uint64_t now = hold(&verdicts, 2);
    verdicts_release(&verdicts, old, false);
    verdicts_accept(&verdicts, 3);
    verdicts_release(&verdicts, now, false);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 3);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 1, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 3, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT, 2, NF_DROP));
}

void held_suite(void)
{
    static const struct test TESTS[] = {
        {"F1: no batch covers a packet that is held", no_batch_covers_held},
        {"F1: a packet stays held from one send to the next", held_over_sends},
        {"F1 F6: what was held leaves before the packet that released it", released_leave_first},
        {"F1: held packets are released in any order", released_out_of_order},
        {"S4: what a lost queue held is not decided in its successor", bound_again},
    };
    TEST_SUITE("held", TESTS);
}
