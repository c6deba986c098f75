/* Throttles in the kernel's program: random shares, cells and flows, against what base/share.h says of them;
 * and the room that tells the program, and counts. */
#include "flows.h"
#include "offload_state.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <stdio.h>
#include <string.h>

enum { PORT_LAN, PORT_WAN, ROUNDS = 200 };
static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};

/* What a limit makes of a packet, beside the kernel. */
struct model {
    struct fast_limit limit;
    struct fast_cells cells[2];
    uint64_t limited;
};

static bool is_fat(const struct model *model, const struct fast_record *record, unsigned way, uint32_t bytes)
{
    uint32_t hash = fast_hash(record);
    const struct fast_cells *cells = &model->cells[way];
    for (unsigned row = 0; model->limit.flags & FAST_WEIGHS && row < QW_SHARE_ROWS; row++) {
        uint32_t cell = qw_share_cell(hash, row);
        if (!qw_share_overflows(cells->room[row][cell], cells->bytes[row][cell], bytes))
            return false;
    }
    return true;
}

static bool blocks(struct model *model, const struct fast_record *record, unsigned way, uint32_t bytes)
{
    const struct fast_limit *limit = &model->limit;
    bool confirmed = record->flags & FAST_CONFIRMED, fat[2];
    uint32_t share = 0;
    for (unsigned i = 0; i < 2; i++) {
        fat[i] = limit->flags & FAST_ACTIVE << i && is_fat(model, record, i, i == way ? bytes : 0);
        uint32_t of = limit->shares[i][confirmed][!fat[i]];
        share = of > share ? of : share;
    }
    bool blocked = qw_share_blocks(share, record->place);
    for (unsigned i = 0; i < 2; i++)
        if (fat[i] && limit->flags & FAST_WEIGHS)
            model->cells[i].who[qw_share_cell(fast_hash(record), 0)] = qw_share_name(
                (uint32_t)record->place << QW_SHARE_SHIFT, limit->flags & FAST_SPARES && confirmed, blocked);
    return blocked;
}

/* Is it blocked? Counts as the program does. */
static bool model_packet(struct model *model, const struct fast_record *record, unsigned way, uint32_t bytes)
{
    if (!(model->limited >> PORT_WAN & 1))
        return false;
    bool active = model->limit.flags & (FAST_ACTIVE | FAST_ACTIVE << 1);
    bool blocked = active && blocks(model, record, way, bytes);
    for (unsigned row = 0; row < QW_SHARE_ROWS; row++)
        if (model->limit.flags & FAST_WEIGHS && model->limit.flags & FAST_LIMITED << way)
            model->cells[way].bytes[row][qw_share_cell(fast_hash(record), row)] += bytes;
    return blocked;
}

/* Rooms are few bytes, much, or none at all; shares anything, steps of the flow itself among them. */
static void choose(struct model *model, const struct fast_record *record, uint64_t *random)
{
    uint32_t hash = fast_hash(record);
    for (unsigned i = 0; i < 8; i++)
        model->limit.shares[i / 4][i / 2 % 2][i % 2] = test_random(random) % 3
                                                           ? test_random(random) % (QW_SHARE_STEPS + 1)
                                                           : record->place + test_random(random) % 2;
    model->limit.flags = test_random(random) % 64;
    model->limited = test_random(random) % 8 ? 1ull << PORT_WAN : 0;
    for (unsigned i = 0; i < 4; i++)
        model->cells[i / 2].room[i % 2][qw_share_cell(hash, i % 2)] =
            test_random(random) % 3 ? test_random(random) % 4000 : 0;
}

static void give(struct kernel *kernel, const struct model *model)
{
    kernel_limits(kernel)[PORT_WAN] = model->limit;
    memcpy(kernel_cells(kernel), model->cells, sizeof model->cells);
    kernel_control(kernel)->limited = model->limited;
}

static size_t packet_of(const struct flow_path *path, unsigned way, size_t payload, uint8_t out[FRAME_MAX])
{
    char from[QW_ENDPOINT_TEXT_MAX], to[QW_ENDPOINT_TEXT_MAX];
    uint8_t data[1400];
    memset(data, 0x41, sizeof data);
    qw_endpoint_text(&path->ways[way].match.src, path->family, from);
    qw_endpoint_text(&path->ways[way].match.dst, path->family, to);
    return test_udp(out, FRAME_MAX, from, to, data, payload);
}

