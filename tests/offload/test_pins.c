/* What outlives a process: pins, and entries that are matched with flows. */
#include "fast_table.h"
#include "flows.h"
#include "offload_state.h"
#include "program.h"
#include "suite.h"
#include "suites.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef TEST_BPF
#include <bpf/bpf.h>
#endif

#define SECOND QW_NS_PER_SECOND
#define INSTANCE "test"

enum { FLOWS = 10 };

/* ---- a bpffs, and interfaces, of our own ---- */

static char place[64], folder[80];

/* In a namespace of its own: nobody else sees it, and it goes with the process. */
static bool may_pin(void)
{
    static bool asked;
    if (asked)
        return place[0] != '\0';
    asked = true;
    if (unshare(CLONE_NEWNS | CLONE_NEWNET) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    char made[] = "/tmp/test-pins-XXXXXX";
    if (mkdtemp(made) && mount("tmpfs", made, "tmpfs", 0, NULL) == 0)
        snprintf(place, sizeof place, "%s", made);
    snprintf(folder, sizeof folder, "%s/bpf", made);
    if (place[0] && (mkdir(folder, 0700) != 0 || mount("bpf", folder, "bpf", 0, "mode=0700") != 0))
        place[0] = '\0';
    return place[0] != '\0';
}

static struct offload_pins_for owner(void)
{
    return (struct offload_pins_for){.instance = INSTANCE, .user = geteuid(), .make = true};
}

static struct offload_pins *open_pins(void)
{
    char error[OFFLOAD_ERROR_MAX];
    const struct offload_pins_for who = owner();
    struct offload_pins *pins = offload_pins_open(folder, &who, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pins);
    return pins;
}

static void count_name(void *context, const char *name)
{
    (void)name;
    ++*(unsigned *)context;
}

static unsigned pinned(void)
{
    struct offload_pins *pins = open_pins();
    unsigned count = 0;
    pins_all(pins, count_name, &count);
    offload_pins_close(pins);
    return count;
}

/* ---- one process after the other ---- */

/* What a process has. */
struct life {
    struct offload_pins *pins;
    struct offload *offload;
    struct qw_time now;
    struct flow_path_figures figures[FLOWS];
};

/* NULL, and it was said: no program can be loaded, or nothing be pinned, here. */
static bool begin(struct life *life, uint32_t flows_max)
{
    char error[OFFLOAD_ERROR_MAX] = "no bpffs can be mounted";
    *life = (struct life){.now = test_now()};
    if (may_pin()) {
        life->pins = open_pins();
        life->offload = offload_new(flows_max, life->pins, life->now, error);
    }
    if (!life->offload) {
        printf("\nskipped, for nothing can be pinned here: %s ", error);
        offload_pins_close(life->pins);
        return false;
    }
    offload_alive(life->offload, (struct qw_time){life->now.ns + 3600 * SECOND});
    return true;
}

/* The program stands at the loopback interface, which is the way in and out of all flows. */
static bool begin_first(struct life *life)
{
    if (!begin(life, FLOWS))
        return false;
    struct offload_port *lo = &life->offload->ports.all[0];
    struct fast_port values = {.ifindex = 1, .mtu = 1500, .carrier = 1};
    CU_ASSERT_FALSE(offload_recovers(life->offload));
    CU_ASSERT_TRUE(kernel_set_port(life->offload->kernel, 0, &values));
    int link = kernel_attach(life->offload->kernel, 1, OFFLOAD_TC);
    CU_ASSERT_TRUE(link >= 0);
    *lo = (struct offload_port){
        .name = "lo", .place = OFFLOAD_TC, .ifindex = 1, .carrier = 1, .xdp = -1, .tc = link};
    return true;
}

/* As if it were killed, but for the memory. */
static void leave(struct life *life)
{
    offload_leave(life->offload);
    offload_pins_close(life->pins);
}

static void end(struct life *life)
{
    offload_free(life->offload);
    offload_pins_close(life->pins);
}

static struct flow_path path_of(uint64_t id, struct qw_time now)
{
    char inside[64], external[64];
    snprintf(inside, sizeof inside, "10.0.0.5:%u", 1024 + (unsigned)id);
    snprintf(external, sizeof external, "192.0.2.1:%u", 1024 + (unsigned)id);
    struct flow_path path = test_path(id, inside, external, "198.51.100.7:443");
    path.last_seen = now;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        snprintf(path.ways[way].from, FLOW_PATH_INTERFACE_MAX, "lo");
        snprintf(path.ways[way].to, FLOW_PATH_INTERFACE_MAX, "lo");
    }
    return path;
}

