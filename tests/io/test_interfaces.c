#include "interfaces.h"
#include "suite.h"
#include "suites.h"
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The loopback interface is the one that every namespace has. */
static const struct config_interfaces LOOPBACK = {1, {"lo"}};
static const struct config_interfaces OTHERS = {2, {"lo0", "l"}};

static enum engine_origin side(struct interfaces *interfaces, uint32_t index, struct qw_time now)
{
    return interfaces_find(interfaces, index, now)->side;
}

static void inside_by_name(void)
{
    struct interfaces interfaces;
    const struct qw_time now = {5 * QW_NS_PER_SECOND};
    uint32_t index = if_nametoindex("lo");
    CU_ASSERT_NOT_EQUAL_FATAL(index, 0);
    interfaces_start(&interfaces, &LOOPBACK);
    CU_ASSERT_EQUAL(side(&interfaces, index, now), ENGINE_INSIDE);
    interfaces_start(&interfaces, &OTHERS);
    CU_ASSERT_EQUAL(side(&interfaces, index, now), ENGINE_OUTSIDE);
}

static void all_else_is_outside(void)
{
    struct interfaces interfaces;
    const struct qw_time start = {0};
    interfaces_start(&interfaces, &LOOPBACK);
    CU_ASSERT_EQUAL(side(&interfaces, 0, start), ENGINE_OUTSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, 0x7fffffff, start), ENGINE_OUTSIDE);
}

static void answers_grow_old(void)
{
    struct interfaces interfaces;
    const struct qw_time first = {QW_NS_PER_SECOND}, soon = {first.ns + INTERFACES_TRUST_NS},
                         late = {first.ns + INTERFACES_TRUST_NS + 1};
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &OTHERS);
    CU_ASSERT_EQUAL(side(&interfaces, index, first), ENGINE_OUTSIDE);
    interfaces.inside = &LOOPBACK; /* as if it had been renamed */
    CU_ASSERT_EQUAL(side(&interfaces, index, soon), ENGINE_OUTSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, index, late), ENGINE_INSIDE);
}

static void cache_slots_are_shared(void)
{
    struct interfaces interfaces;
    const struct qw_time now = {QW_NS_PER_SECOND};
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK);
    CU_ASSERT_EQUAL(side(&interfaces, index, now), ENGINE_INSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, index + 1000 * INTERFACES_CACHED, now), ENGINE_OUTSIDE);
    CU_ASSERT_EQUAL(side(&interfaces, index, now), ENGINE_INSIDE);
}

static void names_for_rules(void)
{
    struct interfaces interfaces;
    const struct qw_time now = {QW_NS_PER_SECOND};
    interfaces_start(&interfaces, &OTHERS);
    const char *name = interface_name(interfaces_find(&interfaces, if_nametoindex("lo"), now));
    CU_ASSERT_PTR_NOT_NULL_FATAL(name);
    CU_ASSERT_STRING_EQUAL(name, "lo");
    CU_ASSERT_PTR_NULL(interface_name(interfaces_find(&interfaces, 0, now)));
    CU_ASSERT_PTR_NULL(interface_name(interfaces_find(&interfaces, 0x7fffffff, now)));
}

static void hits_ask_nobody(void)
{
    struct interfaces interfaces;
    const struct qw_time now = {QW_NS_PER_SECOND};
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK);
    interfaces_find(&interfaces, index, now);
    memcpy(interfaces.cache[index % INTERFACES_CACHED].name, "kept", sizeof("kept"));
    CU_ASSERT_STRING_EQUAL(interface_name(interfaces_find(&interfaces, index, now)), "kept");
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
    const struct qw_time now = {QW_NS_PER_SECOND};
    uint32_t index = if_nametoindex("lo");
    interfaces_start(&interfaces, &LOOPBACK);
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, index, now)->mtu, mtu_of("lo"));
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, 0, now)->mtu, 0);
    CU_ASSERT_EQUAL(interfaces_find(&interfaces, 0x7fffffff, now)->mtu, 0);
}

static void missing_is_named(void)
{
    static const struct config_interfaces SOME = {2, {"lo", "not.there"}};
    CU_ASSERT_PTR_NULL(interfaces_missing(&LOOPBACK));
    CU_ASSERT_STRING_EQUAL(interfaces_missing(&SOME), "not.there");
}

void interfaces_suite(void)
{
    static const struct test TESTS[] = {
        {"inside is decided by the whole name", inside_by_name},
        {"an unknown interface is outside", all_else_is_outside},
        {"S4: an interface that changes is asked for again", answers_grow_old},
        {"interfaces that share a slot are told apart", cache_slots_are_shared},
        {"F2: an interface has its name, or none", names_for_rules},
        {"F2: what was asked for is remembered", hits_ask_nobody},
        {"M6: an interface's MTU is known with its name", mtu_comes_with_the_name},
        {"S4: a missing interface is named", missing_is_named},
    };
    TEST_SUITE("interfaces", TESTS);
}
