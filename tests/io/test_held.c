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

/* ---- against the kernel's way with verdicts ---- */

#define PACKETS 20000
#define FIRST 0xffffe000u /* so that ids wrap on the way */
#define HELD_MAX 100

enum fate { WAITING, ACCEPTED, DROPPED };

static struct {
    struct verdicts verdicts;
    uint32_t came;                 /* packets given out: ids FIRST and on */
    enum fate fates[PACKETS];      /* that the kernel carried out */
    enum fate wanted[PACKETS];     /* that were asked for */
    uint32_t left[PACKETS];        /* in the order in which the kernel let them go */
    uint32_t wanted_left[PACKETS]; /* in the order of the calls */
    uint32_t left_count, wanted_count, wrong;
    uint64_t held[HELD_MAX];
    unsigned held_count;
    uint32_t random;
} kernel;

static uint32_t any(uint32_t below)
{
    kernel.random = kernel.random * 1664525u + 1013904223u;
    return (kernel.random >> 8) % below;
}

static void carry_out(uint32_t packet, uint32_t verdict)
{
    if (packet >= kernel.came || kernel.fates[packet] != WAITING) {
        kernel.wrong++;
        return;
    }
    kernel.fates[packet] = verdict == NF_ACCEPT ? ACCEPTED : DROPPED;
    if (verdict == NF_ACCEPT)
        kernel.left[kernel.left_count++] = packet;
}

/* All that wait up to the id, in the order they came. */
static void carry_out_batch(uint32_t last, uint32_t verdict)
{
    for (uint32_t packet = 0; packet < kernel.came && (int32_t)(FIRST + packet - last) <= 0; packet++)
        if (kernel.fates[packet] == WAITING)
            carry_out(packet, verdict);
}

static void send_all(void)
{
    struct sent_verdict sent[VERDICTS_MAX];
    verdicts_finish(&kernel.verdicts);
    unsigned count = sent_verdicts(&kernel.verdicts, sent, VERDICTS_MAX);
    for (unsigned i = 0; i < count; i++)
        if (sent[i].type == NFQNL_MSG_VERDICT_BATCH)
            carry_out_batch(sent[i].id, sent[i].verdict);
        else
            carry_out(sent[i].id - FIRST, sent[i].verdict);
    verdicts_clear(&kernel.verdicts);
}

static void want(uint32_t packet, bool accept)
{
    kernel.wanted[packet] = accept ? ACCEPTED : DROPPED;
    if (accept)
        kernel.wanted_left[kernel.wanted_count++] = packet;
}

static void release_any(void)
{
    uint64_t *token = &kernel.held[any(kernel.held_count)];
    bool accept = any(3) > 0;
    want((uint32_t)*token - FIRST, accept);
    verdicts_release(&kernel.verdicts, *token, accept);
    *token = kernel.held[--kernel.held_count];
}

static void decide_any(uint32_t packet)
{
    uint32_t id = FIRST + packet, choice = any(20);
    if (choice == 0 && kernel.held_count < HELD_MAX) {
        kernel.held[kernel.held_count++] = verdicts_token(&kernel.verdicts, id);
        verdicts_hold(&kernel.verdicts);
        return;
    }
    want(packet, choice > 3);
    if (choice > 3)
        verdicts_accept(&kernel.verdicts, id);
    else
        verdicts_drop(&kernel.verdicts, id);
}

static void make_room(void)
{
    if (verdicts_full(&kernel.verdicts) || any(50) == 0)
        send_all();
}

/* Mostly as many as come, so that now and then nothing is held. */
static void release_some(void)
{
    while (kernel.held_count > 0 && any(12) == 0) {
        make_room();
        release_any();
    }
}

static void every_packet_once(void)
{
    kernel.random = 1;
    verdicts_start(&kernel.verdicts, 7401);
    while (kernel.came < PACKETS) {
        uint32_t packet = kernel.came++;
        release_some();
        make_room();
        decide_any(packet);
    }
    send_all();
    CU_ASSERT_EQUAL(kernel.wrong, 0);
    CU_ASSERT_EQUAL_FATAL(kernel.left_count, kernel.wanted_count);
    for (uint32_t i = 0; i < kernel.left_count; i++)
        kernel.wrong += kernel.left[i] != kernel.wanted_left[i];
    for (uint32_t packet = 0; packet < PACKETS; packet++)
        kernel.wrong += kernel.fates[packet] != kernel.wanted[packet];
    CU_ASSERT_EQUAL(kernel.wrong, 0);
}

void held_suite(void)
{
    static const struct test TESTS[] = {
        {"F1: no batch covers a packet that is held", no_batch_covers_held},
        {"F1: a packet stays held from one send to the next", held_over_sends},
        {"F1 F6: what was held leaves before the packet that released it", released_leave_first},
        {"F1: held packets are released in any order", released_out_of_order},
        {"S4: what a lost queue held is not decided in its successor", bound_again},
        {"F1 F6: each packet gets its verdict once, in the order of decisions", every_packet_once},
    };
    TEST_SUITE("held", TESTS);
}
