/* What stands in a store: written and read, byte by byte, and with every bit of it wrong. */
#include "peers.h"
#include "random.h"
#include "record.h"
#include "suite.h"
#include <string.h>

static const struct qw_addr EXTERNAL[] = {
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 198, 51, 100, 7}},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 198, 51, 100, 8}},
};
static const struct record_terms TERMS = {
    .key = {1, 2}, .nat = true, .external = EXTERNAL, .external_count = 2};

static struct qw_endpoint endpoint(const char *text)
{
    struct qw_endpoint out;
    CU_ASSERT_TRUE_FATAL(qw_endpoint_parse(text, &out, &(enum qw_family){0}));
    return out;
}

static struct engine_mirrored sample(void)
{
    return (struct engine_mirrored){
        .family = QW_IPV4,
        .inside = endpoint("10.0.0.5:5000"),
        .outside = endpoint("192.0.2.1:443"),
        .external = endpoint("198.51.100.8:40000"),
        .state = FLOW_CONFIRMED,
        .class = FLOW_KNOWN,
        .flags = ENGINE_MIRROR_BEGUN_INSIDE | ENGINE_MIRROR_CLIENT_KNOWN | ENGINE_MIRROR_CLIENT_INSIDE |
                 ENGINE_MIRROR_HOLDS_MAPPING | ENGINE_MIRROR_QUIC,
        .version = 0x01020304,
        .rule = 0x05060708,
        .last_seen = {0x0a0b0c0dull * QW_NS_PER_SECOND + 5},
    };
}

static void the_layout_is_written_down(void)
{
    static const uint8_t BYTES[RECORD_SIZE - 4] = {
        2,    4,    4,    6,    0x37, 0,    0x13, 0x88, /* version, family, state, class, flags, 0, inside
                                                           port */
        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, 10,  0, 0, 5, /* inside address */
        0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 0, 0, 192, 0, 2, 1, /* outside address */
        0x01, 0xbb, 0x9c, 0x40, 198,  51,   100,  8, /* outside port, external port, address */
        1,    2,    3,    4,    0x0a, 0x0b, 0x0c, 0x0d, 5, 6, 7, 8}; /* version of QUIC, last packet, rule */
    uint8_t out[RECORD_SIZE];
    struct engine_mirrored flow = sample();
    record_write(&TERMS, &flow, out);
    CU_ASSERT_EQUAL(memcmp(out, BYTES, sizeof BYTES), 0);
    uint32_t check = (uint32_t)qw_hash24(TERMS.key, BYTES, sizeof BYTES);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(out[60 + i], (uint8_t)(check >> (24 - 8 * i)));
}

static bool same(const struct engine_mirrored *a, const struct engine_mirrored *b)
{
    return a->family == b->family && qw_endpoint_compare(&a->inside, &b->inside) == 0 &&
           qw_endpoint_compare(&a->outside, &b->outside) == 0 &&
           qw_endpoint_compare(&a->external, &b->external) == 0 && a->state == b->state &&
           a->class == b->class && a->flags == b->flags && a->version == b->version && a->rule == b->rule &&
           a->last_seen.ns / QW_NS_PER_SECOND == b->last_seen.ns / QW_NS_PER_SECOND;
}

static void flows_come_back(void)
{
    struct engine_mirrored flows[3] = {sample(), sample(), sample()}, read;
    uint8_t bytes[RECORD_SIZE] = {0};
    flows[1].external = (struct qw_endpoint){.port = 0};
    flows[1].flags = 0;
    flows[2] = flows[1];
    flows[2].family = QW_IPV6;
    flows[2].inside = endpoint("[2001:db8:1::5]:5000");
    flows[2].outside = endpoint("[2001:db8:2::1]:443");
    CU_ASSERT_EQUAL(record_read(&TERMS, bytes, &read), RECORD_EMPTY);
    for (unsigned i = 0; i < 3; i++) {
        record_write(&TERMS, &flows[i], bytes);
        CU_ASSERT_EQUAL(record_read(&TERMS, bytes, &read), RECORD_FLOW);
        CU_ASSERT_TRUE(same(&read, &flows[i]));
    }
}

