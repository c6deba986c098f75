/* What top shows: rows and rates, from a server that answers. */
#include "packets.h"
#include "suite.h"
#include "test_command.h"
#include "top_feed.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct scene {
    char folder[64], path[96];
    struct engine *engine;
    struct engine_worker *worker;
    struct control_server *server;
    struct qw_time now; /* of packets: the server's clock */
    struct top_feed feed;
};

static struct scene scene;

static void scene_make(void)
{
    const struct control_handlers handlers = {.context = NULL};
    struct io_error error;
    memset(&scene, 0, sizeof scene);
    snprintf(scene.folder, sizeof scene.folder, "/tmp/quicward-feed-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(scene.folder));
    snprintf(scene.path, sizeof scene.path, "%s/socket", scene.folder);
    scene.now = io_now();
    scene.engine = command_engine(scene.now);
    scene.worker = engine_worker_new(scene.engine);
    CU_ASSERT_EQUAL_FATAL(
        control_server_start(scene.path, scene.engine, NULL, &handlers, &scene.server, &error), QW_OK);
}

static void scene_end(void)
{
    control_server_stop(scene.server);
    engine_worker_free(scene.worker);
    engine_free(scene.engine);
    top_feed_clear(&scene.feed);
    CU_ASSERT_EQUAL(rmdir(scene.folder), 0);
}

/* A packet of 28 bytes of headers and `len` more. */
static void send_from(const char *client, size_t len)
{
    static const uint8_t PAYLOAD[1000];
    uint8_t bytes[1100];
    struct engine_verdict verdict;
    struct engine_packet packet = {.data = bytes, .from = ENGINE_INSIDE};
    packet.captured = test_udp(bytes, sizeof bytes, client, "198.51.100.7:443", PAYLOAD, len);
    packet.wire_len = (uint32_t)packet.captured;
    engine_handle(scene.worker, &packet, scene.now, &verdict);
}

static void look(enum top_view view, const char *sort, const char *words, unsigned second)
{
    const struct qw_time now = {(1000 + second) * QW_NS_PER_SECOND};
    top_feed_ask(&scene.feed, scene.path, view, sort, false, words, now);
    CU_ASSERT_STRING_EQUAL(scene.feed.error, "");
}

static void rates_of_flows(void)
{
    scene_make();
    send_from("192.0.2.1:5000", 172);
    send_from("192.0.2.2:5000", 972);
    look(TOP_FLOWS, "rate", "", 0);
    CU_ASSERT_EQUAL_FATAL(scene.feed.count, 2);
    CU_ASSERT_STRING_EQUAL(scene.feed.rows[0].client, "192.0.2.2:5000");
    CU_ASSERT_EQUAL(scene.feed.rows[0].rate, 0);
    CU_ASSERT_EQUAL(top_rate(&scene.feed, "packets"), 0);
    send_from("192.0.2.1:5000", 372);
    send_from("192.0.2.3:5000", 972);
    look(TOP_FLOWS, "rate", "", 2);
    CU_ASSERT_EQUAL_FATAL(scene.feed.count, 3);
    CU_ASSERT_STRING_EQUAL(scene.feed.rows[0].client, "192.0.2.1:5000");
    CU_ASSERT_EQUAL(scene.feed.rows[0].rate, 200); /* 400 bytes in two seconds */
    CU_ASSERT_EQUAL(scene.feed.rows[0].bytes, 600);
    CU_ASSERT_EQUAL(scene.feed.rows[1].rate, 0); /* when it began is not known */
    CU_ASSERT_EQUAL(top_rate(&scene.feed, "packets"), 1);
    CU_ASSERT_EQUAL(top_rate(&scene.feed, "created"), 0.5);
    scene_end();
}

static void orders_and_filters(void)
{
    scene_make();
    send_from("192.0.2.2:5000", 972);
    send_from("192.0.2.1:5000", 172);
    look(TOP_FLOWS, "client", "", 0);
    CU_ASSERT_EQUAL_FATAL(scene.feed.count, 2);
    CU_ASSERT_STRING_EQUAL(scene.feed.rows[0].client, "192.0.2.1:5000");
    look(TOP_FLOWS, "bytes", " client=192.0.2.1", 1);
    CU_ASSERT_EQUAL_FATAL(scene.feed.count, 1);
    look(TOP_FLOWS, "bytes", " state=confirmed", 2);
    CU_ASSERT_EQUAL(scene.feed.count, 0);
    scene_end();
}

static void hosts(void)
{
    scene_make();
    send_from("192.0.2.1:5000", 172);
    send_from("192.0.2.1:5001", 172);
    send_from("192.0.2.2:5000", 272);
    look(TOP_HOSTS, "rate", "", 0);
    CU_ASSERT_EQUAL_FATAL(scene.feed.count, 2);
    CU_ASSERT_STRING_EQUAL(scene.feed.rows[0].client, "192.0.2.1");
    CU_ASSERT_EQUAL(scene.feed.rows[0].flows, 2);
    CU_ASSERT_EQUAL(scene.feed.rows[0].up, 400);
    send_from("192.0.2.2:5001", 972);
    look(TOP_HOSTS, "rate", "", 1);
    CU_ASSERT_STRING_EQUAL(scene.feed.rows[0].client, "192.0.2.2");
    CU_ASSERT_EQUAL(scene.feed.rows[0].rate, 1000);
    look(TOP_HOSTS, "rate", " client=192.0.2.2", 2);
    CU_ASSERT_EQUAL(scene.feed.count, 1);
    scene_end();
}

/* Another view has no rates of the one before. */
static void views_change(void)
{
    scene_make();
    send_from("192.0.2.1:5000", 172);
    look(TOP_HOSTS, "rate", "", 0);
    look(TOP_FLOWS, "rate", "", 1);
    CU_ASSERT_EQUAL(scene.feed.rows[0].rate, 0);
    look(TOP_DROPS, "rate", "", 2);
    CU_ASSERT_EQUAL(scene.feed.count, 0);
    scene_end();
}

/* What was there stays, and why there is no more is said. */
static void no_daemon(void)
{
    scene_make();
    send_from("192.0.2.1:5000", 172);
    look(TOP_FLOWS, "rate", "", 0);
    top_feed_ask(&scene.feed, "/nowhere/socket", TOP_FLOWS, "rate", false, "", (struct qw_time){1});
    CU_ASSERT_PTR_NOT_NULL(strstr(scene.feed.error, "no daemon answers on /nowhere/socket"));
    CU_ASSERT_EQUAL(scene.feed.count, 1);
    scene_end();
}

static const struct test TESTS[] = {
    {"O5: flows by their rate since the look before", rates_of_flows},
    {"O5: flows in another order, and filtered", orders_and_filters},
    {"O5: hosts with their sums", hosts},
    {"O5: a view has no rates of another", views_change},
    {"O5: a daemon that is gone is named", no_daemon},
};

void suite_feed(void)
{
    TEST_SUITE("command feed", TESTS);
}
