/* Verdicts that take a packet's bytes back. */
#include "sent_verdicts.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <string.h>

#define ROOM 64 /* for a short packet with the room around it */

static _Alignas(uint32_t) uint8_t rooms[VERDICTS_MAX + 1][ROOM];

/* A packet of `text` where a message of the kernel would have it. */
static uint8_t *packet(unsigned number, const char *text)
{
    memset(rooms[number], 0xee, ROOM);
    memcpy(rooms[number] + VERDICT_HEAD, text, strlen(text));
    return rooms[number] + VERDICT_HEAD;
}

static void accept_text(struct verdicts *verdicts, uint32_t id, const char *text)
{
    verdicts_accept_changed(verdicts, id, packet(id, text), strlen(text));
}

/* The bytes as <linux/netfilter/nfnetlink_queue.h> has them; numbers of netlink are the machine's. */
static void golden_bytes(void)
{
    struct verdicts verdicts = {0};
    const uint32_t len = 44;
    const uint16_t type = NFQNL_MSG_VERDICT | 3 << 8, flags = 1, attributes[] = {12, 2, 9, 10};
    uint8_t expected[44] = {0};
    memcpy(expected, &len, 4);
    memcpy(expected + 4, &type, 2);
    memcpy(expected + 6, &flags, 2);
    memcpy(expected + 18, "\x1c\xe9", 2);                         /* queue 7401 */
    memcpy(expected + 20, &attributes[0], 4);                     /* NFQA_VERDICT_HDR */
    memcpy(expected + 24, "\x00\x00\x00\x01\x00\x00\x00\x07", 8); /* NF_ACCEPT, id 7 */
    memcpy(expected + 32, &attributes[2], 4);                     /* NFQA_PAYLOAD */
    memcpy(expected + 36, "Eleph", 5);
    memset(expected + 41, 0xee, 3);
    verdicts_start(&verdicts, 7401);
    accept_text(&verdicts, 7, "Eleph");
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(verdicts.count, 1);
    CU_ASSERT_EQUAL_FATAL(verdicts.pieces[0].iov_len, sizeof(expected));
    CU_ASSERT_EQUAL(memcmp(verdicts.pieces[0].iov_base, expected, sizeof(expected)), 0);
    CU_ASSERT_PTR_EQUAL(verdicts.pieces[0].iov_base, rooms[7]); /* not copied */
}

/* Each length of the padding. */
static void padded(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[4];
    verdicts_start(&verdicts, 7401);
    accept_text(&verdicts, 1, "1234");
    accept_text(&verdicts, 2, "12345");
    accept_text(&verdicts, 3, "123456");
    accept_text(&verdicts, 4, "1234567");
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 4);
    for (uint32_t id = 1; id <= 4; id++)
        CU_ASSERT_TRUE(sent_returns(&sent[id - 1], id, "1234567", 3 + id));
}

/* A batch accept is for ids up to its own that still wait: none may be left when a changed packet is to come.
 */
static void ends_the_run_before(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[8];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    verdicts_accept(&verdicts, 2);
    accept_text(&verdicts, 3, "three");
    accept_text(&verdicts, 4, "four");
    verdicts_drop(&verdicts, 5);
    verdicts_accept(&verdicts, 6);
    verdicts_drop(&verdicts, 7);
    verdicts_accept(&verdicts, 8);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 6);
    CU_ASSERT_TRUE(sent_is(&sent[0], NFQNL_MSG_VERDICT_BATCH, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_returns(&sent[1], 3, "three", 5));
    CU_ASSERT_TRUE(sent_returns(&sent[2], 4, "four", 4));
    CU_ASSERT_TRUE(sent_is(&sent[3], NFQNL_MSG_VERDICT, 5, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[4], NFQNL_MSG_VERDICT, 7, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&sent[5], NFQNL_MSG_VERDICT_BATCH, 8, NF_ACCEPT));
}

static void full_by_bytes(void)
{
    static _Alignas(uint32_t) uint8_t room[VERDICT_HEAD + VERDICT_BYTES_MAX + VERDICT_TAIL];
    struct verdicts verdicts = {0};
    struct sent_verdict sent[2];
    verdicts_start(&verdicts, 7401);
    verdicts_accept(&verdicts, 1);
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
    verdicts_accept_changed(&verdicts, 2, room + VERDICT_HEAD, VERDICT_BYTES_MAX);
    CU_ASSERT_TRUE(verdicts_full(&verdicts));
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 2), 2);
    CU_ASSERT_TRUE(sent_returns(&sent[1], 2, room + VERDICT_HEAD, VERDICT_BYTES_MAX));
    verdicts_clear(&verdicts);
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
}

/* Runs and changed packets in turns need the most messages. */
static void full_by_count(void)
{
    struct verdicts verdicts = {0};
    struct sent_verdict sent[VERDICTS_MAX + 1];
    uint32_t id = 0;
    verdicts_start(&verdicts, 7401);
    while (!verdicts_full(&verdicts)) {
        verdicts_accept(&verdicts, id++);
        if (!verdicts_full(&verdicts))
            accept_text(&verdicts, id++, "x");
    }
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, VERDICTS_MAX + 1), id);
    CU_ASSERT_TRUE(id == VERDICTS_MAX || id == VERDICTS_MAX - 1);
    for (uint32_t i = 1; i < id; i += 2)
        CU_ASSERT_TRUE(sent_returns(&sent[i], i, "x", 1));
}

