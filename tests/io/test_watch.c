/* The thread that follows the router, in a network of its own: what it tells the engine. */
#include "suite.h"
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED 77 /* to ctest */
#define PATIENCE_S 20

static struct told {
    pthread_mutex_t lock;
    pthread_cond_t news;
    unsigned addresses, port_sets;
    struct qw_addr address; /* zero: none */
    uint64_t ports[QW_PORT_WORDS];
} told = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

void engine_set_external_of(struct engine *engine, unsigned interface, const struct qw_addr *address,
                            struct qw_time now)
{
    (void)engine, (void)interface, (void)now;
    pthread_mutex_lock(&told.lock);
    told.addresses++;
    told.address = address ? *address : (struct qw_addr){0};
    pthread_cond_broadcast(&told.news);
    pthread_mutex_unlock(&told.lock);
}

void engine_set_router_ports(struct engine *engine, const uint64_t ports[static QW_PORT_WORDS])
{
    (void)engine;
    pthread_mutex_lock(&told.lock);
    told.port_sets++;
    memcpy(told.ports, ports, sizeof(told.ports));
    pthread_cond_broadcast(&told.news);
    pthread_mutex_unlock(&told.lock);
}

/* ---- what was told ---- */

static bool address_is(const void *text)
{
    char now[QW_ADDR_TEXT_MAX];
    struct qw_addr none = {0};
    if (qw_addr_equal(&told.address, &none))
        return text == NULL;
    return text && strcmp(qw_addr_text(&told.address, QW_IPV4, now), text) == 0;
}

static bool has_port(const void *port)
{
    unsigned number = *(const uint16_t *)port;
    return told.ports[number / 64] >> number % 64 & 1;
}

static bool has_no_port(const void *port)
{
    return !has_port(port);
}

static bool comes_to(bool (*is)(const void *), const void *what)
{
    struct timespec end;
    int problem = 0;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += PATIENCE_S;
    pthread_mutex_lock(&told.lock);
    while (!is(what) && problem == 0)
        problem = pthread_cond_timedwait(&told.news, &told.lock, &end);
    bool came = is(what);
    pthread_mutex_unlock(&told.lock);
    return came;
}

static bool told_now(bool (*is)(const void *), const void *what)
{
    pthread_mutex_lock(&told.lock);
    bool so = is(what);
    pthread_mutex_unlock(&told.lock);
    return so;
}

static unsigned times(const unsigned *count)
{
    pthread_mutex_lock(&told.lock);
    unsigned so_far = *count;
    pthread_mutex_unlock(&told.lock);
    return so_far;
}

/* ---- the router ---- */

static int any_socket;

/* Gives the loopback interface the one address, of global scope; "0.0.0.0" takes it. */
static bool set_address(const char *text)
{
    struct ifreq request = {.ifr_name = "lo"};
    struct sockaddr_in address = {.sin_family = AF_INET};
    inet_pton(AF_INET, text, &address.sin_addr);
    memcpy(&request.ifr_addr, &address, sizeof(address));
    return ioctl(any_socket, SIOCSIFADDR, &request) == 0;
}

static int bound_socket(uint16_t *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    address.sin_port = htons(*port);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, len) != 0)
        exit(1);
    getsockname(fd, (struct sockaddr *)&address, &len);
    *port = ntohs(address.sin_port);
    return fd;
}

static const struct config AUTO = {
    .mode = CONFIG_NAT,
    .inside = {1, {"none0"}},
    .outside = {1, {"lo"}},
    .external_auto = true,
    .external_count = 1,
};

static struct io_watch *start(const struct config *config)
{
    struct io_watch *watch = NULL;
    struct io_error error = {0};
    told.addresses = told.port_sets = 0;
    memset(&told.address, 0, sizeof(told.address));
    memset(told.ports, 0, sizeof(told.ports));
    CU_ASSERT_EQUAL(io_watch_start(NULL, config, &watch, &error), QW_OK);
    CU_ASSERT_STRING_EQUAL(error.text, "");
    return watch;
}

/* ---- tests ---- */

static void tells_address_at_start(void)
{
    CU_ASSERT_TRUE(set_address("198.51.100.7"));
    struct io_watch *watch = start(&AUTO);
    CU_ASSERT_TRUE(told_now(address_is, "198.51.100.7"));
    CU_ASSERT_EQUAL(times(&told.port_sets), 1);
    io_watch_stop(watch);
    CU_ASSERT_EQUAL(times(&told.addresses), 1);
}

static void follows_address(void)
{
    CU_ASSERT_TRUE(set_address("0.0.0.0"));
    struct io_watch *watch = start(&AUTO);
    CU_ASSERT_PTR_NOT_NULL(watch);
    CU_ASSERT_EQUAL(times(&told.addresses), 0);
    CU_ASSERT_TRUE(set_address("198.51.100.7"));
    CU_ASSERT_TRUE(comes_to(address_is, "198.51.100.7"));
    CU_ASSERT_TRUE(set_address("198.51.100.99"));
    CU_ASSERT_TRUE(comes_to(address_is, "198.51.100.99"));
    CU_ASSERT_TRUE(set_address("0.0.0.0"));
    CU_ASSERT_TRUE(comes_to(address_is, NULL));
    io_watch_stop(watch);
}

