#include "world.h"
#include "packets.h"
#include <CUnit/CUnit.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add_flow(struct world *world, unsigned number, struct qw_time now)
{
    uint8_t bytes[64];
    char from[32];
    struct engine_verdict verdict;
    snprintf(from, sizeof(from), "192.0.2.1:%u", 1024 + number);
    struct engine_packet packet = {.data = bytes, .writable = bytes, .from = ENGINE_INSIDE};
    packet.captured = test_udp(bytes, sizeof(bytes), from, "198.51.100.7:443", "x", 1);
    packet.wire_len = (uint32_t)packet.captured;
    engine_handle(world->worker, &packet, now, &verdict);
}

static void make(struct world *world, struct config *config, unsigned flows, struct qw_time now)
{
    config->flows_max = 1024;
    config->flows_per_host = 1024;
    config->handshakes_max = 16;
    *world = (struct world){.folder = "/tmp/quicward-control-XXXXXX"};
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(world->folder));
    snprintf(world->path, sizeof(world->path), "%s/made/control.sock", world->folder);
    const struct engine_options options = {.config = config, .shards = 1, .secret = {1, 2}, .now = now};
    CU_ASSERT_EQUAL_FATAL(engine_new(&options, &world->engine), QW_OK);
    world->worker = engine_worker_new(world->engine);
    CU_ASSERT_PTR_NOT_NULL_FATAL(world->worker);
    for (unsigned i = 0; i < flows; i++)
        add_flow(world, i, now);
}

void world_make(struct world *world, unsigned flows, struct qw_time now)
{
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_MONITOR;
    make(world, &config, flows, now);
}

void world_make_nat(struct world *world, unsigned flows, struct qw_time now)
{
    static const uint8_t EXTERNAL[4] = {203, 0, 113, 9};
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    config.external_count = 1;
    config.external[0] = qw_addr_v4(EXTERNAL);
    make(world, &config, flows, now);
}

void world_end(struct world *world)
{
    char made[128];
    snprintf(made, sizeof(made), "%s/made", world->folder);
    engine_worker_free(world->worker);
    engine_free(world->engine);
    unlink(world->path);
    rmdir(made);
    CU_ASSERT_EQUAL(rmdir(world->folder), 0);
}

void hear(void *context, const char *line)
{
    struct heard *heard = context;
    size_t used = strlen(heard->text);
    heard->lines++;
    snprintf(heard->text + used, sizeof(heard->text) - used, "%s\n", line);
}

char *printed(void (*print)(void *context, FILE *out), void *context)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);
    CU_ASSERT_PTR_NOT_NULL_FATAL(out);
    print(context, out);
    fclose(out);
    return text;
}
