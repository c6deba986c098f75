/* Names and versions as files have them. */
#include "suite.h"
#include "suites.h"
#include <quicward/config.h>
#include <string.h>

static bool host(const char *text)
{
    return config_host_name(text, strlen(text));
}

static void test_host_names(void)
{
    static const char *const GOOD[] = {
        "www.example.org", ".example.org", "*.example.org", "a",     "org.",     "_dns.x-y",
        "*.org.",          "xn--p1ai",     "EXAMPLE.Org",   "1.2.x", "1e100.net"};
    static const char *const BAD[] = {
        "",     ".",      "..",      "*",   "*.",  "*.*.org", "a..b",  "..a",
        "*..a", "a.*",    "**.a",    "a..", "a b", "a/b",     "a:443", "\xc3\xa9.org",
        "a\n",  "*a.org", "8.8.8.8", "1.2", "443", "*.1",     "a.1."};
    for (unsigned i = 0; i < sizeof(GOOD) / sizeof(GOOD[0]); i++)
        CU_ASSERT_TRUE(host(GOOD[i]));
    for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
        CU_ASSERT_FALSE(host(BAD[i]));
    CU_ASSERT_FALSE(config_host_name("a\0b", 3));
    CU_ASSERT_TRUE(config_host_name("a.b/c", 3));
}

static void test_host_name_lengths(void)
{
    char name[300];
    memset(name, 'x', sizeof(name));
    CU_ASSERT_TRUE(config_host_name(name, 63));
    CU_ASSERT_FALSE(config_host_name(name, 64));
    for (unsigned i = 2; i < sizeof(name); i += 3)
        name[i] = '.';
    CU_ASSERT_TRUE(config_host_name(name, 253));
    CU_ASSERT_FALSE(config_host_name(name, 256));
    name[253] = '.';
    CU_ASSERT_TRUE(config_host_name(name, 254));
}

static void expect_version(const char *text, uint32_t version, const char *again)
{
    uint32_t found = 0;
    char out[CONFIG_VERSION_TEXT_MAX];
    CU_ASSERT_TRUE(config_version_parse(text, &found));
    CU_ASSERT_EQUAL(found, version);
    CU_ASSERT_STRING_EQUAL(config_version_text(found, out), again);
}

static void test_versions(void)
{
    static const char *const BAD[] = {"",  "v",    "v3",   "0x", "0x0",  "0x123456789",
                                      "1", "0x1g", "0x-1", "x1", "0x 1", "V1"};
    expect_version("v1", 1, "v1");
    expect_version("v2", 0x6b3343cf, "v2");
    expect_version("0x1A2a3a4a", 0x1a2a3a4a, "0x1a2a3a4a");
    expect_version("0x6b3343cf", 0x6b3343cf, "v2");
    expect_version("0xff", 255, "0x000000ff");
    expect_version("0xffffffff", UINT32_MAX, "0xffffffff");
    for (unsigned i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        uint32_t version = 7;
        CU_ASSERT_FALSE(config_version_parse(BAD[i], &version));
        CU_ASSERT_EQUAL(version, 7);
    }
}

static void test_texts(void)
{
    CU_ASSERT_STRING_EQUAL(config_action_text(CONFIG_ACCEPT), "accept");
    CU_ASSERT_STRING_EQUAL(config_action_text(CONFIG_DROP), "drop");
    CU_ASSERT_STRING_EQUAL(config_action_text(CONFIG_REJECT), "reject");
    CU_ASSERT_STRING_EQUAL(config_direction_text(CONFIG_ANY), "any");
    CU_ASSERT_STRING_EQUAL(config_direction_text(CONFIG_OUT), "out");
    CU_ASSERT_STRING_EQUAL(config_direction_text(CONFIG_IN), "in");
}

static const struct test TESTS[] = {
    {"F2: which texts are host names", test_host_names},
    {"F2: labels have 63 bytes, names 253", test_host_name_lengths},
    {"F2: versions by name and by number", test_versions},
    {"F2: the words of actions and directions", test_texts},
};

void register_words(void)
{
    TEST_SUITE("config: words", TESTS);
}
