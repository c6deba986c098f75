/* W4: the CRYPTO stream from pieces. The message is a real browser's ClientHello of two chunks. */
#include "common.h"

void stream_suite(void);

#define STREAM_MAX (QUIC_CHUNK * QUIC_STREAM_CHUNKS)
#define PIECES_MAX 8

/* Chromium's, with its post-quantum key share. */
static const char HELLO[] =
    "010007b30303e4bfa8b37dbd24a75ccf754391d1bad13329c8251be1e5f1aca2b05d72023f7d000006130113021303010007"
    "84000a000a000811ec001d00170018ca3400ba00b80582df1302010582df1302060582df13020d0582df13020e0582df1302"
    "0f0582df1302120582df1302130582df13021408839a648c9b2d010708839a648c9b2d010808839a648c9b2d010908839a64"
    "8c9b2d010a08839a648c9b2d010b08839a648c9b2d010c08839a648c9b2d010d08839a648c9b2d011208839a648c9b2d0113"
    "04d679090104d679090404d679090504d679090604d679090704d679090804d679090a04d679090b04d679090c04d679090d"
    "04d679090f00000010000e00000b7365727665722e74657374fe0d011a0000010001850020d972469e35a64a02f936881635"
    "85bee4604026d205eaf4acdedeefa95301b36a00f005a903694e786ba01d4e75dac722a9cabad382d3f43eecec1ff1f323ad"
    "b2ba8d85ffd7a8dc607335ba3390671eed8223733f80533730348462cfb0e99643eae13fd0cf3efaed2ca8854b8cc6969c0a"
    "98a82d36d43c2044d9ba03343b9019822bb24ba5a88d48d94dc55af5649f39d16e6ed1a51ffc46cb89f817a9b9679c8ef402"
    "590d40b4844f33be1fee84e2fff0d33b053b07f767d4252a60215beac390ed9f39b0d9148a01c431c76cc6261a603c6beee6"
    "59317829886d4702082e007d7da25d415d04317b24f827190f71e13b08430d952359d3b3e7cd65e152720eaed8dd747a6a7b"
    "68deb790981968da99a686002d0002010144cd00050003026833003900562004800100000504806000000802406407048060"
    "00000604806000000f00e02b53a59166b6e406b50eec6c5f307128044f524947030245c0040480f00000110c00000001ea2a"
    "8a6a0000000101048000753009024067001b0003020002003304ea04e811ec04c0326c63eb74ba0fc98bc8a4a36393b88844"
    "04358a870d60403d7728c2d0b434da2c16e356c6048505484ba2856d3fb08eaba49a1a48b1a931767f761d7655262f544c1d"
    "6755acac5acdb4076243b6a64b97c7196b52468b26d4cfc74cb028567482897914f6c8947826b048bf168480b97b4f5ba29e"
    "8aa430b5f11ee03045d1934cb71009163771b7742de2014b2d694626791af81529a2b74318457d1e873295832418bc3afaf1"
    "6b6436cdf55c13547921ffe3cc41f8494675a197f592f56463ea55cd8a20112a4148a7511f9cbc9be7424d944cb045312d0c"
    "809554260b67497000d8356169a475190d80e3a44e8456fe1594219a77035763dc6083966a6969bb46ca76035abbc94f7769"
    "400b33a368954baa950bab76a651372efc9027f2caaa971db246ac43917bf0a899a2bc95d9595f407513221579858b169ecb"
    "49f0ea345a16369c8a896fd053ce576f7e264c0e40aff79186afe440f07794b927057e47a5549527a10b492a192f1a907f7b"
    "255c399c4783004e8ec727306217f062b5be1b048746a27c3b344c917eb8e130aa6907f739acc9969def1a4c328239af5451"
    "95ea064f8414618c4543e1771a2589ca577f893bad178797a283b5e408b180f85d969b7b419193ca73a1bf53aa7b450e51ec"
    "afe420757fa488e7ab42109301e165270ea947c245a34adbce1eb05b2967b75783647a50beab6790fa208a80c55d36ea266d"
    "060f86a7b24f84a41eda7ab63933e6a84d3c1265a06484872679cee790aa628aa0257aefbb42c3f6125ef0572f64a76aa959"
    "4647b9c9071ff2761f066b5817b300421544dfb83996036dc709b38f223671130cbb1322d387c5fe0195f9e6b9f8909cf511"
    "629b030b2f1809c6e386abc90664550fabb8038593138c688efb20c6c6c27737da0b3a1ccfb6a95b4c0b6a3c629381c28041"
    "9496f3b13c5c39b6cdb594f0f19938960ecd1246a408af4e676ba33cc9527a130d0320c00c404e228d6559656a368db12865"
    "288caff0c983d2b3603d990880fca9a51133b9a598b0d12fe1825b24ac58d252af275a3027658924bb01a745626541664f9a"
    "12c2ab795dd30eaf960502d89d514977ed8247e49355cd402c57bb26fda3a6dc300d716631332b329ff7b509614758850f0f"
    "6a8b74d9a8eb8956c4429221671d5038b816b29ecf5515e066a584417cd48b42bbf41703902c2fdc9d89c576fd9a2e3bebc1"
    "fa5a92b63a8e0422195493829f277f7a57014ca77d4be285a01b5f2b68c11220c2124bc9e7f0a070a55dec7cae67b48cad7a"
    "c800e56bd7023d95b11049384b53c89beed5118108808830cc739012fe7c630b1695b66bb409e1669b4b41f42317b38b7cf4"
    "211b2136831d834889871a66c79a2e5378b6e8702dc28e1fa7b012248745c26256e6b6504407deb55a05b19fba298f8df6bb"
    "cc511b0cc842f62a9243bacaa179329b888ffbda0d7ee4710f5776a34a7345dc3f89c42580b61a5b97906f5b69fa6320798c"
    "a55d1b61f17242262b9f6e4190855c4a82491741868668f5b066a1497edc9f95f4c0e1131abe1aa70637a1597aa7aab55104"
    "9a4d928622bde352bd288e81b86378da4cf9d07f52e222e9d73464b88e192b5201900614d8e17b60de12c558fdc98e409091"
    "4aae24ae6203d2d90f4b1cf2924198b98326d45a44278e269f0baf4824f680584cdaf87addbd8ae179bd7b4dfb0641c75e00"
    "1d0020ee6791858270a9e93456144117e7ac6a7f4bab250d37f6e925b36008198d7069001000050003026833002b00030203"
    "04000d00140012040308040401050308050501080606010201";

