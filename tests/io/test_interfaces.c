#include "interface_cache.h"
#include "suite.h"
#include "suites.h"
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loopback interface is the one that every namespace has. */
static const struct config_interfaces LOOPBACK = {1, {"lo"}};
static const struct config_interfaces OTHERS = {2, {"lo0", "l"}};

static atomic_uint news;

static enum engine_origin side(struct interfaces *interfaces, uint32_t index)
{
    return interfaces_find(interfaces, index)->side;
}

static void inside_by_name(void)
{
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    CU_ASSERT_NOT_EQUAL_FATAL(index, 0);
    interfaces_start(&interfaces, &LOOPBACK, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
    interfaces_start(&interfaces, &OTHERS, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_OUTSIDE);
}

static void all_else_is_outside(void)
{
    struct interfaces interfaces;
    interfaces_start(&interfaces, &LOOPBACK, &news);
    CU_ASSERT_EQUAL(side(&interfaces, 0), ENGINE_OUTSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, 0x7fffffff), ENGINE_OUTSIDE);
}

static void news_make_answers_old(void)
{
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &OTHERS, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_OUTSIDE);
    interfaces.inside = &LOOPBACK; /* as if it had been renamed */
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_OUTSIDE);
    atomic_fetch_add(&news, 1);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
    interfaces.inside = &OTHERS;
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
}

static void inside_by_pattern(void)
{
    static const struct config_interfaces ALL = {2, {"wg*", "l*"}}, OTHER = {1, {"lo0*"}};
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &ALL, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
    interfaces_start(&interfaces, &OTHER, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_OUTSIDE);
}

/* Marks what is remembered of the interface: an answer without the mark was asked for again. */
static void mark(struct interfaces *interfaces, uint32_t index)
{
    interfaces_find(interfaces, index);
    for (unsigned i = 0; i < INTERFACES_CACHED; i++)
        if (interfaces->cache[i].index == index)
            interfaces->cache[i].mtu = index + 1;
}

static bool is_marked(struct interfaces *interfaces, uint32_t index)
{
    return interfaces_find(interfaces, index)->mtu == index + 1;
}

/* Indexes that are equal modulo the size, in turn: the kernel is asked once for each. */
static void places_are_not_fought_for(void)
{
    struct interfaces interfaces;
    interfaces_start(&interfaces, &LOOPBACK, &news);
    for (uint32_t i = 1; i <= INTERFACES_PROBED; i++)
        mark(&interfaces, 100 + i * INTERFACES_CACHED);
    for (uint32_t i = 1; i <= INTERFACES_PROBED; i++)
        CU_ASSERT_TRUE(is_marked(&interfaces, 100 + i * INTERFACES_CACHED));
    interfaces_find(&interfaces, 100); /* one too many takes the first place */
    CU_ASSERT_FALSE(is_marked(&interfaces, 100 + INTERFACES_CACHED));
    CU_ASSERT_TRUE(is_marked(&interfaces, 100 + 3 * INTERFACES_CACHED));
}

/* As many as a configuration can name, on both sides, with their indexes in a row or 64 apart. */
static void all_of_a_configuration_fit(void)
{
    static const uint32_t STEPS[] = {1, 64, 2 * INTERFACES_CACHED / (2 * CONFIG_INTERFACES_MAX)};
    struct interfaces interfaces;
    for (unsigned s = 0; s < sizeof(STEPS) / sizeof(STEPS[0]); s++) {
        unsigned count =
            STEPS[s] == 64 ? INTERFACES_PROBED * INTERFACES_CACHED / 64 : 2 * CONFIG_INTERFACES_MAX;
        interfaces_start(&interfaces, &LOOPBACK, &news);
        for (uint32_t i = 0; i < count; i++)
            mark(&interfaces, 1000 + i * STEPS[s]);
        for (uint32_t i = 0; i < count; i++)
            CU_ASSERT_TRUE(is_marked(&interfaces, 1000 + i * STEPS[s]));
    }
}

/* Interfaces that come and go all day leave no answers that keep others out. */
static void old_answers_give_way(void)
{
    struct interfaces interfaces;
    interfaces_start(&interfaces, &LOOPBACK, &news);
    for (uint32_t i = 1; i <= INTERFACES_PROBED; i++)
        interfaces_find(&interfaces, 100 + i * INTERFACES_CACHED);
    atomic_fetch_add(&news, 1);
    mark(&interfaces, 100);
    mark(&interfaces, 100 + 99 * INTERFACES_CACHED);
    CU_ASSERT_TRUE(is_marked(&interfaces, 100));
    CU_ASSERT_TRUE(is_marked(&interfaces, 100 + 99 * INTERFACES_CACHED));
}

static void names_for_rules(void)
{
    struct interfaces interfaces;
    interfaces_start(&interfaces, &OTHERS, &news);
    const char *name = interface_name(interfaces_find(&interfaces, if_nametoindex("lo")));
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_STRING_EQUAL(name, "lo");
    CU_ASSERT_PTR_NULL(interface_name(interfaces_find(&interfaces, 0)));
    CU_ASSERT_PTR_NULL(interface_name(interfaces_find(&interfaces, 0x7fffffff)));
}

static void hits_ask_nobody(void)
{
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK, &news);
    interfaces_find(&interfaces, index);
    memcpy(interfaces.cache[index % INTERFACES_CACHED].name, "kept", sizeof("kept"));
    CU_ASSERT_STRING_EQUAL(interface_name(interfaces_find(&interfaces, index)), "kept");
}

/* 65,536 unless somebody changed it: what `ip link` shows is what the kernel says here. */
static uint32_t mtu_of(const char *name)
{
    char path[64], text[16] = "";
    snprintf(path, sizeof(path), "/sys/class/net/%s/mtu", name);
    FILE *file = fopen(path, "re");
    if (file && !fgets(text, sizeof(text), file))
        text[0] = '\0';
    if (file)
        fclose(file);
    return (uint32_t)strtoul(text, NULL, 10);
}

static void mtu_comes_with_the_name(void)
{
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK, &news);
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, index)->mtu, mtu_of("lo"));
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, 0)->mtu, 0);
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, 0x7fffffff)->mtu, 0);
}

static void short_names(void)
{
    const struct known_interface letter = {.name = "x"}, none = {.name = ""};
    CU_ASSERT_STRING_EQUAL(interface_name(&letter), "x");
    CU_ASSERT_PTR_NULL(interface_name(&none));
}

void interfaces_suite(void)
{
    static const struct test TESTS[] = {
        {"inside is decided by the whole name", inside_by_name},
        {"an unknown interface is outside", all_else_is_outside},
        {"S4: an interface that changes is asked for again", news_make_answers_old},
        {"S4: a pattern names inside what begins so", inside_by_pattern},
        {"S3: interfaces whose indexes fall together do not take each other's place",
         places_are_not_fought_for},
        {"S3: all interfaces of a configuration are remembered", all_of_a_configuration_fit},
        {"S4: answers from before a change give way", old_answers_give_way},
        {"F2: an interface has its name, or none", names_for_rules},
        {"F2: a name may be one letter", short_names},
        {"F2: what was asked for is remembered", hits_ask_nobody},
        {"M6: an interface's MTU is known with its name", mtu_comes_with_the_name},
    };
    TEST_SUITE("interfaces", TESTS);
}
