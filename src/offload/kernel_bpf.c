#include "kernel_peek.h"
#include "kernel_pins.h"
#include "kernel_table.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <program.skel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define TCX_INGRESS 46 /* enum bpf_attach_type, Linux 6.6: later than Debian 12's headers */

struct kernel {
    struct program_bpf *program; /* owned */
    struct offload_pins *pins;   /* borrowed; NULL: nothing is pinned */
    enum kernel_left left;
    struct kernel_table *table; /* owned */
    struct fast_line *lines;    /* mapped, like the seed */
    struct fast_seed *seed;
    size_t lines_size;
    struct fast_control *control; /* mapped, like the gates */
    struct fast_gate *gates;
    struct fast_told *told;
    struct fast_spins *spins;
    size_t gates_size, told_size, spins_size;
    struct fast_watch *watch; /* mapped, like the port maps */
    struct qw_port_map *port_maps;
    struct qw_known_line *known_lines;
    struct fast_peek peek;
    struct fast_limit *limits; /* likewise */
    struct fast_marks *marks;
    struct fast_cells *cells;
    size_t cells_size, marks_size;
    uint32_t buckets;
    struct fast_question *questions; /* mapped */
    struct fast_dropped *dropped;    /* mapped */
    size_t dropped_size;
    struct fast_dropped dropped_before[FAST_PORTS_MAX]; /* of interfaces that had the slot */
    int ports, slots, counts, loads;
    int processors;
};

bool kernel_built(void)
{
    return true;
}

/* What libbpf says is for developers; the errno says enough. */
static int be_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
    (void)level, (void)format, (void)args;
    return 0;
}

/* Eight for each flow: of packets that belong to none one in eight meets one, at most. */
static uint32_t buckets_for(uint32_t flows_max)
{
    uint32_t buckets = QW_KNOWN_LINE;
    while (buckets < 1u << 30 && buckets / 8 < flows_max)
        buckets *= 2;
    return buckets;
}

/* Both directions of each flow. */
static struct program_bpf *load(struct kernel *kernel, const struct offload_options *options)
{
    uint32_t flows_max = options->flows_max;
    libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
    libbpf_set_print(be_quiet);
    struct program_bpf *program = program_bpf__open();
    if (!program)
        return NULL;
    program->rodata->peeks = kernel_peek(&kernel->peek);
    bpf_map__set_max_entries(program->maps.lines, fast_lines_for(2 * (uint64_t)flows_max));
    bpf_map__set_max_entries(program->maps.chunks, table_chunks_for(flows_max));
    bpf_map__set_max_entries(program->maps.gates, 2 * flows_max);
    bpf_map__set_max_entries(program->maps.told, flows_max);
    bpf_map__set_max_entries(program->maps.spins, options->spin ? flows_max : 1);
    bpf_map__set_max_entries(program->maps.cells, options->limits ? 2 * options->limits : 1);
    bpf_map__set_max_entries(program->maps.marks, options->limits ? FAST_MARK_COUNT * options->limits : 1);
    bpf_map__set_max_entries(program->maps.dropped, FAST_PORTS_MAX * (uint32_t)kernel->processors);
    bpf_map__set_max_entries(program->maps.known_lines, buckets_for(flows_max) / QW_KNOWN_LINE);
    if ((!kernel->pins || pinned_take(kernel->pins, program, options, &kernel->left)) &&
        program_bpf__load(program) == 0)
        return program;
    int error = errno;
    program_bpf__destroy(program);
    errno = error;
    return NULL;
}

static void *map_memory(const struct bpf_map *map, size_t size)
{
    void *mapped = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);
    return mapped == MAP_FAILED ? NULL : mapped;
}

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t whole_pages(size_t size)
{
    return (size + page_size() - 1) / page_size() * page_size();
}

