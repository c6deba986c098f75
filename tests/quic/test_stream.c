/* W4: the CRYPTO stream from pieces. */
#include "stream_message.h"

#define PIECES_MAX 8

/* The message cut at cut[1..pieces-1]; cut[0] is 0 and cut[pieces] its end. */
struct split {
    size_t cut[PIECES_MAX + 1];
    unsigned pieces;
    unsigned long tried, wrong;
};

/* Adds the pieces in this order: nothing is whole before the last one, and then all is. */
static void try_order(struct split *split, const unsigned *order)
{
    for (unsigned i = 0; i < split->pieces; i++) {
        size_t from = split->cut[order[i]], to = split->cut[order[i] + 1];
        split->wrong += quic_stream_ready(&stream) == hello_len;
        split->wrong += add(&stream, from, hello + from, to - from) != QW_OK;
    }
    split->wrong += !holds(&stream, hello, hello_len) || stream.ranges != 1 || quic_chunks_used(pool) != 2;
    quic_stream_release(&stream, pool);
    split->tried++;
}

/* All orders: each piece in turn at place `at`, then all orders of the rest. */
static void try_orders(struct split *split, unsigned *order, unsigned at)
{
    if (at == split->pieces)
        try_order(split, order);
    for (unsigned i = at; i < split->pieces; i++) {
        unsigned moved = order[i];
        order[i] = order[at];
        order[at] = moved;
        try_orders(split, order, at + 1);
        order[at] = order[i];
        order[i] = moved;
    }
}

/* Backwards, then every second piece and the others on the way back, then forwards. */
static void try_strides(struct split *split, unsigned *order)
{
    unsigned last = split->pieces - 1;
    for (unsigned i = 0; i <= last; i++)
        order[i] = last - i;
    try_order(split, order);
    for (unsigned i = 0; i <= last; i++)
        order[i] = 2 * i <= last ? 2 * i : 2 * (last - i) + 1;
    try_order(split, order);
    for (unsigned i = 0; i <= last; i++)
        order[i] = i;
    try_order(split, order);
}

static void try_split(struct split *split)
{
    unsigned order[PIECES_MAX] = {0, 1, 2, 3, 4, 5, 6, 7};
    if (split->pieces <= 4)
        try_orders(split, order, 0);
    else
        try_strides(split, order);
}

static void two_pieces(void)
{
    begin(2);
    struct split split = {.pieces = 2, .cut = {0, 0, hello_len}};
    for (split.cut[1] = 1; split.cut[1] < hello_len; split.cut[1]++)
        try_split(&split);
    CU_ASSERT_EQUAL(split.tried, 2 * (hello_len - 1));
    CU_ASSERT_EQUAL(split.wrong, 0);
    end();
}

/* Every choice of up to seven of these cuts: both ends, the chunks' border, the middle of each. */
static void many_pieces(void)
{
    begin(2);
    const size_t cuts[] = {1, 2, 63, 511, 1023, 1024, 1025, 1026, 1500, 1700, hello_len - 1};
    struct split split = {0};
    for (unsigned chosen = 0; chosen < 1u << COUNT(cuts); chosen++) {
        split.pieces = 1;
        for (unsigned i = 0; i < COUNT(cuts) && split.pieces <= PIECES_MAX; i++)
            if (chosen >> i & 1)
                split.cut[split.pieces++] = cuts[i];
        if (split.pieces > PIECES_MAX)
            continue;
        split.cut[split.pieces] = hello_len;
        try_split(&split);
    }
    CU_ASSERT_TRUE(split.tried > 9000);
    CU_ASSERT_EQUAL(split.wrong, 0);
    end();
}

/* The pieces as Chromium sent them, offset and length: two packets, up to four islands. */
static void browser_pieces(void)
{
    static const uint16_t SENT[][2] = {{1479, 293}, {5, 1},    {1772, 203}, {1, 1},     {2, 3},
                                       {1264, 29},  {6, 51},   {1293, 186}, {0, 1},     {1047, 217},
                                       {95, 270},   {365, 51}, {844, 1},    {845, 202}, {416, 7},
                                       {479, 365},  {57, 38},  {423, 56}};
    begin(2);
    for (size_t i = 0; i < COUNT(SENT); i++) {
        CU_ASSERT_NOT_EQUAL(quic_stream_ready(&stream), hello_len);
        CU_ASSERT_EQUAL(add(&stream, SENT[i][0], hello + SENT[i][0], SENT[i][1]), QW_OK);
    }
    CU_ASSERT_TRUE(holds(&stream, hello, hello_len));
    end();
}

