/* Sets of host names. */
#include "name_sets.h"
#include "suite.h"
#include "suites.h"
#include "world.h"
#include <stdlib.h>
#include <string.h>

static struct qw_bytes bytes(const char *text)
{
    return (struct qw_bytes){(const uint8_t *)text, strlen(text)};
}

static struct policy_names *set(const char *const *list, unsigned count)
{
    struct policy_names *names = policy_names_new(WORLD_SECRET);
    need(names != NULL, "policy_names_new");
    for (unsigned i = 0; i < count; i++)
        CU_ASSERT_EQUAL(policy_names_add(names, list[i]), QW_OK);
    return names;
}

static void test_forms(void)
{
    static const char *const LIST[] = {"www.exact.org", ".both.org", "*.below.org", "MiXed.Org", "dot.org."};
    static const char *const IN[] = {"www.exact.org", "both.org",       "a.both.org", "a.b.both.org",
                                     "a.below.org",   "a.b.below.org",  "mixed.ORG",  "WWW.EXACT.org",
                                     "dot.org",       "www.exact.org.", "a.both.org."};
    static const char *const OUT[] = {
        "exact.org",    "a.www.exact.org", "aboth.org", "xboth.org", "below.org",    "xbelow.org",
        "org",          "a.mixed.org",     "",          ".",         "www.exact.or", "both.org.org",
        "ww.exact.org", "both.org..",      "a.dot.org"};
    struct policy_names *names = set(LIST, 5);
    for (unsigned i = 0; i < sizeof(IN) / sizeof(IN[0]); i++)
        CU_ASSERT_TRUE(policy_names_match(names, bytes(IN[i])));
    for (unsigned i = 0; i < sizeof(OUT) / sizeof(OUT[0]); i++)
        CU_ASSERT_FALSE(policy_names_match(names, bytes(OUT[i])));
    CU_ASSERT_EQUAL(policy_names_count(names), 5);
    policy_names_free(names);
}

static void test_same_name(void)
{
    static const char *const LIST[] = {"a.org", "*.A.org", "a.org.", ".b.org", "b.org"};
    struct policy_names *names = set(LIST, 5);
    CU_ASSERT_EQUAL(policy_names_count(names), 2);
    CU_ASSERT_TRUE(policy_names_match(names, bytes("a.org")));
    CU_ASSERT_TRUE(policy_names_match(names, bytes("x.a.org")));
    CU_ASSERT_TRUE(policy_names_match(names, bytes("x.b.org")));
    policy_names_free(names);
}

static void test_refused(void)
{
    struct policy_names *names = set(NULL, 0);
    CU_ASSERT_EQUAL(policy_names_add(names, ""), QW_ERR_INVALID);
    CU_ASSERT_EQUAL(policy_names_add(names, "*"), QW_ERR_INVALID);
    CU_ASSERT_EQUAL(policy_names_add(names, "a b"), QW_ERR_INVALID);
    CU_ASSERT_EQUAL(policy_names_count(names), 0);
    CU_ASSERT_FALSE(policy_names_match(names, bytes("")));
    CU_ASSERT_FALSE(policy_names_match(names, (struct qw_bytes){NULL, 0}));
    CU_ASSERT_FALSE(policy_names_match(names, bytes("a.org")));
    policy_names_free(names);
}

/* What a ClientHello may hold besides names. */
static void test_hostile_names(void)
{
    static const char *const LIST[] = {".example.org", "x.org"};
    struct policy_names *names = set(LIST, 2);
    uint8_t sni[300];
    CU_ASSERT_FALSE(policy_names_match(names, (struct qw_bytes){(const uint8_t *)"x.org\0y", 7}));
    CU_ASSERT_FALSE(policy_names_match(names, bytes("\xff\xfe.org")));
    for (size_t len = 0; len <= sizeof(sni); len++) {
        memset(sni, len % 2 ? '.' : 'a', sizeof(sni));
        CU_ASSERT_FALSE(policy_names_match(names, (struct qw_bytes){sni, len}));
        if (len >= 12) {
            memcpy(sni + len - 12, ".example.org", 12);
            CU_ASSERT_EQUAL(policy_names_match(names, (struct qw_bytes){sni, len}), len <= 253);
        }
    }
    policy_names_free(names);
}

struct hashed {
    uint32_t hash, number;
};

static int by_hash(const void *a, const void *b)
{
    const struct hashed *x = a, *y = b;
    return (x->hash > y->hash) - (x->hash < y->hash);
}

static const char *numbered(uint32_t number, char out[static 32])
{
    snprintf(out, 32, "n%u.example", number);
    return out;
}