static void every_bit_counts(void)
{
    uint8_t bytes[RECORD_SIZE], changed[RECORD_SIZE];
    struct engine_mirrored flow = sample(), read;
    struct record_terms others = TERMS;
    record_write(&TERMS, &flow, bytes);
    for (unsigned bit = 0; bit < 8 * RECORD_SIZE; bit++) {
        memcpy(changed, bytes, sizeof bytes);
        changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        CU_ASSERT_EQUAL(record_read(&TERMS, changed, &read), RECORD_BAD);
    }
    others.key.k1++;
    CU_ASSERT_EQUAL(record_read(&others, bytes, &read), RECORD_BAD);
}

/* With a right check value: whoever has the key may err too. */
static enum record_result reads(const struct engine_mirrored *flow, const struct record_terms *terms)
{
    uint8_t bytes[RECORD_SIZE];
    struct engine_mirrored read;
    record_write(terms, flow, bytes);
    return record_read(terms, bytes, &read);
}

static void fields_are_checked(void)
{
    struct record_terms firewall = {.key = TERMS.key}, unknown = TERMS;
    struct engine_mirrored bad[18];
    for (unsigned i = 0; i < 18; i++)
        bad[i] = sample();
    bad[0].family = (enum qw_family)5;
    bad[1].state = (enum flow_state)(FLOW_CONFIRMED + 1);
    bad[2].class = FLOW_CLASSES;
    bad[3].class = FLOW_ATTEMPT;
    bad[4].class = FLOW_ASKED;
    bad[5].flags &= ~(unsigned)ENGINE_MIRROR_CLIENT_KNOWN; /* the client is not known, but it is inside */
    bad[6].inside.port = 0;
    bad[7].outside.port = 0;
    bad[8].inside.addr = (struct qw_addr){{0}};
    bad[9].outside.addr = (struct qw_addr){{0}};
    bad[10].inside.addr.bytes[0] = 1;
    bad[11].outside.addr.bytes[11] = 1;
    bad[12].outside = bad[12].inside;
    bad[13].external.port = 0; /* and holds a mapping; and has an address */
    bad[14].external.addr = (struct qw_addr){{0}};
    bad[15].external.addr.bytes[15] = 9;                /* the configuration does not have it */
    bad[16].family = QW_IPV6;                           /* which is not translated */
    bad[17].external = (struct qw_endpoint){.port = 0}; /* and holds a mapping */
    for (unsigned i = 0; i < 18; i++)
        CU_ASSERT_EQUAL(reads(&bad[i], &TERMS), RECORD_BAD);
    struct engine_mirrored flow = sample();
    CU_ASSERT_EQUAL(reads(&flow, &TERMS), RECORD_FLOW);
    CU_ASSERT_EQUAL(reads(&flow, &firewall), RECORD_BAD);
    unknown.external_count = 0; /* an address that follows an interface: the NAT judges */
    CU_ASSERT_EQUAL(reads(&bad[15], &unknown), RECORD_FLOW);
}

static void anything_is_read_and_nothing_believed(void)
{
    uint64_t random = 3;
    struct engine_mirrored read;
    uint8_t bytes[RECORD_SIZE];
    for (unsigned round = 0; round < 20000; round++) {
        for (unsigned i = 0; i < RECORD_SIZE; i++)
            bytes[i] = (uint8_t)(test_random(&random) % 256);
        CU_ASSERT_EQUAL(record_read(&TERMS, bytes, &read), RECORD_BAD);
    }
}

/* ---- the header ---- */

static const struct record_header HEADER = {.digest = 0x1122334455667788,
                                            .life = 99,
                                            .written = 12345,
                                            .now = {1000},
                                            .shards = 4,
                                            .slots = 1024,
                                            .owned_count = 3,
                                            .owned = {{7, true}, {0, false}, {1ull << 40, true}}};