/* More changes than a socket keeps news of. */
static void many_changes(void)
{
    char text[QW_ADDR_TEXT_MAX];
    struct io_watch *watch = start(&AUTO);
    for (unsigned i = 1; i <= 3000; i++) {
        snprintf(text, sizeof(text), "198.51.%u.%u", i / 200, i % 200);
        CU_ASSERT_TRUE(set_address(text));
    }
    CU_ASSERT_TRUE(comes_to(address_is, text));
    io_watch_stop(watch);
    CU_ASSERT_TRUE(told_now(address_is, text));
    set_address("0.0.0.0");
}

static void follows_ports(void)
{
    uint16_t before = 4433, later = 4434;
    int first = bound_socket(&before);
    struct io_watch *watch = start(&AUTO);
    CU_ASSERT_TRUE(told_now(has_port, &before) && told_now(has_no_port, &later));
    int second = bound_socket(&later);
    CU_ASSERT_TRUE(comes_to(has_port, &later));
    close(first);
    CU_ASSERT_TRUE(comes_to(has_no_port, &before));
    CU_ASSERT_TRUE(told_now(has_port, &later));
    close(second);
    io_watch_stop(watch);
}

static void fixed_addresses(void)
{
    uint16_t port = 4433;
    struct config config = AUTO;
    config.external_auto = false;
    CU_ASSERT_TRUE(set_address("198.51.100.7"));
    struct io_watch *watch = start(&config);
    int fd = bound_socket(&port);
    CU_ASSERT_TRUE(comes_to(has_port, &port));
    CU_ASSERT_EQUAL(times(&told.addresses), 0);
    io_watch_stop(watch);
    close(fd);
}

static void other_modes(void)
{
    struct config config = AUTO;
    config.mode = CONFIG_FIREWALL;
    CU_ASSERT_PTR_NULL(start(&config));
    CU_ASSERT_EQUAL(times(&told.addresses) + times(&told.port_sets), 0);
    io_watch_stop(NULL);
}

static void no_interface(void)
{
    struct config config = AUTO;
    memcpy(config.outside.names[0], "gone0", sizeof("gone0"));
    struct io_watch *watch = start(&config);
    CU_ASSERT_PTR_NOT_NULL(watch);
    CU_ASSERT_EQUAL(times(&told.addresses), 0);
    io_watch_stop(watch);
}

static bool succeeds(const char *command)
{
    return system(command) == 0;
}

#define ADDED(number, address)                                                                               \
    "ip link add qw" number " type veth peer name other" number " && ip addr add " address                   \
    "/24 dev qw" number " && ip link set qw" number " up && ip link set other" number " up"

/* A PPP link that goes and comes again under another number, and one that comes beside it. */
static void follows_pattern(void)
{
    struct config config = AUTO;
    config.outside = (struct config_interfaces){1, {"qw*"}};
    struct io_watch *watch = start(&config);
    CU_ASSERT_EQUAL(times(&told.addresses), 0);
    CU_ASSERT_TRUE(succeeds(ADDED("0", "198.51.100.7")));
    CU_ASSERT_TRUE(comes_to(address_is, "198.51.100.7"));
    CU_ASSERT_TRUE(succeeds("ip link del qw0"));
    CU_ASSERT_TRUE(comes_to(address_is, NULL));
    CU_ASSERT_TRUE(succeeds(ADDED("7", "203.0.113.9")));
    CU_ASSERT_TRUE(comes_to(address_is, "203.0.113.9"));
    CU_ASSERT_TRUE(succeeds(ADDED("8", "192.0.2.8"))); /* the oldest one counts, */
    io_watch_stop(watch);
    watch = start(&config);
    CU_ASSERT_TRUE(told_now(address_is, "203.0.113.9"));
    CU_ASSERT_TRUE(succeeds("ip route add default via 192.0.2.1")); /* until the route leads by another */
    CU_ASSERT_TRUE(comes_to(address_is, "192.0.2.8"));
    CU_ASSERT_TRUE(succeeds("ip link del qw8 && ip link del qw7"));
    CU_ASSERT_TRUE(comes_to(address_is, NULL));
    io_watch_stop(watch);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"N11: the address is told before it starts", tells_address_at_start},
        {"N11: it is followed, to none and back", follows_address},
        {"N11: the last of many changes is told", many_changes},
        {"N4: ports are followed", follows_ports},
        {"addresses that are configured are not followed", fixed_addresses},
        {"in other modes nothing is", other_modes},
        {"N11: an interface that is missing is waited for", no_interface},
        {"N11 S4: what matches a pattern is followed, whatever its number", follows_pattern},
    };
    if (unshare(CLONE_NEWNET) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) {
        printf("no network namespace: %s\n", strerror(errno));
        return SKIPPED;
    }
    qw_log_set_level(QW_LOG_ERROR);
    any_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    TEST_SUITE("watch", TESTS);
    return test_main();
}