/* Names whose kept hashes are equal, found by trying: one in the set does not let the other in. */
static void test_collisions(void)
{
    enum { TRIES = 300000 };
    struct hashed *all = malloc(TRIES * sizeof(*all));
    char a[32], b[32];
    unsigned found = 0;
    need(all != NULL, "malloc");
    for (uint32_t i = 0; i < TRIES; i++)
        all[i] = (struct hashed){(uint32_t)qw_hash(WORLD_SECRET, numbered(i, a), strlen(numbered(i, a))), i};
    qsort(all, TRIES, sizeof(*all), by_hash);
    for (uint32_t i = 1; i < TRIES; i++) {
        if (all[i].hash != all[i - 1].hash)
            continue;
        const char *one[] = {numbered(all[i].number, a)}, *both[] = {a, numbered(all[i - 1].number, b)};
        struct policy_names *names = set(one, 1), *two = set(both, 2);
        CU_ASSERT_TRUE(policy_names_match(names, bytes(a)));
        CU_ASSERT_FALSE(policy_names_match(names, bytes(b)));
        CU_ASSERT_TRUE(policy_names_match(two, bytes(a)) && policy_names_match(two, bytes(b)));
        policy_names_free(names);
        policy_names_free(two);
        found++;
    }
    CU_ASSERT(found > 0);
    free(all);
}

static void write_million(FILE *out)
{
    for (unsigned i = 0; i < 1000000; i++)
        fprintf(out, "%s%x.site-%u.example\n", i % 2 ? "." : "", i * 2654435761u, i);
}

/* Slots looked at for names 0, 7, 14, ... of the list or, with `other`, for names beside them. */
static size_t probes_for(const struct policy_names *names, bool other, size_t *most, unsigned *lookups)
{
    size_t total = 0;
    *lookups = 0;
    for (unsigned i = 0; i < 1000000; i += 7, ++*lookups) {
        char name[64];
        struct names_query query;
        size_t probes = 0;
        snprintf(name, sizeof(name), "%x.site-%u%s.example", i * 2654435761u, i, other ? "x" : "");
        names_query(WORLD_SECRET, names_depth(names), bytes(name), &query);
        CU_ASSERT_EQUAL(names_match(names, &query, &probes), !other);
        *most = probes > *most ? probes : *most;
        total += probes;
    }
    return total;
}

static void test_million(void)
{
    char *text;
    size_t len, most = 0;
    unsigned lookups;
    FILE *out = open_memstream(&text, &len);
    need(out != NULL, "open_memstream");
    write_million(out);
    need(fclose(out) == 0, "fclose");
    struct policy_names *names = set(NULL, 0);
    CU_ASSERT_EQUAL(policy_names_load(names, file_make(text, len), NULL, stdout), QW_OK);
    file_remove();
    free(text);
    CU_ASSERT_EQUAL(policy_names_count(names), 1000000);
    /* At half load each of three labels costs 1.5 slots when it is there and 2.5 when not, "example" always
     * the same. */
    size_t total = probes_for(names, false, &most, &lookups);
    CU_ASSERT(total < (size_t)lookups * 12);
    total = probes_for(names, true, &most, &lookups);
    CU_ASSERT(total < (size_t)lookups * 12);
    CU_ASSERT(most < 200);
    policy_names_free(names);
}

/* A name of 127 labels costs no more than the longest name of the set has labels. */
static void test_labels(void)
{
    static const char *const LIST[] = {"*.b.c"};
    struct policy_names *names = set(LIST, 1);
    char sni[254];
    struct names_query query;
    size_t probes = 0;
    for (unsigned i = 0; i < 253; i++)
        sni[i] = i % 2 ? '.' : 'c';
    sni[253] = '\0';
    names_query(WORLD_SECRET, 5, bytes(sni), &query);
    CU_ASSERT_EQUAL(query.labels, 127);
    CU_ASSERT_EQUAL(query.hashed, 5);
    CU_ASSERT_FALSE(names_match(names, &query, &probes));
    CU_ASSERT(probes <= 4);
    names_query(WORLD_SECRET, 1000, bytes(sni), &query);
    CU_ASSERT_EQUAL(query.hashed, 127);
    policy_names_free(names);
}

static const struct test TESTS[] = {
    {"F2: exact names, suffixes, and both", test_forms},
    {"F2: forms of one name add up", test_same_name},
    {"F2: what is no host name is refused", test_refused},
    {"F2: names of any bytes and length are looked up", test_hostile_names},
    {"F2: names with one hash are told apart", test_collisions},
    {"F2: a million names cost a lookup no more than a few", test_million},
    {"S3: many labels cost no more than the set is deep", test_labels},
};

void names_suite(void)
{
    TEST_SUITE("policy: names", TESTS);
}