static void headers_come_back(void)
{
    uint8_t bytes[RECORD_HEADER_MAX];
    struct record_header read;
    size_t len = record_header_write(&TERMS, &HEADER, bytes);
    CU_ASSERT_EQUAL(len, 80 + 3 * 8);
    CU_ASSERT_EQUAL(memcmp(bytes, "QWPEER\0\2\x11\x22\x33\x44\x55\x66\x77\x88\0\0\0\0\0\0\0\3", 24), 0);
    CU_ASSERT_EQUAL(memcmp(bytes + 72, "\1\0\0\0\0\0\0\7\0\0\0\0\0\0\0\0\1\0\1\0\0\0\0\0", 24), 0);
    CU_ASSERT_EQUAL(record_header_read(&TERMS, bytes, len, &read), RECORD_HEADER_GOOD);
    CU_ASSERT_TRUE(read.digest == HEADER.digest && read.life == 99 && read.written == 12345 &&
                   read.now.ns == 1000 && read.shards == 4 && read.slots == 1024 && read.owned_count == 3);
    for (unsigned i = 0; i < 3; i++)
        CU_ASSERT_TRUE(read.owned[i].epoch == HEADER.owned[i].epoch &&
                       read.owned[i].active == HEADER.owned[i].active);
}

static void wrong_headers_are_none(void)
{
    uint8_t bytes[RECORD_HEADER_MAX + 1] = {0};
    struct record_header read, bad;
    size_t whole = record_header_write(&TERMS, &HEADER, bytes);
    for (size_t len = 0; len <= sizeof bytes; len++)
        if (len != whole)
            CU_ASSERT_EQUAL(record_header_read(&TERMS, bytes, len, &read), RECORD_HEADER_BAD);
    for (unsigned bit = 0; bit < 8 * whole; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        bool version = bit / 8 == 6 || bit / 8 == 7;
        CU_ASSERT_EQUAL(record_header_read(&TERMS, bytes, whole, &read),
                        version ? RECORD_HEADER_OTHER : RECORD_HEADER_BAD);
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (unsigned i = 0; i < 6; i++) {
        bad = HEADER;
        if (i == 0)
            bad.shards = 0;
        else if (i == 1)
            bad.shards = RECORD_SHARDS_MAX + 1;
        else if (i == 2)
            bad.slots = 0;
        else if (i == 3)
            bad.slots = RECORD_SLOTS_MAX / 4 + 1; /* more memory than any flows.max takes */
        else if (i == 4)
            bad.owned[1].epoch = (1ull << 48) - 1; /* nobody could outdo it */
        else
            bad.owned_count = 0;
        whole = record_header_write(&TERMS, &bad, bytes);
        CU_ASSERT_EQUAL(record_header_read(&TERMS, bytes, whole, &read), RECORD_HEADER_BAD);
    }
}

/* With a right check value: how many there are, and what stands in the bytes that say nothing. */
static void counts_of_owners_are_checked(void)
{
    static const struct {
        unsigned at;
        uint8_t value;
    } WRONG[] = {{23, 2}, {23, 4}, {23, 0}, {23, 65}, {16, 1}, {72, 2}, {73, 1}};
    struct record_header read;
    for (unsigned i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++) {
        uint8_t bytes[RECORD_HEADER_MAX];
        size_t len = record_header_write(&TERMS, &HEADER, bytes);
        bytes[WRONG[i].at] = WRONG[i].value;
        uint64_t check = qw_hash24(TERMS.key, bytes, len - 8);
        for (unsigned n = 0; n < 8; n++)
            bytes[len - 8 + n] = (uint8_t)(check >> (56 - 8 * n));
        CU_ASSERT_EQUAL(record_header_read(&TERMS, bytes, len, &read), RECORD_HEADER_BAD);
    }
}

void suite_record(void)
{
    static const struct test TESTS[] = {
        {"K1: a record is what is written down, most significant byte first", the_layout_is_written_down},
        {"K1: flows come back as they were", flows_come_back},
        {"K1 S7: a record with a wrong bit is none", every_bit_counts},
        {"K1 S7 N2: each field is checked; none claims an address that the configuration lacks",
         fields_are_checked},
        {"S7: anything is read, and nothing believed", anything_is_read_and_nothing_believed},
        {"K1: headers come back as they were", headers_come_back},
        {"K1 S7 S3: a header that is cut, changed, of another version or too large is none",
         wrong_headers_are_none},
        {"K1 S7: nor is one that names another number of owners than it has", counts_of_owners_are_checked},
    };
    TEST_SUITE("record", TESTS);
}
