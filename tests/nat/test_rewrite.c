/* Rewritten packets against the same packets made anew, byte by byte. */
#include "test_rewrite.h"
#include "random.h"
#include "rewrite_model.h"
#include "suite.h"
#include <quicward/nat.h>
#include <string.h>

#define ROUNDS 60000

static struct packet_view view_of(const struct bytes *bytes, enum packet_kind kind)
{
    struct packet_view view;
    CU_ASSERT_EQUAL_FATAL(packet_decode(bytes->at, bytes->len, (uint32_t)bytes->len, &view), QW_OK);
    CU_ASSERT_EQUAL_FATAL(view.kind, kind);
    CU_ASSERT(view.l4_offset % 2 == 0);
    if (kind == PACKET_ICMP_ERROR)
        CU_ASSERT(view.icmp.quote.offset % 2 == 0 && view.icmp.quote.l4_offset % 2 == 0);
    return view;
}

/* Which endpoints change: any of the four ways, and to what. */
struct change {
    bool has_src, has_dst;
    struct qw_endpoint src, dst;
};

static struct change random_change(uint64_t *state)
{
    uint32_t random = test_random(state);
    return (struct change){random & 1, random & 2, model_random_endpoint(state),
                           model_random_endpoint(state)};
}

static void apply(const struct change *change, struct qw_endpoint *src, struct qw_endpoint *dst)
{
    if (change->has_src)
        *src = change->src;
    if (change->has_dst)
        *dst = change->dst;
}

static void rewrite_udp(struct bytes *bytes, const struct change *change)
{
    struct packet_view view = view_of(bytes, PACKET_UDP);
    struct nat_rewrite rewrite = nat_rewrite_of(&view.tuple, change->has_src ? &change->src : NULL,
                                                change->has_dst ? &change->dst : NULL);
    nat_rewrite_udp(bytes->at, &view, &rewrite);
}

static bool same(const struct bytes *a, const struct bytes *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

static void udp_is_as_if_sent_so(void)
{
    uint64_t state = 1;
    unsigned differ = 0, ones = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct model_udp udp = model_random_udp(&state), after = udp;
        struct change change = random_change(&state);
        apply(&change, &after.src, &after.dst);
        if (i % 4 == 0) {
            model_make_sum_zero(&after);
            memcpy(udp.payload, after.payload, sizeof(udp.payload));
            udp.payload_len = after.payload_len;
            udp.unsummed = false;
        }
        struct bytes got = model_udp_bytes(&udp), want = model_udp_bytes(&after);
        rewrite_udp(&got, &change);
        differ += !same(&got, &want);
        ones += model_word(&got, 20 + udp.options + 6) == 0xffff;
    }
    CU_ASSERT_EQUAL(differ, 0);
    CU_ASSERT(ones >= ROUNDS / 4);
}

static void unsummed_udp_stays_so(void)
{
    uint64_t state = 2;
    for (unsigned i = 0; i < 1000; i++) {
        struct model_udp udp = model_random_udp(&state), after = udp;
        struct change change = random_change(&state);
        udp.unsummed = after.unsummed = true;
        apply(&change, &after.src, &after.dst);
        struct bytes got = model_udp_bytes(&udp), want = model_udp_bytes(&after);
        rewrite_udp(&got, &change);
        CU_ASSERT(same(&got, &want));
        CU_ASSERT_EQUAL(model_word(&got, 20 + udp.options + 6), 0);
    }
}

/* 0x0000 and 0xffff are the same number there, so either may stand where the other was expected. */
static void wrong_udp_stays_as_wrong(void)
{
    uint64_t state = 3;
    unsigned differ = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct model_udp udp = model_random_udp(&state), after;
        struct change change = random_change(&state);
        size_t checksum = 20 + udp.options + 6;
        udp.wrongs = model_random_wrongs(&state);
        after = udp;
        apply(&change, &after.src, &after.dst);
        struct bytes got = model_udp_bytes(&udp), want = model_udp_bytes(&after);
        rewrite_udp(&got, &change);
        differ += (model_word(&got, checksum) == 0) != udp.unsummed;
        model_one_zero(&got, 10), model_one_zero(&want, 10);
        model_one_zero(&got, checksum), model_one_zero(&want, checksum);
        differ += !same(&got, &want);
    }
    CU_ASSERT_EQUAL(differ, 0);
}

static void rewrite_error(struct bytes *bytes, const struct change *outer, const struct change *quoted)
{
    struct packet_view view = view_of(bytes, PACKET_ICMP_ERROR);
    CU_ASSERT_FATAL(view.icmp.quote.is_udp);
    nat_rewrite_error(bytes->at, &view, outer->has_src ? &outer->src.addr : NULL,
                      outer->has_dst ? &outer->dst.addr : NULL, quoted->has_src ? &quoted->src : NULL,
                      quoted->has_dst ? &quoted->dst : NULL);
}

