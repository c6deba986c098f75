/* Many flows are asked about by one call as by calls of their own. */
#include "flows.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

enum { SINCE = 5000 };

/* Seen before, at, and after the time that is asked about, around the end of 32 bits, or never. */
static uint32_t seen_at(uint64_t *random)
{
    static const uint32_t TIMES[] = {0, 1, SINCE - 1, SINCE, SINCE + 1, SINCE + 9000, 0xfffffff0u};
    return TIMES[test_random(random) % (sizeof TIMES / sizeof TIMES[0])];
}

static void put_way(struct kernel *kernel, const struct flow_path *path, unsigned way, uint64_t *random)
{
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record record = entry_record(path, (enum flow_path_direction)way, 0, 1, 0);
    record.last_seen_ms = seen_at(random);
    record.packets = test_random(random);
    record.bytes = test_random(random);
    CU_ASSERT_TRUE_FATAL(kernel_put(kernel, &match, &record));
}

static void ask(const struct flow_path *path, struct fast_question *question, uint64_t *random)
{
    memset(question, 0xa5, sizeof *question);
    question->take = test_random(random) % 4 != 0;
    question->since_ms = SINCE;
    for (unsigned way = 0; way < 2; way++) {
        struct fast_match match = entry_match(&path->ways[way].match);
        question->ipv6[way] = match.ipv6;
        memcpy(&question->keys[way], &match.key, sizeof question->keys[way]);
    }
}

/* One direction in eight has no entry. */
static struct flow_path path_of(unsigned flow)
{
    char inside[64];
    bool v6 = flow % 3 == 0;
    snprintf(inside, sizeof inside, v6 ? "[2001:db8:1::5]:%u" : "10.0.0.5:%u", 1024 + flow);
    return test_path(flow + 1, inside, NULL, v6 ? "[2001:db8:9::1]:443" : "198.51.100.7:443");
}

static void fill(struct kernel *kernel, uint64_t random)
{
    for (unsigned flow = 0; flow < FAST_QUESTIONS; flow++) {
        struct flow_path path = path_of(flow);
        for (unsigned way = 0; way < 2; way++)
            if (test_random(&random) % 8 != 0)
                put_way(kernel, &path, way, &random);
        ask(&path, &kernel_questions(kernel)[flow], &random);
    }
}

static bool stands(struct kernel *kernel, unsigned flow, unsigned way)
{
    struct flow_path path = path_of(flow);
    struct fast_match match = entry_match(&path.ways[way].match);
    struct fast_record record;
    return kernel_look(kernel, &match, &record);
}

static void compare(struct kernel *one, struct kernel *many, unsigned *taken)
{
    for (unsigned flow = 0; flow < FAST_QUESTIONS; flow++) {
        const struct fast_question *is = &kernel_questions(many)[flow],
                                   *wanted = &kernel_questions(one)[flow];
        CU_ASSERT_TRUE(is->taken == wanted->taken && memcmp(is->found, wanted->found, sizeof is->found) == 0);
        *taken += is->taken;
        for (unsigned way = 0; way < 2; way++) {
            CU_ASSERT_TRUE(!is->found[way] ||
                           memcmp(&is->records[way], &wanted->records[way], sizeof is->records[way]) == 0);
            CU_ASSERT_EQUAL(stands(many, flow, way), is->found[way] && !is->taken);
            CU_ASSERT_EQUAL(stands(one, flow, way), is->found[way] && !is->taken);
        }
    }
}

/* As by the calls for one entry each. */
static void ask_singly(struct kernel *kernel, struct fast_question *question)
{
    bool idle = true;
    struct fast_match matches[2];
    for (unsigned way = 0; way < 2; way++) {
        matches[way] = (struct fast_match){.ipv6 = question->ipv6[way], .key.six = question->keys[way]};
        question->found[way] = kernel_look(kernel, &matches[way], &question->records[way]);
        idle &= !question->found[way] || fast_is_idle(&question->records[way], question->since_ms);
    }
    question->taken = question->take && idle;
    for (unsigned way = 0; question->taken && way < 2; way++)
        question->found[way] = kernel_take(kernel, &matches[way], &question->records[way]);
}

static void many_as_one(void)
{
    unsigned taken = 0, rounds = 10;
    for (unsigned round = 0; round < rounds; round++) {
        struct kernel *one = test_kernel(), *many = test_kernel();
        if (!one || !many)
            return;
        fill(one, 10 + round);
        fill(many, 10 + round);
        for (unsigned i = 0; i < FAST_QUESTIONS; i++)
            ask_singly(one, &kernel_questions(one)[i]);
        CU_ASSERT_TRUE(kernel_ask(many, FAST_QUESTIONS));
        compare(one, many, &taken);
        kernel_free(one);
        kernel_free(many);
    }
    CU_ASSERT_TRUE(taken > rounds * FAST_QUESTIONS / 8 && taken < rounds * FAST_QUESTIONS / 2);
}

/* Only so many as were asked: the others' entries stay. */
static void no_more_than_asked(void)
{
    struct kernel *kernel = test_kernel();
    struct fast_question *questions;
    if (!kernel)
        return;
    fill(kernel, 3);
    questions = kernel_questions(kernel);
    CU_ASSERT_TRUE(kernel_ask(kernel, 2) && questions[1].taken != 0xa5 && questions[2].taken == 0xa5);
    CU_ASSERT_FALSE(kernel_ask(kernel, 0));
    kernel_free(kernel);
}

void suite_ask(void)
{
    static const struct test TESTS[] = {
        {"X5: many flows are asked and taken by one call as one by one", many_as_one},
        {"X5: no more of them than were asked", no_more_than_asked},
    };
    TEST_SUITE("offload: asking", TESTS);
}