static void put(struct life *life, uint64_t id)
{
    struct flow_path_event event = {FLOW_PATH_ADD, path_of(id, life->now)};
    offload_apply(life->offload, &event, 1, life->now, life->figures);
    offload_settle(life->offload, id, life->now);
    CU_ASSERT_PTR_NOT_NULL(book_find(&life->offload->book, id));
}

/* As if the program had seen packets of the flow. */
static void see(struct life *life, uint64_t id, uint64_t packets)
{
    struct kernel *kernel = life->offload->kernel;
    struct flow_path path = path_of(id, life->now);
    struct fast_match match = entry_match(&path.ways[FLOW_PATH_UP].match);
    struct fast_record record;
    CU_ASSERT_TRUE_FATAL(kernel_take(kernel, &match, &record));
    record.packets += (uint32_t)packets;
    record.bytes += 100 * packets;
    record.last_seen_ms = (uint32_t)(life->now.ns / QW_NS_PER_MS);
    CU_ASSERT_TRUE(kernel_put(kernel, &match, &record));
}

static unsigned entries(struct life *life, uint64_t id)
{
    struct flow_path path = path_of(id, life->now);
    struct fast_record record;
    unsigned count = 0;
    for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
        struct fast_match match = entry_match(&path.ways[way].match);
        count += kernel_look(life->offload->kernel, &match, &record);
    }
    return count;
}

/* ---- an engine's part ---- */

/* What it has recovered of flow `id`, 1 to FLOWS, which is then flow 100 + id. */
enum known { UNKNOWN, AS_IT_WAS, SMALLER, SLOW };

struct known_flows {
    enum known all[FLOWS + 1];
    unsigned asked;
};

static bool adopt(void *context, struct flow_path *path)
{
    struct known_flows *known = context;
    uint64_t id = (uint64_t)path->ways[FLOW_PATH_UP].match.src.port - 1024;
    CU_ASSERT_TRUE_FATAL(id >= 1 && id <= FLOWS);
    CU_ASSERT_EQUAL(path->ways[FLOW_PATH_DOWN].match.dst.port, path->ways[FLOW_PATH_UP].match.src.port);
    CU_ASSERT_STRING_EQUAL(path->ways[FLOW_PATH_UP].from, "lo");
    known->asked++;
    if (known->all[id] == UNKNOWN)
        return false;
    *path = path_of(id, test_now());
    path->id = 100 + id;
    path->ways[FLOW_PATH_UP].size_max = known->all[id] == SMALLER ? 1280 : 0;
    return known->all[id] != SLOW;
}

/* Figures of flow `id` are in *out. */
static size_t recover(struct life *life, struct known_flows *known, struct flow_path_figures out[FLOWS + 1])
{
    size_t all = 0;
    memset(out, 0, (FLOWS + 1) * sizeof *out);
    while (offload_recovers(life->offload)) {
        struct flow_path_figures figures[2];
        size_t count = offload_recover(life->offload, adopt, known, life->now, figures, 2);
        for (size_t i = 0; i < count; i++)
            out[figures[i].id - 100] = figures[i];
        all += count;
    }
    return all;
}

static struct offload_stats stats_of(struct life *life)
{
    struct offload_stats stats;
    offload_stats(life->offload, &stats);
    return stats;
}

/* ---- tests ---- */

