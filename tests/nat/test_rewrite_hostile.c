/* Whatever was decoded, the rewriter stays within it and changes only the fields it is there for. */
#include "guard.h"
#include "random.h"
#include "rewrite_model.h"
#include "suite.h"
#include "test_rewrite.h"
#include <quicward/nat.h>
#include <string.h>

#define ROUNDS 100000

/* Hides the `len` bytes at `at` from the comparison, as far as the packet reaches. */
static void hide(struct bytes *a, struct bytes *b, size_t at, size_t len)
{
    for (size_t i = at; i < at + len && i < a->len; i++)
        a->at[i] = b->at[i] = 0;
}

static void hide_fields(struct bytes *a, struct bytes *b, const struct packet_view *view)
{
    hide(a, b, 10, 10);
    if (view->kind == PACKET_UDP) {
        hide(a, b, view->l4_offset, 4);
        hide(a, b, view->l4_offset + 6u, 2);
        return;
    }
    const struct packet_quote *quote = &view->icmp.quote;
    hide(a, b, view->l4_offset + 2u, 2);
    hide(a, b, quote->offset + 10u, 10);
    hide(a, b, quote->l4_offset, 4);
    if (quote->l4_offset + 8u <= view->ip_len)
        hide(a, b, quote->l4_offset + 6u, 2);
}

static void rewrite(uint8_t *packet, const struct packet_view *view, uint64_t *state)
{
    struct qw_endpoint src = model_random_endpoint(state), dst = model_random_endpoint(state);
    struct nat_rewrite both = nat_rewrite_of(&view->tuple, &src, &dst);
    if (view->kind == PACKET_UDP)
        nat_rewrite_udp(packet, view, &both);
    else
        nat_rewrite_error(packet, view, &src.addr, &dst.addr, &src, &dst);
}

static bool for_us(const struct packet_view *view)
{
    return view->family == QW_IPV4 &&
           (view->kind == PACKET_UDP || (view->kind == PACKET_ICMP_ERROR && view->icmp.quote.is_udp));
}

/* 1: rewritten, and only where it may be; 0: nothing to rewrite; -1: another byte changed. */
static int survives(const struct bytes *bytes, uint64_t *state)
{
    static struct guard guard;
    if (!guard.pages)
        guard = guard_new(MODEL_MAX);
    struct packet_view view;
    uint8_t *packet = guard_copy(&guard, bytes->at, bytes->len);
    if (packet_decode(packet, bytes->len, (uint32_t)bytes->len, &view) != QW_OK || !for_us(&view))
        return 0;
    rewrite(packet, &view, state);
    struct bytes before = *bytes, after = {.len = bytes->len};
    memcpy(after.at, packet, bytes->len);
    hide_fields(&before, &after, &view);
    return memcmp(before.at, after.at, bytes->len) == 0 ? 1 : -1;
}

/* One to four bytes of the headers get a value that breaks length arithmetic, or any. */
static void mutate(struct bytes *bytes, uint64_t *state)
{
    static const uint8_t EDGES[] = {0, 1, 7, 8, 17, 0x45, 0x46, 0x4f, 0x7f, 0x80, 0xff};
    for (unsigned left = 1 + test_random(state) % 4; left > 0; left--) {
        size_t span = bytes->len < 120 ? bytes->len : 120;
        uint32_t value = test_random(state);
        bytes->at[test_random(state) % span] = value & 0x100 ? (uint8_t)value : EDGES[value % sizeof(EDGES)];
    }
}

static void mutations(void)
{
    uint64_t state = 11;
    unsigned rewritten = 0, broken = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct model_error error = model_random_error(&state);
        struct bytes bytes = i % 4 ? model_error_bytes(&error) : model_udp_bytes(&error.about);
        mutate(&bytes, &state);
        int result = survives(&bytes, &state);
        rewritten += result > 0;
        broken += result < 0;
    }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT(rewritten > ROUNDS / 10);
}

/* Cut on the wire too: the length that the IP header claims is set to what is there. */
static void every_length(void)
{
    uint64_t state = 12;
    unsigned rewritten = 0, broken = 0;
    for (unsigned i = 0; i < 200; i++) {
        struct model_error error = model_random_error(&state);
        struct bytes bytes = model_error_bytes(&error);
        for (; bytes.len > 20; bytes.len--) {
            bytes.at[2] = (uint8_t)(bytes.len >> 8);
            bytes.at[3] = (uint8_t)bytes.len;
            int result = survives(&bytes, &state);
            rewritten += result > 0;
            broken += result < 0;
        }
    }
    CU_ASSERT_EQUAL(broken, 0);
    CU_ASSERT(rewritten > 200);
}

/* Bytes behind the IP length are the link's: a quote that ends before them has no checksum there. */
static void padding_is_not_the_quote(void)
{
    uint64_t state = 13;
    for (unsigned i = 0; i < 2000; i++) {
        struct model_error error = model_random_error(&state);
        error.quoted = 20 + error.about.options + 4 + i % 4;
        struct bytes bytes = model_error_bytes(&error);
        memset(bytes.at + bytes.len, 0x5a, 20);
        bytes.len += 20;
        CU_ASSERT_EQUAL(survives(&bytes, &state), 1);
    }
}

void suite_rewrite_hostile(void)
{
    static const struct test TESTS[] = {
        {"N7, W6, S7: 100,000 mutated packets and errors", mutations},
        {"N7, S7: every length of an error", every_length},
        {"N7, W6, S7: link padding behind a quote stays", padding_is_not_the_quote},
    };
    TEST_SUITE("rewrite hostile", TESTS);
}
