#include "capture_ng.h"
#include "capture_ng_time.h"
#include "ng_file.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

#define ETHERNET 1
#define PPP 9
#define RAW 101
#define IEEE802_11 105
#define SECOND UINT64_C(1000000000)

static const uint8_t DATA[] = {1, 2, 3, 4, 5, 6, 7};

/* The file from memory, opened; the test fails when it does not. */
static struct capture_ng *open_ng(const struct ng_file *file)
{
    struct capture_ng *ng = NULL;
    const char *damage;
    FILE *stream = fmemopen((void *)(uintptr_t)file->bytes, file->len, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    CU_ASSERT_EQUAL_FATAL(capture_ng_open(stream, &ng, &damage), QW_OK);
    return ng;
}

static void expect(struct capture_ng *ng, int link, uint64_t ns, uint32_t captured, uint32_t wire_len)
{
    struct capture_ng_frame frame;
    const char *damage;
    CU_ASSERT_EQUAL_FATAL(capture_ng_next(ng, &frame, &damage), QW_OK);
    CU_ASSERT_EQUAL(frame.link, link);
    CU_ASSERT_EQUAL(frame.ns, ns);
    CU_ASSERT_EQUAL(frame.captured, captured);
    CU_ASSERT_EQUAL(frame.wire_len, wire_len);
    CU_ASSERT_EQUAL(memcmp(frame.data, DATA, captured), 0);
}

static void expect_end(struct capture_ng *ng)
{
    struct capture_ng_frame frame;
    const char *damage;
    CU_ASSERT_EQUAL(capture_ng_next(ng, &frame, &damage), QW_ERR_NOT_FOUND);
    CU_ASSERT_EQUAL(capture_ng_next(ng, &frame, &damage), QW_ERR_NOT_FOUND);
    capture_ng_close(ng);
}

static void every_frame_has_the_link_of_its_interface(void)
{
    for (int big = 0; big < 2; big++) {
        struct ng_file file = {.len = 0};
        ng_section(&file, big);
        ng_interface(&file, ETHERNET);
        ng_interface_begin(&file, PPP, 96);
        ng_end(&file);
        ng_packet(&file, 1, 5000000, DATA, 7, 70);
        ng_packet(&file, 0, 5000001, DATA, 4, 4);
        ng_interface(&file, IEEE802_11); /* one that came up later */
        ng_packet(&file, 2, 5000002, DATA, 0, 0);
        struct capture_ng *ng = open_ng(&file);
        expect(ng, PPP, 5 * SECOND, 7, 70);
        expect(ng, ETHERNET, 5 * SECOND + 1000, 4, 4);
        expect(ng, IEEE802_11, 5 * SECOND + 2000, 0, 0);
        expect_end(ng);
    }
}

static void sections_have_interfaces_and_byte_order_of_their_own(void)
{
    struct ng_file file = {.len = 0};
    ng_section(&file, false);
    ng_interface(&file, ETHERNET);
    ng_packet(&file, 0, 1, DATA, 7, 7);
    ng_section(&file, true);
    ng_interface(&file, PPP);
    ng_packet(&file, 0, 2, DATA, 7, 7);
    ng_section(&file, false);
    ng_packet(&file, 0, 3, DATA, 7, 7); /* of no interface of this section */
    struct capture_ng *ng = open_ng(&file);
    struct capture_ng_frame frame;
    const char *damage;
    expect(ng, ETHERNET, 1000, 7, 7);
    expect(ng, PPP, 2000, 7, 7);
    CU_ASSERT_EQUAL(capture_ng_next(ng, &frame, &damage), QW_ERR_MALFORMED);
    CU_ASSERT_STRING_EQUAL(damage, "a packet came by an interface that is not described");
    capture_ng_close(ng);
}

static void option(struct ng_file *file, uint16_t code, const void *value, uint16_t len)
{
    ng_u16(file, code);
    ng_u16(file, len);
    ng_padded(file, value, len);
}

static void an_interface_says_how_it_counts_time(void)
{
    struct ng_file file = {.len = 0};
    ng_section(&file, true);
    ng_interface_begin(&file, RAW, 0);
    option(&file, 2, "wan0", 5); /* a name, with its padding */
    option(&file, 9, "\x09", 1); /* nanoseconds */
    ng_u16(&file, 14);           /* and 100 s more */
    ng_u16(&file, 8);
    ng_u64(&file, 100);
    option(&file, 0, "", 0);
    option(&file, 9, "\x00", 1); /* behind the end: not read */
    ng_end(&file);
    ng_packet(&file, 0, 7, DATA, 7, 7);
    struct capture_ng *ng = open_ng(&file);
    expect(ng, RAW, 100 * SECOND + 7, 7, 7);
    expect_end(ng);
}

static void times_of_every_resolution(void)
{
    CU_ASSERT_EQUAL(capture_ng_time(3, 0, 0), 3 * SECOND);
    CU_ASSERT_EQUAL(capture_ng_time(3, 6, 0), 3000);
    CU_ASSERT_EQUAL(capture_ng_time(3999, 12, 0), 3);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_MAX, 127, 0), 0);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_MAX, 0, 0), UINT64_MAX);
    CU_ASSERT_EQUAL(capture_ng_time(3, 0x80, 0), 3 * SECOND);
    CU_ASSERT_EQUAL(capture_ng_time(3, 0x81, 0), SECOND + SECOND / 2);
    CU_ASSERT_EQUAL(capture_ng_time((UINT64_C(5) << 32) + (1u << 31), 0x80 | 32, 0), 5 * SECOND + SECOND / 2);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_C(1) << 62, 0x80 | 63, 0), SECOND / 2);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_C(1) << 63, 0x80 | 64, 0), SECOND / 2);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_MAX, 0xff, 0), 0);
    CU_ASSERT_EQUAL(capture_ng_time(UINT64_MAX, 0x80, 0), UINT64_MAX);
    CU_ASSERT_EQUAL(capture_ng_time(5, 0, -3), 2 * SECOND);
    CU_ASSERT_EQUAL(capture_ng_time(5, 0, -6), 0);
    CU_ASSERT_EQUAL(capture_ng_time(5, 0, INT64_MIN), 0);
    CU_ASSERT_EQUAL(capture_ng_time(5, 0, INT64_MAX), UINT64_MAX);
}