static void goes_on(void)
{
    struct life first, next;
    struct known_flows known = {.all = {[1] = AS_IT_WAS, [3] = AS_IT_WAS}};
    struct flow_path_figures told[FLOWS + 1];
    if (!begin_first(&first))
        return;
    for (uint64_t id = 1; id <= 3; id++)
        put(&first, id);
    see(&first, 1, 5);
    uint32_t cursor = 0;
    CU_ASSERT_EQUAL(offload_look(first.offload, &cursor, first.now, first.figures, FLOWS), 1);
    see(&first, 1, 7);
    leave(&first);

    CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
    CU_ASSERT_TRUE(stats_of(&next).pinned && !stats_of(&next).removed);
    CU_ASSERT_EQUAL(recover(&next, &known, told), 2);
    CU_ASSERT_EQUAL(known.asked, 3);
    CU_ASSERT_EQUAL(told[1].ways[FLOW_PATH_UP].packets, 7); /* 5 were told by the one before */
    CU_ASSERT_EQUAL(told[1].ways[FLOW_PATH_UP].bytes, 700);
    CU_ASSERT_EQUAL(told[1].last_seen.ns / QW_NS_PER_MS, first.now.ns / QW_NS_PER_MS);
    CU_ASSERT_EQUAL(told[3].ways[FLOW_PATH_UP].packets, 0);
    CU_ASSERT_TRUE(entries(&next, 1) == 2 && entries(&next, 2) == 0 && entries(&next, 3) == 2);
    struct offload_stats stats = stats_of(&next);
    CU_ASSERT_TRUE(stats.recovered == 2 && stats.strangers == 2 && stats.flows == 2 && stats.waiting == 2);

    see(&next, 1, 2);
    CU_ASSERT_TRUE(offload_take(next.offload, 101, next.now, next.figures));
    CU_ASSERT_EQUAL(next.figures[0].ways[FLOW_PATH_UP].packets, 2);
    CU_ASSERT_EQUAL(entries(&next, 1), 0);
    for (uint64_t id = 4; id <= FLOWS + 2; id++) /* 9 beside the one that was gone on with */
        put(&next, id);
    CU_ASSERT_EQUAL(stats_of(&next).flows, FLOWS);
    CU_ASSERT_EQUAL(entries(&next, 3), 2);
    end(&next);
    CU_ASSERT_EQUAL(pinned(), 0);
}

/* Its open gate stays open: not one packet has to pass the queue. */
static void stays_open(void)
{
    struct life first, next;
    struct known_flows known = {.all = {[1] = AS_IT_WAS, [2] = AS_IT_WAS}};
    struct flow_path_figures told[FLOWS + 1];
    if (!begin_first(&first))
        return;
    put(&first, 1);
    put(&first, 2);
    struct fast_gate *gates = kernel_gates(first.offload->kernel);
    uint32_t number = gates_number(&first.offload->book, book_find(&first.offload->book, 1), 0);
    gates[number].open_at = gates[number + 1].open_at = FAST_GATE_OPEN;
    leave(&first);
    CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
    recover(&next, &known, told);
    CU_ASSERT_TRUE(offload_has(next.offload, 101));
    CU_ASSERT_FALSE(offload_has(next.offload, 102));
    CU_ASSERT_EQUAL(gates_number(&next.offload->book, book_find(&next.offload->book, 101), 0), number);
    CU_ASSERT_EQUAL(kernel_gates(next.offload->kernel)[number].open_at, FAST_GATE_OPEN);
    end(&next);
}

/* Its flow is another now, or has no path: the entries go, and what they counted is told all the same. */
static void differs(void)
{
    struct life first, next;
    struct known_flows known = {.all = {[1] = SMALLER, [2] = SLOW}};
    struct flow_path_figures told[FLOWS + 1];
    if (!begin_first(&first))
        return;
    put(&first, 1);
    put(&first, 2);
    see(&first, 1, 4);
    see(&first, 2, 6);
    leave(&first);
    CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
    CU_ASSERT_EQUAL(recover(&next, &known, told), 2);
    CU_ASSERT_EQUAL(told[1].ways[FLOW_PATH_UP].packets, 4);
    CU_ASSERT_EQUAL(told[2].ways[FLOW_PATH_UP].packets, 6);
    CU_ASSERT_TRUE(entries(&next, 1) == 0 && entries(&next, 2) == 0);
    CU_ASSERT_EQUAL(stats_of(&next).flows, 0);
    end(&next);
}