static bool open_drops(struct kernel *kernel, uint32_t flows_max)
{
    const struct program_bpf *program = kernel->program;
    kernel->dropped_size = whole_pages((size_t)kernel->processors * FAST_PORTS_MAX * sizeof *kernel->dropped);
    kernel->dropped = map_memory(program->maps.dropped, kernel->dropped_size);
    kernel->watch = map_memory(program->maps.watch, whole_pages(sizeof *kernel->watch));
    kernel->port_maps =
        map_memory(program->maps.port_maps, whole_pages(FAST_ADDRESSES_MAX * sizeof *kernel->port_maps));
    kernel->buckets = buckets_for(flows_max);
    kernel->known_lines = map_memory(program->maps.known_lines, whole_pages(kernel->buckets));
    if (kernel->watch) {
        kernel->watch->known.buckets = kernel->buckets;
        kernel->watch->peek = kernel->peek;
    }
    return kernel->watch && kernel->port_maps && kernel->known_lines && kernel->dropped;
}

#define QUESTIONS_SIZE whole_pages(FAST_QUESTIONS_ALL * sizeof(struct fast_question))
#define LIMITS_SIZE whole_pages(FAST_PORTS_MAX * sizeof(struct fast_limit))

static bool open_limits(struct kernel *kernel, unsigned count)
{
    const struct program_bpf *program = kernel->program;
    kernel->loads = bpf_map__fd(program->maps.loads);
    kernel->limits = map_memory(program->maps.limits, LIMITS_SIZE);
    kernel->marks_size = whole_pages((count ? FAST_MARK_COUNT * count : 1) * sizeof *kernel->marks);
    kernel->marks = map_memory(program->maps.marks, kernel->marks_size);
    kernel->cells_size = whole_pages((count ? 2 * count : 1) * sizeof *kernel->cells);
    kernel->cells = map_memory(program->maps.cells, kernel->cells_size);
    return kernel->limits && kernel->marks && kernel->cells;
}

/* Of the clock that the program asks once a tick. */
static uint32_t tick_ms(void)
{
    struct timespec tick = {.tv_nsec = 10000000};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return (uint32_t)((tick.tv_nsec + 999999) / 1000000);
}

static bool open_maps(struct kernel *kernel, const struct offload_options *options)
{
    uint32_t flows_max = options->flows_max;
    const struct program_bpf *program = kernel->program;
    kernel->ports = bpf_map__fd(program->maps.ports);
    kernel->slots = bpf_map__fd(program->maps.slots);
    kernel->counts = bpf_map__fd(program->maps.counts);
    kernel->gates_size = whole_pages(2 * (size_t)flows_max * sizeof *kernel->gates);
    kernel->told_size = whole_pages((size_t)flows_max * sizeof *kernel->told);
    kernel->control = map_memory(program->maps.control, page_size());
    kernel->gates = map_memory(program->maps.gates, kernel->gates_size);
    kernel->told = map_memory(program->maps.told, kernel->told_size);
    kernel->spins_size = whole_pages((options->spin ? (size_t)flows_max : 1) * sizeof *kernel->spins);
    kernel->spins = map_memory(program->maps.spins, kernel->spins_size);
    kernel->questions = map_memory(program->maps.questions, QUESTIONS_SIZE);
    if (kernel->control) { /* of an earlier daemon: its program does not know of the mappings to come */
        __atomic_store_n(&kernel->control->watcher, 0, __ATOMIC_SEQ_CST);
        __atomic_store_n(&kernel->control->fresh, FAST_ROUTE_FRESH, __ATOMIC_SEQ_CST);
        __atomic_store_n(&kernel->control->tick_ms, tick_ms(), __ATOMIC_SEQ_CST);
    }
    return open_drops(kernel, flows_max) && open_limits(kernel, options->limits) && kernel->control &&
           kernel->gates && kernel->told && kernel->spins && kernel->questions;
}

/* Of an earlier daemon it stays: its entries stand where its seed put them. Without that nobody finds them.
 */
static bool begin_seed(struct kernel *kernel, uint32_t lines)
{
    struct fast_seed *of = kernel->seed;
    if (kernel->left == KERNEL_TAKEN_OVER && of->lines == lines)
        return true;
    memset(kernel->lines, 0, lines * sizeof *kernel->lines);
    of->lines = lines;
    return getrandom(of->words, sizeof of->words, 0) == (ssize_t)sizeof of->words;
}

