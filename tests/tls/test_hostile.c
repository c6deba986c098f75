/* W5, S7: real messages with a few bytes changed. What is read lies inside the message and keeps its bounds;
 * what is refused leaves nothing. */
#include "hellos.h"
#include "hex.h"
#include "make.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

#define MUTATIONS 200000

struct tally {
    unsigned long ok, refused, broken;
};

/* xorshift64: the same mutations in every run */
static uint64_t state = 0x2545f4914f6cdd1d;

static size_t random_below(size_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (size_t)(state % limit);
}

static bool inside(struct qw_bytes part, struct qw_bytes whole)
{
    return part.data >= whole.data && part.len <= whole.len &&
           (size_t)(part.data - whole.data) <= whole.len - part.len;
}

static bool keeps_bounds(const struct tls_client_hello *read, struct qw_bytes whole)
{
    if (read->sni.len > 0 && (read->sni.len > TLS_NAME_MAX || !inside(read->sni, whole) ||
                              memchr(read->sni.data, 0, read->sni.len)))
        return false;
    if (read->alpn_count > TLS_ALPN_MAX || (read->alpn_more && read->alpn_count < TLS_ALPN_MAX))
        return false;
    for (unsigned i = 0; i < read->alpn_count; i++)
        if (read->alpn[i].len == 0 || read->alpn[i].len > TLS_NAME_MAX || !inside(read->alpn[i], whole))
            return false;
    return true;
}

static void read_one(struct qw_bytes whole, struct tally *tally)
{
    struct tls_client_hello read;
    enum qw_error error = tls_client_hello(whole, &read);
    tally->ok += error == QW_OK;
    tally->refused += error != QW_OK;
    tally->broken += error == QW_OK ? !keeps_bounds(&read, whole) : !is_blank(&read);
}

/* Lengths are where parsers err, so half of the new values are extremes and neighbours. */
static uint8_t new_value(uint8_t old)
{
    const uint8_t likely[] = {0, 1, 0xff, (uint8_t)(old + 1), (uint8_t)(old - 1), old ^ 0x80};
    return random_below(2) ? likely[random_below(sizeof likely)] : (uint8_t)random_below(256);
}

/* Half the time the header's length follows a cut, so that the cut is met deeper. */
static size_t cut(uint8_t *message, size_t len)
{
    if (random_below(4) > 0)
        return len;
    len = 4 + random_below(len - 4);
    if (random_below(2))
        set_message_length(message, len);
    return len;
}

static void mutations(void)
{
    static uint8_t original[MESSAGE_MAX], changed[MESSAGE_MAX];
    struct tally tally = {0};
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        size_t len = test_hex(HELLOS[i].hex, original, sizeof original);
        for (unsigned n = 0; n < MUTATIONS / HELLO_COUNT + 1; n++) {
            memcpy(changed, original, len);
            for (size_t bytes = 1 + random_below(4); bytes > 0; bytes--) {
                size_t at = 1 + random_below(len - 1);
                changed[at] = new_value(changed[at]);
            }
            read_one(make_copy(changed, cut(changed, len)), &tally);
        }
    }
    CU_ASSERT_TRUE(tally.ok > MUTATIONS / 10);
    CU_ASSERT_TRUE(tally.refused > MUTATIONS / 10);
    CU_ASSERT_EQUAL(tally.broken, 0);
}

/* Bytes of no message at all behind a ClientHello's header. */
static void noise(void)
{
    uint8_t message[200];
    struct tally tally = {0};
    for (unsigned n = 0; n < MUTATIONS / 10; n++) {
        size_t len = 4 + random_below(sizeof message - 4);
        for (size_t i = 0; i < len; i++)
            message[i] = random_below(3) ? 0 : (uint8_t)random_below(256);
        message[0] = 1;
        set_message_length(message, len);
        read_one(make_copy(message, len), &tally);
    }
    CU_ASSERT_EQUAL(tally.broken, 0);
}

static const struct test TESTS[] = {
    {"W5, S7: changed and cut messages", mutations},
    {"W5, S7: noise", noise},
};

void hostile_suite(void)
{
    TEST_SUITE("tls: hostile bytes", TESTS);
}
