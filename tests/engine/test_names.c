/* The pool of what ClientHellos said. */
#include "attempt_names.h"
#include "router.h"
#include "suite.h"
#include <string.h>

static struct tls_client_hello hello_for(const char *sni, size_t len)
{
    struct tls_client_hello hello = {.sni = {(const uint8_t *)sni, len}, .alpn_count = 1};
    hello.alpn[0] = (struct qw_bytes){(const uint8_t *)"h3", 2};
    return hello;
}

static void equal_hellos_share(void)
{
    struct name_pool pool;
    CU_ASSERT_TRUE_FATAL(names_init(&pool, 2, (struct qw_hash_key){1, 2}));
    struct tls_client_hello a = hello_for("a.test", 6), b = hello_for("b.test", 6),
                            c = hello_for("c.test", 6);
    uint32_t first = names_take(&pool, &a), again = names_take(&pool, &a);
    CU_ASSERT_EQUAL(first, again);
    CU_ASSERT_NOT_EQUAL(names_take(&pool, &b), first);
    CU_ASSERT_EQUAL(names_take(&pool, &c), FLOW_NONE); /* full */
    names_drop(&pool, first);
    CU_ASSERT_EQUAL(names_take(&pool, &c), FLOW_NONE);
    names_drop(&pool, again);
    uint32_t last = names_take(&pool, &c);
    CU_ASSERT_EQUAL(last, first);
    CU_ASSERT_EQUAL(pool.all[last].hello.sni[0], 'c');
    names_drop(&pool, FLOW_NONE);
    names_free(&pool);
}

static void ech_and_alpn_tell_hellos_apart(void)
{
    struct name_pool pool;
    CU_ASSERT_TRUE_FATAL(names_init(&pool, 8, (struct qw_hash_key){1, 2}));
    struct tls_client_hello plain = hello_for("a.test", 6), hidden = plain, other = plain;
    hidden.ech = true;
    other.alpn[0].len = 1;
    uint32_t first = names_take(&pool, &plain);
    CU_ASSERT_NOT_EQUAL(names_take(&pool, &hidden), first);
    CU_ASSERT_NOT_EQUAL(names_take(&pool, &other), first);
    names_free(&pool);
}

static void long_lists_are_cut_at_a_protocol(void)
{
    static uint8_t name[TLS_NAME_MAX];
    struct name_pool pool;
    CU_ASSERT_TRUE_FATAL(names_init(&pool, 3, (struct qw_hash_key){1, 2}));
    struct tls_client_hello hello = hello_for("a.test", 6);
    hello.alpn_count = 3;
    hello.alpn[0] = (struct qw_bytes){name, sizeof name}; /* fits nowhere, and hides nothing */
    hello.alpn[1] = (struct qw_bytes){name, 251};
    hello.alpn[2] = (struct qw_bytes){(const uint8_t *)"h3", 2};
    const struct engine_hello *kept = &pool.all[names_take(&pool, &hello)].hello;
    CU_ASSERT_EQUAL(kept->alpn_len, 252 + 3);
    CU_ASSERT_EQUAL(memcmp(kept->alpn + 252, "\2h3", 3), 0);
    CU_ASSERT_TRUE(kept->alpn_more);
    hello.alpn[0] = hello.alpn[2];
    hello.alpn_count = 2;
    kept = &pool.all[names_take(&pool, &hello)].hello;
    CU_ASSERT_EQUAL(kept->alpn_len, 3 + 252);
    CU_ASSERT_FALSE(kept->alpn_more);
    hello.alpn_more = true; /* the reader kept no more */
    CU_ASSERT_TRUE(pool.all[names_take(&pool, &hello)].hello.alpn_more);
    names_free(&pool);
}

void suite_names(void)
{
    static const struct test TESTS[] = {
        {"W5 S3: equal ClientHellos share one entry of a bounded pool", equal_hellos_share},
        {"W5: ECH and ALPN tell them apart", ech_and_alpn_tell_hellos_apart},
        {"W5: a long ALPN list is cut at a protocol", long_lists_are_cut_at_a_protocol},
    };
    TEST_SUITE("names", TESTS);
}