static struct model_error changed(const struct model_error *error, const struct change *outer,
                                  const struct change *quoted)
{
    struct model_error after = *error;
    if (outer->has_src)
        after.src = outer->src.addr;
    if (outer->has_dst)
        after.dst = outer->dst.addr;
    apply(quoted, &after.about.src, &after.about.dst);
    return after;
}

/* The quote is that of the packet as it was or will be on the other side, cut anywhere behind its ports. */
static void errors_are_as_if_sent_so(void)
{
    uint64_t state = 4;
    unsigned differ = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct model_error error = model_random_error(&state);
        struct change outer = random_change(&state), quoted = random_change(&state);
        struct model_error after = changed(&error, &outer, &quoted);
        if (i % 4 == 0) {
            model_make_sum_zero(&after.about);
            memcpy(error.about.payload, after.about.payload, sizeof(error.about.payload));
            error.about.payload_len = after.about.payload_len;
            error.about.unsummed = false;
        }
        struct bytes got = model_error_bytes(&error), want = model_error_bytes(&after);
        rewrite_error(&got, &outer, &quoted);
        differ += !same(&got, &want);
    }
    CU_ASSERT_EQUAL(differ, 0);
}

static void every_cut_of_a_quote(void)
{
    uint64_t state = 5;
    for (unsigned i = 0; i < 200; i++) {
        struct model_error error = model_random_error(&state);
        struct change outer = random_change(&state), quoted = random_change(&state);
        size_t ports_end = 20 + error.about.options + 4;
        for (error.quoted = ports_end; error.quoted < ports_end + 16; error.quoted++) {
            struct model_error after = changed(&error, &outer, &quoted);
            struct bytes got = model_error_bytes(&error), want = model_error_bytes(&after);
            rewrite_error(&got, &outer, &quoted);
            CU_ASSERT(same(&got, &want));
        }
    }
}

/* Routers quote headers whose TTL they had counted down, with or without an updated checksum. */
static void wrong_errors_stay_as_wrong(void)
{
    uint64_t state = 6;
    unsigned differ = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct model_error error = model_random_error(&state);
        struct change outer = random_change(&state), quoted = random_change(&state);
        error.wrongs = model_random_wrongs(&state);
        error.about.wrongs = model_random_wrongs(&state);
        struct model_error after = changed(&error, &outer, &quoted);
        struct bytes got = model_error_bytes(&error), want = model_error_bytes(&after);
        size_t l4 = 20 + error.options, quote = l4 + 8, udp = quote + 20 + error.about.options;
        rewrite_error(&got, &outer, &quoted);
        const size_t checksums[] = {10, l4 + 2, quote + 10, udp + 6};
        for (size_t c = 0; c < 4 && checksums[c] + 2 <= got.len; c++)
            model_one_zero(&got, checksums[c]), model_one_zero(&want, checksums[c]);
        differ += !same(&got, &want);
    }
    CU_ASSERT_EQUAL(differ, 0);
}

static void nothing_new_changes_nothing(void)
{
    uint64_t state = 7;
    for (unsigned i = 0; i < 5000; i++) {
        struct model_error error = model_random_error(&state);
        error.wrongs = model_random_wrongs(&state);
        error.about.wrongs = model_random_wrongs(&state);
        struct bytes before = model_error_bytes(&error), got;
        memset(before.at + 10, 0xff, i % 2 ? 2 : 0); /* the zero that no sender computes */
        memset(before.at + 20 + error.options + 2, 0xff, i % 3 ? 2 : 0);
        got = before;
        struct change outer = {true, true, {.addr = error.src}, {.addr = error.dst}};
        rewrite_error(&got, &(struct change){0}, &(struct change){0});
        CU_ASSERT(same(&got, &before));
        rewrite_error(&got, &outer, &(struct change){true, true, error.about.src, error.about.dst});
        CU_ASSERT(same(&got, &before));
        before = got = model_udp_bytes(&error.about);
        rewrite_udp(&got, &(struct change){0});
        rewrite_udp(&got, &(struct change){true, true, error.about.src, error.about.dst});
        CU_ASSERT(same(&got, &before));
    }
}

void suite_rewrite(void)
{
    static const struct test TESTS[] = {
        {"N12, W6: rewritten UDP is byte for byte as if sent so", udp_is_as_if_sent_so},
        {"N12: a UDP checksum of 0 stays 0", unsummed_udp_stays_so},
        {"N12: a wrong checksum stays as wrong as it was", wrong_udp_stays_as_wrong},
        {"N7, N12, M5: rewritten errors are byte for byte as if sent so", errors_are_as_if_sent_so},
        {"N7: quotes that end anywhere behind the ports", every_cut_of_a_quote},
        {"N7, N12: wrong checksums in errors and quotes stay as wrong", wrong_errors_stay_as_wrong},
        {"N7, W6: the same endpoints again change no byte", nothing_new_changes_nothing},
    };
    TEST_SUITE("rewrite", TESTS);
}
