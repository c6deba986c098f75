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

static void cache_slots_are_shared(void)
{
    struct interfaces interfaces;
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK, &news);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, index + 1000 * INTERFACES_CACHED), ENGINE_OUTSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, index), ENGINE_INSIDE);
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
        {"interfaces that share a slot are told apart", cache_slots_are_shared},
        {"F2: an interface has its name, or none", names_for_rules},
        {"F2: a name may be one letter", short_names},
        {"F2: what was asked for is remembered", hits_ask_nobody},
        {"M6: an interface's MTU is known with its name", mtu_comes_with_the_name},
    };
    TEST_SUITE("interfaces", TESTS);
}
