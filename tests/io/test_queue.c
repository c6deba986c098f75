/* A worker's thread with the kernel's own queues, in a network of its own: a queue that is gone, or
 * another's, is noticed without a packet, and bound again when it can be. */
#include "fake_engine.h"
#include "interface_news.h"
#include "queue_stats.h"
#include "queue_worker.h"
#include "suite.h"
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <quicward/base/log.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SKIPPED 77 /* to ctest */
#define NUMBER 7402
#define OTHER_NUMBER 7403
#define PATIENCE_MS 20000

static struct config config;

struct rig {
    struct queue_stop stop;
    struct queue_worker worker;
};

static bool start(struct rig *rig)
{
    static const atomic_uint NO_NEWS;
    static struct fast_path none;
    struct io_error error;
    memset(rig, 0, sizeof(*rig));
    rig->worker.fast_path = &none;
    rig->worker.links = &NO_NEWS;
    rig->stop.fd = eventfd(0, EFD_CLOEXEC);
    return queue_worker_start(&rig->worker, NUMBER, NULL, &config, &rig->stop, &error) == QW_OK;
}

static void finish(struct rig *rig)
{
    atomic_store(&rig->stop.asked, true);
    eventfd_write(rig->stop.fd, 1);
    queue_worker_end(&rig->worker);
    close(rig->stop.fd);
}

static bool bound(uint32_t *portid)
{
    struct queue_line line;
    if (!queue_stats_find(NUMBER, &line))
        return false;
    *portid = line.portid;
    return true;
}

static uint64_t rebinds(struct rig *rig)
{
    struct io_queue_stats stats;
    queue_worker_stats(&rig->worker, &stats);
    return stats.counters.rebinds;
}

static bool comes_to_rebinds(struct rig *rig, uint64_t wanted)
{
    for (unsigned ms = 0; ms < PATIENCE_MS && rebinds(rig) < wanted; ms += 10)
        usleep(10000);
    return rebinds(rig) == wanted;
}

/* The worker gives its socket up while another has the queue; it opens one for each attempt to bind, and
 * closes it. */
static bool comes_to_be_closed(int fd)
{
    unsigned ms = 0;
    for (; ms < PATIENCE_MS && fcntl(fd, F_GETFD) >= 0; ms++)
        usleep(1000);
    return ms < PATIENCE_MS;
}

#ifdef __clang__ /* clones nothing, and does not know the word */
#define ALONE __attribute__((noinline, no_sanitize("thread")))
#else
#define ALONE __attribute__((noinline, noclone, no_sanitize("thread")))
#endif

/* Read behind the worker's back, so a race detector is not told of it. */
ALONE static int socket_of(const struct rig *rig)
{
    return rig->worker.socket.fd;
}

/* The worker's socket becomes one that has another queue, or none: the kernel ends that of the old one. */
static void take_away(struct rig *rig, const struct queue_socket *other)
{
    int fd = socket_of(rig);
    CU_ASSERT_EQUAL(syscall(SYS_dup3, other->fd, fd, 0), fd);
}

static bool open_queue(struct queue_socket *queue, uint16_t number)
{
    struct io_error error;
    return queue_socket_open(queue, number, &config, &error) == QW_OK;
}

/* The worker's poll holds its old socket for up to 100 ms more. It looks after its queue once a second. */
static bool comes_to_open(struct queue_socket *queue, uint16_t number)
{
    unsigned ms = 0;
    for (; ms < PATIENCE_MS && !open_queue(queue, number); ms++)
        usleep(1000);
    return ms < PATIENCE_MS;
}

static void a_queue_that_is_gone(void)
{
    struct rig rig;
    struct queue_socket other;
    uint32_t before, after = 0;
    CU_ASSERT_TRUE_FATAL(start(&rig));
    CU_ASSERT_TRUE(bound(&before));
    CU_ASSERT_TRUE_FATAL(open_queue(&other, OTHER_NUMBER));
    unsigned told = atomic_load(&fake_engine.told);
    take_away(&rig, &other);
    CU_ASSERT_TRUE(comes_to_rebinds(&rig, 1));
    CU_ASSERT_TRUE(bound(&after));
    queue_socket_close(&other);
    finish(&rig);
    CU_ASSERT_EQUAL(atomic_load(&fake_engine.told), told + 1);
}