static uint8_t hello[sizeof HELLO / 2];
static size_t hello_len;
static struct quic_chunks *pool;
static struct quic_stream stream;

static void begin(uint16_t chunks)
{
    hello_len = test_hex(HELLO, hello, sizeof hello);
    pool = quic_chunks_new(chunks);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pool);
    quic_stream_start(&stream);
}

static void end(void)
{
    quic_stream_release(&stream, pool);
    CU_ASSERT_EQUAL(quic_chunks_used(pool), 0);
    CU_ASSERT_EQUAL(quic_stream_ready(&stream), 0);
    quic_chunks_free(pool);
}

static enum qw_error add(struct quic_stream *to, uint64_t offset, const uint8_t *data, size_t len)
{
    struct quic_crypto_frame frame = {.offset = offset, .data = bytes(data, len)};
    return quic_stream_add(to, pool, &frame);
}

static bool holds(const struct quic_stream *of, const uint8_t *expected, size_t len)
{
    uint8_t copy[STREAM_MAX];
    if (quic_stream_ready(of) != len)
        return false;
    quic_stream_copy(of, pool, copy, len);
    return memcmp(copy, expected, len) == 0;
}

/* xorshift64: the same choices in every run */
static uint64_t random_state;

static size_t random_below(size_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (size_t)(random_state % limit);
}

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
    random_state = 0x9e3779b97f4a7c15;
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

