#include "fake_engine.h"
#include "kernel_message.h"
#include "queue_judge.h"
#include "random.h"
#include "sent_verdicts.h"
#include "suite.h"
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PLACE 512 /* for one message */
#define HELD_MAX 2

static const atomic_uint news;
static const struct qw_time NOW = {QW_NS_PER_SECOND};

/* A worker without its thread, at one end of a pair of sockets; the other end takes the kernel's part. */
static struct {
    struct queue_worker worker;
    struct config config;
    int kernel;
    unsigned came; /* messages since the last batch */
} rig;

static void start(enum config_mode mode, const struct fake_step *steps, unsigned count)
{
    int pair[2];
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair), 0);
    memset(&rig, 0, sizeof(rig));
    memset(&fake_engine, 0, sizeof(fake_engine));
    fake_engine.steps = steps;
    fake_engine.left = count;
    rig.config.mode = mode;
    rig.kernel = pair[1];
    struct queue_worker *worker = &rig.worker;
    worker->socket.fd = pair[0];
    worker->config = &rig.config;
    worker->replies = (struct raw_sender){-1, -1};
    worker->buffer = calloc(QUEUE_BATCH, PLACE);
    CU_ASSERT_TRUE_FATAL(worker->buffer && stash_open(&worker->stash, HELD_MAX + 1));
    worker->verdicts.stash = &worker->stash;
    for (unsigned i = 0; i < QUEUE_BATCH; i++)
        worker->pieces[i] = (struct iovec){worker->buffer + (size_t)i * PLACE, PLACE};
    interfaces_start(&worker->incoming, &rig.config.inside, &news);
    interfaces_start(&worker->outgoing, &rig.config.inside, &news);
    verdicts_start(&worker->verdicts, 7401);
}

static void finish(void)
{
    close(rig.worker.socket.fd);
    close(rig.kernel);
    stash_close(&rig.worker.stash);
    free(rig.worker.buffer);
}

static void comes(uint32_t id, const char *packet)
{
    unsigned place = rig.came++;
    rig.worker.messages[place].msg_len =
        (unsigned)kernel_message(rig.worker.pieces[place].iov_base, id, packet, strlen(packet));
}

static void judge(void)
{
    queue_judge(&rig.worker, rig.came, NOW);
    memset(rig.worker.buffer, 0xee, (size_t)rig.came * PLACE); /* the next messages come there */
    rig.came = 0;
}

/* What the next send carried; 0 when there was none. */
static unsigned sent(struct sent_verdict *out, unsigned max)
{
    static _Alignas(uint32_t) char messages[VERDICTS_BYTES_MAX];
    ssize_t got = recv(rig.kernel, messages, sizeof(messages), 0);
    return got > 0 ? sent_read(messages, (size_t)got, out, max) : 0;
}