static bool open_table(struct kernel *kernel, const struct offload_options *options)
{
    const struct program_bpf *program = kernel->program;
    kernel->seed = map_memory(program->maps.seed, page_size());
    uint32_t lines = fast_lines_for(2 * (uint64_t)options->flows_max);
    struct table_parts parts = {.seed = kernel->seed,
                                .questions = kernel->questions,
                                .chunks_max = table_chunks_for(options->flows_max),
                                .chunks = bpf_map__fd(program->maps.chunks),
                                .program = bpf_program__fd(program->progs.fast_ask)};
    kernel->lines_size = whole_pages(lines * sizeof *kernel->lines);
    parts.lines = kernel->lines = map_memory(program->maps.lines, kernel->lines_size);
    if (kernel->lines && kernel->seed && begin_seed(kernel, lines))
        kernel->table = table_new(&parts);
    return kernel->table != NULL;
}

static bool pin_maps(struct kernel *kernel, const struct offload_options *options)
{
    return !kernel->pins || kernel->left == KERNEL_TAKEN_OVER ||
           pinned_make(kernel->pins, kernel->program, options);
}

struct kernel *kernel_new_for(const struct offload_options *options, struct offload_pins *pins,
                              char error[static OFFLOAD_ERROR_MAX])
{
    struct kernel *kernel = calloc(1, sizeof *kernel);
    if (kernel)
        kernel->pins = pins;
    if (kernel)
        kernel->processors = libbpf_num_possible_cpus();
    if (kernel && kernel->processors > 0 && options->flows_max <= 1u << FAST_NUMBER_BITS)
        kernel->program = load(kernel, options);
    if (kernel && kernel->program && open_maps(kernel, options) && open_table(kernel, options) &&
        pin_maps(kernel, options))
        return kernel;
    snprintf(error, OFFLOAD_ERROR_MAX, "the kernel refuses the program: %s", strerror(errno));
    kernel_free(kernel);
    return NULL;
}

void kernel_free(struct kernel *kernel)
{
    if (!kernel)
        return;
    table_free(kernel->table);
    if (kernel->seed)
        munmap(kernel->seed, page_size());
    if (kernel->lines)
        munmap(kernel->lines, kernel->lines_size);
    if (kernel->control)
        munmap(kernel->control, page_size());
    if (kernel->gates)
        munmap(kernel->gates, kernel->gates_size);
    if (kernel->told)
        munmap(kernel->told, kernel->told_size);
    if (kernel->spins)
        munmap(kernel->spins, kernel->spins_size);
    if (kernel->limits)
        munmap(kernel->limits, LIMITS_SIZE);
    if (kernel->marks)
        munmap(kernel->marks, kernel->marks_size);
    if (kernel->cells)
        munmap(kernel->cells, kernel->cells_size);
    if (kernel->questions)
        munmap(kernel->questions, QUESTIONS_SIZE);
    if (kernel->dropped)
        munmap(kernel->dropped, kernel->dropped_size);
    if (kernel->watch)
        munmap(kernel->watch, whole_pages(sizeof *kernel->watch));
    if (kernel->port_maps)
        munmap(kernel->port_maps, whole_pages(FAST_ADDRESSES_MAX * sizeof *kernel->port_maps));
    if (kernel->known_lines)
        munmap(kernel->known_lines, whole_pages(kernel->buckets));
    program_bpf__destroy(kernel->program);
    free(kernel);
}

enum kernel_left kernel_left(const struct kernel *kernel)
{
    return kernel->left;
}

/* ---- entries ---- */

bool kernel_put(struct kernel *kernel, const struct fast_match *match, const struct fast_record *record)
{
    return table_put(kernel->table, match, record);
}

bool kernel_look(struct kernel *kernel, const struct fast_match *match, struct fast_record *out)
{
    return table_look(kernel->table, match, out);
}