/* Somebody else has it now: its line is there, under another number of a socket. */
static void a_queue_that_is_anothers(void)
{
    struct rig rig;
    struct queue_socket other, thief;
    uint32_t owner = 0;
    /* First, for the first socket of a process gets the process's number, and the thief must not get the
     * worker's. */
    CU_ASSERT_TRUE_FATAL(open_queue(&other, OTHER_NUMBER));
    CU_ASSERT_TRUE_FATAL(start(&rig));
    int fd = socket_of(&rig);
    take_away(&rig, &other);
    CU_ASSERT_TRUE_FATAL(comes_to_open(&thief, NUMBER));
    CU_ASSERT_TRUE(comes_to_be_closed(fd));
    CU_ASSERT_TRUE(bound(&owner) && owner == thief.portid);
    CU_ASSERT_EQUAL(rebinds(&rig), 0);
    queue_socket_close(&thief);
    CU_ASSERT_TRUE(comes_to_rebinds(&rig, 1));
    CU_ASSERT_TRUE(bound(&owner) && owner != thief.portid);
    queue_socket_close(&other);
    finish(&rig);
}

static void a_queue_that_stays(void)
{
    struct rig rig;
    CU_ASSERT_TRUE_FATAL(start(&rig));
    usleep(2500000);
    CU_ASSERT_EQUAL(rebinds(&rig), 0);
    finish(&rig);
}

/* ---- interfaces ---- */

static bool set_mtu(int mtu)
{
    struct ifreq request = {.ifr_name = "lo", .ifr_mtu = mtu};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = ioctl(fd, SIOCSIFMTU, &request) == 0;
    close(fd);
    return done;
}

static bool comes_to_mtu(struct interfaces *interfaces, uint32_t mtu)
{
    for (unsigned waited = 0; waited < PATIENCE_MS; waited++) {
        if (interfaces_find(interfaces, if_nametoindex("lo"))->mtu == mtu)
            return true;
        usleep(1000);
    }
    return false;
}

static void follows_interfaces(void)
{
    struct interface_news news = {0};
    struct interfaces interfaces;
    struct io_error error;
    CU_ASSERT_TRUE(set_mtu(4000));
    CU_ASSERT_EQUAL_FATAL(interface_news_start(&news, &error), QW_OK);
    interfaces_start(&interfaces, &config.inside, &news.count);
    CU_ASSERT_TRUE(comes_to_mtu(&interfaces, 4000));
    CU_ASSERT_TRUE(set_mtu(3000));
    CU_ASSERT_TRUE(comes_to_mtu(&interfaces, 3000));
    for (int mtu = 2001; mtu <= 2999; mtu++) /* more than a socket keeps news of */
        CU_ASSERT_TRUE(set_mtu(mtu));
    CU_ASSERT_TRUE(comes_to_mtu(&interfaces, 2999));
    interface_news_stop(&news);
    interface_news_stop(&news);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"S4: a queue that is gone is bound again", a_queue_that_is_gone},
        {"S4: a queue that somebody else has is bound again when it is free", a_queue_that_is_anothers},
        {"S4: a queue without traffic stays ours", a_queue_that_stays},
        {"M6: an interface's MTU is followed, through more news than a socket holds", follows_interfaces},
    };
    struct queue_socket probe;
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        printf("no network namespace: %s\n", strerror(errno));
        return SKIPPED;
    }
    config_defaults(&config);
    qw_log_set_level(QW_LOG_ERROR);
    if (!open_queue(&probe, NUMBER)) {
        printf("no netfilter queue\n");
        return SKIPPED;
    }
    queue_socket_close(&probe);
    TEST_SUITE("queue", TESTS);
    return test_main();
}