static struct flow_path random_path(uint64_t *random, uint64_t id)
{
    bool ipv6 = test_random(random) % 2;
    struct flow_path path = ipv6 ? test_path(id, "[2001:db8:1::5]:4000", NULL, "[2001:db8:2::7]:443")
                                 : test_path(id, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    path.hash = test_random(random);
    path.place = test_random(random);
    path.state = test_random(random) % 2 ? FLOW_CONFIRMED : FLOW_TWO_WAY;
    return path;
}

/* Outside is one port for both ways. */
static void put(struct kernel *kernel, const struct flow_path *path, unsigned way, enum offload_place place)
{
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record record;
    CU_ASSERT_TRUE_FATAL(test_put(kernel, path, (enum flow_path_direction)way, place));
    CU_ASSERT_TRUE_FATAL(kernel_take(kernel, &match, &record));
    record.in_port = way ? PORT_WAN : PORT_LAN;
    record.out_port = way ? PORT_LAN : PORT_WAN;
    CU_ASSERT_TRUE_FATAL(kernel_put(kernel, &match, &record));
}

/* A packet of the flow through both, untouched by all but the verdict. */
static bool runs_alike(struct kernel *kernel, enum offload_place place, const struct flow_path *path,
                       struct model *model, uint64_t *random)
{
    uint8_t packet[FRAME_MAX];
    unsigned way = test_random(random) % 2;
    size_t len = packet_of(path, way, 1 + test_random(random) % 1300, packet);
    struct fast_match match = entry_match(&path->ways[way].match);
    struct fast_record before, after;
    CU_ASSERT_TRUE_FATAL(kernel_look(kernel, &match, &before));
    choose(model, &before, random);
    give(kernel, model);
    struct fast_load load = kernel_load(kernel, PORT_WAN, way);
    struct frame frame = test_frame(packet, len);
    enum test_fate fate = test_fate(kernel, place, &frame);
    bool dropped = fate == TEST_DROPPED, blocked = model_packet(model, &before, way, (uint32_t)len);
    CU_ASSERT_NOT_EQUAL(fate, TEST_PASSED);
    CU_ASSERT_EQUAL(dropped, blocked);
    CU_ASSERT_TRUE(kernel_look(kernel, &match, &after));
    CU_ASSERT_EQUAL(after.packets, before.packets + !blocked);
    CU_ASSERT_TRUE(!blocked || after.last_seen_ms == before.last_seen_ms);
    CU_ASSERT_EQUAL(memcmp(kernel_cells(kernel), model->cells, sizeof model->cells), 0);
    struct fast_load now = kernel_load(kernel, PORT_WAN, way);
    bool counts = model->limited != 0;
    CU_ASSERT_EQUAL(now.offered - load.offered, counts ? len : 0);
    CU_ASSERT_EQUAL(now.passed - load.passed, counts && !blocked ? len : 0);
    CU_ASSERT_EQUAL(now.dropped - load.dropped, blocked);
    return blocked;
}

static void random_limits(void)
{
    static struct model model;
    struct kernel *kernel = test_kernel();
    uint64_t random = 23;
    unsigned blocked = 0;
    for (unsigned i = 0; kernel && i < 2 * ROUNDS; i++) {
        struct flow_path path = random_path(&random, i + 1);
        enum offload_place place = PLACES[i % 2];
        struct fast_record old;
        for (unsigned way = 0; way < 2; way++)
            put(kernel, &path, way, place);
        for (unsigned k = 0; k < 4; k++)
            blocked += runs_alike(kernel, place, &path, &model, &random);
        for (unsigned way = 0; way < 2; way++) {
            struct fast_match match = entry_match(&path.ways[way].match);
            CU_ASSERT_TRUE(kernel_take(kernel, &match, &old));
        }
    }
    CU_ASSERT_TRUE(!kernel || (blocked > ROUNDS && blocked < 7 * ROUNDS));
    kernel_free(kernel);
}

/* What the queue has to see goes there, blocked or not: a long header, and what is too long for its way. */
static void the_queue_comes_first(void)
{
    struct kernel *kernel = test_kernel();
    struct flow_path path = test_path(1, "10.0.0.5:4000", "192.0.2.1:5000", "198.51.100.7:443");
    static struct model model;
    path.flags = FLOW_PATH_PUNT_LONG;
    path.ways[FLOW_PATH_UP].size_max = 1000;
    model.limit.flags = FAST_ACTIVE | FAST_LIMITED;
    model.limit.shares[0][0][0] = QW_SHARE_STEPS;
    model.limited = 1ull << PORT_WAN;
    for (unsigned i = 0; kernel && i < 2; i++) {
        uint8_t packet[FRAME_MAX];
        struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
        struct fast_record old;
        CU_ASSERT_TRUE(test_put(kernel, &path, FLOW_PATH_UP, PLACES[i]));
        give(kernel, &model);
        struct frame frame = test_frame(packet, packet_of(&path, FLOW_PATH_UP, 973, packet));
        frame = test_frame(packet, frame.len - 14);
        CU_ASSERT_FALSE(test_dropped(kernel, PLACES[i], &frame)); /* 1001 bytes */
        frame = test_frame(packet, packet_of(&path, FLOW_PATH_UP, 972, packet));
        frame = test_frame(packet, frame.len - 14);
        CU_ASSERT_TRUE(test_dropped(kernel, PLACES[i], &frame));
        frame.bytes[14 + 28] = 0xc0;
        CU_ASSERT_FALSE(test_dropped(kernel, PLACES[i], &frame));
        CU_ASSERT_TRUE(kernel_take(kernel, &match, &old));
    }
    CU_ASSERT_TRUE(!kernel || kernel_load(kernel, PORT_WAN, false).dropped == 2);
    CU_ASSERT_TRUE(!kernel || kernel_count(kernel, PORT_LAN, FAST_THROTTLED).packets == 2);
    kernel_free(kernel);
}

/* ---- the room ---- */

static struct offload_limit limit_of(const char *name, uint32_t share)
{
    struct offload_limit limit = {.limited = {true}, .active = {true}, .weighs = true};
    snprintf(limit.interface, sizeof limit.interface, "%s", name);
    for (unsigned i = 0; i < 8; i++)
        limit.shares[i / 4][i / 2 % 2][i % 2] = share;
    return limit;
}

static struct offload *room(void)
{
    char error[OFFLOAD_ERROR_MAX];
    struct offload_options options = {.flows_max = 10, .limits = 1};
    struct offload *offload = offload_new_for(&options, NULL, test_now(), error);
    static const char *const NAMES[] = {"lan", "wan"};
    for (unsigned i = 0; offload && i < 2; i++) {
        struct offload_port *port = &offload->ports.all[i];
        snprintf(port->name, sizeof port->name, "%s", NAMES[i]);
        port->place = OFFLOAD_XDP;
        port->xdp = port->tc = -1;
    }
    return offload;
}

static void told_and_asked(void)
{
    static struct offload_load load;
    static uint32_t rooms[QW_SHARE_ROWS][QW_SHARE_CELLS];
    struct offload *offload = room();
    if (!offload)
        return;
    struct offload_limit limits[] = {limit_of("wan", 700), limit_of("dmz", 9)};
    offload_limit(offload, limits, 2);
    const struct fast_limit *is = &kernel_limits(offload->kernel)[PORT_WAN];
    CU_ASSERT_EQUAL(kernel_control(offload->kernel)->limited, 1ull << PORT_WAN);
    CU_ASSERT_TRUE(is->shares[1][1][1] == 700 && is->number == 0);
    CU_ASSERT_EQUAL(is->flags, FAST_LIMITED | FAST_ACTIVE | FAST_WEIGHS);
    CU_ASSERT_EQUAL(kernel_cells(offload->kernel)[1].room[1][77], UINT32_MAX); /* nothing is fat yet */
    rooms[1][77] = 5;
    offload_rooms(offload, "wan", FLOW_PATH_DOWN, rooms);
    CU_ASSERT_EQUAL(kernel_cells(offload->kernel)[1].room[1][77], 5);
    CU_ASSERT_TRUE(limits_can(&offload->limits, "wan") && !limits_can(&offload->limits, "dmz"));

    kernel_cells(offload->kernel)[1].bytes[1][9] = 3;
    kernel_cells(offload->kernel)[0].who[4] = 8;
    kernel_marks(offload->kernel)[FAST_SMALL].words[FAST_MARKS - 1] = 2;
    CU_ASSERT_FALSE(offload_load(offload, "dmz", &load)); /* not attached */
    for (unsigned i = 0; i < 2; i++) {
        memset(&load, 0, sizeof load);
        CU_ASSERT_TRUE(offload_load(offload, "wan", &load));
        CU_ASSERT_EQUAL(load.ways[FLOW_PATH_DOWN].bytes[1][9], i ? 0 : 3);
        CU_ASSERT_EQUAL(load.ways[FLOW_PATH_UP].who[4], i ? 0 : 8);
        CU_ASSERT_EQUAL(load.small[OFFLOAD_MARKS - 1], i ? 0 : 2);
    }
    limits[0] = limits[1];
    offload_limit(offload, limits, 1);
    CU_ASSERT_EQUAL(kernel_control(offload->kernel)->limited, 0);
    CU_ASSERT_EQUAL(kernel_cells(offload->kernel)[1].room[1][77], UINT32_MAX);
    CU_ASSERT_FALSE(offload_load(offload, "wan", &load));
    offload_free(offload);
}

void suite_limit(void)
{
    static const struct test TESTS[] = {
        {"P1 X6: random shares and cells block the same flows in the kernel, and are counted alike",
         random_limits},
        {"P1 X2: what is the queue's goes there, also of a flow that is blocked", the_queue_comes_first},
        {"P2 X6: the room tells what is in force, and takes what came once", told_and_asked},
    };
    TEST_SUITE("offload: limits", TESTS);
}