/* Some bytes of the message, anywhere. */
static bool add_random(size_t len_max)
{
    size_t from = random_below(hello_len), len = 1 + random_below(len_max);
    return add(&stream, from, hello + from, len < hello_len - from ? len : hello_len - from) == QW_OK;
}

/* Random pieces with whatever overlaps and repeats they have, and at last all in four. */
static void overlaps(void)
{
    unsigned wrong = 0;
    random_restart();
    begin(2);
    for (unsigned round = 0; round < 3000; round++) {
        for (size_t pieces = random_below(30); pieces > 0; pieces--)
            wrong += !add_random(round % 2 ? 400 : 20);
        for (size_t i = 0; i < 4; i++) {
            size_t from = hello_len * ((i + round) % 4) / 4, to = hello_len * ((i + round) % 4 + 1) / 4;
            wrong += add(&stream, from, hello + from, to - from) != QW_OK;
        }
        wrong += !holds(&stream, hello, hello_len) || stream.ranges != 1;
        wrong += !add_random(2000) || !holds(&stream, hello, hello_len);
        quic_stream_release(&stream, pool);
    }
    CU_ASSERT_EQUAL(wrong, 0);
    end();
}

static bool agrees(uint64_t offset, const uint8_t *data, size_t len)
{
    return quic_stream_agrees(&stream, pool, &(struct quic_crypto_frame){offset, {data, len}});
}

/* Over the border of two chunks, and one byte alone. */
static void contradictions(void)
{
    uint8_t b[2000], other[2000];
    memset(b, 'b', sizeof b);
    begin(2);
    CU_ASSERT_EQUAL(add(&stream, 1500, b, 10), QW_OK);
    CU_ASSERT_EQUAL(add(&stream, 1020, b, 10), QW_OK);
    static const size_t PLACES[] = {1020, 1023, 1024, 1029, 1500, 1509};
    for (size_t i = 0; i < COUNT(PLACES); i++) {
        memcpy(other, b, sizeof b);
        other[PLACES[i]] ^= 1;
        CU_ASSERT_FALSE(agrees(0, other, sizeof other));
        CU_ASSERT_FALSE(agrees(PLACES[i], other + PLACES[i], 1));
        CU_ASSERT_EQUAL(add(&stream, 0, other, sizeof other), QW_ERR_MALFORMED);
        CU_ASSERT_EQUAL(add(&stream, PLACES[i], other + PLACES[i], 1), QW_ERR_MALFORMED);
    }
    other[0] = 'x';
    CU_ASSERT_TRUE(agrees(1030, other, 470)); /* the gap between */
    CU_ASSERT_TRUE(agrees(UINT64_MAX, other, 1));
    CU_ASSERT_TRUE(agrees(0, b, sizeof b));
    CU_ASSERT_EQUAL(stream.ranges, 2);
    CU_ASSERT_EQUAL(add(&stream, 0, b, sizeof b), QW_OK);
    CU_ASSERT_TRUE(holds(&stream, b, sizeof b));
    end();
}

static void largest(void)
{
    static uint8_t data[STREAM_MAX + 1];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 256);
    begin(QUIC_STREAM_CHUNKS);
    CU_ASSERT_EQUAL(add(&stream, 0, data, STREAM_MAX + 1), QW_ERR_FULL);
    CU_ASSERT_EQUAL(add(&stream, STREAM_MAX, data, 1), QW_ERR_FULL);
    CU_ASSERT_EQUAL(add(&stream, STREAM_MAX - 1, data, 2), QW_ERR_FULL);
    CU_ASSERT_EQUAL(add(&stream, UINT64_C(0x3fffffffffffffff), data, 1), QW_ERR_FULL);
    CU_ASSERT_EQUAL(add(&stream, UINT64_MAX, data, 2), QW_ERR_FULL);
    CU_ASSERT_EQUAL(add(&stream, 65536, data, 1), QW_ERR_FULL); /* 0 in 16 bits */
    CU_ASSERT_EQUAL(add(&stream, 5, NULL, 0), QW_OK);
    CU_ASSERT_EQUAL(stream.ranges, 0);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 0);
    CU_ASSERT_EQUAL(add(&stream, STREAM_MAX - 1, data + STREAM_MAX - 1, 1), QW_OK);
    CU_ASSERT_EQUAL(add(&stream, 0, data, STREAM_MAX), QW_OK);
    CU_ASSERT_TRUE(holds(&stream, data, STREAM_MAX));
    end();
}

