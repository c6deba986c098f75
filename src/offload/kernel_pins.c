#include "kernel_pins.h"
#include "kernel_table.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <program.skel.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the program needs of an earlier one: entries and what they refer to. Counters of interfaces, and all
 * that the daemon writes anew at its start, begin with the program. */
static const struct pinned_map {
    const char *name;
    size_t at; /* of the map's pointer in the skeleton */
} MAPS[] = {
    {"lines", offsetof(struct program_bpf, maps.lines)},
    {"seed", offsetof(struct program_bpf, maps.seed)},
    {"chunks", offsetof(struct program_bpf, maps.chunks)},
    {"questions", offsetof(struct program_bpf, maps.questions)},
    {"gates", offsetof(struct program_bpf, maps.gates)},
    {"told", offsetof(struct program_bpf, maps.told)},
    {"spins", offsetof(struct program_bpf, maps.spins)},
    {"ports", offsetof(struct program_bpf, maps.ports)},
    {"control", offsetof(struct program_bpf, maps.control)},
    {"life", offsetof(struct program_bpf, maps.life)} /* the last one: then all are there */
};

#define ASK "ask" /* the program that reads entries, for the next process before it has its own */

enum { MAP_COUNT = sizeof MAPS / sizeof MAPS[0] };

static struct bpf_map *map_at(struct program_bpf *program, unsigned index)
{
    struct bpf_map *map;
    memcpy(&map, (const char *)program + MAPS[index].at, sizeof map);
    return map;
}

static int get(const struct offload_pins *pins, const char *name)
{
    char path[PINS_PATH_MAX];
    pins_path(pins, name, path);
    return bpf_obj_get(path);
}

static bool pin(const struct offload_pins *pins, const char *name, int fd)
{
    char path[PINS_PATH_MAX];
    pins_path(pins, name, path);
    return bpf_obj_pin(fd, path) == 0;
}

/* ---- whose it is ---- */

/* Never used twice while the machine runs. 0: the kernel does not tell (before Linux 5.14). */
static uint64_t network_of(void)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof cookie;
    int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (any < 0)
        return 0;
    if (getsockopt(any, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &size) != 0)
        cookie = 0;
    close(any);
    return cookie;
}

static struct fast_life life_of(const struct offload_options *options)
{
    return (struct fast_life){.layout = FAST_LAYOUT,
                              .sizes = fast_sizes(),
                              .flows_max = options->flows_max,
                              .spins = options->spin ? options->flows_max : 0,
                              .whole = 1,
                              .network = network_of()};
}

static bool has_value(int map, uint32_t size)
{
    struct bpf_map_info info = {0};
    uint32_t len = sizeof info;
    return bpf_obj_get_info_by_fd(map, &info, &len) == 0 && info.value_size == size && info.key_size == 4;
}

static bool read_life(const struct offload_pins *pins, struct fast_life *out)
{
    uint32_t zero = 0;
    int map = get(pins, "life");
    bool done = map >= 0 && has_value(map, sizeof *out) && bpf_map_lookup_elem(map, &zero, out) == 0;
    if (map >= 0)
        close(map);
    return done;
}

/* ---- taking over ---- */

static void note_name(void *context, const char *name)
{
    (void)name;
    *(bool *)context = true;
}

static bool is_usable(const struct offload_pins *pins, const struct offload_options *options)
{
    struct fast_life is = {0}, wanted = life_of(options);
    return read_life(pins, &is) && memcmp(&is, &wanted, sizeof is) == 0;
}

static void close_maps(const int maps[static MAP_COUNT])
{
    for (unsigned i = 0; i < MAP_COUNT; i++)
        if (maps[i] >= 0)
            close(maps[i]);
}

static bool open_maps(const struct offload_pins *pins, int maps[static MAP_COUNT])
{
    bool whole = true;
    for (unsigned i = 0; i < MAP_COUNT; i++) {
        maps[i] = get(pins, MAPS[i].name);
        whole &= maps[i] >= 0;
    }
    if (!whole)
        close_maps(maps);
    return whole;
}

