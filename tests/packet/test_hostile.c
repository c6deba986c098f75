/* No input makes the decoder read past its buffer: each one ends where a page without any access begins. */
#include "guard.h"
#include "shape.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

#define MUTATIONS 200000
#define GUARDED_MAX 4096
#define EXTENSION "00 01040000 0000"

/* Whether all that the view promises lies within the `len` bytes at `data`. */
static bool holds(const struct packet_view *v, const uint8_t *data, size_t len, uint32_t wire_len)
{
    if (v->ip_len > wire_len || v->payload.len > v->payload_len || v->payload_len > v->ip_len)
        return false;
    if (v->kind == PACKET_UDP)
        return v->payload.data == data + v->l4_offset + 8 && v->l4_offset + 8 + v->payload.len <= len;
    if (v->payload.len != 0 || v->payload.data != NULL)
        return false;
    if (v->kind != PACKET_ICMP_ERROR)
        return v->l4_offset <= len;
    const struct packet_quote *quote = &v->icmp.quote;
    return v->l4_offset + 8u == quote->offset && quote->offset <= len &&
           (quote->is_udp ? quote->l4_offset + 4u <= len : quote->l4_offset == 0);
}

/* Decodes a guarded copy; false when the view promises too much, or for an error no header names. */
static bool survives(const uint8_t *bytes, size_t len, uint32_t wire_len, enum qw_error *error)
{
    struct packet_view v;
    static struct guard guard;
    if (!guard.pages)
        guard = guard_new(GUARDED_MAX);
    uint8_t *copy = guard_copy(&guard, bytes, len);
    *error = packet_decode(copy, len, wire_len, &v);
    if (*error == QW_OK)
        return holds(&v, copy, len, wire_len);
    return v.kind == PACKET_OTHER && (*error == QW_ERR_TRUNCATED || *error == QW_ERR_MALFORMED);
}

#define SEEDS 12

static void make_seeds(struct shape seeds[static SEEDS])
{
    struct shape udp4 = shape_udp(QW_IPV4, 60), udp6 = shape_udp(QW_IPV6, 60), options = udp4, chain = udp6;
    shape_options(&options, "94040000 01010101");
    shape_extend(&chain, 60, EXTENSION);
    shape_extend(&chain, 51, "04 0000 00000001 00000002 000102030405060708090a0b");
    shape_extend(&chain, 43, EXTENSION);
    shape_extend(&chain, 0, EXTENSION);
    struct shape first4 = udp4, later4 = udp4, first6 = udp6, later6 = udp6;
    shape_fragment4(&first4, 0, true);
    shape_fragment4(&later4, 64, true);
    shape_extend(&first6, 44, "00 0001 00000001");
    shape_extend(&later6, 44, "00 0040 00000001");
    seeds[0] = udp4;
    seeds[1] = udp6;
    seeds[2] = options;
    seeds[3] = chain;
    seeds[4] = first4;
    seeds[5] = later4;
    seeds[6] = first6;
    seeds[7] = later6;
    seeds[8] = shape_icmp(3, 4, 1400, &options, 40);
    seeds[9] = shape_icmp(2, 0, 1280, &chain, chain.len);
    seeds[10] = shape_icmp(11, 1, 0, &first4, 28);
    seeds[11] = shape_icmp(1, 0, 0, &first6, 60);
    shape_extend(&seeds[11], 60, EXTENSION);
}

/* A valid packet cut by the capture is never called malformed; cut on the wire it is never whole. */
static void every_prefix(void)
{
    struct shape seeds[SEEDS];
    make_seeds(seeds);
    for (size_t i = 0; i < SEEDS; i++)
        for (size_t len = 0; len <= seeds[i].len; len++) {
            enum qw_error captured, on_wire;
            CU_ASSERT(survives(seeds[i].bytes, len, (uint32_t)seeds[i].len, &captured));
            CU_ASSERT_NOT_EQUAL(captured, QW_ERR_MALFORMED);
            CU_ASSERT(survives(seeds[i].bytes, len, (uint32_t)len, &on_wire));
            CU_ASSERT_EQUAL(on_wire == QW_OK, len == seeds[i].len);
        }
}

/* xorshift64: the same bytes in every run. */
static uint32_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 32);
}

/* One to four bytes of the headers get a value out of those that break length arithmetic, or any. */
static void mutate(struct shape *s, uint64_t *state)
{
    static const uint8_t EDGES[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff, 44, 45, 51, 60, 17};
    for (unsigned left = 1 + next_random(state) % 4; left > 0; left--) {
        size_t at = next_random(state) % s->len;
        uint32_t value = next_random(state);
        s->bytes[at] = value & 0x100 ? (uint8_t)value : EDGES[value % sizeof(EDGES)];
    }
    if (next_random(state) % 4 == 0)
        s->len = next_random(state) % (s->len + 1);
}

static void random_mutations(void)
{
    struct shape seeds[SEEDS];
    uint64_t state = 0x9e3779b97f4a7c15;
    unsigned outcomes[QW_ERROR_COUNT] = {0}, broken = 0;
    make_seeds(seeds);
    for (unsigned i = 0; i < MUTATIONS; i++) {
        struct shape s = seeds[i % SEEDS];
        size_t wire_len = s.len;
        enum qw_error error;
        mutate(&s, &state);
        broken += !survives(s.bytes, s.len, (uint32_t)(i & 1 ? wire_len : s.len), &error);
        outcomes[error]++;
    }
    CU_ASSERT_EQUAL(broken, 0);
    /* The mutations reach all three outcomes often, so this is no test of one early return. */
    CU_ASSERT(outcomes[QW_OK] > MUTATIONS / 20 && outcomes[QW_ERR_MALFORMED] > MUTATIONS / 20 &&
              outcomes[QW_ERR_TRUNCATED] > MUTATIONS / 20);
}

static void a_wire_length_below_the_capture_is_believed(void)
{
    struct shape s = shape_udp(QW_IPV4, 60);
    struct packet_view v;
    CU_ASSERT_EQUAL(packet_decode(s.bytes, s.len, 10, &v), QW_ERR_TRUNCATED);
    CU_ASSERT_EQUAL(packet_decode(s.bytes, s.len, 40, &v), QW_ERR_MALFORMED);
}

void hostile_suite(void)
{
    static const struct test TESTS[] = {
        {"S7: every prefix of valid packets", every_prefix},
        {"S7: 200,000 mutations stay within the buffer", random_mutations},
        {"S7: a wire length below the captured one is believed", a_wire_length_below_the_capture_is_believed},
    };
    TEST_SUITE("hostile", TESTS);
}
