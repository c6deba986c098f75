/* Server and client of the control socket in one process. */
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct scene {
    struct world world;
    struct control_server *server;
    const char *_Atomic refusal; /* of reload; NULL: done. Read and counted on the server's thread */
    atomic_uint reloads;
};

static bool reload(void *context, FILE *errors)
{
    struct scene *scene = context;
    scene->reloads++;
    const char *refusal = scene->refusal;
    if (refusal)
        fputs(refusal, errors);
    return refusal == NULL;
}

static enum qw_error start(struct scene *scene, struct control_server **server, struct io_error *error)
{
    const struct control_handlers handlers = {.context = scene, .reload = reload};
    return control_server_start(scene->world.path, scene->world.engine, NULL, &handlers, server, error);
}

static void scene_make(struct scene *scene, unsigned flows)
{
    struct io_error error = {0};
    *scene = (struct scene){0};
    world_make(&scene->world, flows, io_now());
    CU_ASSERT_EQUAL_FATAL(start(scene, &scene->server, &error), QW_OK);
}

static void scene_make_nat(struct scene *scene, unsigned flows)
{
    struct io_error error = {0};
    *scene = (struct scene){0};
    world_make_nat(&scene->world, flows, io_now());
    CU_ASSERT_EQUAL_FATAL(start(scene, &scene->server, &error), QW_OK);
}

static void scene_end(struct scene *scene)
{
    control_server_stop(scene->server);
    CU_ASSERT_NOT_EQUAL(access(scene->world.path, F_OK), 0);
    world_end(&scene->world);
}

static struct heard ask(struct scene *scene, const char *request, enum qw_error expected,
                        struct io_error *error)
{
    struct heard heard = {0};
    CU_ASSERT_EQUAL(control_request(scene->world.path, request, hear, &heard, error), expected);
    return heard;
}

/* A client that speaks the protocol by itself, or badly. */
static int raw_client(const struct scene *scene, const char *bytes)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", scene->world.path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    CU_ASSERT_EQUAL(send(fd, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
    return fd;
}

static void expect_raw(const struct scene *scene, const char *bytes, const char *answer)
{
    char got[512] = "";
    int fd = raw_client(scene, bytes);
    CU_ASSERT_EQUAL(recv(fd, got, sizeof(got) - 1, MSG_WAITALL) >= 0, true);
    CU_ASSERT_STRING_EQUAL(got, answer);
    close(fd);
}

static void answers(void)
{
    struct scene scene;
    struct io_error error;
    scene_make(&scene, 130);
    struct heard flows = ask(&scene, "flows", QW_OK, &error), stats = ask(&scene, "stats", QW_OK, &error);
    CU_ASSERT_EQUAL(flows.lines, 130);
    CU_ASSERT_EQUAL(strncmp(flows.text, "{\"id\":1,\"proto\":\"udp\",", 22), 0);
    CU_ASSERT_EQUAL(stats.lines, 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(stats.text, "\"flows\":{\"attempts\":130,"));
    CU_ASSERT_PTR_NOT_NULL(strstr(stats.text, "\"queues\":[]"));
    scene_end(&scene);
}

static void wrong_requests(void)
{
    struct scene scene;
    char longer[2100];
    memset(longer, 'x', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    scene_make(&scene, 1);
    expect_raw(
        &scene, "flow\n",
        "{\"error\":\"unknown request 'flow': only flows, hosts, mappings, events, stats, offload, cluster "
        "and reload are\"}\n");
    expect_raw(
        &scene, "flows \n",
        "{\"error\":\"unknown request 'flows ': only flows, hosts, mappings, events, stats, offload, cluster "
        "and reload are\"}\n");
    expect_raw(&scene, "events  1\n",
               "{\"error\":\"unknown request 'events  1': only flows, hosts, mappings, events, stats, "
               "offload, cluster "
               "and reload are\"}\n");
    expect_raw(
        &scene, "flows 1\n",
        "{\"error\":\"there is no '1'; allowed: state, version, client, server, port, sni, alpn, rule, idle, "
        "sort, limit, reverse, brief\"}\n");
    expect_raw(&scene, "events 1234567890123456789\n",
               "{\"error\":\"unknown request 'events 1234567890123456789': only flows, hosts, mappings, "
               "events, stats, "
               "offload, cluster and reload are\"}\n");
    expect_raw(
        &scene, "\n",
        "{\"error\":\"unknown request '': only flows, hosts, mappings, events, stats, offload, cluster and "
        "reload are\"}\n");
    expect_raw(&scene, "\xff\x1b\n",
               "{\"error\":\"unknown request '?\?': only flows, hosts, mappings, events, stats, offload, "
               "cluster and "
               "reload are\"}\n");
    longer[2050] = '\0';
    expect_raw(&scene, longer, "{\"error\":\"the request is longer than 2048 bytes\"}\n");
    scene_end(&scene);
}

static void only_in_mode_nat(void)
{
    struct scene scene;
    struct io_error error;
    scene_make(&scene, 1);
    ask(&scene, "mappings", QW_ERR_INVALID, &error);
    CU_ASSERT_STRING_EQUAL(error.text, "mappings exist only in mode nat");
    struct heard events = ask(&scene, "events", QW_OK, &error);
    CU_ASSERT_EQUAL(events.lines, 0);
    scene_end(&scene);
}

/* The time of day with some seconds added: a busy machine may pause between the clocks that are compared. */
static void time_of_day(int64_t more_s, char out[static CONTROL_TIME_TEXT_MAX])
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    control_time_text((wall.tv_sec + more_s) * (int64_t)QW_NS_PER_SECOND + wall.tv_nsec, out);
}

