/* The copy of a store: what was proven is not judged again, and whatever changed is. */
#include "copy.h"
#include "peers.h"
#include "suite.h"
#include <string.h>

enum { SLOTS = 200, PIECE = 100 };

static struct qw_addr external[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 198, 51, 100, 7}},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 198, 51, 100, 8}},
};

static struct record_terms terms(unsigned addresses)
{
    return (struct record_terms){
        .key = {1, 2}, .nat = true, .external = external, .external_count = addresses};
}

static struct qw_endpoint endpoint(const char *text)
{
    struct qw_endpoint out;
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &out, &(enum qw_family){0}));
    return out;
}

static struct engine_mirrored flow(const char *mapped)
{
    return (struct engine_mirrored){.family = QW_IPV4,
                                    .inside = endpoint("10.0.0.5:5000"),
                                    .outside = endpoint("192.0.2.1:443"),
                                    .external = endpoint(mapped),
                                    .state = FLOW_CONFIRMED,
                                    .class = FLOW_KNOWN,
                                    .flags = ENGINE_MIRROR_HOLDS_MAPPING,
                                    .last_seen = {5 * QW_NS_PER_SECOND}};
}

static void write_at(uint8_t *bytes, unsigned slot, const struct engine_mirrored *from)
{
    const struct record_terms all = terms(2);
    record_write(&all, from, bytes + (size_t)slot * RECORD_SIZE);
}

static uint8_t store[PIECE * RECORD_SIZE];

/* A copy of one piece, whose slots 3 and 7 have flows, all of it proven. */
static struct copy begin(void)
{
    const struct record_terms all = terms(2);
    const struct engine_mirrored one = flow("198.51.100.8:40000");
    struct copy copy;
    memset(store, 0, sizeof store);
    write_at(store, 3, &one);
    write_at(store, 7, &one);
    CU_ASSERT_TRUE_FATAL(copy_make(&copy, SLOTS));
    copy_put(&copy, PIECE, PIECE, store, sizeof store);
    copy_prove(&copy, &all, PIECE, PIECE);
    CU_ASSERT_EQUAL(copy_count(&copy), 2);
    return copy;
}

static enum record_result read_slot(const struct copy *copy, unsigned slot, struct engine_mirrored *out)
{
    const struct record_terms all = terms(2);
    return copy_read(copy, &all, PIECE + slot, out);
}

static void what_is_proven_reads_as_ever(void)
{
    struct copy copy = begin();
    const struct record_terms all = terms(2);
    for (unsigned slot = 0; slot < PIECE; slot++) {
        struct engine_mirrored judged, proven;
        memset(&judged, 0, sizeof judged);
        memset(&proven, 0, sizeof proven);
        enum record_result result = record_read(&all, store + slot * RECORD_SIZE, &judged);
        CU_ASSERT_EQUAL(read_slot(&copy, slot, &proven), result);
        CU_ASSERT_EQUAL(memcmp(&judged, &proven, sizeof judged), 0);
        CU_ASSERT_EQUAL(result, slot == 3 || slot == 7 ? RECORD_FLOW : RECORD_EMPTY);
    }
    copy_free(&copy);
}

/* Whichever byte it is: a flow that follows on another in its slot has much in common with it. */
static void a_byte_that_changed_is_seen(void)
{
    for (unsigned at = 0; at < RECORD_SIZE; at++) {
        struct copy copy = begin();
        struct engine_mirrored out;
        store[3 * RECORD_SIZE + at] ^= 1;
        copy_put(&copy, PIECE, PIECE, store, sizeof store);
        CU_ASSERT_EQUAL(read_slot(&copy, 3, &out), RECORD_BAD);
        CU_ASSERT_EQUAL(read_slot(&copy, 7, &out), RECORD_FLOW);
        copy_free(&copy);
    }
}

/* The port was given to another flow, and the one that had it has the next. */
static void a_slot_has_its_flow_of_now(void)
{
    struct copy copy = begin();
    struct engine_mirrored next = flow("198.51.100.8:40002"), out;
    write_at(store, 3, &next);
    copy_put(&copy, PIECE, PIECE, store, sizeof store);
    CU_ASSERT_EQUAL(read_slot(&copy, 3, &out), RECORD_FLOW);
    CU_ASSERT_EQUAL(out.external.port, 40002);
    CU_ASSERT_EQUAL(read_slot(&copy, 7, &out), RECORD_FLOW);
    CU_ASSERT_EQUAL(out.external.port, 40000);
    copy_free(&copy);
}

/* Its slot is zero then, or the string ends before it, or within it. */
static void a_flow_that_ended_is_gone(void)
{
    static const size_t LENS[] = {PIECE * RECORD_SIZE, 7 * RECORD_SIZE, 0};
    for (unsigned i = 0; i < 3; i++) {
        struct copy copy = begin();
        struct engine_mirrored out;
        memset(store + 7 * RECORD_SIZE, 0, RECORD_SIZE);
        copy_put(&copy, PIECE, PIECE, store, LENS[i]);
        CU_ASSERT_EQUAL(read_slot(&copy, 7, &out), RECORD_EMPTY);
        CU_ASSERT_EQUAL(copy_count(&copy), LENS[i] > 3 * RECORD_SIZE);
        copy_free(&copy);
    }
    struct copy copy = begin();
    struct engine_mirrored out;
    copy_put(&copy, PIECE, PIECE, store, 7 * RECORD_SIZE + 20);
    CU_ASSERT_EQUAL(read_slot(&copy, 7, &out), RECORD_BAD);
    CU_ASSERT_EQUAL(read_slot(&copy, 3, &out), RECORD_FLOW);
    copy_free(&copy);
}

/* More than was asked for is left out. */
static void neighbours_stay(void)
{
    struct copy copy = begin();
    struct engine_mirrored out;
    static uint8_t much[(PIECE + 1) * RECORD_SIZE];
    memset(much, 1, sizeof much);
    copy_put(&copy, 0, PIECE, much, sizeof much);
    CU_ASSERT_EQUAL(read_slot(&copy, 0, &out), RECORD_EMPTY);
    CU_ASSERT_EQUAL(read_slot(&copy, 3, &out), RECORD_FLOW);
    copy_free(&copy);
}

static void other_terms_judge_anew(void)
{
    struct copy copy = begin();
    struct engine_mirrored out;
    const struct record_terms one = terms(1);
    copy_distrust(&copy);
    CU_ASSERT_EQUAL(copy_read(&copy, &one, PIECE + 3, &out), RECORD_BAD);
    copy_prove(&copy, &one, PIECE, PIECE);
    CU_ASSERT_EQUAL(copy_read(&copy, &one, PIECE + 3, &out), RECORD_BAD);
    copy_free(&copy);
}

void suite_copy(void)
{
    static const struct test TESTS[] = {
        {"K1 S7: what is proven reads as if it were judged", what_is_proven_reads_as_ever},
        {"K1 S7: a record of which any byte changed is judged", a_byte_that_changed_is_seen},
        {"K1 S7: another flow in the slot counts", a_slot_has_its_flow_of_now},
        {"K1: a flow that ended is gone", a_flow_that_ended_is_gone},
        {"K1 S7: what is read beyond a piece is left out", neighbours_stay},
        {"K1 S7: other terms prove nothing", other_terms_judge_anew},
    };
    TEST_SUITE("peer copy", TESTS);
}
