/* No packet that a socket of this host would get is dropped, from the moment on at which the socket has its
 * port: a resolver binds to a port of its choice, asks, and has the answer within microseconds. */
#include "flows.h"
#include "offload_drops.h"
#include "packets.h"
#include "program.h"
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const enum offload_place PLACES[] = {OFFLOAD_XDP, OFFLOAD_TC};
static const char FAR[] = "203.0.113.9:443";

enum { MAPPED = 500, ROUNDS = 100 };

/* ---- a network of its own, in which the address is this host's ---- */

static int before = -1;

static bool enter_network(void)
{
    before = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (before >= 0 && unshare(CLONE_NEWNET) == 0)
        return system("ip link set lo up && ip addr add 198.51.100.7/32 dev lo && ip route add default dev "
                      "lo") == 0;
    printf("\nskipped: no network of its own ");
    return false;
}

static void leave_network(void)
{
    if (before >= 0 && setns(before, CLONE_NEWNET) == 0)
        close(before);
    before = -1;
}

/* The loopback interface is outside, and one port has a mapping. */
static struct kernel *watching(void)
{
    struct kernel *kernel = test_kernel();
    if (!kernel)
        return NULL;
    kernel_port_maps(kernel)[0].ipv4 = inet_addr("198.51.100.7");
    kernel_port_maps(kernel)[0].used[MAPPED / 64] |= 1ull << MAPPED % 64;
    drops_place(kernel_port_maps(kernel), kernel_watch(kernel)->places);
    kernel_watch(kernel)->id = kernel_control(kernel)->watcher = 9;
    kernel_watch(kernel)->outside = 3; /* whichever slot the interface's number leads to */
    return kernel;
}

static void in_a_network(void (*check)(struct kernel *, enum offload_place))
{
    struct kernel *kernel = enter_network() ? watching() : NULL;
    for (unsigned i = 0; kernel && i < 2; i++)
        check(kernel, PLACES[i]);
    kernel_free(kernel);
    leave_network();
}

static bool drops(struct kernel *kernel, enum offload_place place, uint16_t port)
{
    uint8_t packet[FRAME_MAX];
    char to[64];
    snprintf(to, sizeof to, "198.51.100.7:%u", port);
    struct frame frame = test_frame(packet, test_udp(packet, sizeof packet, FAR, to, "answer", 6));
    return test_dropped(kernel, place, &frame);
}

/* ---- sockets ---- */

struct kind {
    int family;
    const char *address; /* NULL: it is not bound */
    int level, option;   /* 0: none */
    bool connects;       /* to the far end */
    bool others;         /* it does not want what is for the router's address */
};

static const struct kind KINDS[] = {
    {.family = AF_INET, .address = "0.0.0.0"},
    {.family = AF_INET, .address = "198.51.100.7"},
    {.family = AF_INET, .address = "198.51.100.7", .connects = true},
    {.family = AF_INET, .address = "198.51.100.7", .level = IPPROTO_IP, .option = IP_TRANSPARENT},
    {.family = AF_INET, .address = "198.51.100.7", .level = IPPROTO_IP, .option = IP_FREEBIND},
    {.family = AF_INET, .address = "0.0.0.0", .level = SOL_SOCKET, .option = SO_REUSEPORT},
    {.family = AF_INET, .address = "0.0.0.0", .level = SOL_SOCKET, .option = SO_REUSEADDR},
    {.family = AF_INET6, .address = "::"},
    {.family = AF_INET6, .address = "::", .level = SOL_SOCKET, .option = SO_REUSEPORT},
    {.family = AF_INET6, .address = "::ffff:198.51.100.7"},
    {.family = AF_INET6, .address = "::ffff:198.51.100.7", .connects = true},
    {.family = AF_INET, .connects = true},
    {.family = AF_INET6, .connects = true},
    {.family = AF_INET6, .address = "::", .level = IPPROTO_IPV6, .option = IPV6_V6ONLY, .others = true},
    {.family = AF_INET, .address = "127.0.0.1", .others = true},
};