bool kernel_take(struct kernel *kernel, const struct fast_match *match, struct fast_record *out)
{
    return table_take(kernel->table, match, out);
}

/* ---- many at once ---- */

struct fast_question *kernel_questions(struct kernel *kernel)
{
    return kernel->questions;
}

bool kernel_ask(struct kernel *kernel, unsigned count)
{
    return table_ask(kernel->table, count);
}

unsigned kernel_each(struct kernel *kernel, bool ipv6, struct kernel_cursor *cursor, void *keys,
                     struct fast_record *records)
{
    if (cursor->ended)
        return 0;
    int count = table_each(kernel->table, ipv6, &cursor->line, keys, records);
    cursor->whole = count >= 0 && cursor->line >= kernel->seed->lines;
    cursor->ended = count < 0 || cursor->whole;
    return count > 0 ? (unsigned)count : 0;
}

struct fast_port kernel_port(struct kernel *kernel, uint32_t slot)
{
    struct fast_port port = {0};
    bpf_map_lookup_elem(kernel->ports, &slot, &port);
    return port;
}

/* By itself, as tc sees it, and by its carrier, as XDP does: for one without a tag that is the same. */
static void sources_of(const struct fast_port *port, struct fast_source out[static 2])
{
    out[0] = (struct fast_source){port->ifindex, 0};
    out[1] = port->tag ? (struct fast_source){port->carrier, port->tag} : out[0];
}

static void forget_sources(const struct kernel *kernel, const struct fast_port *port)
{
    struct fast_source sources[2];
    sources_of(port, sources);
    for (unsigned i = 0; i < 2; i++)
        bpf_map_delete_elem(kernel->slots, &sources[i]);
}

static bool is_same_source(const struct fast_port *left, const struct fast_port *right)
{
    return left->ifindex == right->ifindex && left->carrier == right->carrier && left->tag == right->tag;
}

bool kernel_set_port(struct kernel *kernel, uint32_t slot, const struct fast_port *port)
{
    struct fast_port old = {0};
    struct fast_source sources[2];
    bpf_map_lookup_elem(kernel->ports, &slot, &old);
    if (old.ifindex != 0 && !is_same_source(&old, port))
        forget_sources(kernel, &old);
    sources_of(port, sources);
    for (unsigned i = 0; port->ifindex != 0 && i < 2; i++)
        if (bpf_map_update_elem(kernel->slots, &sources[i], &slot, BPF_ANY) != 0)
            return false;
    return bpf_map_update_elem(kernel->ports, &slot, port, BPF_ANY) == 0;
}

static void add_count(struct fast_count *sum, const struct fast_count *one)
{
    sum->packets += one->packets;
    sum->bytes += one->bytes;
}

/* Over all processors. */
static struct fast_count sum_of(const struct kernel *kernel, int map, uint32_t key)
{
    struct fast_count sum = {0}, *each = calloc((size_t)kernel->processors, sizeof *each);
    if (each && bpf_map_lookup_elem(map, &key, each) == 0)
        for (int i = 0; i < kernel->processors; i++)
            add_count(&sum, &each[i]);
    free(each);
    return sum;
}

static const struct fast_dropped *dropped_of(const struct kernel *kernel, uint32_t slot, int processor)
{
    return &kernel->dropped[(uint32_t)processor * FAST_PORTS_MAX + slot];
}

static void add_dropped(const struct kernel *kernel, uint32_t slot, enum fast_unasked why,
                        struct fast_count *sum)
{
    for (int i = 0; i < kernel->processors; i++)
        add_count(sum, &dropped_of(kernel, slot, i)->by[why]);
}

struct fast_count kernel_count(struct kernel *kernel, uint32_t slot, enum fast_why why)
{
    if (why != FAST_UNSOLICITED)
        return sum_of(kernel, kernel->counts, slot * FAST_WHY_COUNT + why);
    struct fast_count sum = {0};
    for (unsigned i = 0; i < FAST_UNASKED_COUNT; i++) {
        add_dropped(kernel, slot, (enum fast_unasked)i, &sum);
        sum.packets -= kernel->dropped_before[slot].by[i].packets;
        sum.bytes -= kernel->dropped_before[slot].by[i].bytes;
    }
    return sum;
}

