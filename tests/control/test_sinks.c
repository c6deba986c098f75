/* Events that go somewhere by themselves: nothing is lost silently, and nobody waits. */
#include "sink.h"
#include "suite.h"
#include "test_control.h"
#include "world.h"
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

struct scene {
    char folder[64], path[96], other[96];
    struct sink *sink;
    int listener; /* of a syslog or a journal; -1: none */
};

static void scene_make(struct scene *scene)
{
    *scene = (struct scene){.folder = "/tmp/quicward-sinks-XXXXXX", .listener = -1};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof scene->path, "%s/events", scene->folder);
    snprintf(scene->other, sizeof scene->other, "%s/other", scene->folder);
}

static void scene_end(struct scene *scene)
{
    if (scene->listener >= 0)
        close(scene->listener);
    unlink(scene->path);
    unlink(scene->other);
    CU_ASSERT_EQUAL(rmdir(scene->folder), 0);
}

static void open_file(struct scene *scene)
{
    struct io_error error;
    CU_ASSERT_EQUAL_FATAL(sink_file(scene->path, &scene->sink, &error), QW_OK);
}

static void put(struct sink *sink, unsigned number)
{
    char line[600];
    int len = snprintf(line, sizeof line, "{\"number\":%u,\"text\":\"%0500u\"}\n", number, number);
    sink_put(sink, line, (size_t)len);
}

static struct control_sink_stats stats_of(struct sink *sink)
{
    pthread_mutex_lock(&sink->lock);
    struct control_sink_stats stats = sink->stats;
    pthread_mutex_unlock(&sink->lock);
    return stats;
}

/* However busy the machine is. */
#define PATIENCE_MS 30000

static bool written_soon(struct sink *sink, uint64_t count)
{
    const struct timespec pause = {.tv_nsec = 2000000};
    for (unsigned ms = 0; ms < PATIENCE_MS && stats_of(sink).written < count; ms += 2)
        nanosleep(&pause, NULL);
    return stats_of(sink).written >= count;
}

/* Lines of a file: numbers go up by one, and where they jump a line before says by how much. Returns the last
 * number; 0 when it is not so. */
static unsigned read_numbers(const char *path, unsigned last)
{
    char *line = NULL;
    size_t room = 0;
    unsigned number, missed = 0;
    FILE *in = fopen(path, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(in);
    while (getline(&line, &room, in) > 0 && last < UINT32_MAX) {
        if (sscanf(line, "{\"missed\":%u}", &missed) == 1)
            continue;
        bool right = sscanf(line, "{\"number\":%u,", &number) == 1 && number == last + missed + 1 &&
                     strchr(line, '\n') && line[strlen(line) - 2] == '}';
        last = right ? number : UINT32_MAX;
        missed = 0;
    }
    free(line);
    fclose(in);
    return last == UINT32_MAX ? 0 : last;
}

static void to_a_file(void)
{
    struct scene scene;
    struct stat status;
    scene_make(&scene);
    open_file(&scene);
    for (unsigned i = 1; i <= 1000; i++)
        put(scene.sink, i);
    CU_ASSERT_TRUE(written_soon(scene.sink, 1000));
    CU_ASSERT_EQUAL(stats_of(scene.sink).lost, 0);
    sink_stop(scene.sink, PATIENCE_MS);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 0), 1000);
    CU_ASSERT_EQUAL(stat(scene.path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07137, 0);
    scene_end(&scene);
}

/* What waits when it ends is written. */
static void at_the_end(void)
{
    struct scene scene;
    scene_make(&scene);
    open_file(&scene);
    for (unsigned i = 1; i <= 5000; i++)
        put(scene.sink, i);
    sink_stop(scene.sink, PATIENCE_MS);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 0), 5000);
    scene_end(&scene);
}

static void rotated(void)
{
    struct scene scene;
    scene_make(&scene);
    open_file(&scene);
    put(scene.sink, 1);
    CU_ASSERT_TRUE(written_soon(scene.sink, 1));
    CU_ASSERT_EQUAL(rename(scene.path, scene.other), 0);
    put(scene.sink, 2);
    CU_ASSERT_TRUE(written_soon(scene.sink, 2));
    sink_reopen(scene.sink);
    for (unsigned ms = 0; ms < PATIENCE_MS && access(scene.path, F_OK) != 0; ms += 2)
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    put(scene.sink, 3);
    sink_stop(scene.sink, PATIENCE_MS);
    CU_ASSERT_EQUAL(read_numbers(scene.other, 0), 2);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 2), 3);
    scene_end(&scene);
}