/* Half of a pair, and a record that is none, go. */
static void unsound(void)
{
    struct life first, next;
    struct known_flows known = {.all = {[1] = AS_IT_WAS, [2] = AS_IT_WAS, [3] = AS_IT_WAS, [4] = AS_IT_WAS}};
    struct flow_path_figures told[FLOWS + 1];
    struct fast_record record;
    if (!begin_first(&first))
        return;
    for (uint64_t id = 1; id <= 4; id++)
        put(&first, id);
    struct kernel *kernel = first.offload->kernel;
    struct fast_match matches[5];
    for (unsigned id = 1; id <= 4; id++) {
        struct flow_path path = path_of(id, first.now);
        matches[id] = entry_match(&path.ways[FLOW_PATH_DOWN].match);
        CU_ASSERT_TRUE(kernel_take(kernel, &matches[id], &record));
        record.out_port = id == 2 ? FAST_PORTS_MAX : record.out_port;
        record.number = id == 3 ? FLOWS : record.number;
        record.in_port = id == 4 ? FAST_PORTS_MAX : record.in_port;
        if (id > 1)
            kernel_put(kernel, &matches[id], &record);
    }
    leave(&first);
    CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
    CU_ASSERT_EQUAL(recover(&next, &known, told), 0);
    for (uint64_t id = 1; id <= 4; id++)
        CU_ASSERT_EQUAL(entries(&next, id), 0);
    CU_ASSERT_EQUAL(stats_of(&next).strangers, 7);
    end(&next);
}

/* A table of another size, and what a process left half: nothing of it stays, and the next one has its own.
 */
static void of_another_kind(void)
{
    struct life first, next;
    static const char *const MISSING[] = {"", "gates", "life", "chunks"};
    for (unsigned i = 0; i < sizeof MISSING / sizeof MISSING[0]; i++) {
        if (!begin_first(&first))
            return;
        put(&first, 1);
        if (MISSING[i][0])
            pins_drop(first.pins, MISSING[i]);
        leave(&first);
        CU_ASSERT_TRUE_FATAL(begin(&next, MISSING[i][0] ? FLOWS : FLOWS + 1));
        CU_ASSERT_TRUE(stats_of(&next).removed && stats_of(&next).pinned);
        CU_ASSERT_FALSE(offload_recovers(next.offload));
        CU_ASSERT_EQUAL(entries(&next, 1), 0);
        CU_ASSERT_FALSE(kernel_had_link(next.offload->kernel, 1, OFFLOAD_TC));
        end(&next);
    }
}

#ifdef TEST_BPF
static void of_another_version(void)
{
    struct life first, next;
    struct fast_life life;
    char path[PINS_PATH_MAX];
    uint32_t zero = 0;
    for (unsigned field = 0; field < 4; field++) {
        if (!begin_first(&first))
            return;
        put(&first, 1);
        pins_path(first.pins, "life", path);
        int map = bpf_obj_get(path);
        CU_ASSERT_EQUAL(bpf_map_lookup_elem(map, &zero, &life), 0);
        life.layout += field == 0;
        life.sizes ^= field == 1;
        life.whole = field != 2;
        life.network += field == 3;
        CU_ASSERT_EQUAL(bpf_map_update_elem(map, &zero, &life, BPF_ANY), 0);
        close(map);
        leave(&first);
        CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
        CU_ASSERT_TRUE(stats_of(&next).removed);
        CU_ASSERT_EQUAL(entries(&next, 1), 0);
        end(&next);
    }
}

/* ---- lines of the table, as they are pinned ---- */

static int open_map(const struct life *life, const char *name)
{
    char path[PINS_PATH_MAX];
    pins_path(life->pins, name, path);
    int map = bpf_obj_get(path);
    CU_ASSERT_TRUE_FATAL(map >= 0);
    return map;
}