struct fast_count kernel_dropped(struct kernel *kernel, enum fast_unasked why)
{
    struct fast_count sum = {0};
    for (uint32_t slot = 0; slot < FAST_PORTS_MAX; slot++)
        add_dropped(kernel, slot, why, &sum);
    return sum;
}

struct fast_load kernel_load(struct kernel *kernel, uint32_t slot, bool down)
{
    struct fast_load sum = {0}, *each = calloc((size_t)kernel->processors, sizeof *each);
    uint32_t key = 2 * slot + down;
    if (each && bpf_map_lookup_elem(kernel->loads, &key, each) == 0)
        for (int i = 0; i < kernel->processors; i++) {
            sum.offered += each[i].offered;
            sum.passed += each[i].passed;
            sum.dropped += each[i].dropped;
        }
    free(each);
    return sum;
}

struct fast_limit *kernel_limits(struct kernel *kernel)
{
    return kernel->limits;
}

struct fast_marks *kernel_marks(struct kernel *kernel)
{
    return kernel->marks;
}

struct fast_cells *kernel_cells(struct kernel *kernel)
{
    return kernel->cells;
}

/* What was dropped, ever, goes on without the interface. */
static void clear_dropped(struct kernel *kernel, uint32_t slot)
{
    kernel->dropped_before[slot] = (struct fast_dropped){0};
    for (unsigned why = 0; why < FAST_UNASKED_COUNT; why++)
        add_dropped(kernel, slot, (enum fast_unasked)why, &kernel->dropped_before[slot].by[why]);
}

void kernel_clear_counts(struct kernel *kernel, uint32_t slot)
{
    struct fast_count *zero = calloc((size_t)kernel->processors, sizeof *zero);
    for (uint32_t why = 0; zero && why < FAST_WHY_COUNT; why++) {
        uint32_t key = slot * FAST_WHY_COUNT + why;
        bpf_map_update_elem(kernel->counts, &key, zero, BPF_ANY);
    }
    free(zero);
    clear_dropped(kernel, slot);
}

struct fast_control *kernel_control(struct kernel *kernel)
{
    return kernel->control;
}

struct fast_gate *kernel_gates(struct kernel *kernel)
{
    return kernel->gates;
}

struct fast_told *kernel_told(struct kernel *kernel)
{
    return kernel->told;
}

struct fast_spins *kernel_spins(struct kernel *kernel)
{
    return kernel->spins;
}

struct fast_watch *kernel_watch(struct kernel *kernel)
{
    return kernel->watch;
}

struct qw_port_map *kernel_port_maps(struct kernel *kernel)
{
    return kernel->port_maps;
}

struct qw_known_line *kernel_known_lines(struct kernel *kernel)
{
    return kernel->known_lines;
}

/* ---- programs ---- */

int kernel_program(struct kernel *kernel, enum offload_place place)
{
    const struct program_bpf *program = kernel->program;
    return bpf_program__fd(place == OFFLOAD_XDP ? program->progs.fast_xdp : program->progs.fast_tc);
}

/* Kernels before 6.6 know no links at tc. The handle tells ours from those of others. */
#define FILTER_HANDLE 0x7177

static struct bpf_tc_opts filter(void)
{
    return (struct bpf_tc_opts){.sz = sizeof(struct bpf_tc_opts), .handle = FILTER_HANDLE, .priority = 1};
}

static struct bpf_tc_hook hook_of(uint32_t ifindex)
{
    return (struct bpf_tc_hook){
        .sz = sizeof(struct bpf_tc_hook), .ifindex = (int)ifindex, .attach_point = BPF_TC_INGRESS};
}

enum { HANDLE_FILTER = 1 << 30 }; /* no file descriptor: a filter of clsact */