union at {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static union at at(int family, const char *address, uint16_t port)
{
    union at out = {.any.sa_family = (sa_family_t)family};
    void *to = family == AF_INET ? (void *)&out.v4.sin_addr : (void *)&out.v6.sin6_addr;
    CU_ASSERT_EQUAL_FATAL(inet_pton(family, address, to), 1);
    out.v4.sin_port = htons(port); /* both have it at one place */
    return out;
}

/* Bound to *port, or to one of the kernel's choice, which is told. -1: somebody has it. */
static int open_socket(const struct kind *kind, uint16_t *port)
{
    int on = 1, fd = socket(kind->family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    union at where = {0},
             far = at(kind->family, kind->family == AF_INET ? "203.0.113.9" : "::ffff:203.0.113.9", 443);
    socklen_t size = sizeof where;
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    if (kind->option)
        CU_ASSERT_EQUAL_FATAL(setsockopt(fd, kind->level, kind->option, &on, sizeof on), 0);
    if (kind->address)
        where = at(kind->family, kind->address, *port);
    if (kind->address &&
        bind(fd, &where.any, kind->family == AF_INET ? sizeof where.v4 : sizeof where.v6) != 0) {
        CU_ASSERT_EQUAL(errno, EADDRINUSE);
        close(fd);
        return -1;
    }
    if (kind->connects)
        CU_ASSERT_EQUAL_FATAL(connect(fd, &far.any, kind->family == AF_INET ? sizeof far.v4 : sizeof far.v6),
                              0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, &where.any, &size), 0);
    *port = ntohs(where.v4.sin_port);
    return fd;
}

static uint16_t choose_port(uint64_t *random)
{
    return (uint16_t)(1024 + test_random(random) % 60000);
}

/* Before, while, and after it has the port; also just after a packet that nobody asked for, and after one
 * that somebody did. */
static void use_port(struct kernel *kernel, enum offload_place place, const struct kind *kind,
                     uint64_t *random)
{
    uint16_t port = choose_port(random);
    bool after_another = test_random(random) % 2;
    CU_ASSERT_TRUE_FATAL(!kind->address || drops(kernel, place, port));
    if (after_another)
        CU_ASSERT_FALSE_FATAL(drops(kernel, place, MAPPED));
    int fd = open_socket(kind, &port);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    CU_ASSERT_EQUAL_FATAL(drops(kernel, place, port), kind->others);
    close(fd);
    CU_ASSERT_TRUE_FATAL(drops(kernel, place, port));
}

static void use_ports(struct kernel *kernel, enum offload_place place)
{
    uint64_t random = 11 + place;
    for (unsigned kind = 0; kind < sizeof KINDS / sizeof KINDS[0]; kind++)
        for (unsigned i = 0; i < ROUNDS; i++)
            use_port(kernel, place, &KINDS[kind], &random);
}

/* Others open and close theirs meanwhile: so many that their ports meet in the kernel's table. */
static void many_at_once(struct kernel *kernel, enum offload_place place)
{
    enum { MANY = 512 };
    int fds[MANY];
    uint16_t ports[MANY];
    uint64_t random = 23 + place;
    for (unsigned i = 0; i < MANY; i++)
        fds[i] = -1;
    for (unsigned i = 0; i < 50 * ROUNDS; i++) {
        unsigned which = test_random(&random) % MANY;
        if (fds[which] >= 0) {
            CU_ASSERT_FALSE_FATAL(drops(kernel, place, ports[which]));
            close(fds[which]);
            CU_ASSERT_TRUE_FATAL(drops(kernel, place, ports[which]));
            fds[which] = -1;
            continue;
        }
        ports[which] = choose_port(&random);
        fds[which] = open_socket(&KINDS[0], &ports[which]);
        CU_ASSERT_TRUE_FATAL(fds[which] < 0 || !drops(kernel, place, ports[which]));
    }
    for (unsigned i = 0; i < MANY; i++)
        if (fds[i] >= 0)
            close(fds[i]);
}

/* The first to answer an unbound socket's question is one that nobody knew of before it asked. */
static void asks_unbound(struct kernel *kernel, enum offload_place place)
{
    const union at far = at(AF_INET, "203.0.113.9", 443);
    for (unsigned i = 0; i < ROUNDS; i++) {
        union at where = {0};
        socklen_t size = sizeof where;
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        CU_ASSERT_EQUAL_FATAL(sendto(fd, "question", 8, 0, &far.any, sizeof far.v4), 8);
        CU_ASSERT_EQUAL_FATAL(getsockname(fd, &where.any, &size), 0);
        CU_ASSERT_FALSE_FATAL(drops(kernel, place, ntohs(where.v4.sin_port)));
        close(fd);
        CU_ASSERT_TRUE_FATAL(drops(kernel, place, ntohs(where.v4.sin_port)));
    }
}

static void use_another_range(struct kernel *kernel, enum offload_place place)
{
    CU_ASSERT_EQUAL_FATAL(system("echo 2000 2999 >/proc/sys/net/ipv4/ip_local_port_range"), 0);
    asks_unbound(kernel, place);
}

/* ---- what is read of the kernel ---- */

/* As on a kernel that does not describe its types. */
static void without_peeking(struct kernel *kernel, enum offload_place place)
{
    kernel_watch(kernel)->peek = (struct fast_peek){0};
    use_ports(kernel, place);
}

static void what_cannot_be_read(struct kernel *kernel, enum offload_place place)
{
    struct fast_peek *peek = &kernel_watch(kernel)->peek, right = *peek;
    uint16_t port = 5300;
    int fd = open_socket(&KINDS[0], &port);
    CU_ASSERT_TRUE_FATAL(fd >= 0);
    peek->chains = 8; /* nobody's memory */
    CU_ASSERT_FALSE(drops(kernel, place, port));
    CU_ASSERT_TRUE(drops(kernel, place, port + 1));
    *peek = right;
    peek->choosers = 8;
    peek->chains = right.choosers; /* as if no chain had a socket */
    peek->mask = 0;
    usleep(11000); /* a tick at 100 a second */
    CU_ASSERT_FALSE(drops(kernel, place, port));
    *peek = right;
    close(fd);
}

/* It is worth its while: where the kernel describes itself, what it says is used. */
static void peeks(struct kernel *kernel, enum offload_place place)
{
    struct fast_peek *peek = &kernel_watch(kernel)->peek, right = *peek;
    uint16_t port = 5301;
    if (access("/sys/kernel/btf/vmlinux", R_OK) != 0)
        return;
    CU_ASSERT_TRUE_FATAL(peek->chains != 0 && peek->choosers != 0 && peek->mask >= 255);
    int fd = open_socket(&KINDS[0], &port);
    CU_ASSERT_FALSE(drops(kernel, place, port));
    peek->chains = right.choosers;
    peek->mask = 0;
    CU_ASSERT_TRUE(drops(kernel, place, port));
    *peek = right;
    CU_ASSERT_FALSE(drops(kernel, place, port));
    close(fd);
}

/* The same port of another network is no matter, and each has its own place in the kernel's table. */
static void of_another_network(struct kernel *kernel, enum offload_place place)
{
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), fds[64];
    uint16_t ports[64];
    uint64_t random = 7 + place;
    CU_ASSERT_EQUAL_FATAL(setns(before, CLONE_NEWNET), 0);
    for (unsigned i = 0; i < 64; i++) {
        ports[i] = choose_port(&random);
        fds[i] = open_socket(&KINDS[i % 2 ? 7 : 0], &ports[i]);
    }
    CU_ASSERT_EQUAL_FATAL(setns(own, CLONE_NEWNET), 0);
    for (unsigned i = 0; i < 64; i++) {
        CU_ASSERT_TRUE(drops(kernel, place, ports[i]));
        if (fds[i] >= 0)
            close(fds[i]);
    }
    close(own);
}