static void nat_answers(void)
{
    struct scene scene;
    struct io_error error;
    char day[CONTROL_TIME_TEXT_MAX], before[CONTROL_TIME_TEXT_MAX], after[CONTROL_TIME_TEXT_MAX];
    time_of_day(-10, before);
    scene_make_nat(&scene, 1);
    struct heard mappings = ask(&scene, "mappings", QW_OK, &error);
    struct heard events = ask(&scene, "events", QW_OK, &error), more = ask(&scene, "events 1", QW_OK, &error);
    time_of_day(10, after);
    CU_ASSERT_EQUAL(mappings.lines, 1);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(mappings.text, "{\"inside\":\"192.0.2.1:1024\",\"external\":\"203.0.113.9:"));
    CU_ASSERT_PTR_NOT_NULL(strstr(mappings.text, "\"sessions\":1,\"forward\":false,\"age_ms\":"));
    CU_ASSERT_EQUAL(events.lines, 1);
    CU_ASSERT_EQUAL(more.lines, 0);
    CU_ASSERT_EQUAL_FATAL(sscanf(events.text, "{\"number\":1,\"time\":\"%24[^\"]\",", day), 1);
    CU_ASSERT_TRUE(strcmp(before, day) <= 0);
    CU_ASSERT_TRUE(strcmp(day, after) <= 0);
    CU_ASSERT_PTR_NOT_NULL(
        strstr(events.text, "\"event\":\"mapping-created\",\"inside\":\"192.0.2.1:1024\","));
    scene_end(&scene);
}

static void stalled_clients(void)
{
    struct scene scene;
    struct io_error error;
    int fds[7];
    scene_make(&scene, 1000);
    for (unsigned i = 0; i < 7; i++)
        fds[i] = raw_client(&scene, i % 2 ? "flows\n" : "stat");
    struct heard stats = ask(&scene, "stats", QW_OK, &error);
    CU_ASSERT_EQUAL(stats.lines, 1);
    for (unsigned i = 0; i < 7; i++)
        close(fds[i]);
    scene_end(&scene);
}

static void reloads(void)
{
    struct scene scene;
    struct io_error error;
    scene_make(&scene, 0);
    CU_ASSERT_EQUAL(ask(&scene, "reload", QW_OK, &error).lines, 0);
    scene.refusal = "a.conf:1: bad \"x\"\na.conf:2: worse\n";
    CU_ASSERT_EQUAL(ask(&scene, "reload", QW_ERR_INVALID, &error).lines, 0);
    CU_ASSERT_STRING_EQUAL(error.text, "a.conf:1: bad \"x\"\na.conf:2: worse");
    CU_ASSERT_EQUAL(scene.reloads, 2);
    scene_end(&scene);
}

static void long_refusal(void)
{
    struct scene scene;
    struct io_error error;
    char text[5001], fits[4001];
    for (unsigned i = 0; i < 50; i++)
        snprintf(text + 100 * i, 101, "%097u%02u\n", 0u, i);
    snprintf(fits, sizeof(fits), "%.4000s", text);
    scene_make(&scene, 0);
    scene.refusal = text;
    ask(&scene, "reload", QW_ERR_INVALID, &error);
    const char *rest = error.text + 3999;
    CU_ASSERT_EQUAL(strncmp(error.text, text, 3999), 0);
    CU_ASSERT_STRING_EQUAL(rest, "\nand 10 more, which quicward check shows");
    scene.refusal = fits;
    ask(&scene, "reload", QW_ERR_INVALID, &error);
    CU_ASSERT_EQUAL(strlen(error.text), 3999);
    scene.refusal = "/etc/\xff.conf:1: bad\nsecond\n";
    ask(&scene, "reload", QW_ERR_INVALID, &error);
    CU_ASSERT_STRING_EQUAL(error.text, "/etc/?.conf:1: bad\nsecond");
    scene_end(&scene);
}

static void nobody_there(void)
{
    struct scene scene;
    struct io_error error;
    char expected[256];
    world_make(&scene.world, 0, io_now());
    snprintf(expected, sizeof(expected),
             "no daemon answers on %s: No such file or directory; is quicward run -c FILE running?",
             scene.world.path);
    ask(&scene, "stats", QW_ERR_SYSTEM, &error);
    CU_ASSERT_STRING_EQUAL(error.text, expected);
    world_end(&scene.world);
}