static unsigned place_of(const struct fast_line *line, uint16_t tag)
{
    unsigned at = 0;
    while (at < FAST_LINE_PLACES && line->tags[at] != tag)
        at++;
    return at;
}

/* False: it has one line only. */
static bool double_entry(int lines, const struct fast_seed *seed, const struct fast_match *match)
{
    struct fast_line first, second;
    struct fast_spot spot = fast_find_spot(seed, &match->key, match->ipv6);
    CU_ASSERT_EQUAL(bpf_map_lookup_elem(lines, &spot.lines[0], &first), 0);
    CU_ASSERT_EQUAL(bpf_map_lookup_elem(lines, &spot.lines[1], &second), 0);
    unsigned from = place_of(&first, spot.tag), to = place_of(&second, 0);
    CU_ASSERT_TRUE_FATAL(from < FAST_LINE_PLACES && to < FAST_LINE_PLACES);
    if (spot.lines[0] == spot.lines[1])
        return false;
    second.numbers[to] = first.numbers[from];
    second.tags[to] = spot.tag;
    first.away++;
    CU_ASSERT_EQUAL(bpf_map_update_elem(lines, &spot.lines[0], &first, BPF_ANY), 0);
    CU_ASSERT_EQUAL(bpf_map_update_elem(lines, &spot.lines[1], &second, BPF_ANY), 0);
    return true;
}

/* As a process leaves it that is killed while keys move to their second lines: they stand in both. Each is
 * one entry nevertheless, and goes as a whole. */
static void killed_while_keys_move(void)
{
    struct life first, next;
    struct known_flows known = {.all = {[1] = AS_IT_WAS, [2] = AS_IT_WAS, [3] = AS_IT_WAS}};
    struct flow_path_figures told[FLOWS + 1];
    struct fast_seed seed;
    uint32_t zero = 0;
    unsigned doubled = 0;
    if (!begin_first(&first))
        return;
    int lines = open_map(&first, "lines"), seeds = open_map(&first, "seed");
    CU_ASSERT_EQUAL(bpf_map_lookup_elem(seeds, &zero, &seed), 0);
    for (uint64_t id = 1; id <= 3; id++) {
        put(&first, id);
        struct flow_path path = path_of(id, first.now);
        for (unsigned way = 0; way < FLOW_PATH_DIRECTIONS; way++) {
            struct fast_match match = entry_match(&path.ways[way].match);
            doubled += double_entry(lines, &seed, &match);
        }
    }
    CU_ASSERT_TRUE(doubled > 0);
    close(lines);
    close(seeds);
    leave(&first);

    CU_ASSERT_TRUE_FATAL(begin(&next, FLOWS));
    CU_ASSERT_EQUAL(recover(&next, &known, told), 3);
    CU_ASSERT_TRUE(stats_of(&next).recovered == 3 && stats_of(&next).strangers == 0);
    for (uint64_t id = 1; id <= 3; id++)
        CU_ASSERT_EQUAL(entries(&next, id), 2);
    CU_ASSERT_TRUE(offload_take(next.offload, 101, next.now, next.figures));
    CU_ASSERT_EQUAL(entries(&next, 1), 0);
    end(&next);
}
#else
static void of_another_version(void)
{
}

static void killed_while_keys_move(void)
{
}
#endif

static void one_process(void)
{
    struct life first;
    char error[OFFLOAD_ERROR_MAX] = "";
    if (!begin_first(&first))
        return;
    struct offload_pins *again = open_pins();
    CU_ASSERT_PTR_NULL(offload_new(FLOWS, again, first.now, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "another process"));
    CU_ASSERT_FALSE(offload_pins_clear(again));
    CU_ASSERT_TRUE(pinned() > 0);
    end(&first);
    CU_ASSERT_TRUE(offload_pins_clear(again));
    offload_pins_close(again);
}

