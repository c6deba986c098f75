#include "stash.h"
#include "suite.h"
#include "suites.h"
#include "verdicts.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define OWNER UINT64_C(0xfedcba9876543210)

static bool holds(struct stash *stash, uint32_t slot, uint64_t owner, const char *text)
{
    size_t len;
    const uint8_t *bytes = stash_take(stash, slot, owner, &len);
    return bytes && len == strlen(text) && memcmp(bytes, text, len) == 0;
}

static bool keep(struct stash *stash, uint64_t owner, const char *text)
{
    return stash_keep(stash, owner, (const uint8_t *)text, strlen(text));
}

static void kept_until_taken(void)
{
    struct stash stash;
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, 4));
    uint32_t first = stash_next(&stash);
    CU_ASSERT_TRUE(keep(&stash, OWNER, "first"));
    uint32_t second = stash_next(&stash);
    CU_ASSERT_NOT_EQUAL(first, second);
    CU_ASSERT_TRUE(keep(&stash, OWNER, "second one"));
    CU_ASSERT_TRUE(holds(&stash, second, OWNER, "second one"));
    CU_ASSERT_TRUE(holds(&stash, first, OWNER, "first"));
    stash_close(&stash);
}

static void only_for_its_owner(void)
{
    struct stash stash;
    size_t len;
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, 2));
    uint32_t slot = stash_next(&stash);
    CU_ASSERT_PTR_NULL(stash_take(&stash, slot, 0, &len)); /* nothing there yet */
    CU_ASSERT_TRUE(keep(&stash, OWNER, "mine"));
    CU_ASSERT_PTR_NULL(stash_take(&stash, slot, OWNER + 1, &len));
    CU_ASSERT_PTR_NULL(stash_take(&stash, STASH_NO_SLOT, OWNER, &len));
    CU_ASSERT_PTR_NULL(stash_take(&stash, 3, OWNER, &len));
    CU_ASSERT_PTR_NULL(stash_take(&stash, UINT32_MAX, OWNER, &len));
    CU_ASSERT_TRUE(holds(&stash, slot, OWNER, "mine"));
    CU_ASSERT_PTR_NULL(stash_take(&stash, slot, OWNER, &len)); /* once */
    stash_close(&stash);
}

/* What was taken is still to be sent from: nobody else gets the slot before that. */
static void taken_until_reuse(void)
{
    struct stash stash;
    size_t len;
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, 1));
    uint32_t slot = stash_next(&stash);
    CU_ASSERT_TRUE(keep(&stash, OWNER, "one"));
    CU_ASSERT_EQUAL(stash_next(&stash), STASH_NO_SLOT);
    CU_ASSERT_FALSE(keep(&stash, OWNER, "two"));
    CU_ASSERT_FALSE(stash_starved(&stash)); /* waiting would not help */
    const uint8_t *bytes = stash_take(&stash, slot, OWNER, &len);
    CU_ASSERT_TRUE(stash_starved(&stash));
    CU_ASSERT_FALSE(keep(&stash, OWNER, "two"));
    CU_ASSERT_EQUAL(memcmp(bytes, "one", 3), 0);
    stash_reuse(&stash);
    CU_ASSERT_FALSE(stash_starved(&stash));
    CU_ASSERT_EQUAL(stash_next(&stash), slot);
    CU_ASSERT_TRUE(keep(&stash, OWNER, "two"));
    stash_close(&stash);
}

static void next_stays(void)
{
    struct stash stash;
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, 3));
    uint32_t first = stash_next(&stash);
    keep(&stash, OWNER, "x");
    uint32_t next = stash_next(&stash);
    CU_ASSERT_TRUE(holds(&stash, first, OWNER, "x"));
    stash_reuse(&stash);
    CU_ASSERT_EQUAL(stash_next(&stash), next); /* a token may name it */
    keep(&stash, OWNER, "y");
    CU_ASSERT_EQUAL(stash_next(&stash), first); /* last freed first */
    stash_close(&stash);
}

static void longest_packet(void)
{
    static uint8_t packet[VERDICT_BYTES_MAX + 1];
    struct stash stash;
    size_t len;
    memset(packet, 0x5a, sizeof(packet));
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, 2));
    uint32_t first = stash_next(&stash);
    CU_ASSERT_TRUE(stash_keep(&stash, 1, packet, VERDICT_BYTES_MAX));
    uint32_t second = stash_next(&stash);
    CU_ASSERT_FALSE(stash_keep(&stash, 2, packet, VERDICT_BYTES_MAX + 1));
    CU_ASSERT_TRUE(stash_keep(&stash, 2, packet, VERDICT_BYTES_MAX));
    uint8_t *bytes = stash_take(&stash, first, 1, &len);
    CU_ASSERT_EQUAL(len, VERDICT_BYTES_MAX);
    memset(bytes - VERDICT_HEAD, 0, VERDICT_HEAD + len + VERDICT_TAIL); /* all that a verdict may touch */
    bytes = stash_take(&stash, second, 2, &len);
    CU_ASSERT_EQUAL(memcmp(bytes, packet, VERDICT_BYTES_MAX), 0);
    stash_close(&stash);
}

/* The most that hold.total allows is gigabytes of addresses, and nearly no memory. */
static void costs_what_is_used(void)
{
    struct stash stash;
    unsigned char resident[8];
    CU_ASSERT_TRUE_FATAL(stash_open(&stash, STASH_SLOTS_MAX));
    uint32_t slot = stash_next(&stash);
    for (int i = 0; i < 1000; i++) {
        CU_ASSERT_EQUAL(stash_next(&stash), slot + (uint32_t)(i % 2));
        keep(&stash, OWNER, "held");
        CU_ASSERT_TRUE(holds(&stash, slot + (uint32_t)(i % 2), OWNER, "held"));
        stash_reuse(&stash);
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    CU_ASSERT_EQUAL(mincore(stash.memory, page, resident), 0);
    CU_ASSERT_TRUE(resident[0] & 1);
    CU_ASSERT_EQUAL(mincore(stash.memory + 64 * page, sizeof(resident) * page, resident), 0);
    for (size_t i = 0; i < sizeof(resident); i++)
        CU_ASSERT_FALSE(resident[i] & 1);
    stash_close(&stash);
}

static void refusals(void)
{
    struct stash stash;
    CU_ASSERT_FALSE(stash_open(&stash, 0));
    stash_close(&stash);
    CU_ASSERT_FALSE(stash_open(&stash, STASH_SLOTS_MAX + 1));
    stash_close(&stash);
}

void stash_suite(void)
{
    static const struct test TESTS[] = {
        {"F1: bytes of a held packet are kept until they are taken", kept_until_taken},
        {"F1: they are their owner's alone, and once", only_for_its_owner},
        {"F1: a slot that is still to be sent from is nobody's", taken_until_reuse},
        {"F1: a slot that was promised stays so", next_stays},
        {"N8: the longest packet fits, and touches no other", longest_packet},
        {"a stash costs memory only where it is used", costs_what_is_used},
        {"sizes that cannot be are refused", refusals},
    };
    TEST_SUITE("stash", TESTS);
}