static void second_server(void)
{
    struct scene scene;
    struct io_error error = {0};
    struct control_server *second;
    char expected[256];
    scene_make(&scene, 0);
    snprintf(expected, sizeof(expected), "control socket: %s: another daemon answers there",
             scene.world.path);
    CU_ASSERT_EQUAL(start(&scene, &second, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_STRING_EQUAL(error.text, expected);
    CU_ASSERT_EQUAL(ask(&scene, "stats", QW_OK, &error).lines, 1);
    scene_end(&scene);
}

/* A bound socket whose process is gone. */
static void stale_socket(void)
{
    struct scene scene;
    struct io_error error = {0};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scene_make(&scene, 0);
    control_server_stop(scene.server);
    snprintf(address.sun_path, sizeof(address.sun_path), "%.100s", scene.world.path);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    close(fd);
    CU_ASSERT_EQUAL(access(scene.world.path, F_OK), 0);
    CU_ASSERT_EQUAL_FATAL(start(&scene, &scene.server, &error), QW_OK);
    CU_ASSERT_EQUAL(ask(&scene, "stats", QW_OK, &error).lines, 1);
    scene_end(&scene);
}

static void plain_file(void)
{
    struct scene scene;
    struct io_error error = {0};
    struct stat before, after;
    scene_make(&scene, 0);
    control_server_stop(scene.server);
    FILE *file = fopen(scene.world.path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fclose(file);
    stat(scene.world.path, &before);
    CU_ASSERT_EQUAL(start(&scene, &scene.server, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, scene.world.path));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "is no socket"));
    CU_ASSERT_EQUAL(stat(scene.world.path, &after), 0);
    CU_ASSERT_EQUAL(before.st_ino, after.st_ino);
    world_end(&scene.world);
}

static void bad_paths(void)
{
    struct scene scene;
    struct io_error error = {0};
    world_make(&scene.world, 0, io_now());
    snprintf(scene.world.path, sizeof(scene.world.path), "%s/not/made/control.sock", scene.world.folder);
    CU_ASSERT_EQUAL(start(&scene, &scene.server, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot make the folder"));
    memset(scene.world.path, 'x', 120);
    scene.world.path[120] = '\0';
    CU_ASSERT_EQUAL(start(&scene, &scene.server, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "File name too long"));
    world_end(&scene.world);
}

/* The number that the next file gets: it stays where nothing was left open. */
static int next_file(void)
{
    int fd = dup(STDOUT_FILENO);
    close(fd);
    return fd;
}

/* The first server lets go of the connection by which the second one found it, a moment later. */
static bool comes_to_be(int fd)
{
    unsigned ms = 0;
    for (; ms < 20000 && next_file() != fd; ms++)
        usleep(1000);
    return ms < 20000;
}

static void a_failed_start_leaves_nothing_open(void)
{
    struct scene scene;
    struct control_server *second;
    struct io_error error = {0};
    scene_make(&scene, 0);
    int before = next_file();
    CU_ASSERT_EQUAL(start(&scene, &second, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(second);
    CU_ASSERT_TRUE(comes_to_be(before));
    scene_end(&scene);
}

static void permissions(void)
{
    struct scene scene;
    struct stat file;
    mode_t umasks[] = {0, 077};
    for (unsigned i = 0; i < 2; i++) {
        mode_t before = umask(umasks[i]);
        scene_make(&scene, 0);
        CU_ASSERT_EQUAL(stat(scene.world.path, &file), 0);
        CU_ASSERT_TRUE(S_ISSOCK(file.st_mode));
        CU_ASSERT_EQUAL(file.st_mode & 0777, 0660);
        umask(before);
        scene_end(&scene);
    }
}

static const struct test TESTS[] = {
    {"O5: flows and stats, more than one piece of them", answers},
    {"S3: unknown, empty, unprintable and oversize requests", wrong_requests},
    {"N14: mappings and events of an engine, at the time of day", nat_answers},
    {"N14, O5: mappings are refused where there is no NAT, events are not", only_in_mode_nat},
    {"S3: clients that stall do not keep another waiting", stalled_clients},
    {"S2: reload is done, or says why not", reloads},
    {"S2: of a long refusal whole lines are kept", long_refusal},
    {"O5: without a daemon the path and the reason are named", nobody_there},
    {"S1: a path in use is refused, and stays in use", second_server},
    {"S1: a socket left by a dead daemon is replaced", stale_socket},
    {"S6: a file that is no socket is left alone", plain_file},
    {"S4: a start that fails leaves nothing open", a_failed_start_leaves_nothing_open},
    {"S6: a path that cannot be made is named", bad_paths},
    {"S6: the socket is for its owner and group, whatever the umask", permissions},
};

void suite_server(void)
{
    TEST_SUITE("control server", TESTS);
}