#ifdef TEST_BPF
#include <bpf/bpf.h>
#include <linux/bpf.h>

/* Gives all UDP to the socket of a map. */
static int load_chooser(int map)
{
    const struct bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 6, .src_reg = 1},
        {.code = BPF_ST | BPF_MEM | BPF_W, .dst_reg = 10, .off = -4},
        {.code = BPF_LD | BPF_DW | BPF_IMM, .dst_reg = 1, .src_reg = BPF_PSEUDO_MAP_FD, .imm = map},
        {0},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 10},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = 2, .imm = -4},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_map_lookup_elem},
        {.code = BPF_JMP | BPF_JEQ | BPF_K, .off = 7},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 7},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 6},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 2, .src_reg = 7},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 3},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sk_assign},
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = 1, .src_reg = 7},
        {.code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_sk_release},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .imm = 1 /* SK_PASS */},
        {.code = BPF_JMP | BPF_EXIT}};
    LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_SK_LOOKUP);
    return bpf_prog_load(BPF_PROG_TYPE_SK_LOOKUP, "chooser", "GPL", program,
                         sizeof program / sizeof program[0], &options);
}

static void chosen_by_programs(struct kernel *kernel, enum offload_place place)
{
    uint32_t zero = 0;
    uint16_t port = 5302;
    int fd = open_socket(&KINDS[0], &port);
    int map = bpf_map_create(BPF_MAP_TYPE_SOCKMAP, "chosen", 4, 8, 1, NULL);
    uint64_t value = (uint64_t)fd;
    CU_ASSERT_TRUE_FATAL(map >= 0 && bpf_map_update_elem(map, &zero, &value, BPF_ANY) == 0);
    int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC), program = load_chooser(map);
    CU_ASSERT_TRUE_FATAL(program >= 0);
    CU_ASSERT_TRUE(drops(kernel, place, 6000));
    int link = bpf_link_create(program, own, BPF_SK_LOOKUP, NULL);
    CU_ASSERT_TRUE_FATAL(link >= 0);
    usleep(11000); /* a tick at 100 a second */
    CU_ASSERT_FALSE(drops(kernel, place, 6000));
    close(link);
    usleep(11000);
    CU_ASSERT_TRUE(drops(kernel, place, 6000));
    close(program);
    close(own);
    close(map);
    close(fd);
}
#else
static void chosen_by_programs(struct kernel *kernel, enum offload_place place)
{
    (void)kernel, (void)place;
}
#endif