/* It stays when this process is killed, pinned or not: the next one replaces it. Its pin is how it is found
 * again. */
static int attach_filter(const struct kernel *kernel, int program, uint32_t ifindex)
{
    struct bpf_tc_hook hook = hook_of(ifindex);
    struct bpf_tc_opts opts = filter();
    int made = bpf_tc_hook_create(&hook);
    if (made && made != -EEXIST)
        return -1;
    if (kernel->pins)
        pinned_keep(kernel->pins, "filter", ifindex, program);
    opts.prog_fd = program;
    opts.flags = BPF_TC_F_REPLACE;
    return bpf_tc_attach(&hook, &opts) == 0 ? HANDLE_FILTER : -1;
}

static int make_link(int program, uint32_t ifindex, enum offload_place place)
{
    LIBBPF_OPTS(bpf_link_create_opts, native, .flags = XDP_FLAGS_DRV_MODE);
    if (place == OFFLOAD_XDP)
        return bpf_link_create(program, (int)ifindex, BPF_XDP, &native);
    return bpf_link_create(program, (int)ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
}

static const char *kind_of(enum offload_place place)
{
    return place == OFFLOAD_XDP ? "xdp" : "tc";
}

int kernel_attach(struct kernel *kernel, uint32_t ifindex, enum offload_place place)
{
    int program = kernel_program(kernel, place);
    int link = kernel->pins ? pinned_link(kernel->pins, kind_of(place), ifindex, program) : -1;
    if (link >= 0)
        return link;
    link = make_link(program, ifindex, place);
    if (link < 0)
        return place == OFFLOAD_TC ? attach_filter(kernel, program, ifindex) : -1;
    if (kernel->pins)
        pinned_keep(kernel->pins, kind_of(place), ifindex, link);
    return link;
}

/* The qdisc stays: others may have put filters there. */
void kernel_drop_filter(uint32_t ifindex)
{
    struct bpf_tc_hook hook = hook_of(ifindex);
    struct bpf_tc_opts opts = filter();
    bpf_tc_detach(&hook, &opts);
}

void kernel_detach(struct kernel *kernel, uint32_t ifindex, enum offload_place place, int handle)
{
    bool is_filter = handle == HANDLE_FILTER;
    if (kernel->pins)
        pinned_forget(kernel->pins, is_filter ? "filter" : kind_of(place), ifindex);
    if (is_filter)
        kernel_drop_filter(ifindex);
    else
        close(handle);
}

void kernel_leave_link(int handle)
{
    if (handle != HANDLE_FILTER)
        close(handle);
}

bool kernel_had_link(const struct kernel *kernel, uint32_t ifindex, enum offload_place place)
{
    char link[PINS_NAME_MAX], filter_name[PINS_NAME_MAX];
    if (!kernel->pins)
        return false;
    pins_link_name(kind_of(place), ifindex, link);
    pins_link_name("filter", ifindex, filter_name);
    return pins_has(kernel->pins, link) || (place == OFFLOAD_TC && pins_has(kernel->pins, filter_name));
}

struct unwanted {
    const struct kernel *kernel;
    kernel_wants *wants;
    void *context;
};

static void drop_unwanted(void *context, const char *name)
{
    const struct unwanted *unwanted = context;
    const char *kind;
    uint32_t ifindex;
    if (!pins_link_read(name, &kind, &ifindex))
        return;
    enum offload_place at = strcmp(kind, "xdp") == 0 ? OFFLOAD_XDP : OFFLOAD_TC;
    if (unwanted->wants(unwanted->context, ifindex, at))
        return;
    if (strcmp(kind, "filter") == 0)
        kernel_drop_filter(ifindex);
    pins_drop(unwanted->kernel->pins, name);
}

void kernel_drop_links(struct kernel *kernel, kernel_wants *wants, void *context)
{
    struct unwanted unwanted = {kernel, wants, context};
    if (kernel->pins)
        pins_all(kernel->pins, drop_unwanted, &unwanted);
}
