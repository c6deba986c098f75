/* Until when nothing waits in any queue. Pipes stand for the queues. */
#include "fast_queues.h"
#include "suite.h"
#include "suites.h"
#include <quicward/io.h>
#include <unistd.h>

enum { LENGTH = 3 };

static struct fast_queues queues;
static int ends[2][2];

static void open_two(void)
{
    fast_queues_start(&queues, LENGTH);
    for (unsigned i = 0; i < 2; i++) {
        CU_ASSERT_EQUAL_FATAL(pipe(ends[i]), 0);
        fast_queues_bound(&queues, i, ends[i][0]);
    }
}

static void close_two(void)
{
    for (unsigned i = 0; i < 2; i++) {
        close(ends[i][0]);
        close(ends[i][1]);
    }
}

static void come(unsigned queue)
{
    CU_ASSERT_EQUAL(write(ends[queue][1], "x", 1), 1);
}

static void taken(unsigned queue)
{
    char byte;
    fast_queues_busy(&queues, queue);
    CU_ASSERT_EQUAL(read(ends[queue][0], &byte, 1), 1);
    fast_queues_took(&queues, queue, 1);
}

/* Is it known that all that had come before `then` has left? */
static bool empty_since(struct qw_time then)
{
    return fast_queues_empty(&queues).ns >= then.ns;
}

static void waits_in_a_socket(void)
{
    open_two();
    CU_ASSERT_TRUE(empty_since(io_now()));
    come(1);
    CU_ASSERT_FALSE(empty_since(io_now()));
    taken(1);
    fast_queues_idle(&queues, 1);
    CU_ASSERT_TRUE(empty_since(io_now()));
    close_two();
}

/* Taken out of the socket, and without a verdict. */
static void waits_in_a_worker(void)
{
    open_two();
    come(0);
    taken(0);
    CU_ASSERT_FALSE(empty_since(io_now()));
    fast_queues_idle(&queues, 0);
    CU_ASSERT_TRUE(empty_since(io_now()));
    close_two();
}

/* They need not be empty at the same time. */
static void one_after_the_other(void)
{
    open_two();
    come(0);
    struct qw_time then = io_now();
    CU_ASSERT_FALSE(empty_since(then)); /* queue 1 was empty, queue 0 not */
    taken(0);
    fast_queues_idle(&queues, 0);
    come(1);
    CU_ASSERT_TRUE(empty_since(then));
    CU_ASSERT_FALSE(empty_since(io_now()));
    close_two();
}

static void not_bound(void)
{
    open_two();
    come(0);
    fast_queues_bound(&queues, 0, -1);
    CU_ASSERT_TRUE(empty_since(io_now()));
    close_two();
}

/* One that never empties: after a full queue's worth of packets, all that were there have left. */
static void never_empty(void)
{
    open_two();
    for (unsigned i = 0; i < LENGTH; i++)
        come(0);
    CU_ASSERT_FALSE(empty_since(io_now()));
    struct qw_time then = io_now();
    fast_queues_empty(&queues);
    for (unsigned i = 0; i < LENGTH; i++) {
        CU_ASSERT_FALSE(empty_since(then));
        come(0);
        taken(0);
    }
    CU_ASSERT_FALSE(empty_since(then)); /* the look that counts may have been the one before `then` */
    for (unsigned i = 0; i < LENGTH; i++) {
        come(0);
        taken(0);
    }
    CU_ASSERT_TRUE(empty_since(then));
    CU_ASSERT_FALSE(empty_since(io_now()));
    close_two();
}

/* Whose worker hangs: what was taken before tells nothing. */
static void never_taken(void)
{
    open_two();
    for (unsigned i = 0; i < 2 * LENGTH; i++) {
        come(0);
        taken(0);
    }
    come(0);
    fast_queues_empty(&queues);
    struct qw_time then = io_now();
    fast_queues_empty(&queues);
    CU_ASSERT_FALSE(empty_since(then));
    CU_ASSERT_FALSE(empty_since(then));
    close_two();
}

void fast_queues_suite(void)
{
    static const struct test TESTS[] = {
        {"X4: a packet in a queue's socket waits", waits_in_a_socket},
        {"X4: a packet that a worker has at hand waits", waits_in_a_worker},
        {"X4: queues need not be empty at the same moment", one_after_the_other},
        {"X4: what was in a queue that never empties has left when a queue's length was taken", never_empty},
        {"X4: a worker that hangs takes nothing out of a queue", never_taken},
        {"X4: in a queue that is not bound nothing waits", not_bound},
    };
    TEST_SUITE("fast path: queues", TESTS);
}
