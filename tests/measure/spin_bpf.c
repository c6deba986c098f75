/* The same packets through measure_spin as C and as a BPF program give the same record. `spin_bpf OBJECT`;
 * status 77 where programs may not be loaded. */
#include "random.h"
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <quicward/measure.h>
#include <stdio.h>
#include <string.h>

#define PACKETS 20000
#define SKIP 77

struct line {
    uint32_t now_us;
    uint8_t sender, spin;
    uint8_t padding[10];
};

/* Halves of 20 and 80 ms, with silences and packets that contradict. */
static struct line next_line(uint64_t *random, const struct line *last)
{
    uint32_t word = test_random(random);
    struct line line = *last;
    line.now_us += word % 997 == 0 ? word % 5000000 : word % 700;
    line.sender = (uint8_t)(word >> 8 & 1);
    line.spin = (uint8_t)((line.now_us + (line.sender ? 20000 : 100000)) / 100000 % 2);
    if (word % 211 == 0)
        line.spin ^= 1;
    return line;
}

static int feed(int program, int map, const struct measure *began)
{
    struct measure ours = *began, theirs;
    struct line line = {.now_us = UINT32_MAX - 3000000};
    uint64_t random = 5;
    uint32_t key = 0;
    unsigned contradicted = 0;
    for (int i = 0; i < PACKETS; i++) {
        line = next_line(&random, &line);
        LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = &line, .data_size_in = sizeof line, .repeat = 1);
        if (bpf_prog_test_run_opts(program, &run) != 0 || bpf_map_lookup_elem(map, &key, &theirs) != 0)
            return perror("bpf"), 1;
        measure_spin(&ours, line.sender, line.spin, line.now_us);
        contradicted += ours.by[line.sender].noise > 0;
        if (memcmp(&ours, &theirs, sizeof ours) != 0)
            return printf("packet %d: the records differ\n", i), 1;
    }
    if (measure_tight(&ours.by[0]) == 0 || measure_tight(&ours.by[1]) == 0 || contradicted == 0)
        return puts("the packets did not reach all of the code"), 1;
    return 0;
}

int main(int argc, char **argv)
{
    struct measure record = {0};
    uint32_t key = 0;
    struct bpf_object *object = argc == 2 ? bpf_object__open_file(argv[1], NULL) : NULL;
    if (!object)
        return perror("object"), 1;
    int loaded = bpf_object__load(object);
    if (loaded != 0)
        return loaded == -EPERM || loaded == -EACCES ? SKIP : 1;
    int map = bpf_object__find_map_fd_by_name(object, "records");
    int program = bpf_program__fd(bpf_object__find_program_by_name(object, "spin"));
    measure_join(&record, 0);
    if (bpf_map_update_elem(map, &key, &record, BPF_ANY) != 0)
        return perror("map"), 1;
    int status = feed(program, map, &record);
    bpf_object__close(object);
    return status;
}
