/* Gates: a direction goes fast only when none of its packets can be in a queue. The program's part is the
 * function that it compiles too. */
#include "fast_packet.h"
#include "flows.h"
#include "gates.h"
#include "suite.h"
#include "suites.h"

enum { FLOWS = 200, UP = FLOW_PATH_UP, DOWN = FLOW_PATH_DOWN };

static struct fast_gate memory[2 * FLOWS];
static bool may_pause = true;
static struct book book;
static struct gates gates;

static const struct qw_time START = {1000 * QW_NS_PER_SECOND};

static struct qw_time us(uint64_t later)
{
    return (struct qw_time){START.ns + later * 1000};
}

static void begin(void)
{
    for (unsigned i = 0; i < 2 * FLOWS; i++)
        memory[i] = (struct fast_gate){0};
    CU_ASSERT_TRUE_FATAL(book_open(&book, FLOWS, START) && gates_open(&gates, memory, FLOWS));
}

static void end(void)
{
    gates_close(&gates);
    book_close(&book);
}

static struct book_flow *settled(uint64_t id, struct qw_time now)
{
    struct book_flow *flow = book_add(&book, id);
    CU_ASSERT_PTR_NOT_NULL_FATAL(flow);
    gates_begin(&gates, &book, flow);
    flow->settled = true;
    gates_wait(&gates, &book, flow, now);
    return flow;
}

static struct fast_gate *gate(const struct book_flow *flow, unsigned way)
{
    return &memory[gates_number(&book, flow, way)];
}

static enum fast_why fate(const struct book_flow *flow, unsigned way)
{
    bool closed;
    enum fast_why why = fast_ask_gate(gate(flow, way), may_pause, &closed);
    if (why == FAST_FORWARD)
        gate(flow, way)->open_at = FAST_GATE_OPEN;
    return why;
}

/* A packet of the direction, as long as its gate was not seen open: was it forwarded? */
static bool packet(const struct book_flow *flow, unsigned way)
{
    return fate(flow, way) == FAST_FORWARD;
}

static void look(struct qw_time now, struct qw_time empty)
{
    gates_sample(&gates, &book, now);
    gates_release(&gates, &book, empty, now);
}

/* Sampled, then the queues were empty a millisecond later. */
static void opens(void)
{
    begin();
    struct book_flow *flow = settled(1, us(0));
    CU_ASSERT_FALSE(packet(flow, UP));
    look(us(100), us(100));
    CU_ASSERT_EQUAL(gates.count, 1);
    look(us(1000), us(1000)); /* 900 us after the sample: what passed may still be on its way */
    CU_ASSERT_EQUAL(gates.count, 1);
    look(us(1200), us(1200));
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_TRUE(packet(flow, UP));
    CU_ASSERT_TRUE(packet(flow, DOWN));
    end();
}

/* Whenever the packet comes: before the sample, or between it and the word. */
static void packets_between(void)
{
    begin();
    struct book_flow *flow = settled(1, us(0));
    look(us(100), us(100));
    CU_ASSERT_FALSE(packet(flow, UP)); /* not seen by the sample, so it may wait: no release */
    look(us(1200), us(1200));
    CU_ASSERT_FALSE(packet(flow, UP));
    gates_sample(&gates, &book, us(3000));
    gates_sample(&gates, &book, us(5000));
    CU_ASSERT_FALSE(packet(flow, UP)); /* after the sample */
    gates_release(&gates, &book, us(5000), us(5000));
    CU_ASSERT_FALSE(packet(flow, UP));
    CU_ASSERT_EQUAL(gates.count, 1);
    look(us(7000), us(7000));
    look(us(9000), us(9000));
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_TRUE(packet(flow, UP));
    end();
}

/* The word was given, and a packet that the program had at hand is counted after it. */
static void packet_at_hand(void)
{
    begin();
    struct book_flow *flow = settled(1, us(0));
    look(us(100), us(100));
    struct fast_gate *up = gate(flow, UP);
    up->open_at = up->passed; /* the word */
    up->passed++;             /* of a packet that read `open_at` before */
    look(us(2000), us(2000));
    CU_ASSERT_EQUAL(gates.count, 1);
    CU_ASSERT_FALSE(packet(flow, UP));
    end();
}

