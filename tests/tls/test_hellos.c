/* W5: whole messages, and messages cut off. */
#include "hellos.h"
#include "hex.h"
#include "make.h"
#include "suite.h"
#include "suites.h"
#include <string.h>

static uint8_t message[MESSAGE_MAX];

static size_t load(const struct hello *hello)
{
    return test_hex(hello->hex, message, sizeof message);
}

static void expect(const struct hello *hello, const struct tls_client_hello *read)
{
    CU_ASSERT_TRUE(text_is(read->sni, hello->sni));
    CU_ASSERT_TRUE(alpn_is(read, hello->alpn));
    CU_ASSERT_EQUAL(read->ech, hello->ech);
    CU_ASSERT_TRUE(read->tls13);
    CU_ASSERT_FALSE(read->alpn_more);
}

static void real_ones(void)
{
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        struct qw_bytes whole = make_copy(message, load(&HELLOS[i]));
        struct tls_client_hello read;
        CU_ASSERT_EQUAL(tls_message_length(whole), whole.len);
        CU_ASSERT_EQUAL(tls_client_hello(whole, &read), QW_OK);
        expect(&HELLOS[i], &read);
    }
}

/* The stream may go on: after a HelloRetryRequest the second ClientHello follows the first. */
static void followed(void)
{
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        size_t len = load(&HELLOS[i]);
        memset(message + len, 0x01, 100);
        struct tls_client_hello read;
        CU_ASSERT_EQUAL(tls_client_hello(make_copy(message, len + 100), &read), QW_OK);
        expect(&HELLOS[i], &read);
    }
}

static void every_prefix(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        size_t whole = load(&HELLOS[i]);
        for (size_t len = 0; len < whole; len++) {
            struct tls_client_hello read;
            struct qw_bytes prefix = make_copy(message, len);
            wrong += tls_client_hello(prefix, &read) != QW_ERR_TRUNCATED || !is_blank(&read);
            wrong += tls_message_length(prefix) != (len < 4 ? 0 : whole);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* The offset of the extension block's length. */
static size_t block_at(void)
{
    size_t at = 4 + 2 + 32;
    at += 1u + message[at];
    at += 2u + ((size_t)message[at] << 8 | message[at + 1]);
    return at + 1 + message[at];
}

/* Cut messages whose own length says that nothing is missing: only the one without any extension is whole. */
static void every_end(void)
{
    unsigned wrong = 0;
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        size_t whole = load(&HELLOS[i]), block = block_at();
        for (size_t len = 4; len < whole; len++) {
            set_message_length(message, len);
            struct tls_client_hello read;
            enum qw_error error = tls_client_hello(make_copy(message, len), &read);
            wrong += error != (len == block ? QW_OK : QW_ERR_MALFORMED) || !is_blank(&read);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* The block's length goes along too: now the message is whole when the cut falls between two extensions. */
static void every_block(void)
{
    for (unsigned i = 0; i < HELLO_COUNT; i++) {
        size_t whole = load(&HELLOS[i]), block = block_at();
        unsigned good = 0, partial = 0;
        for (size_t len = block + 2; len <= whole; len++) {
            set_message_length(message, len);
            message[block] = (uint8_t)((len - block - 2) >> 8);
            message[block + 1] = (uint8_t)(len - block - 2);
            struct tls_client_hello read;
            enum qw_error error = tls_client_hello(make_copy(message, len), &read);
            good += error == QW_OK;
            partial += error && (error != QW_ERR_MALFORMED || !is_blank(&read));
        }
        CU_ASSERT_EQUAL(good, HELLOS[i].extensions + 1);
        CU_ASSERT_EQUAL(partial, 0);
    }
}

static void other_messages(void)
{
    size_t len = load(&HELLOS[HELLO_CHROMIUM]);
    for (unsigned type = 0; type < 256; type++) {
        message[0] = (uint8_t)type;
        struct tls_client_hello read;
        enum qw_error expected = type == 1 ? QW_OK : QW_ERR_UNSUPPORTED;
        CU_ASSERT_EQUAL(tls_client_hello(make_copy(message, len), &read), expected);
        CU_ASSERT_EQUAL(is_blank(&read), type != 1);
        expected = type == 1 ? QW_ERR_TRUNCATED : QW_ERR_UNSUPPORTED;
        CU_ASSERT_EQUAL(tls_client_hello(make_copy(message, 1), &read), expected);
    }
}

static void longest_length(void)
{
    static const uint8_t START[] = {0x01, 0xff, 0xff, 0xff};
    struct qw_bytes start = make_copy(START, sizeof START);
    struct tls_client_hello read;
    CU_ASSERT_EQUAL(tls_message_length(start), 4 + 0xffffff);
    CU_ASSERT_EQUAL(tls_client_hello(start, &read), QW_ERR_TRUNCATED);
    CU_ASSERT_EQUAL(tls_client_hello((struct qw_bytes){NULL, 0}, &read), QW_ERR_TRUNCATED);
    CU_ASSERT_EQUAL(tls_message_length((struct qw_bytes){NULL, 0}), 0);
}

static const struct test TESTS[] = {
    {"W5: RFC 8448 and real clients read as another decoder reads them", real_ones},
    {"W5: bytes behind the message don't matter", followed},
    {"W5: every prefix is truncated", every_prefix},
    {"W5: a message that ends too early is malformed", every_end},
    {"W5: an extension block that ends too early is malformed", every_block},
    {"W5: no other handshake message is read", other_messages},
    {"W5: absurd message lengths", longest_length},
};

void hellos_suite(void)
{
    TEST_SUITE("tls: ClientHello", TESTS);
}