static void most_bytes_at_once(void)
{
    static _Alignas(uint32_t) uint8_t small[VERDICT_HEAD + VERDICTS_BYTES],
        large[VERDICT_HEAD + VERDICT_BYTES_MAX + VERDICT_TAIL];
    struct verdicts verdicts = {0};
    verdicts_start(&verdicts, 7401);
    verdicts_accept_changed(&verdicts, 1, small + VERDICT_HEAD, VERDICTS_BYTES - VERDICT_HEAD - 4);
    verdicts_accept(&verdicts, 2);
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
    verdicts_accept_changed(&verdicts, 3, large + VERDICT_HEAD, VERDICT_BYTES_MAX);
    verdicts_finish(&verdicts);
    CU_ASSERT_TRUE(verdicts.len <= VERDICTS_BYTES_MAX);
}

/* ---- held ---- */

static uint64_t hold(struct verdicts *verdicts, uint32_t id, const char *text)
{
    uint64_t token = verdicts_token(verdicts, id);
    CU_ASSERT_TRUE(verdicts_hold_changed(verdicts, token, packet(id, text), strlen(text)));
    memset(rooms[id], 0, ROOM); /* another message comes there */
    return token;
}

static uint64_t hold_as_it_came(struct verdicts *verdicts, uint32_t id)
{
    uint64_t token = verdicts_token(verdicts, id);
    verdicts_hold(verdicts);
    return token;
}

static struct verdicts with_stash(struct stash *stash, uint32_t slots)
{
    struct verdicts verdicts = {.stash = stash};
    CU_ASSERT_TRUE_FATAL(stash_open(stash, slots));
    verdicts_start(&verdicts, 7401);
    return verdicts;
}

static void released_with_bytes(void)
{
    struct stash stash;
    struct verdicts verdicts = with_stash(&stash, 8);
    struct sent_verdict sent[8];
    uint64_t first = hold(&verdicts, 1, "first"), plain = hold_as_it_came(&verdicts, 2),
             second = hold(&verdicts, 3, "second"), third = hold(&verdicts, 4, "third");
    verdicts_release(&verdicts, first, true);
    verdicts_release(&verdicts, plain, true);
    verdicts_release(&verdicts, second, false);
    verdicts_release(&verdicts, third, true);
    accept_text(&verdicts, 5, "fifth");
    verdicts_accept(&verdicts, 6);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 8), 6);
    CU_ASSERT_TRUE(sent_returns(&sent[0], 1, "first", 5));
    CU_ASSERT_TRUE(sent_is(&sent[1], NFQNL_MSG_VERDICT, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_is(&sent[2], NFQNL_MSG_VERDICT, 3, NF_DROP));
    CU_ASSERT_TRUE(sent_returns(&sent[3], 4, "third", 5));
    CU_ASSERT_TRUE(sent_returns(&sent[4], 5, "fifth", 5));
    CU_ASSERT_TRUE(sent_is(&sent[5], NFQNL_MSG_VERDICT_BATCH, 6, NF_ACCEPT));
    stash_close(&stash);
}

static void bound_again(void)
{
    struct stash stash;
    struct verdicts verdicts = with_stash(&stash, 2);
    struct sent_verdict sent[2];
    uint64_t old = hold(&verdicts, 1, "old");
    verdicts_start(&verdicts, 7401);
    uint64_t new = hold(&verdicts, 1, "new");
    verdicts_release(&verdicts, old, true);
    CU_ASSERT_TRUE(verdicts_full(&verdicts)); /* only its slot could be had */
    verdicts_clear(&verdicts);
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
    verdicts_release(&verdicts, new, true);
    verdicts_finish(&verdicts);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 2), 1);
    CU_ASSERT_TRUE(sent_returns(&sent[0], 1, "new", 3));
    stash_close(&stash);
}

/* Bytes that are still to be sent are not written over by the next packet that is held. */
static void slot_waits_for_the_send(void)
{
    struct stash stash;
    struct verdicts verdicts = with_stash(&stash, 2);
    struct sent_verdict sent[4];
    uint64_t first = hold(&verdicts, 1, "first");
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
    verdicts_release(&verdicts, first, true);
    uint64_t second = hold(&verdicts, 2, "second");
    CU_ASSERT_TRUE(verdicts_full(&verdicts));
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(sent_returns(&sent[0], 1, "first", 5));
    verdicts_clear(&verdicts);
    CU_ASSERT_FALSE(verdicts_full(&verdicts));
    verdicts_release(&verdicts, second, true);
    CU_ASSERT_EQUAL_FATAL(sent_verdicts(&verdicts, sent, 4), 1);
    CU_ASSERT_TRUE(sent_returns(&sent[0], 2, "second", 6));
    stash_close(&stash);
}

static void no_room_is_told(void)
{
    struct stash stash;
    struct verdicts verdicts = with_stash(&stash, 1), without = {0};
    hold(&verdicts, 1, "one");
    CU_ASSERT_FALSE(verdicts_hold_changed(&verdicts, verdicts_token(&verdicts, 2), packet(2, "two"), 3));
    verdicts_start(&without, 7401);
    CU_ASSERT_FALSE(verdicts_hold_changed(&without, verdicts_token(&without, 1), packet(1, "one"), 3));
    stash_close(&stash);
}

void returned_suite(void)
{
    static const struct test TESTS[] = {
        {"F6: a translated packet goes back where it stands", golden_bytes},
        {"F6: netlink's padding follows it", padded},
        {"F6: no batch covers a packet whose bytes changed", ends_the_run_before},
        {"F6: one long packet fills a send", full_by_bytes},
        {"F6: many short ones do, too", full_by_count},
        {"F6: the socket's buffer takes the largest send", most_bytes_at_once},
        {"F1: a held packet leaves as it was translated", released_with_bytes},
        {"S4: what a lost queue held does not leave by its successor", bound_again},
        {"F1: kept bytes last until they are sent", slot_waits_for_the_send},
        {"F1: a translated packet is never held as it came", no_room_is_told},
    };
    TEST_SUITE("returned", TESTS);
}