/* A flow without a gap that has waited for two seconds: from `at` on it pauses. */
static struct book_flow *pausing(uint64_t *at)
{
    struct book_flow *flow = settled(1, us(0));
    for (*at = 0; *at < 2000000; *at += 1000) {
        CU_ASSERT_FALSE(packet(flow, UP));
        look(us(*at), us(0)); /* nothing is known but that they were empty at first */
    }
    CU_ASSERT_EQUAL(gates.paused, 0);
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_WAITS);
    look(us(*at), us(0));
    CU_ASSERT_EQUAL(gates.paused, 1);
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_PAUSED);
    return flow;
}

/* What came before the pause leaves the queue before anything is forwarded, and nothing joins it. */
static void queues_full(void)
{
    uint64_t at;
    begin();
    struct book_flow *flow = pausing(&at);
    look(us(at + 10000), us(at)); /* this look is the first that began after the pause */
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_PAUSED);
    look(us(at + 20000), us(at + 10999));
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_PAUSED);
    CU_ASSERT_EQUAL(gates.count, 1);
    look(us(at + 30000), us(at + 11000));
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_TRUE(packet(flow, UP));
    CU_ASSERT_TRUE(packet(flow, DOWN));
    CU_ASSERT_EQUAL(gates.paused, 1);
    end();
}

/* Nobody tells what has left: not for ever. */
static void worker_hangs(void)
{
    uint64_t at;
    begin();
    struct book_flow *flow = pausing(&at);
    look(us(at + 1000), us(0));
    look(us(at + 1000999), us(0));
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_PAUSED);
    look(us(at + 1001000), us(0));
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_TRUE(packet(flow, UP));
    end();
}

/* The program lets no flow pause for long without a daemon: packets went to the queue, so it begins anew. */
static void pause_over(void)
{
    uint64_t at;
    begin();
    struct book_flow *flow = pausing(&at);
    look(us(at + 1000), us(0));
    may_pause = false;
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_WAITS);
    CU_ASSERT_EQUAL(gate(flow, UP)->open_at, FAST_GATE_CLOSED);
    may_pause = true;
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_WAITS);
    look(us(at + 3000), us(at + 3000)); /* what is known of the first pause counts no more */
    CU_ASSERT_EQUAL(fate(flow, UP), FAST_PAUSED);
    CU_ASSERT_EQUAL(gates.paused, 1);
    look(us(at + 4000), us(at + 4000));
    look(us(at + 5000), us(at + 5000));
    CU_ASSERT_TRUE(packet(flow, UP));
    end();
}

/* The daemon died while it paused: the next one finds it shut. */
static void pause_left(void)
{
    uint64_t at;
    begin();
    struct book_flow *flow = pausing(&at);
    gates_forget(&gates, &book, flow);
    gates_adopt(&gates, &book, flow, us(at));
    CU_ASSERT_EQUAL(gates.count, 1);
    end();
}

/* More flows pause than a round takes: each only while it is looked at every time. */
static void many_pause(void)
{
    struct book_flow *flows[FLOWS];
    unsigned paused = 0;
    begin();
    for (unsigned i = 0; i < FLOWS; i++)
        flows[i] = settled(i + 1, us(0));
    look(us(2000000), us(0));
    for (unsigned i = 0; i < FLOWS; i++)
        paused += fate(flows[i], UP) == FAST_PAUSED;
    CU_ASSERT_EQUAL(paused, sizeof gates.round / sizeof *gates.round);
    for (uint64_t at = 2001000; gates.count > 0 && at < 3000000; at += 2000) {
        for (unsigned i = 0; i < FLOWS; i++)
            if (flows[i]->waits)
                fate(flows[i], DOWN); /* so that no other way than the pause is open */
        look(us(at), us(at - 500));
    }
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_TRUE(gates.paused >= FLOWS);
    end();
}