static bool reuse(struct program_bpf *program, const int maps[static MAP_COUNT])
{
    int problem = 0;
    for (unsigned i = 0; i < MAP_COUNT && problem == 0; i++)
        problem = bpf_map__reuse_fd(map_at(program, i), maps[i]);
    return problem == 0;
}

bool pinned_take(const struct offload_pins *pins, struct program_bpf *program,
                 const struct offload_options *options, enum kernel_left *left)
{
    int maps[MAP_COUNT];
    bool any = false;
    pins_all(pins, note_name, &any);
    *left = any ? KERNEL_REMOVED : KERNEL_NOTHING_LEFT;
    if (!any)
        return true;
    if (!is_usable(pins, options) || !open_maps(pins, maps))
        return pins_clear(pins);
    bool done = reuse(program, maps);
    close_maps(maps);
    *left = KERNEL_TAKEN_OVER;
    return done;
}

bool pinned_make(const struct offload_pins *pins, struct program_bpf *program,
                 const struct offload_options *options)
{
    const struct fast_life life = life_of(options);
    uint32_t zero = 0;
    bool done = bpf_map_update_elem(bpf_map__fd(program->maps.life), &zero, &life, BPF_ANY) == 0 &&
                pin(pins, ASK, bpf_program__fd(program->progs.fast_ask));
    for (unsigned i = 0; i < MAP_COUNT && done; i++)
        done = pin(pins, MAPS[i].name, bpf_map__fd(map_at(program, i)));
    if (done)
        return true;
    int problem = errno;
    pins_clear(pins);
    errno = problem;
    return false;
}

/* ---- links ---- */

/* The members of XDP's links and of those at tc have the number at one place. Of an interface that is gone it
 * is 0. */
static bool stands_at(int link, uint32_t ifindex)
{
    struct bpf_link_info info = {0};
    uint32_t len = sizeof info;
    return bpf_obj_get_info_by_fd(link, &info, &len) == 0 && info.xdp.ifindex == ifindex;
}

int pinned_link(const struct offload_pins *pins, const char *kind, uint32_t ifindex, int program)
{
    char name[PINS_NAME_MAX];
    pins_link_name(kind, ifindex, name);
    int link = get(pins, name);
    if (link < 0)
        return -1;
    if (stands_at(link, ifindex) && bpf_link_update(link, program, NULL) == 0)
        return link;
    close(link);
    pins_drop(pins, name);
    return -1;
}

void pinned_keep(const struct offload_pins *pins, const char *kind, uint32_t ifindex, int fd)
{
    char name[PINS_NAME_MAX];
    pins_link_name(kind, ifindex, name);
    pins_drop(pins, name);
    pin(pins, name, fd);
}

void pinned_forget(const struct offload_pins *pins, const char *kind, uint32_t ifindex)
{
    char name[PINS_NAME_MAX];
    pins_link_name(kind, ifindex, name);
    pins_drop(pins, name);
}

/* ---- entries, before the maps are anybody's again ---- */

bool kernel_open_left(const struct offload_pins *pins, int left[static 2])
{
    struct fast_life life;
    if (!read_life(pins, &life) || life.layout != FAST_LAYOUT || life.sizes != fast_sizes())
        return false;
    left[0] = get(pins, ASK);
    left[1] = get(pins, "questions");
    if (left[0] >= 0 && left[1] >= 0)
        return true;
    for (unsigned i = 0; i < 2; i++) {
        if (left[i] >= 0)
            close(left[i]);
        left[i] = -1;
    }
    return false;
}

/* The process that put it may still be there: this question is not its own. */
bool kernel_look_left(const int left[static 2], const struct fast_match *match, struct fast_record *out)
{
    const uint32_t at = FAST_QUESTION_LEFT;
    struct fast_question question;
    table_ask_for(match, FAST_LOOK, &question);
    if (bpf_map_update_elem(left[1], &at, &question, BPF_ANY) != 0 || !table_run(left[0], at + 1) ||
        bpf_map_lookup_elem(left[1], &at, &question) != 0 || !question.found[0])
        return false;
    *out = question.records[0];
    return true;
}