/* The stream and its pool are as they were before. */
static void refused(uint64_t offset, size_t len)
{
    struct quic_stream before = stream;
    uint32_t used = quic_chunks_used(pool);
    const uint8_t *data =
        offset + len <= hello_len ? hello + offset : hello; /* what is there stays the same */
    CU_ASSERT_EQUAL(add(&stream, offset, data, len), QW_ERR_FULL);
    CU_ASSERT_EQUAL(memcmp(&before, &stream, sizeof before), 0);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), used);
}

static void islands(void)
{
    begin(4);
    for (size_t i = 0; i < QUIC_STREAM_RANGES; i++)
        CU_ASSERT_EQUAL(add(&stream, 20 + 40 * i, hello + 20 + 40 * i, 10), QW_OK);
    CU_ASSERT_EQUAL(stream.ranges, QUIC_STREAM_RANGES);
    refused(0, 10);
    refused(55, 4);
    refused(1500, 10);
    refused(2048, 10);                                         /* nor is a chunk taken */
    CU_ASSERT_EQUAL(add(&stream, 30, hello + 30, 5), QW_OK);   /* touches an island's end */
    CU_ASSERT_EQUAL(add(&stream, 95, hello + 95, 5), QW_OK);   /* an island's start */
    CU_ASSERT_EQUAL(add(&stream, 101, hello + 101, 3), QW_OK); /* is there already */
    CU_ASSERT_EQUAL(stream.ranges, QUIC_STREAM_RANGES);
    CU_ASSERT_EQUAL(add(&stream, 35, hello + 35, 25), QW_OK); /* joins two */
    CU_ASSERT_EQUAL(stream.ranges, QUIC_STREAM_RANGES - 1);
    CU_ASSERT_EQUAL(add(&stream, 0, hello, hello_len), QW_OK); /* joins all */
    CU_ASSERT_TRUE(holds(&stream, hello, hello_len));
    end();
}

static void pool_exhausted(void)
{
    struct quic_stream other;
    begin(3);
    quic_stream_start(&other);
    CU_ASSERT_EQUAL(add(&other, 0, hello, hello_len), QW_OK);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 2);
    refused(0, hello_len); /* two would be needed */
    CU_ASSERT_EQUAL(add(&stream, 100, hello + 100, 900), QW_OK);
    refused(100, 1000);
    CU_ASSERT_EQUAL(add(&stream, 0, hello, 1024), QW_OK);
    CU_ASSERT_TRUE(holds(&stream, hello, 1024));
    quic_stream_release(&other, pool);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 1);
    CU_ASSERT_EQUAL(add(&stream, 100, hello + 100, hello_len - 100), QW_OK);
    CU_ASSERT_TRUE(holds(&stream, hello, hello_len));
    quic_stream_release(&other, pool); /* has nothing left to give */
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 2);
    end();
}

static void pool_sizes(void)
{
    static const uint16_t SIZES[] = {1, 1000, UINT16_MAX};
    CU_ASSERT_PTR_NULL(quic_chunks_new(0));
    for (size_t i = 0; i < COUNT(SIZES); i++) {
        static struct quic_stream streams[UINT16_MAX];
        unsigned wrong = 0;
        begin(SIZES[i]);
        for (uint16_t n = 0; n < SIZES[i]; n++) {
            const uint8_t own[] = {(uint8_t)(n >> 8), (uint8_t)n};
            quic_stream_start(&streams[n]);
            wrong += add(&streams[n], 0, own, sizeof own) != QW_OK;
        }
        CU_ASSERT_EQUAL(quic_chunks_used(pool), SIZES[i]);
        refused(0, 1);
        for (uint16_t n = 0; n < SIZES[i]; n++) { /* nobody's bytes are another's */
            const uint8_t own[] = {(uint8_t)(n >> 8), (uint8_t)n};
            wrong += !holds(&streams[n], own, sizeof own);
            quic_stream_release(&streams[n], pool);
        }
        CU_ASSERT_EQUAL(wrong, 0);
        end();
    }
}

static const struct test TESTS[] = {
    {"W4: a ClientHello cut in two everywhere, both orders", two_pieces},
    {"W4: a ClientHello in one to eight pieces, in all orders up to four", many_pieces},
    {"W4: the pieces of a browser, in its order", browser_pieces},
    {"W4: overlaps and duplicates", overlaps},
    {"W4: bytes that came before are never contradicted", contradictions},
    {"W4, S3: nothing beyond 16 KiB", largest},
    {"W4, S3: a bounded number of islands", islands},
    {"W4, S3: a pool without chunks leaves the stream as it was", pool_exhausted},
    {"W4, S3: pools of every size", pool_sizes},
};

void stream_suite(void)
{
    TEST_SUITE("quic: CRYPTO stream", TESTS);
}
