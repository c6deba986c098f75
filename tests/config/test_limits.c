/* Throttles and size limits: what arrives in the struct, and how much of it there may be. */
#include "load_text.h"
#include "suite.h"
#include "suites.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void expect_messages(struct loaded loaded, const char *messages)
{
    CU_ASSERT_EQUAL(loaded.error, *messages ? QW_ERR_INVALID : QW_OK);
    CU_ASSERT_STRING_EQUAL(loaded.messages, messages);
    loaded_free(&loaded);
}

static void test_struct(void)
{
    static const uint8_t KEY[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct loaded loaded = load_path(TEST_DATA "/golden/config/good/limits.conf");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    const struct config *config = loaded.config;
    CU_ASSERT_EQUAL_FATAL(config->throttle_count, 4);
    CU_ASSERT_EQUAL(config->throttles[0].line, 3);
    CU_ASSERT_STRING_EQUAL(config->throttles[2].interface, "wan1");
    CU_ASSERT_EQUAL(config->throttles[0].direction, CONFIG_IN);
    CU_ASSERT_EQUAL(config->throttles[1].direction, CONFIG_OUT);
    CU_ASSERT_FALSE(config->throttle_spare_confirmed);
    CU_ASSERT_FALSE(config->throttle_spare_small);
    CU_ASSERT_TRUE(config->throttle_key_set);
    CU_ASSERT_EQUAL(memcmp(config->throttle_key, KEY, sizeof(KEY)), 0);
    CU_ASSERT_EQUAL_FATAL(config->size_limit_count, 5);
    CU_ASSERT_EQUAL(config->size_limits[0].traffic, CONFIG_ALL_UDP);
    CU_ASSERT_EQUAL(config->size_limits[0].limit, 65535);
    CU_ASSERT_STRING_EQUAL(config->size_limits[0].interface, "");
    CU_ASSERT_EQUAL(config->size_limits[2].traffic, CONFIG_ONLY_QUIC);
    CU_ASSERT_EQUAL(config->size_limits[2].line, 18);
    CU_ASSERT_STRING_EQUAL(config->size_limits[2].interface, "lan1");
    loaded_free(&loaded);
}

static void test_defaults(void)
{
    struct config config;
    config_defaults(&config);
    CU_ASSERT_EQUAL(config.throttle_count, 0);
    CU_ASSERT_EQUAL(config.throttle_interval_ms, 200);
    CU_ASSERT_EQUAL(config.throttle_gain, 50);
    CU_ASSERT_EQUAL(config.throttle_hysteresis, 5);
    CU_ASSERT_EQUAL(config.throttle_floor, 0);
    CU_ASSERT_EQUAL(config.throttle_ceiling, 100);
    CU_ASSERT_TRUE(config.throttle_spare_confirmed);
    CU_ASSERT_TRUE(config.throttle_spare_small);
    CU_ASSERT_FALSE(config.throttle_key_set);
    CU_ASSERT_EQUAL(config.size_limit_count, 0);
    CU_ASSERT_EQUAL(config.ptb_rate, 100);
    CU_ASSERT_EQUAL(config.ptb_per_host, 10);
}

#define THROTTLE "{ interface = \"wan0\"; direction = \"in\"; capacity = "

static void expect_capacity(const char *value, uint64_t capacity, const char *again)
{
    char line[64];
    struct loaded loaded = load_more("throttles = ( " THROTTLE "%s; } );", value);
    CU_ASSERT_STRING_EQUAL(loaded.messages, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(loaded.config);
    CU_ASSERT_EQUAL(loaded.config->throttles[0].capacity, capacity);
    char *text = printed(loaded.config);
    snprintf(line, sizeof(line), "capacity = \"%s\"; }\n", again);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, line));
    free(text);
    loaded_free(&loaded);
}

static void test_capacities(void)
{
    expect_capacity("\"64k\"", 64000, "64k");
    expect_capacity("\"64000\"", 64000, "64k");
    expect_capacity("64001", 64001, "64001");
    expect_capacity("\"2500k\"", 2500000, "2500k");
    expect_capacity("\"2000k\"", 2000000, "2M");
    expect_capacity("\"100M\"", 100000000, "100M");
    expect_capacity("\"1000M\"", 1000000000, "1G");
    expect_capacity("\"1000G\"", UINT64_C(1000000000000), "1000G");
    expect_capacity("999999999999L", UINT64_C(999999999999), "999999999999");
}

