/* systemd hears that the daemon works only of times in which every worker made turns. */
#include "suite.h"
#include "test_command.h"
#include "watchdog.h"

#define WORKERS 3
#define INTERVAL_S 16 /* systemd is told every four seconds */

struct scene {
    struct watchdog watchdog;
    uint64_t turns[WORKERS];
    struct qw_time now;
};

static void begin(struct scene *scene, uint64_t interval_s)
{
    *scene = (struct scene){.now = {1000 * QW_NS_PER_SECOND}};
    watchdog_start(&scene->watchdog, interval_s * QW_NS_PER_SECOND, scene->now);
}

/* A second passes, in which the workers of the mask made turns. */
static struct watchdog_news second(struct scene *scene, unsigned working)
{
    for (unsigned i = 0; i < WORKERS; i++)
        scene->turns[i] += working >> i & 1 ? 10 : 0;
    scene->now = qw_time_add(scene->now, QW_NS_PER_SECOND);
    return watchdog_look(&scene->watchdog, scene->turns, WORKERS, scene->now);
}

/* How often systemd was told within so many seconds. */
static unsigned told(struct scene *scene, unsigned seconds, unsigned working)
{
    unsigned count = 0;
    while (seconds-- > 0)
        count += second(scene, working).tell ? 1 : 0;
    return count;
}

static void all_work(void)
{
    struct scene scene;
    begin(&scene, INTERVAL_S);
    CU_ASSERT_EQUAL(told(&scene, 3, 7), 0);
    CU_ASSERT_TRUE(second(&scene, 7).tell);
    CU_ASSERT_FALSE(second(&scene, 7).tell);
    CU_ASSERT_EQUAL(told(&scene, 399, 7), 100);
}

static void one_hangs(void)
{
    struct scene scene;
    for (unsigned hung = 0; hung < WORKERS; hung++) {
        begin(&scene, INTERVAL_S);
        CU_ASSERT_EQUAL(told(&scene, 8, 7), 2);
        CU_ASSERT_EQUAL(told(&scene, 40, 7 & ~(1u << hung)), 0);
        CU_ASSERT_TRUE(second(&scene, 7).tell);
    }
}

/* It worked for half of the time since systemd was told: that counts, and once only. */
static void hangs_between(void)
{
    struct scene scene;
    begin(&scene, INTERVAL_S);
    CU_ASSERT_EQUAL(told(&scene, 4, 7), 1);
    CU_ASSERT_EQUAL(told(&scene, 2, 7), 0);
    CU_ASSERT_EQUAL(told(&scene, 2, 6), 1);
    CU_ASSERT_EQUAL(told(&scene, 40, 6), 0);
}

static void never_began(void)
{
    struct scene scene;
    begin(&scene, INTERVAL_S);
    CU_ASSERT_EQUAL(told(&scene, 40, 5), 0);
}

static void nobody_watches(void)
{
    struct scene scene;
    begin(&scene, 0);
    CU_ASSERT_EQUAL(told(&scene, 40, 7), 0);
}

static void short_intervals(void)
{
    struct scene scene;
    begin(&scene, 1);
    CU_ASSERT_EQUAL(told(&scene, 5, 7), 5);
}

static void says_who_hangs(void)
{
    struct scene scene;
    struct watchdog_news news;
    begin(&scene, INTERVAL_S);
    CU_ASSERT_EQUAL(second(&scene, 7).began, 0);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_EQUAL(second(&scene, 5).began, 0);
    news = second(&scene, 5);
    CU_ASSERT_EQUAL(news.began, 2);
    CU_ASSERT_EQUAL(news.ended, 0);
    CU_ASSERT_EQUAL(second(&scene, 5).began, 0);
    news = second(&scene, 7);
    CU_ASSERT_EQUAL(news.began, 0);
    CU_ASSERT_EQUAL(news.ended, 2);
    CU_ASSERT_EQUAL(second(&scene, 7).ended, 0);
}

/* For an hour nobody ran: no worker hung. */
static void machine_sleeps(void)
{
    struct scene scene;
    begin(&scene, INTERVAL_S);
    CU_ASSERT_EQUAL(told(&scene, 4, 7), 1);
    scene.now = qw_time_add(scene.now, 3600 * QW_NS_PER_SECOND);
    struct watchdog_news news = second(&scene, 0);
    CU_ASSERT_FALSE(news.tell);
    CU_ASSERT_EQUAL(news.began, 0);
    CU_ASSERT_TRUE(second(&scene, 7).tell);
}

static const struct test TESTS[] = {
    {"S4: systemd is told four times an interval while all workers make turns", all_work},
    {"S4: one worker that hangs silences the watchdog, whichever it is", one_hangs},
    {"S4: turns count once", hangs_between},
    {"S4: a worker that never began silences it too", never_began},
    {"S4: without a watchdog nobody is told", nobody_watches},
    {"S4: an interval shorter than the looks", short_intervals},
    {"S4: a worker that hangs is named once, and once more when it goes on", says_who_hangs},
    {"S4: a machine that slept has no workers that hang", machine_sleeps},
};

void suite_watchdog(void)
{
    TEST_SUITE("command watchdog", TESTS);
}