/* A start without a fast path. */
static void cleared(void)
{
    struct life first;
    char error[OFFLOAD_ERROR_MAX] = "x";
    struct offload_pins_for who = owner();
    if (!begin_first(&first))
        return;
    put(&first, 1);
    leave(&first);
    who.make = false;
    struct offload_pins *pins = offload_pins_open(folder, &who, error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(pins);
    CU_ASSERT_TRUE(offload_pins_clear(pins));
    offload_pins_close(pins);
    CU_ASSERT_PTR_NULL(offload_pins_open(folder, &who, error));
    CU_ASSERT_EQUAL(error[0], '\0');
}

static void seen_before(void)
{
    struct life first;
    if (!begin_first(&first))
        return;
    put(&first, 1);
    put(&first, 2);
    see(&first, 1, 1);
    leave(&first);
    struct offload_pins *pins = open_pins();
    CU_ASSERT_TRUE(offload_pins_look(pins));
    struct qw_time later = {first.now.ns + 9 * SECOND};
    for (uint64_t id = 1; id <= 3; id++) {
        struct flow_path path = path_of(id, first.now);
        uint64_t ms = offload_pins_seen(pins, &path.ways[FLOW_PATH_UP].match, later).ns / QW_NS_PER_MS;
        CU_ASSERT_EQUAL(ms, id == 1 ? first.now.ns / QW_NS_PER_MS : 0);
    }
    CU_ASSERT_TRUE(offload_pins_clear(pins));
    offload_pins_close(pins);
    pins = open_pins();
    CU_ASSERT_FALSE(offload_pins_look(pins));
    CU_ASSERT_TRUE(offload_pins_clear(pins));
    offload_pins_close(pins);
}

/* Nothing is forwarded by what others may change. */
static void refused(void)
{
    char error[OFFLOAD_ERROR_MAX];
    const struct offload_pins_for who = owner();
    if (!may_pin())
        return;
    CU_ASSERT_PTR_NULL(offload_pins_open(place, &who, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "no bpffs"));
    CU_ASSERT_EQUAL(chmod(folder, 0777), 0);
    CU_ASSERT_PTR_NULL(offload_pins_open(folder, &who, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, "others"));
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    char missing[128];
    snprintf(missing, sizeof missing, "%s/no/such", folder);
    CU_ASSERT_PTR_NULL(offload_pins_open(missing, &who, error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error, missing));
}

static void names(void)
{
    char name[PINS_NAME_MAX];
    const char *kind = "";
    uint32_t ifindex = 0;
    pins_link_name("filter", UINT32_MAX, name);
    CU_ASSERT_TRUE(pins_link_read(name, &kind, &ifindex));
    CU_ASSERT_STRING_EQUAL(kind, "filter");
    CU_ASSERT_EQUAL(ifindex, UINT32_MAX);
    static const char *const NONE[] = {"flows4", "tc", "tc-", "tc-7x", "tcx-7", "-7", "xdp7", "life"};
    for (unsigned i = 0; i < sizeof NONE / sizeof NONE[0]; i++)
        CU_ASSERT_FALSE(pins_link_read(NONE[i], &kind, &ifindex));
}

void suite_pins(void)
{
    static const struct test TESTS[] = {
        {"X6 O3: a process goes on with entries of flows that it has, and counts on", goes_on},
        {"X6 X4: what was let go stays so, and what waited waits", stays_open},
        {"X6: entries of a flow that is another now go, and are counted", differs},
        {"X6: halves of pairs and records that are none go", unsound},
        {"X6: what is pinned for a table of another size, or half, is removed", of_another_kind},
        {"X6: what another version, or another network, has pinned is removed", of_another_version},
        {"X6: an entry that stood in both of its lines is one", killed_while_keys_move},
        {"X6: one process has the pins", one_process},
        {"X6: a start without a fast path leaves nothing of an earlier one", cleared},
        {"X6 X5: when a flow was last forwarded is known before it is recovered", seen_before},
        {"X6: folders of others, and those on no bpffs, are refused", refused},
        {"X6: what stands at an interface is known by its name", names},
    };
    TEST_SUITE("offload: what outlives a process", TESTS);
}