/* One whose packets come all the time: the more it has waited the shorter a moment is enough, but it is one
 * in which nothing came between the sample and the look. */
static void busy_flow(void)
{
    begin();
    struct book_flow *flow = settled(1, us(0));
    uint64_t at = 0;
    for (; gates.count > 0 && at < 2000000; at += 50) {
        CU_ASSERT_FALSE(packet(flow, UP) && at < 250000);
        CU_ASSERT_FALSE(packet(flow, DOWN) && at < 250000);
        look(us(at), us(at));
    }
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_EQUAL(gates.paused, 0);
    CU_ASSERT_TRUE(at >= 250000 && at < 260000);
    end();
}

/* More than a round takes: all get their turn, and who goes leaves no hole. */
static void many(void)
{
    struct book_flow *flows[FLOWS];
    begin();
    for (unsigned i = 0; i < FLOWS; i++)
        flows[i] = settled(i + 1, us(0));
    for (unsigned i = 0; i < FLOWS; i += 3) {
        gates_forget(&gates, &book, flows[i]);
        book_remove(&book, flows[i]);
    }
    CU_ASSERT_EQUAL(gates.count, FLOWS - (FLOWS + 2) / 3);
    for (uint64_t at = 0; at < 20000; at += 1100)
        look(us(at), us(at));
    CU_ASSERT_EQUAL(gates.count, 0);
    for (unsigned i = 0; i < FLOWS; i++)
        CU_ASSERT_EQUAL(i % 3 != 0, packet(flows[i], UP));
    end();
}

/* The program closes one (no next hop, say), and finds one that was opened for an older flow. */
static void closed_again(void)
{
    begin();
    struct book_flow *flow = settled(1, us(0)), *other = settled(2, us(0));
    look(us(100), us(100));
    look(us(2000), us(2000));
    CU_ASSERT_TRUE(packet(flow, UP) && packet(other, DOWN));
    gate(flow, UP)->open_at = FAST_GATE_CLOSED;
    bool closed;
    CU_ASSERT_EQUAL(fast_ask_gate(gate(other, DOWN), true, &closed), FAST_WAITS);
    CU_ASSERT_TRUE(closed);
    gates_find_shut(&gates, &book, 0, us(3000)); /* the program says that there are none */
    CU_ASSERT_EQUAL(gates.count, 0);
    gates_find_shut(&gates, &book, 2, us(3000));
    CU_ASSERT_EQUAL(gates.count, 2);
    CU_ASSERT_FALSE(packet(flow, UP));
    look(us(4000), us(4000));
    look(us(6000), us(6000));
    CU_ASSERT_TRUE(packet(flow, UP) && packet(other, DOWN));
    end();
}

/* What was put but not settled yet waits for nobody. */
static void unsettled(void)
{
    begin();
    struct book_flow *flow = book_add(&book, 1);
    gates_begin(&gates, &book, flow);
    gates_find_shut(&gates, &book, 1, us(0));
    CU_ASSERT_EQUAL(gates.count, 0);
    CU_ASSERT_FALSE(packet(flow, UP));
    end();
}

void suite_gates(void)
{
    static const struct test TESTS[] = {
        {"X4: a direction goes fast once its packets have left the queues", opens},
        {"X4: packets that come between two looks keep it closed", packets_between},
        {"X4: a packet that the program has at hand keeps it closed", packet_at_hand},
        {"X4: a flow that waited for two seconds pauses, and nothing is overtaken", queues_full},
        {"X4: a pause ends after a second, even when a worker hangs", worker_hangs},
        {"X4: a pause that nobody watches is over, and begins anew", pause_over},
        {"X4: a flow that paused when the daemon died waits for the next one", pause_left},
        {"X4: no more flows pause than are looked at", many_pause},
        {"X4: a flow that never pauses is let go between two of its packets", busy_flow},
        {"X4: any number of flows get their turn", many},
        {"X4: gates that the program closes are opened again", closed_again},
        {"X4: a flow that may have ended already is not let go", unsettled},
    };
    TEST_SUITE("offload: gates", TESTS);
}