static void simple_and_obsolete_packets_are_read(void)
{
    struct ng_file file = {.len = 0};
    ng_section(&file, false);
    ng_interface_begin(&file, RAW, 4);
    ng_end(&file);
    ng_begin(&file, 3);
    ng_u32(&file, 90);
    ng_padded(&file, DATA, 4); /* as many as the snap length lets */
    ng_end(&file);
    ng_begin(&file, 2);
    ng_u16(&file, 0);
    ng_u16(&file, 3); /* dropped before it */
    ng_u32(&file, 0);
    ng_u32(&file, 9);
    ng_u32(&file, 4);
    ng_u32(&file, 91);
    ng_padded(&file, DATA, 4);
    ng_end(&file);
    struct capture_ng *ng = open_ng(&file);
    expect(ng, RAW, 0, 4, 90);
    expect(ng, RAW, 9000, 4, 91);
    expect_end(ng);
}

static void other_blocks_are_read_past(void)
{
    static uint8_t zeros[5000];
    struct ng_file file = {.len = 0};
    ng_section(&file, false);
    ng_interface(&file, RAW);
    ng_begin(&file, 0x80000bad);
    ng_padded(&file, zeros, sizeof zeros);
    ng_end(&file);
    ng_packet(&file, 0, 1, DATA, 7, 7);
    ng_begin(&file, 5);
    ng_end(&file);
    struct capture_ng *ng = open_ng(&file);
    expect(ng, RAW, 1000, 7, 7);
    expect_end(ng);
}

static void all_links_unknown_are_told(void)
{
    struct ng_file file = {.len = 0};
    ng_section(&file, false);
    ng_interface(&file, IEEE802_11);
    struct capture_ng *ng = open_ng(&file);
    CU_ASSERT_EQUAL(capture_ng_unknown_link(ng), IEEE802_11);
    capture_ng_close(ng);
    ng_interface(&file, RAW);
    ng = open_ng(&file);
    CU_ASSERT_EQUAL(capture_ng_unknown_link(ng), -1);
    capture_ng_close(ng);
}