static void first_come(void)
{
    uint8_t a[10], b[2000], expected[2000];
    memset(a, 'a', sizeof a);
    memset(b, 'b', sizeof b);
    memset(expected, 'b', sizeof expected);
    memset(expected + 1020, 'a', sizeof a);
    memset(expected + 1500, 'a', sizeof a);
    begin(2);
    CU_ASSERT_EQUAL(add(&stream, 1500, a, sizeof a), QW_OK);
    CU_ASSERT_EQUAL(add(&stream, 1020, a, sizeof a), QW_OK);
    CU_ASSERT_EQUAL(add(&stream, 0, b, sizeof b), QW_OK);
    CU_ASSERT_EQUAL(add(&stream, 0, a, sizeof a), QW_OK);
    CU_ASSERT_TRUE(holds(&stream, expected, sizeof expected));
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
    CU_ASSERT_EQUAL(add(&stream, offset, hello, len), QW_ERR_FULL);
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

/* ---- against a stream that is one flag a byte ---- */

#define MODEL_STREAMS 4
#define MODEL_POOL 20
#define MODEL_ADDS 100000

struct model {
    uint8_t data[STREAM_MAX], there[STREAM_MAX + 1]; /* the last flag is never set */
    bool chunk[QUIC_STREAM_CHUNKS];
};

/* The end of the run of equal flags that starts at `at`. */
static size_t run_end(const struct model *model, size_t at)
{
    const uint8_t *next = memchr(model->there + at, !model->there[at], STREAM_MAX - at);
    return next ? (size_t)(next - model->there) : STREAM_MAX;
}

static unsigned model_islands(const struct model *model)
{
    unsigned count = 0;
    for (size_t at = 0; at < STREAM_MAX; at = run_end(model, at))
        count += model->there[at];
    return count;
}

static size_t model_ready(const struct model *model)
{
    return model->there[0] ? run_end(model, 0) : 0;
}

/* Adds to a copy; keeps the copy only when it stays within the bounds. */
static enum qw_error model_add(struct model *model, unsigned *unused, size_t offset, const uint8_t *data,
                               size_t len)
{
    static struct model next;
    unsigned taken = 0;
    if (offset + len > STREAM_MAX)
        return QW_ERR_FULL;
    next = *model;
    for (size_t i = 0; i < len; i++) {
        if (!next.there[offset + i])
            next.data[offset + i] = data[i];
        next.there[offset + i] = 1;
        bool *chunk = &next.chunk[(offset + i) / QUIC_CHUNK];
        taken += !*chunk;
        *chunk = true;
    }
    if (model_islands(&next) > QUIC_STREAM_RANGES || taken > *unused)
        return QW_ERR_FULL;
    *model = next;
    *unused -= taken;
    return QW_OK;
}

static void model_release(struct model *model, unsigned *unused)
{
    for (unsigned i = 0; i < QUIC_STREAM_CHUNKS; i++)
        *unused += model->chunk[i];
    memset(model, 0, sizeof *model);
}

static bool agree(const struct quic_stream *of, const struct model *model)
{
    for (unsigned i = 0; i < of->ranges; i++)
        if (!model->there[of->range[i].start] || run_end(model, of->range[i].start) != of->range[i].end)
            return false;
    return of->ranges == model_islands(model) && holds(of, model->data, model_ready(model));
}

/* Mostly small pieces near the start, so that there are islands; some large, some past the end. */
static size_t random_len(void)
{
    static const size_t MAX[] = {1, 8, 8, 40, 200, 3000};
    return random_below(1 + MAX[random_below(COUNT(MAX))]);
}

static void model_comparison(void)
{
    static struct model models[MODEL_STREAMS];
    static struct quic_stream streams[MODEL_STREAMS];
    static uint8_t noise[4096];
    unsigned unused = MODEL_POOL, full = 0, wrong = 0;
    random_state = 0x2545f4914f6cdd1d;
    begin(MODEL_POOL);
    for (unsigned i = 0; i < MODEL_ADDS; i++) {
        size_t n = random_below(MODEL_STREAMS), len = random_len();
        size_t offset = random_below(random_below(3) ? 2500 : STREAM_MAX + 100);
        noise[random_below(sizeof noise)] = (uint8_t)random_below(256);
        const uint8_t *data = noise + random_below(sizeof noise - len);
        enum qw_error expected = len ? model_add(&models[n], &unused, offset, data, len) : QW_OK;
        if (len || offset <= STREAM_MAX)
            wrong += add(&streams[n], offset, data, len) != expected;
        full += expected == QW_ERR_FULL;
        wrong += !agree(&streams[n], &models[n]) || quic_chunks_used(pool) != MODEL_POOL - unused;
        if (random_below(100) == 0) {
            quic_stream_release(&streams[n], pool);
            model_release(&models[n], &unused);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_TRUE(full > MODEL_ADDS / 20 && full < MODEL_ADDS / 2);
    for (size_t n = 0; n < MODEL_STREAMS; n++)
        quic_stream_release(&streams[n], pool);
    end();
}

static const struct test TESTS[] = {
    {"W4: a ClientHello cut in two everywhere, both orders", two_pieces},
    {"W4: a ClientHello in one to eight pieces, in all orders up to four", many_pieces},
    {"W4: the pieces of a browser, in its order", browser_pieces},
    {"W4: overlaps and duplicates", overlaps},
    {"W4: bytes stay as they came first", first_come},
    {"W4, S3: nothing beyond 16 KiB", largest},
    {"W4, S3: a bounded number of islands", islands},
    {"W4, S3: a pool without chunks leaves the stream as it was", pool_exhausted},
    {"W4, S3: pools of every size", pool_sizes},
    {"W4, S3: 100,000 random adds against a naive model", model_comparison},
};

void stream_suite(void)
{
    TEST_SUITE("quic: CRYPTO stream", TESTS);
}