static void changed_go_back(void)
{
    static const struct fake_step STEPS[] = {{ENGINE_ACCEPT, true, 0},
                                             {ENGINE_ACCEPT, false, 0},
                                             {ENGINE_DROP, true, 0},
                                             {ENGINE_ACCEPT, true, 0}};
    struct sent_verdict got[8];
    start(CONFIG_NAT, STEPS, 4);
    comes(1, "first");
    comes(2, "second");
    comes(3, "third");
    comes(4, "fourth");
    judge();
    CU_ASSERT_EQUAL_FATAL(sent(got, 8), 4);
    CU_ASSERT_TRUE(sent_returns(&got[0], 1, "*irst", 5));
    CU_ASSERT_TRUE(sent_is(&got[1], NFQNL_MSG_VERDICT, 3, NF_DROP));
    CU_ASSERT_TRUE(sent_is(&got[2], NFQNL_MSG_VERDICT_BATCH, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_returns(&got[3], 4, "*ourth", 6));
    CU_ASSERT_EQUAL(rig.worker.counts[QW_QUEUE_COUNTER_packets], 4);
    CU_ASSERT_FALSE(rig.worker.lost);
    finish();
}

static void other_modes_give_none_back(void)
{
    static const struct fake_step STEPS[] = {{ENGINE_ACCEPT, true, 0}, {ENGINE_ACCEPT, true, 0}};
    struct sent_verdict got[2];
    start(CONFIG_FIREWALL, STEPS, 2);
    comes(1, "first");
    comes(2, "second");
    judge();
    CU_ASSERT_EQUAL_FATAL(sent(got, 2), 1);
    CU_ASSERT_TRUE(sent_is(&got[0], NFQNL_MSG_VERDICT_BATCH, 2, NF_ACCEPT));
    finish();
}

static void held_leave_as_translated(void)
{
    static const struct fake_step STEPS[] = {
        {ENGINE_HOLD, true, 0}, {ENGINE_HOLD, false, 0}, {ENGINE_ACCEPT, true, 2}};
    struct sent_verdict got[4];
    start(CONFIG_NAT, STEPS, 3);
    comes(1, "first");
    judge();
    comes(2, "second");
    judge();
    CU_ASSERT_EQUAL(sent(got, 4), 0);
    comes(3, "third");
    judge();
    CU_ASSERT_EQUAL_FATAL(sent(got, 4), 3);
    CU_ASSERT_TRUE(sent_returns(&got[0], 1, "*irst", 5));
    CU_ASSERT_TRUE(sent_is(&got[1], NFQNL_MSG_VERDICT, 2, NF_ACCEPT));
    CU_ASSERT_TRUE(sent_returns(&got[2], 3, "*hird", 5));
    finish();
}

/* Each packet lets one go and waits in its place: there is always a slot, since what is written is sent when
 * none is. */
static void slots_suffice(void)
{
    static struct fake_step steps[20];
    struct sent_verdict got[4];
    uint32_t next = 0;
    for (uint32_t id = 0; id < 20; id++)
        steps[id] = (struct fake_step){ENGINE_HOLD, true, id >= HELD_MAX};
    start(CONFIG_NAT, steps, 20);
    for (uint32_t id = 0; id < 20; id++)
        comes(id, "packet");
    judge();
    CU_ASSERT_FALSE(rig.worker.lost);
    for (unsigned count; (count = sent(got, 4)) > 0;)
        for (unsigned i = 0; i < count; i++)
            CU_ASSERT_TRUE(sent_returns(&got[i], next++, "*acket", 6));
    CU_ASSERT_EQUAL(next, 20 - HELD_MAX);
    finish();
}

/* An engine that holds more than it may costs the binding, never an address of the inside. */
static void too_many_held(void)
{
    static const struct fake_step STEPS[HELD_MAX + 2] = {
        {ENGINE_HOLD, true, 0}, {ENGINE_HOLD, true, 0}, {ENGINE_HOLD, true, 0}, {ENGINE_HOLD, true, 0}};
    struct sent_verdict got[4];
    start(CONFIG_NAT, STEPS, HELD_MAX + 2);
    for (uint32_t id = 0; id < HELD_MAX + 1; id++)
        comes(id, "packet");
    judge();
    CU_ASSERT_FALSE(rig.worker.lost);
    comes(HELD_MAX + 1, "packet");
    comes(HELD_MAX + 2, "packet");
    judge();
    CU_ASSERT_TRUE(rig.worker.lost);
    CU_ASSERT_EQUAL(sent(got, 4), 0);
    finish();
}

static void tick_releases(void)
{
    static const struct fake_step STEPS[] = {{ENGINE_HOLD, true, 0}, {ENGINE_ACCEPT, false, 1}};
    struct sent_verdict got[2];
    start(CONFIG_NAT, STEPS, 2);
    comes(5, "fifth");
    judge();
    queue_tick(&rig.worker, NOW, 1);
    CU_ASSERT_EQUAL_FATAL(sent(got, 2), 1);
    CU_ASSERT_TRUE(sent_returns(&got[0], 5, "*ifth", 5));
    finish();
}

/* A verdict that the kernel did not take must not be covered by a later one: the queue is bound again. */
static void a_verdict_that_is_not_taken(void)
{
    static const struct fake_step STEPS[] = {{ENGINE_ACCEPT, false, 0}};
    start(CONFIG_FIREWALL, STEPS, 1);
    close(rig.kernel);
    rig.kernel = -1;
    comes(1, "first");
    judge();
    CU_ASSERT_TRUE(rig.worker.lost);
    finish();
}

static void answers(int error)
{
    struct nlmsghdr *message = rig.worker.pieces[rig.came].iov_base;
    mnl_nlmsg_put_header(message)->nlmsg_type = NLMSG_ERROR;
    struct nlmsgerr *answer = mnl_nlmsg_put_extra_header(message, sizeof(*answer));
    answer->error = -error;
    rig.worker.messages[rig.came++].msg_len = message->nlmsg_len;
}

/* The kernel's answers to verdicts: a packet that is gone costs nothing, a queue that is not ours does. */
static void answers_to_verdicts(void)
{
    static const int ERRORS[] = {0, ENOENT, EPERM, ENODEV, EINVAL};
    for (unsigned i = 0; i < sizeof(ERRORS) / sizeof(ERRORS[0]); i++) {
        struct sent_verdict got[2];
        start(CONFIG_FIREWALL, NULL, 0);
        answers(ERRORS[i]);
        comes(1, "first");
        judge();
        bool stays = ERRORS[i] == 0 || ERRORS[i] == ENOENT;
        CU_ASSERT_EQUAL(rig.worker.lost, !stays);
        CU_ASSERT_EQUAL(sent(got, 2), stays);
        finish();
    }
}

/* Messages with bytes changed at random, an engine that translates all it may: no access goes wrong, and what
 * is sent can be read. */
static void damaged_messages(void)
{
    static struct fake_step steps[QUEUE_BATCH];
    struct sent_verdict got[2 * QUEUE_BATCH];
    uint64_t random = 1;
    for (unsigned i = 0; i < QUEUE_BATCH; i++)
        steps[i] = (struct fake_step){ENGINE_ACCEPT, i % 4 != 0, 0};
    start(CONFIG_NAT, NULL, 0);
    for (unsigned round = 0; round < 500; round++) {
        fake_engine.steps = steps;
        fake_engine.left = QUEUE_BATCH;
        for (uint32_t id = 0; id < QUEUE_BATCH; id++) {
            uint8_t *message = rig.worker.pieces[id].iov_base;
            comes(id, "a packet with some bytes");
            for (uint64_t changes = test_random(&random) % 4; changes > 0; changes--)
                message[test_random(&random) % 70] = (uint8_t)test_random(&random);
            rig.worker.messages[id].msg_len -= (unsigned)(test_random(&random) % 8 == 0);
        }
        judge();
        while (sent(got, 2 * QUEUE_BATCH) > 0)
            ;
        rig.worker.lost = false;
    }
    CU_ASSERT_TRUE(fake_engine.handled > 1000);
    CU_ASSERT_EQUAL(fake_engine.expected, fake_engine.handled);
    finish();
}

/* The kernel numbers packets without gaps: what is missing has passed at once. */
static uint64_t unseen_in(enum config_mode mode, enum config_when_down when_down)
{
    static const struct fake_step STEPS[] = {
        {ENGINE_ACCEPT, false, 0}, {ENGINE_ACCEPT, false, 0}, {ENGINE_ACCEPT, false, 0}};
    start(mode, STEPS, 3);
    rig.config.when_down = when_down;
    rig.worker.last_id = UINT32_MAX - 1;
    comes(UINT32_MAX, "one");
    comes(3, "two"); /* 0, 1 and 2 are missing */
    judge();
    comes(5, "three");
    judge();
    uint64_t unseen = rig.worker.counts[QW_QUEUE_COUNTER_unseen];
    CU_ASSERT_EQUAL(rig.worker.seen_id, 5);
    finish();
    return unseen;
}

static void gaps_are_unseen_packets(void)
{
    CU_ASSERT_EQUAL(unseen_in(CONFIG_MONITOR, CONFIG_DOWN_DROP), 4);
    CU_ASSERT_EQUAL(unseen_in(CONFIG_MONITOR, CONFIG_DOWN_PASS), 4);
    CU_ASSERT_EQUAL(unseen_in(CONFIG_FIREWALL, CONFIG_DOWN_PASS), 4);
    CU_ASSERT_EQUAL(unseen_in(CONFIG_FIREWALL, CONFIG_DOWN_DROP), 0); /* the kernel counts them as dropped */
    CU_ASSERT_EQUAL(unseen_in(CONFIG_NAT, CONFIG_DOWN_DROP), 0);
}

/* ---- lanes ---- */

static uint32_t next_id;

static void a_full_batch(void)
{
    for (unsigned i = 0; i < QUEUE_BATCH; i++)
        comes(++next_id, "packet");
    judge();
}

static unsigned drops_sent(void)
{
    struct sent_verdict got[2 * QUEUE_BATCH];
    unsigned drops = 0;
    for (unsigned count; (count = sent(got, 2 * QUEUE_BATCH)) > 0;)
        for (unsigned i = 0; i < count; i++)
            drops += got[i].verdict == NF_DROP;
    return drops;
}

/* Every second packet is of nobody known, and their side has had its time. */
static void press(enum config_mode mode)
{
    static enum engine_lane lanes[QUEUE_BATCH];
    for (unsigned i = 0; i < QUEUE_BATCH; i++)
        lanes[i] = i % 2 == 0 ? ENGINE_LANE_OUTSIDE : i % 4 == 1 ? ENGINE_LANE_KNOWN : ENGINE_LANE_INSIDE;
    start(mode, NULL, 0);
    next_id = 0;
    fake_engine.lanes = lanes;
    for (unsigned i = 1; i < LANES_PRESSED; i++)
        a_full_batch();
    CU_ASSERT_EQUAL(fake_engine.asked, 0);
    a_full_batch();
    rig.worker.lanes.began = (struct qw_time){UINT64_MAX}; /* a window that does not end */
    rig.worker.lanes.taken[ENGINE_LANE_OUTSIDE] = LANES_TIME_NS;
    rig.worker.lanes.taken[ENGINE_LANE_INSIDE] = 0;
    memset(rig.worker.lanes.by_source, 0, sizeof(rig.worker.lanes.by_source));
    CU_ASSERT_EQUAL(drops_sent(), 0);
    fake_engine.handled = fake_engine.passed_over = 0;
    a_full_batch();
}

static void newcomers_give_way(void)
{
    press(CONFIG_NAT);
    CU_ASSERT_EQUAL(fake_engine.asked, 2 * QUEUE_BATCH);
    CU_ASSERT_EQUAL(fake_engine.handled, QUEUE_BATCH / 2);
    CU_ASSERT_EQUAL(fake_engine.passed_over, QUEUE_BATCH / 2);
    CU_ASSERT_EQUAL(drops_sent(), QUEUE_BATCH / 2);
    CU_ASSERT_EQUAL(rig.worker.counts[QW_QUEUE_COUNTER_newcomers_dropped], QUEUE_BATCH / 2);
    comes(++next_id, "the last for now");
    judge(); /* the queue was seen empty */
    fake_engine.asked = 0;
    a_full_batch();
    CU_ASSERT_EQUAL(fake_engine.asked, 0);
    CU_ASSERT_EQUAL(drops_sent(), 0);
    finish();
}

static void a_monitor_drops_nobody(void)
{
    press(CONFIG_MONITOR);
    CU_ASSERT_EQUAL(fake_engine.asked, 0);
    CU_ASSERT_EQUAL(fake_engine.handled, QUEUE_BATCH);
    CU_ASSERT_EQUAL(drops_sent(), 0);
    finish();
}

int main(void)
{
    static const struct test TESTS[] = {
        {"F6: translated packets go back, in order with the others", changed_go_back},
        {"nothing is changed but in mode nat", other_modes_give_none_back},
        {"F1: held packets leave as they were translated, before what released them",
         held_leave_as_translated},
        {"F1: slots suffice for what the engine holds", slots_suffice},
        {"S4: more than that ends the binding", too_many_held},
        {"F1: what waited long enough leaves as it was translated", tick_releases},
        {"S4: a verdict that the kernel did not take ends the binding", a_verdict_that_is_not_taken},
        {"S4: an answer about a packet that is gone does not, another does", answers_to_verdicts},
        {"S4: damaged messages do no harm", damaged_messages},
        {"S3: under pressure newcomers are dropped unjudged, known flows are judged", newcomers_give_way},
        {"S5: in a monitor none is dropped for want of time", a_monitor_drops_nobody},
        {"S5: gaps in the numbers are packets that passed unseen", gaps_are_unseen_packets},
    };
    TEST_SUITE("judge", TESTS);
    return test_main();
}
