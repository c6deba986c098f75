/* HMAC as the rooms see it, and each implementation by itself, against OpenSSL's own. */
#include "common.h"
#include "hmac.h"
#include "random.h"
#include <openssl/evp.h>

struct implementation {
    const char *name;
    struct quic_hmac_work *(*work_new)(void);
    void (*work_free)(struct quic_hmac_work *work);
    void (*key)(struct quic_hmac *hmac, struct qw_bytes key);
    void (*hmac)(struct quic_hmac_work *work, const struct quic_hmac *hmac,
                 const struct quic_hmac_message *message, uint8_t out[QUIC_HASH_LEN]);
};

/* tests/quic/CMakeLists.txt builds each source of src/quic once more under these names. */
#define IMPLEMENTATION(prefix)                                                                               \
    struct quic_hmac_work *prefix##_work_new(void);                                                          \
    void prefix##_work_free(struct quic_hmac_work *work);                                                    \
    void prefix##_key(struct quic_hmac *hmac, struct qw_bytes key);                                          \
    void prefix##_hmac(struct quic_hmac_work *work, const struct quic_hmac *hmac,                            \
                       const struct quic_hmac_message *message, uint8_t out[QUIC_HASH_LEN]);
#define ROW(prefix)                                                                                          \
    {                                                                                                        \
#prefix, prefix##_work_new, prefix##_work_free, prefix##_key, prefix##_hmac                          \
    }

IMPLEMENTATION(evp)
#ifdef TEST_NETTLE
IMPLEMENTATION(nettle)
#endif

static const struct implementation IMPLEMENTATIONS[] = {
    {"chosen", quic_hmac_work_new, quic_hmac_work_free, quic_hmac_key, quic_hmac},
    ROW(evp),
#ifdef TEST_NETTLE
    ROW(nettle),
#endif
};

static void expect(struct qw_bytes key, struct qw_bytes text, const uint8_t want[QUIC_HASH_LEN])
{
    for (size_t i = 0; i < COUNT(IMPLEMENTATIONS); i++) {
        const struct implementation *one = &IMPLEMENTATIONS[i];
        struct quic_hmac_work *work = one->work_new();
        struct quic_hmac_message message = quic_hmac_message(text);
        struct quic_hmac hmac;
        uint8_t got[QUIC_HASH_LEN];
        CU_ASSERT_PTR_NOT_NULL_FATAL(work);
        one->key(&hmac, key);
        for (int again = 0; again < 2; again++) {
            memset(got, 0, sizeof got);
            one->hmac(work, &hmac, &message, got);
            CU_ASSERT_EQUAL(memcmp(got, want, sizeof got), 0);
        }
        one->work_free(work);
    }
}

static void vectors(void)
{
    static const struct {
        const char *key, *text, *hmac;
    } RFC_4231[] = {
        {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
         "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
        {"4a656665", "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
         "ddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
         "d",
         "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
    };
    for (size_t i = 0; i < COUNT(RFC_4231); i++) {
        uint8_t key[64], text[64], want[QUIC_HASH_LEN];
        size_t key_len = test_hex(RFC_4231[i].key, key, sizeof key);
        size_t len = test_hex(RFC_4231[i].text, text, sizeof text);
        test_hex(RFC_4231[i].hmac, want, sizeof want);
        expect((struct qw_bytes){key, key_len}, (struct qw_bytes){text, len}, want);
    }
}

static void all_lengths(void)
{
    uint64_t state = 5;
    uint8_t key[QUIC_HASH_LEN], text[QUIC_HMAC_MESSAGE_MAX], want[QUIC_HASH_LEN];
    for (size_t key_len = 0; key_len <= sizeof key; key_len++)
        for (size_t len = 0; len <= sizeof text; len++) {
            size_t written;
            for (size_t i = 0; i < sizeof key; i++)
                key[i] = (uint8_t)test_random(&state);
            for (size_t i = 0; i < sizeof text; i++)
                text[i] = (uint8_t)test_random(&state);
            CU_ASSERT_PTR_NOT_NULL_FATAL(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_len, text,
                                                   len, want, sizeof want, &written));
            expect((struct qw_bytes){key, key_len}, (struct qw_bytes){text, len}, want);
        }
}

void hmac_suite(void)
{
    static const struct test TESTS[] = {
        {"W3: HMAC: the vectors of RFC 4231 with short keys", vectors},
        {"W3: HMAC: every implementation agrees with OpenSSL's at all lengths", all_lengths},
    };
    TEST_SUITE("hmac", TESTS);
}