/* Of a disk that is full 4 MiB wait. Once there is room, they come, and then how many did not. */
static void full_disk(void)
{
    struct scene scene;
    scene_make(&scene);
    CU_ASSERT_EQUAL(symlink("/dev/full", scene.path), 0);
    open_file(&scene);
    for (unsigned i = 1; i <= 20000; i++)
        put(scene.sink, i);
    struct control_sink_stats stats = stats_of(scene.sink);
    CU_ASSERT_EQUAL(stats.written, 0);
    CU_ASSERT_TRUE(stats.lost > 10000 && stats.lost < 13000);
    unlink(scene.path);
    sink_reopen(scene.sink);
    CU_ASSERT_TRUE(written_soon(scene.sink, 20000 - stats.lost));
    put(scene.sink, 20001);
    sink_stop(scene.sink, PATIENCE_MS);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 0), 20001);
    scene_end(&scene);
}

/* What the engine's ring lost counts like the sink's own losses. */
static void missed_before(void)
{
    struct scene scene;
    scene_make(&scene);
    open_file(&scene);
    put(scene.sink, 1);
    sink_miss(scene.sink, 5);
    put(scene.sink, 7);
    CU_ASSERT_EQUAL(stats_of(scene.sink).lost, 5);
    sink_stop(scene.sink, PATIENCE_MS);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 0), 7);
    scene_end(&scene);
}

static void no_such_folder(void)
{
    struct sink *sink = NULL;
    struct io_error error;
    CU_ASSERT_EQUAL(sink_file("/nowhere/events", &sink, &error), QW_ERR_SYSTEM);
    CU_ASSERT_STRING_EQUAL(error.text, "events.file: cannot open /nowhere/events: No such file or directory");
    CU_ASSERT_PTR_NULL(sink);
}

/* ---- datagrams ---- */

static void listen_there(struct scene *scene)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%s", scene->path);
    scene->listener = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    CU_ASSERT_EQUAL_FATAL(bind(scene->listener, (struct sockaddr *)&address, sizeof address), 0);
}

static bool receive(struct scene *scene, char out[static 1024])
{
    struct pollfd ready = {.fd = scene->listener, .events = POLLIN};
    if (poll(&ready, 1, PATIENCE_MS) <= 0)
        return false;
    ssize_t len = recv(scene->listener, out, 1023, 0);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static void to_syslog(void)
{
    struct scene scene;
    struct io_error error;
    char text[1024] = "", head[64];
    scene_make(&scene);
    listen_there(&scene);
    CU_ASSERT_EQUAL_FATAL(sink_syslog(scene.path, 16, &scene.sink, &error), QW_OK);
    sink_put(scene.sink, "{\"number\":1}\n", 13);
    CU_ASSERT_TRUE(receive(&scene, text));
    snprintf(head, sizeof head, " quicward[%d]: {\"number\":1}", (int)getpid());
    CU_ASSERT_EQUAL(strncmp(text, "<134>", 5), 0); /* 16 * 8 + 6 */
    CU_ASSERT_PTR_NOT_NULL(strstr(text, head));
    CU_ASSERT_PTR_NULL(strchr(text, '\n'));
    sink_stop(scene.sink, PATIENCE_MS);
    scene_end(&scene);
}

static void to_the_journal(void)
{
    struct scene scene;
    struct io_error error;
    char text[1024] = "";
    scene_make(&scene);
    listen_there(&scene);
    CU_ASSERT_EQUAL_FATAL(sink_journal(scene.path, &scene.sink, &error), QW_OK);
    sink_put(scene.sink, "{\"number\":1}\n", 13);
    CU_ASSERT_TRUE(receive(&scene, text));
    CU_ASSERT_STRING_EQUAL(
        text, "PRIORITY=6\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=quicward\nMESSAGE={\"number\":1}\n");
    sink_stop(scene.sink, PATIENCE_MS);
    scene_end(&scene);
}

/* It comes up later than the events. */
static void late_syslog(void)
{
    struct scene scene;
    struct io_error error;
    char text[1024] = "";
    scene_make(&scene);
    CU_ASSERT_EQUAL_FATAL(sink_syslog(scene.path, 3, &scene.sink, &error), QW_OK);
    sink_put(scene.sink, "{\"number\":1}\n", 13);
    listen_there(&scene);
    CU_ASSERT_TRUE(receive(&scene, text));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, ": {\"number\":1}"));
    sink_stop(scene.sink, PATIENCE_MS);
    scene_end(&scene);
}

