/* One client, step by step, on a clock of the test's own. */
#include "session.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define FLOWS 200 /* more than fit one piece */

static const struct qw_time START = {1000 * QW_NS_PER_SECOND};

static struct qw_time after_ms(uint64_t ms)
{
    return qw_time_add(START, ms * QW_NS_PER_MS);
}

struct scene {
    struct world world;
    struct session_source source;
    struct session session;
    int client;
};

static void scene_make(struct scene *scene)
{
    int pair[2], small = 4096;
    world_make(&scene->world, FLOWS, START);
    CU_ASSERT_EQUAL_FATAL(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    CU_ASSERT_EQUAL(setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
    scene->source = (struct session_source){.engine = scene->world.engine};
    scene->client = pair[1];
    session_open(&scene->session, pair[0], START);
}

static void scene_end(struct scene *scene)
{
    session_close(&scene->session);
    close(scene->client);
    world_end(&scene->world);
}

static bool step(struct scene *scene, uint64_t ms)
{
    return session_step(&scene->session, &scene->source, after_ms(ms));
}

static bool ask(struct scene *scene, const char *bytes, uint64_t ms)
{
    CU_ASSERT_EQUAL(send(scene->client, bytes, strlen(bytes), 0), (ssize_t)strlen(bytes));
    return step(scene, ms);
}

/* Reads what is there; returns how many newlines were in it and keeps the end of it in `last`. */
static unsigned take(struct scene *scene, char *last, size_t size)
{
    char bytes[4096];
    unsigned lines = 0;
    ssize_t got;
    while ((got = recv(scene->client, bytes, sizeof(bytes), 0)) > 0) {
        for (ssize_t i = 0; i < got; i++)
            lines += bytes[i] == '\n';
        size_t kept = (size_t)got < size ? (size_t)got : size - 1;
        memcpy(last, bytes + got - kept, kept);
        last[kept] = '\0';
    }
    return lines;
}

static void whole_answer(void)
{
    struct scene scene;
    char last[64] = "";
    unsigned lines = 0, pieces = 0;
    scene_make(&scene);
    CU_ASSERT_EQUAL(session_events(&scene.session), POLLIN);
    CU_ASSERT_TRUE(ask(&scene, "flo", 1));
    CU_ASSERT_TRUE(ask(&scene, "ws\n", 2));
    CU_ASSERT_EQUAL(session_events(&scene.session), POLLOUT);
    for (bool more = true; more && pieces < 1000; pieces++) {
        more = step(&scene, 3);
        lines += take(&scene, last, sizeof(last));
    }
    CU_ASSERT_EQUAL(lines, FLOWS + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "{\"ok\":true}\n"));
    scene_end(&scene);
}

static void slow_request(void)
{
    struct scene scene;
    scene_make(&scene);
    CU_ASSERT_TRUE(ask(&scene, "sta", 4000));
    CU_ASSERT_FALSE(session_stalled(&scene.session, after_ms(4999)));
    CU_ASSERT_TRUE(session_stalled(&scene.session, after_ms(5000)));
    scene_end(&scene);
}

/* The answer has 5 s of its own, however long the request took. */
static void slow_request_then_answer(void)
{
    struct scene scene;
    scene_make(&scene);
    CU_ASSERT_TRUE(ask(&scene, "sta", 1000));
    CU_ASSERT_TRUE(ask(&scene, "ts\n", 4000));
    CU_ASSERT_EQUAL(session_events(&scene.session), POLLOUT);
    CU_ASSERT_FALSE(session_stalled(&scene.session, after_ms(8999)));
    CU_ASSERT_TRUE(session_stalled(&scene.session, after_ms(9000)));
    scene_end(&scene);
}

static void slow_reader(void)
{
    struct scene scene;
    char last[64] = "";
    scene_make(&scene);
    CU_ASSERT_TRUE(ask(&scene, "flows\n", 1000));
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_TRUE(step(&scene, 4000));
    CU_ASSERT_FALSE(session_stalled(&scene.session, after_ms(8999)));
    CU_ASSERT_TRUE(step(&scene, 8999));
    CU_ASSERT_TRUE(session_stalled(&scene.session, after_ms(9000)));
    CU_ASSERT_TRUE(take(&scene, last, sizeof(last)) > 0);
    CU_ASSERT_TRUE(step(&scene, 9000));
    CU_ASSERT_FALSE(session_stalled(&scene.session, after_ms(13999)));
    scene_end(&scene);
}

static void gone_client(void)
{
    struct scene scene;
    scene_make(&scene);
    CU_ASSERT_TRUE(ask(&scene, "flows\n", 1));
    shutdown(scene.client, SHUT_RDWR);
    CU_ASSERT_FALSE(step(&scene, 2));
    scene_end(&scene);
    scene_make(&scene);
    shutdown(scene.client, SHUT_WR);
    CU_ASSERT_FALSE(step(&scene, 1));
    scene_end(&scene);
}

static void longest_request(void)
{
    struct scene scene;
    char request[SESSION_REQUEST_MAX + 2], last[4096] = "";
    memset(request, 'x', sizeof(request));
    request[SESSION_REQUEST_MAX] = '\0';
    scene_make(&scene);
    CU_ASSERT_TRUE(ask(&scene, request, 1));
    CU_ASSERT_EQUAL(session_events(&scene.session), POLLIN);
    CU_ASSERT_TRUE(ask(&scene, "\n", 2));
    CU_ASSERT_FALSE(step(&scene, 3));
    CU_ASSERT_EQUAL(take(&scene, last, sizeof(last)), 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(last, "{\"error\":\"unknown request 'xxx"));
    scene_end(&scene);
}

static const struct test TESTS[] = {
    {"O5: a request in parts, an answer in pieces", whole_answer},
    {"S3: a request that does not end is given up after 5 s", slow_request},
    {"S3: an answer has 5 s, whenever its request ended", slow_request_then_answer},
    {"S3: a client that does not read is given up 5 s after its last byte", slow_reader},
    {"S3: a client that is gone ends its session", gone_client},
    {"S3: 2048 bytes are a request", longest_request},
};

void suite_session(void)
{
    TEST_SUITE("control session", TESTS);
}