static struct loaded load_list(const char *key, const char *element, unsigned count)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    fputs("mode = \"firewall\"; inside = [\"lan0\"];\noutside = [\"w0\"", out);
    for (unsigned i = 1; i < CONFIG_INTERFACES_MAX; i++)
        fprintf(out, ", \"w%u\"", i);
    fprintf(out, "];\n%s = (", key);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s{ interface = \"w%u\"; %s", i ? ", " : "", i % CONFIG_INTERFACES_MAX, element);
    fputs(");", out);
    if (fclose(out) != 0)
        abort();
    struct loaded loaded = load_text(text);
    free(text);
    return loaded;
}

static void test_counts(void)
{
    static const char THROTTLED[] = "direction = \"in\"; capacity = \"1G\"; }";
    static const char LIMITED[] = "class = \"udp\"; limit = 1400; }";
    expect_messages(load_list("throttles", THROTTLED, CONFIG_THROTTLES_MAX), "");
    expect_messages(load_list("throttles", THROTTLED, CONFIG_THROTTLES_MAX + 1),
                    "x.conf:3: throttles = (...) has 17 throttles: at most 16\n");
    expect_messages(load_list("size_limits", LIMITED, CONFIG_SIZE_LIMITS_MAX), "");
    expect_messages(load_list("size_limits", LIMITED, CONFIG_SIZE_LIMITS_MAX + 1),
                    "x.conf:3: size_limits = (...) has 65 size limits: at most 64\n");
}

static void expect_limit(int64_t limit, const char *messages)
{
    expect_messages(load_more("size_limits = ( { class = \"quic\"; limit = %" PRId64 "; } );", limit),
                    messages);
}

static void test_limits(void)
{
    expect_limit(1280, "");
    expect_limit(65535, "");
    expect_limit(1279,
                 "x.conf:5: size limit 1: limit = 1279 is too small: at least 1280 bytes (RFC 9000 14)\n");
    expect_limit(65536, "x.conf:5: size limit 1: limit = 65536 is too large: at most 65535 bytes\n");
    expect_limit((INT64_C(1) << 32) + 1400,
                 "x.conf:5: size limit 1: limit = 4294968696 is too large: at most 65535 bytes\n");
}

/* Which interface inside IPv4 leaves by is not known where it is translated; of one it is. */
static void test_inside(void)
{
    static const char FORMAT[] =
        "mode = \"%s\"; inside = [\"lan0\"%s]; outside = [\"wan0\"]; %s\n"
        "size_limits = ( { class = \"udp\"; limit = 1400; interface = \"lan0\"; } );";
    static const char NAT[] = "nat = { external = \"auto\"; };";
    char text[512];
    snprintf(text, sizeof(text), FORMAT, "nat", "", NAT);
    expect_messages(load_text(text), "");
    snprintf(text, sizeof(text), FORMAT, "firewall", ", \"lan1\"", "");
    expect_messages(load_text(text), "");
    snprintf(text, sizeof(text), FORMAT, "nat", ", \"lan1\"", NAT);
    expect_messages(
        load_text(text),
        "x.conf:2: size limit 1: interface = \"lan0\" is not all of inside, and mode = \"nat\" judges "
        "IPv4 from outside before it is routed; allowed: one of outside, or no interface\n");
}

static void test_share(void)
{
    expect_messages(load_more("throttle = { floor = 100; };"), "");
    expect_messages(load_more("throttle = { ceiling = 0; };"), "");
    expect_messages(load_more("throttle = { floor = 7; ceiling = 7; };"), "");
    expect_messages(
        load_more("throttle = {\nfloor = 8;\nceiling = 7; };"),
        "x.conf:6: throttle.floor = 8 is above throttle.ceiling = 7; allowed: at most the ceiling\n");
}

static const struct test TESTS[] = {
    {"P2 P4 M1: every key of throttles and size limits arrives in the struct", test_struct},
    {"P3 P4 M3: the defaults", test_defaults},
    {"P2: capacities in every unit, from 64k to 1000G", test_capacities},
    {"S3: at most 16 throttles and 64 size limits", test_counts},
    {"M4: size limits under 1280 bytes are refused", test_limits},
    {"M1: with mode nat no limit on one of several interfaces inside", test_inside},
    {"P2: the floor is at most the ceiling", test_share},
};

void register_limits(void)
{
    TEST_SUITE("config: limits", TESTS);
}