/* Takes one message; false when it is neither the next event nor the count of those before it. */
static bool receive_next(struct scene *scene, unsigned *last, unsigned *missed)
{
    char text[1024];
    unsigned number;
    if (!receive(scene, text) || !strchr(text, '{'))
        return false;
    if (sscanf(strchr(text, '{'), "{\"missed\":%u}", missed) == 1)
        return true;
    if (sscanf(strchr(text, '{'), "{\"number\":%u,", &number) != 1 || number != *last + *missed + 1)
        return false;
    *last = number;
    *missed = 0;
    return true;
}

/* It listens and takes nothing: whoever has events goes on. Then it takes them again. */
static void hung_syslog(void)
{
    struct scene scene;
    struct io_error error;
    unsigned last = 0, missed = 0;
    scene_make(&scene);
    listen_there(&scene);
    CU_ASSERT_EQUAL_FATAL(sink_syslog(scene.path, 3, &scene.sink, &error), QW_OK);
    for (unsigned i = 1; i <= 20000; i++)
        put(scene.sink, i);
    CU_ASSERT_TRUE(stats_of(scene.sink).lost > 10000);
    for (unsigned i = 0; i < 1000; i++)
        CU_ASSERT_TRUE(receive_next(&scene, &last, &missed));
    put(scene.sink, 20001);
    while (last < 20001 && receive_next(&scene, &last, &missed))
        continue;
    CU_ASSERT_EQUAL(last, 20001);
    sink_stop(scene.sink, PATIENCE_MS);
    scene_end(&scene);
}

/* ---- from the engine ---- */

/* Events of an engine come in their order, the last ones before the end. */
static void from_the_engine(void)
{
    struct scene scene;
    struct world world;
    struct io_error error;
    struct config config;
    struct control_sinks *sinks;
    struct control_sink_stats stats[CONTROL_SINKS_MAX];
    scene_make(&scene);
    world_make_nat(&world, 200, io_now());
    config_defaults(&config);
    CU_ASSERT_EQUAL(control_sinks_start(&config, world.engine, NULL, &sinks, &error), QW_OK);
    CU_ASSERT_PTR_NULL(sinks);
    CU_ASSERT_EQUAL(control_sinks_stats(sinks, stats), 0);
    snprintf(config.events_file, sizeof config.events_file, "%s", scene.path);
    CU_ASSERT_EQUAL_FATAL(control_sinks_start(&config, world.engine, NULL, &sinks, &error), QW_OK);
    const struct engine_event event = {.kind = ENGINE_EVENT_RELOADED, .time = io_now(), .text = "a \"b\""};
    engine_tell(world.engine, &event);
    CU_ASSERT_EQUAL(control_sinks_stats(sinks, stats), 1);
    CU_ASSERT_STRING_EQUAL(stats[0].name, "file");
    control_sinks_stop(sinks);
    CU_ASSERT_EQUAL(read_numbers(scene.path, 0), 201);
    world_end(&world);
    scene_end(&scene);
}

static const struct test TESTS[] = {
    {"O5: events stand in a file that is not for all", to_a_file},
    {"O5: what waits at the end is written", at_the_end},
    {"O5: a file that was moved is opened anew", rotated},
    {"O5: a full disk stops nobody, and what was lost is told", full_disk},
    {"O5: events that did not get there are told too", missed_before},
    {"O5: a file that cannot be opened is named", no_such_folder},
    {"O5: messages of syslog", to_syslog},
    {"O5: entries of the journal", to_the_journal},
    {"O5: a syslog that comes up later gets what waits", late_syslog},
    {"O5: a hung syslog stops nobody, and what was lost is told", hung_syslog},
    {"O5: an engine's events go to a file in their order", from_the_engine},
};

void suite_sinks(void)
{
    TEST_SUITE("control sinks", TESTS);
}
