/* Finds what fast_peek.h says, once, when the daemon starts. No packet passes here; the daemon runs it
 * (BPF_PROG_TEST_RUN). What is read of the kernel's structures stands where its own description of types
 * (BTF) says. A kernel that has none, or other structures, refuses the program. */
#include "fast_peek.h"
#include <stdbool.h>

#include <linux/bpf.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

char program_license[] SEC("license") = "GPL"; /* the helpers ask for it */

#define AS_THE_KERNEL_HAS_IT __attribute__((preserve_access_index))

/* Of each structure what is read here. */
struct hlist_node;

struct hlist_head {
    struct hlist_node *first;
} AS_THE_KERNEL_HAS_IT;

struct hlist_node {
    struct hlist_node *next;
} AS_THE_KERNEL_HAS_IT;

struct udp_hslot {
    struct hlist_head head;
    int count;
} AS_THE_KERNEL_HAS_IT;

struct udp_table {
    struct udp_hslot *hash;
    unsigned int mask;
} AS_THE_KERNEL_HAS_IT;

struct bpf_prog_array;

struct netns_bpf {
    struct bpf_prog_array *run_array[2];
} AS_THE_KERNEL_HAS_IT;

struct netns_ipv4 {
    struct udp_table *udp_table; /* since Linux 6.2 */
} AS_THE_KERNEL_HAS_IT;

struct netns_ipv6 {
    unsigned int fib6_routes_require_src; /* with CONFIG_IPV6_SUBTREES */
} AS_THE_KERNEL_HAS_IT;

struct fib6_node {
    struct fib6_node *subtree; /* likewise */
} AS_THE_KERNEL_HAS_IT;

struct net {
    uint32_t hash_mix;
    struct netns_ipv4 ipv4;
    struct netns_ipv6 ipv6;
    struct netns_bpf bpf;
} AS_THE_KERNEL_HAS_IT;

struct proto {
    union {
        struct udp_table *udp_table;
    } h;
} AS_THE_KERNEL_HAS_IT;

typedef struct {
    struct net *net;
} AS_THE_KERNEL_HAS_IT possible_net_t;

struct sock_common {
    struct hlist_node skc_node;
    struct proto *skc_prot;
    possible_net_t skc_net;
} AS_THE_KERNEL_HAS_IT;

struct sock {
    struct sock_common __sk_common;
} AS_THE_KERNEL_HAS_IT;

enum netns_bpf_attach_type { NETNS_BPF_SK_LOOKUP = 1 };

/* The port of a socket of the daemon, and what was found by it. */
volatile uint16_t port = 0;
struct fast_peek found = {0};

/* The verifier lets nobody add to a pointer to a socket: its value is wanted. */
static __always_inline const struct sock *value_of(const struct bpf_sock *socket)
{
    const void *pointer = socket, *value = NULL;
    bpf_probe_read_kernel(&value, sizeof value, &pointer);
    return value;
}

static __always_inline const struct udp_table *table_of(const struct sock *sock, const struct net *net)
{
    const struct udp_table *own = NULL;
    if (bpf_core_field_exists(net->ipv4.udp_table))
        own = BPF_CORE_READ(net, ipv4.udp_table);
    return own ? own : BPF_CORE_READ(sock, __sk_common.skc_prot, h.udp_table);
}

/* The latest socket of a chain stands first: if that is where it should be, all else was understood. */
static __always_inline bool is_first(const struct sock *sock, const struct udp_hslot *chain)
{
    const void *node = __builtin_preserve_access_index(&sock->__sk_common.skc_node);
    return BPF_CORE_READ(chain, count) > 0 && BPF_CORE_READ(chain, head.first) == node;
}

/* False: the kernel has such routes, and counts them where nobody knows. */
static __always_inline bool find_sourced(const struct net *net, uint64_t *out)
{
    const struct fib6_node *node = 0;
    *out = 0;
    if (bpf_core_field_exists(net->ipv6.fib6_routes_require_src))
        *out = (uint64_t)__builtin_preserve_access_index(&net->ipv6.fib6_routes_require_src);
    return *out != 0 || !bpf_core_field_exists(node->subtree);
}

static __always_inline bool find_sockets(const struct sock *sock, const struct net *net,
                                         struct fast_peek *out)
{
    const struct udp_table *table = table_of(sock, net);
    const struct udp_hslot *chains = BPF_CORE_READ(table, hash);
    uint64_t which = bpf_core_enum_value(enum netns_bpf_attach_type, NETNS_BPF_SK_LOOKUP);
    out->choosers =
        (uint64_t)__builtin_preserve_access_index(&net->bpf.run_array[0]) + which * sizeof(void *);
    out->stride = bpf_core_type_size(struct udp_hslot);
    out->mask = BPF_CORE_READ(table, mask);
    out->mix = BPF_CORE_READ(net, hash_mix);
    out->chains = (uint64_t)chains;
    if (!chains || !is_first(sock, (const void *)fast_chain_of(out, port)))
        return false;
    out->chains += bpf_core_field_offset(chains->count);
    return true;
}

static __always_inline void look_by(const struct sock *sock)
{
    const struct net *net = BPF_CORE_READ(sock, __sk_common.skc_net.net);
    struct fast_peek all = {0};
    if (find_sockets(sock, net, &all) && find_sourced(net, &all.sourced))
        found = all;
}

SEC("tc") int find(struct __sk_buff *skb)
{
    struct bpf_sock_tuple tuple = {.ipv4 = {.dport = bpf_htons(port)}};
    tuple.ipv4.saddr = tuple.ipv4.daddr = bpf_htonl(0x7f000001);
    struct bpf_sock *socket = bpf_sk_lookup_udp(skb, &tuple, sizeof tuple.ipv4, BPF_F_CURRENT_NETNS, 0);
    if (!socket)
        return 0;
    look_by(value_of(socket));
    bpf_sk_release(socket);
    return 0;
}
