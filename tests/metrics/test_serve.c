/* The server: where it listens, what it answers, and who cannot keep it. */
#include "suite.h"
#include "suites.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <quicward/metrics.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

struct world {
    struct engine *engine;
    struct metrics *metrics;
    char folder[64], path[108];
};

static struct world start(void)
{
    struct world world = {.folder = "/tmp/quicward-metrics-XXXXXX"};
    struct config config;
    struct io_error error = {0};
    config_defaults(&config);
    config.mode = CONFIG_FIREWALL;
    config.flows_max = 64;
    config.handshakes_max = 16;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(world.folder));
    snprintf(world.path, sizeof world.path, "%s/metrics.sock", world.folder);
    const struct engine_options options = {.config = &config, .shards = 1, .secret = {1, 2}};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &world.engine), QW_OK);
    CU_ASSERT_EQUAL_FATAL(metrics_open(world.path, &world.metrics, &error), QW_OK);
    const struct metrics_source source = {.version = "1.2", .instance = "main", .engine = world.engine};
    CU_ASSERT_EQUAL_FATAL(metrics_start(world.metrics, &source, &error), QW_OK);
    return world;
}

static void stop(struct world *world)
{
    metrics_close(world->metrics);
    CU_ASSERT_NOT_EQUAL(access(world->path, F_OK), 0);
    engine_free(world->engine);
    rmdir(world->folder);
}

static int come(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* The caller frees it. */
static char *ask(const char *path, const char *request)
{
    size_t len = 0;
    char *text = calloc(1, 1 << 16);
    int fd = come(path);
    CU_ASSERT_EQUAL(send(fd, request, strlen(request), MSG_NOSIGNAL), (ssize_t)strlen(request));
    for (ssize_t got = 1; got > 0 && len<(1 << 16) - 1; len += got> 0 ? (size_t)got : 0)
        got = recv(fd, text + len, (1 << 16) - 1 - len, 0);
    close(fd);
    return text;
}

static void expect_answer(const char *path, const char *request, const char *status, const char *part)
{
    char *text = ask(path, request);
    CU_ASSERT_EQUAL(strncmp(text, status, strlen(status)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, part));
    free(text);
}

static void answers(void)
{
    struct world world = start();
    struct stat file;
    CU_ASSERT_TRUE(stat(world.path, &file) == 0 && (file.st_mode & 07777) == 0660);
    expect_answer(world.path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
                  "\nquicward_rule_hits_total{rule=\"default\"} 0\n");
    expect_answer(world.path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
                  "Content-Type: text/plain; version=0.0.4");
    expect_answer(world.path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ",
                  "\nprocess_open_fds ");
    expect_answer(world.path, "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 ", "/metrics");
    expect_answer(world.path, "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
                  "HTTP/1.1 405 ", "Allow: GET, HEAD");
    char *head = ask(world.path, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    CU_ASSERT_PTR_NULL(strstr(head, "quicward_"));
    free(head);
    stop(&world);
}

/* Readers that say nothing, half a request, or take nothing; then one that wants its answer. */
static void hung_readers(void)
{
    struct world world = start();
    int hung[METRICS_CONNECTIONS - 1];
    for (unsigned i = 0; i < METRICS_CONNECTIONS - 1; i++) {
        static const char *const PARTS[] = {"", "GET /met", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"};
        hung[i] = come(world.path);
        send(hung[i], PARTS[i % 3], strlen(PARTS[i % 3]), MSG_NOSIGNAL);
    }
    expect_answer(world.path, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "quicward_info");
    for (unsigned i = 0; i < METRICS_CONNECTIONS - 1; i++)
        close(hung[i]);
    stop(&world);
}

/* It ends at once, whoever is there. */
static void ends(void)
{
    struct world world = start();
    int hung = come(world.path);
    stop(&world);
    close(hung);
}

static void places(void)
{
    struct metrics *first, *second;
    struct io_error error = {0};
    char folder[] = "/tmp/quicward-metrics-XXXXXX", path[64];
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/x", folder);
    CU_ASSERT_EQUAL(metrics_open("off", &first, &error), QW_OK);
    CU_ASSERT_PTR_NULL(first);
    metrics_close(first);
    CU_ASSERT_EQUAL_FATAL(metrics_open(path, &first, &error), QW_OK);
    CU_ASSERT_EQUAL(metrics_open(path, &second, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
    CU_ASSERT_PTR_NULL(second);
    metrics_close(first);
    FILE *file = fopen(path, "w");
    fclose(file);
    CU_ASSERT_EQUAL(metrics_open(path, &second, &error), QW_ERR_SYSTEM);
    CU_ASSERT_EQUAL(access(path, F_OK), 0); /* a file of somebody else stays */
    unlink(path);
    rmdir(folder);
}

/* The port of a socket that the kernel chose. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (const struct sockaddr *)&address, len), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    close(fd);
    return ntohs(address.sin_port);
}

static bool reaches(const char *host, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    inet_pton(AF_INET, host, &address.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool reached = connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    close(fd);
    return reached;
}

/* A bare port is no door to the outside: another address of this machine does not lead there. */
static void loopback_only(void)
{
    struct metrics *metrics;
    struct io_error error = {0};
    char text[32];
    uint16_t port = free_port();
    snprintf(text, sizeof text, "%u", (unsigned)port);
    CU_ASSERT_EQUAL_FATAL(metrics_open(text, &metrics, &error), QW_OK);
    CU_ASSERT_TRUE(reaches("127.0.0.1", port));
    CU_ASSERT_FALSE(reaches("127.0.0.2", port));
    metrics_close(metrics);
    snprintf(text, sizeof text, "*:%u", (unsigned)port);
    CU_ASSERT_EQUAL_FATAL(metrics_open(text, &metrics, &error), QW_OK);
    CU_ASSERT_TRUE(reaches("127.0.0.2", port));
    metrics_close(metrics);
    CU_ASSERT_EQUAL(metrics_open("192.0.2.77:9477", &metrics, &error), QW_OK); /* an address that may come */
    metrics_close(metrics);
}

static void not_built_in(void)
{
    struct metrics *metrics;
    struct io_error error = {0};
    CU_ASSERT_EQUAL(metrics_open("off", &metrics, &error), QW_OK);
    CU_ASSERT_EQUAL(metrics_open("9477", &metrics, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(error.text, "metrics = \"9477\": this quicward was built without libmicrohttpd"));
}

void suite_serve(void)
{
    static const struct test TESTS[] = {
        {"O5: metrics are answered at /metrics alone, to GET and HEAD", answers},
        {"O5: hung readers do not keep others from their answer", hung_readers},
        {"O5: the server ends while a reader hangs", ends},
        {"O5: a socket in use or a file of somebody else is refused", places},
        {"O5: a bare port listens on the loopback address alone", loopback_only},
    };
    static const struct test WITHOUT[] = {
        {"O5: a program without an HTTP server says so", not_built_in},
    };
    if (metrics_available())
        TEST_SUITE("metrics: server", TESTS);
    else
        TEST_SUITE("metrics: no server", WITHOUT);
}
