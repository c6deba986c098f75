#include "suite.h"
#include "suites.h"
#include <quicward/base/hash.h>
#include <stdlib.h>
#include <string.h>

/* Key 00 01 .. 0f, messages 00 01 .. of length 0..63. */
static const struct qw_hash_key REFERENCE_KEY = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/* SipHash-2-4: the vectors published with the reference implementation. */
static const uint64_t SIPHASH_2_4[64] = {
    0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d, 0xcf2794e0277187b7,
    0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137, 0x93f5f5799a932462, 0x9e0082df0ba9e4b0,
    0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7, 0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee,
    0xa129ca6149be45e5, 0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
    0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8, 0xb8ad50c6f649af94,
    0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad, 0xde4daaaca71dc9a5, 0xa6a2506687956571,
    0xad87a3535c49ef28, 0x32d892fad841c342, 0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238,
    0x15e034d40fa197ae, 0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
    0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95, 0xf935451de4f21df2,
    0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb, 0xe612a3cb9ecba951, 0xc766e62cfcadaf96,
    0xee64435a9752fe72, 0xa192d576b245165a, 0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea,
    0x245731c13ca42499, 0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
    0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

/* SipHash-1-3: made with the SIPHASH MAC of OpenSSL 3 (c-rounds 1, d-rounds 3, size 8). */
static const uint64_t SIPHASH_1_3[64] = {
    0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d, 0x8bf80ab8e7ddf7fb, 0xcf75576088d38328,
    0xdef9d52f49533b67, 0xc50d2b50c59f22a7, 0xd3927d989bb11140, 0x369095118d299a8e, 0x25a48eb36c063de4,
    0x79de85ee92ff097f, 0x70c118c1f94dc352, 0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34,
    0xd320d86d2a519956, 0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c, 0x8ffc389cb473e63e, 0xf21f9de58d297d1c,
    0xc0dc2f46a6cce040, 0xb992abfe2b45f844, 0x7ffe7b9ba320872e, 0x525a0e7fdae6c123, 0xf464aeb267349c8c,
    0x45cd5928705b0979, 0x3a3e35e3ca9913a5, 0xa91dc74e4ade3b35, 0xfb0bed02ef6cd00d, 0x88d93cb44ab1e1f4,
    0x540f11d643c5e663, 0x2370dd1f8c21d1bc, 0x81157b6c16a7b60d, 0x4d54b9e57a8ff9bf, 0x759f12781f2a753e,
    0xcea1a3bebf186b91, 0x2cf508d3ada26206, 0xb6101c2da3c33057, 0xb3f47496ae3a36a1, 0x626b57547b108392,
    0xc1d2363299e41531, 0x667cc1923f1ad944, 0x65704ffec8138825, 0x24f280d1c28949a6, 0xc2ca1cedfaf8876b,
    0xc2164bfc9f042196, 0xa16e9c9368b1d623, 0x49fb169c8b5114fd, 0x9f3143f8df074c46, 0xc6fdaf2412cc86b3,
    0x7eaf49d10a52098f, 0x1cf313559d292f9a, 0xc44a30dda2f41f12, 0x36fae98943a71ed0, 0x318fb34c73f0bce6,
    0xa27abf3670a7e980, 0xb4bcc0db243c6d75, 0x23f8d852fdb71513, 0x8f035f4da67d8a08, 0xd89cd0e5b7e8f148,
    0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2, 0xc3b2f6154b6694e0, 0x9d199062b7bbb3a8,
};

typedef uint64_t hash_function(struct qw_hash_key, const void *, size_t);

/* Each message stands at the end of its buffer, so that the sanitizer sees a read too far. */
static void check_vectors(hash_function *hash, const uint64_t expected[static 64])
{
    uint8_t counting[64];
    for (uint8_t i = 0; i < 64; i++)
        counting[i] = i;
    for (size_t len = 0; len < 64; len++) {
        uint8_t *buffer = malloc(64), *message = buffer + 64 - len;
        CU_ASSERT_FATAL(buffer != NULL);
        memcpy(message, counting, len);
        CU_ASSERT_EQUAL(hash(REFERENCE_KEY, message, len), expected[len]);
        free(buffer);
    }
}

static void siphash_2_4_is_the_reference(void)
{
    check_vectors(qw_hash24, SIPHASH_2_4);
}

static void siphash_1_3_is_the_reference(void)
{
    check_vectors(qw_hash, SIPHASH_1_3);
}

static void every_key_and_message_bit_counts(void)
{
    uint8_t message[37] = {0};
    const struct qw_hash_key key = {1, 2};
    uint64_t plain = qw_hash(key, message, sizeof(message));
    for (unsigned bit = 0; bit < 64; bit++) {
        CU_ASSERT_NOT_EQUAL(qw_hash((struct qw_hash_key){1 ^ 1ull << bit, 2}, message, sizeof(message)),
                            plain);
        CU_ASSERT_NOT_EQUAL(qw_hash((struct qw_hash_key){1, 2 ^ 1ull << bit}, message, sizeof(message)),
                            plain);
    }
    for (size_t bit = 0; bit < 8 * sizeof(message); bit++) {
        message[bit / 8] = (uint8_t)(1u << bit % 8);
        CU_ASSERT_NOT_EQUAL(qw_hash(key, message, sizeof(message)), plain);
        message[bit / 8] = 0;
    }
}

static void alignment_does_not_matter(void)
{
    uint8_t buffer[8 + 40];
    uint64_t expected = SIPHASH_1_3[40];
    for (size_t at = 0; at < 8; at++) {
        for (size_t i = 0; i < 40; i++)
            buffer[at + i] = (uint8_t)i;
        CU_ASSERT_EQUAL(qw_hash(REFERENCE_KEY, buffer + at, 40), expected);
    }
}

void hash_suite(void)
{
    static const struct test TESTS[] = {
        {"P4: SipHash-2-4 gives the published vectors", siphash_2_4_is_the_reference},
        {"S3: SipHash-1-3 gives OpenSSL's values", siphash_1_3_is_the_reference},
        {"P4: every bit of key and message counts", every_key_and_message_bit_counts},
        {"alignment does not matter", alignment_does_not_matter},
    };
    TEST_SUITE("hash", TESTS);
}