/* What the first damage is, whether it is met at once or later; NULL: none. */
static const char *damage_of(const uint8_t *bytes, size_t len)
{
    struct capture_ng *ng;
    struct capture_ng_frame frame;
    const char *damage = NULL;
    FILE *stream = fmemopen((void *)(uintptr_t)bytes, len, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(stream);
    if (capture_ng_open(stream, &ng, &damage) != QW_OK) {
        fclose(stream);
        return damage;
    }
    while (capture_ng_next(ng, &frame, &damage) == QW_OK)
        CU_ASSERT(frame.captured <= 262144);
    capture_ng_close(ng);
    return damage;
}

static void small_file(struct ng_file *file)
{
    ng_section(file, false);
    ng_interface_begin(file, RAW, 0);
    option(file, 9, "\x09", 1);
    option(file, 0, "", 0);
    ng_end(file);
    ng_packet(file, 0, 1, DATA, 7, 7);
    ng_packet(file, 0, 2, DATA, 5, 9);
}

static void a_file_that_ends_anywhere_is_damaged(void)
{
    struct ng_file file = {.len = 0};
    small_file(&file);
    unsigned whole = 0;
    for (size_t len = 1; len <= file.len; len++)
        whole += damage_of(file.bytes, len) == NULL;
    CU_ASSERT_EQUAL(whole, 4); /* behind the section, the interface and each packet */
    CU_ASSERT_STRING_EQUAL(damage_of(file.bytes, file.len - 1), "the file ends inside a block");
}

static void lengths_that_lie_are_damage(void)
{
    static const struct {
        unsigned at;
        uint8_t value;
        const char *damage;
    } LIES[] = {
        {0, 0x0b, "it is no capture file"},
        {4, 29, "a block's length is wrong"},
        {4, 12, "a block's length is wrong"},
        {8, 0, "it is no pcapng section"},
        {12, 2, "its version of pcapng is not known"},
        {24, 32, "the two lengths of a block differ"},
        {32, 16, "a block is too short for what it holds"},
        {46, 200, "a block is too short for what it holds"},
        {68, 1, "a packet came by an interface that is not described"},
        {80, 9, "a packet is longer than its block"},
        {83, 255, "a packet is longer than its block"},
        {64, 28, "a block is too short for what it holds"},
    };
    for (size_t i = 0; i < sizeof LIES / sizeof LIES[0]; i++) {
        struct ng_file file = {.len = 0};
        small_file(&file);
        file.bytes[LIES[i].at] = LIES[i].value;
        const char *damage = damage_of(file.bytes, file.len);
        CU_ASSERT_PTR_NOT_NULL_FATAL(damage);
        CU_ASSERT_STRING_EQUAL(damage, LIES[i].damage);
    }
}

static void too_many_interfaces_are_damage(void)
{
    static uint8_t bytes[28 + 4097 * 20];
    struct ng_file file = {.len = 0};
    ng_section(&file, false);
    ng_interface(&file, RAW);
    memcpy(bytes, file.bytes, 28);
    for (size_t i = 0; i < 4097; i++)
        memcpy(bytes + 28 + 20 * i, file.bytes + 28, 20);
    CU_ASSERT_PTR_NULL(damage_of(bytes, sizeof bytes - 20));
    CU_ASSERT_STRING_EQUAL(damage_of(bytes, sizeof bytes), "it describes more than 4096 interfaces");
}

static void hostile_files_harm_nothing(void)
{
    uint64_t state = 11;
    struct ng_file good = {.len = 0};
    small_file(&good);
    for (unsigned round = 0; round < 20000; round++) {
        struct ng_file file = good;
        unsigned changes = 1 + test_random(&state) % 4;
        for (unsigned i = 0; i < changes; i++)
            file.bytes[test_random(&state) % file.len] = (uint8_t)test_random(&state);
        damage_of(file.bytes, 1 + test_random(&state) % file.len);
    }
}

void capture_ng_suite(void)
{
    static const struct test TESTS[] = {
        {"O5: interfaces of one file differ in link type", every_frame_has_the_link_of_its_interface},
        {"a section has its own interfaces and byte order",
         sections_have_interfaces_and_byte_order_of_their_own},
        {"an interface says how it counts time", an_interface_says_how_it_counts_time},
        {"times of every resolution, without overflow", times_of_every_resolution},
        {"simple and obsolete packet blocks", simple_and_obsolete_packets_are_read},
        {"other blocks are read past", other_blocks_are_read_past},
        {"a file of unknown link types only is told apart", all_links_unknown_are_told},
        {"a file that ends anywhere is damaged", a_file_that_ends_anywhere_is_damaged},
        {"S3: lengths that lie are damage", lengths_that_lie_are_damage},
        {"S3: at most 4096 interfaces", too_many_interfaces_are_damage},
        {"S3: hostile files harm nothing", hostile_files_harm_nothing},
    };
    TEST_SUITE("capture_ng", TESTS);
}