#define IN_A_NETWORK(name, check)                                                                            \
    static void name(void)                                                                                   \
    {                                                                                                        \
        in_a_network(check);                                                                                 \
    }

IN_A_NETWORK(test_kinds, use_ports)
IN_A_NETWORK(test_many, many_at_once)
IN_A_NETWORK(test_unbound, asks_unbound)
IN_A_NETWORK(test_range, use_another_range)
IN_A_NETWORK(test_blind, without_peeking)
IN_A_NETWORK(test_unreadable, what_cannot_be_read)
IN_A_NETWORK(test_peeks, peeks)
IN_A_NETWORK(test_networks, of_another_network)
IN_A_NETWORK(test_chosen, chosen_by_programs)

void suite_sockets(void)
{
    static const struct test TESTS[] = {
        {"X8 N8: from the moment on at which a socket has a port, of any kind", test_kinds},
        {"X8 N8: among many that come and go", test_many},
        {"X8 N8: of a port that the kernel chose for a question", test_unbound},
        {"X8 N8: likewise of another range", test_range},
        {"X8 N8: likewise on a kernel that does not describe itself", test_blind},
        {"X8 N8: memory that cannot be read says nothing", test_unreadable},
        {"X8: the kernel's table is read", test_peeks},
        {"X8: sockets of other networks are no matter", test_networks},
        {"X8 N8: programs that choose sockets are asked", test_chosen},
    };
    TEST_SUITE("offload: sockets of the router", TESTS);
}
