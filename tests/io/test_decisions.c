/* Verdicts of all kinds in any order, carried out as the kernel does. */
#include "sent_verdicts.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#define PACKETS 20000
#define FIRST 0xffffe000u /* so that ids wrap on the way */
#define HELD_MAX 100
#define CHANGED_LEN 21

enum fate { WAITING, ACCEPTED, DROPPED };

static struct {
    struct verdicts verdicts;
    struct stash stash;
    _Alignas(uint32_t) uint8_t rooms[VERDICTS_MAX][VERDICT_HEAD + CHANGED_LEN + VERDICT_TAIL];
    unsigned rooms_used;           /* since the last send */
    bool changed[PACKETS];         /* the engine rewrote it */
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

/* What the engine made of the packet. */
static void rewrite(uint32_t packet, uint8_t out[static CHANGED_LEN])
{
    memset(out, (int)(packet % 251), CHANGED_LEN);
    memcpy(out, &packet, sizeof(packet));
}

/* Accepted packets leave as the engine made them, and only those it changed have bytes. */
static bool bytes_right(uint32_t packet, const struct sent_verdict *sent)
{
    uint8_t expected[CHANGED_LEN];
    rewrite(packet, expected);
    if (sent->type != NFQNL_MSG_VERDICT || sent->verdict != NF_ACCEPT || !kernel.changed[packet])
        return !sent->data && (sent->verdict == NF_DROP || !kernel.changed[packet]);
    return sent->data && sent->len == CHANGED_LEN && memcmp(sent->data, expected, CHANGED_LEN) == 0;
}

static void carry_out(uint32_t packet, const struct sent_verdict *sent)
{
    if (packet >= kernel.came || kernel.fates[packet] != WAITING || !bytes_right(packet, sent)) {
        kernel.wrong++;
        return;
    }
    kernel.fates[packet] = sent->verdict == NF_ACCEPT ? ACCEPTED : DROPPED;
    if (sent->verdict == NF_ACCEPT)
        kernel.left[kernel.left_count++] = packet;
}

/* All that wait up to the id, in the order they came. */
static void carry_out_batch(const struct sent_verdict *sent)
{
    for (uint32_t packet = 0; packet < kernel.came && (int32_t)(FIRST + packet - sent->id) <= 0; packet++)
        if (kernel.fates[packet] == WAITING)
            carry_out(packet, sent);
}

static void send_all(void)
{
    struct sent_verdict sent[VERDICTS_MAX];
    verdicts_finish(&kernel.verdicts);
    unsigned count = sent_verdicts(&kernel.verdicts, sent, VERDICTS_MAX);
    for (unsigned i = 0; i < count; i++)
        if (sent[i].type == NFQNL_MSG_VERDICT_BATCH)
            carry_out_batch(&sent[i]);
        else
            carry_out(sent[i].id - FIRST, &sent[i]);
    verdicts_clear(&kernel.verdicts);
    kernel.rooms_used = 0;
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

static uint8_t *place_in_message(uint32_t packet)
{
    uint8_t *data = kernel.rooms[kernel.rooms_used++] + VERDICT_HEAD;
    rewrite(packet, data);
    return data;
}

static void hold_any(uint32_t packet, uint64_t token)
{
    kernel.held[kernel.held_count++] = token;
    if (!kernel.changed[packet])
        verdicts_hold(&kernel.verdicts);
    else if (!verdicts_hold_changed(&kernel.verdicts, token, place_in_message(packet), CHANGED_LEN))
        kernel.wrong++;
}

static void decide_any(uint32_t packet, uint64_t token)
{
    uint32_t id = FIRST + packet, choice = any(20);
    kernel.changed[packet] = any(3) == 0;
    if (choice == 0 && kernel.held_count < HELD_MAX) {
        hold_any(packet, token);
        return;
    }
    want(packet, choice > 3);
    if (choice <= 3)
        verdicts_drop(&kernel.verdicts, id);
    else if (kernel.changed[packet])
        verdicts_accept_changed(&kernel.verdicts, id, place_in_message(packet), CHANGED_LEN);
    else
        verdicts_accept(&kernel.verdicts, id);
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
    CU_ASSERT_TRUE_FATAL(stash_open(&kernel.stash, HELD_MAX + 1));
    kernel.verdicts.stash = &kernel.stash;
    verdicts_start(&kernel.verdicts, 7401);
    while (kernel.came < PACKETS) {
        uint32_t packet = kernel.came++;
        make_room();
        uint64_t token = verdicts_token(&kernel.verdicts, FIRST + packet);
        release_some();
        make_room();
        decide_any(packet, token);
    }
    send_all();
    CU_ASSERT_EQUAL(kernel.wrong, 0);
    CU_ASSERT_EQUAL_FATAL(kernel.left_count, kernel.wanted_count);
    for (uint32_t i = 0; i < kernel.left_count; i++)
        kernel.wrong += kernel.left[i] != kernel.wanted_left[i];
    for (uint32_t packet = 0; packet < PACKETS; packet++)
        kernel.wrong += kernel.fates[packet] != kernel.wanted[packet];
    CU_ASSERT_EQUAL(kernel.wrong, 0);
    stash_close(&kernel.stash);
}

void decisions_suite(void)
{
    static const struct test TESTS[] = {
        {"F1 F6: each packet gets its verdict once, with its bytes, in the order of decisions",
         every_packet_once},
    };
    TEST_SUITE("decisions", TESTS);
}
