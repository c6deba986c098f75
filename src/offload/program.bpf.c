/* Forwards packets of flows that the daemon has judged: one program for XDP, one for tc. Whatever is not
 * plainly a packet of such a flow goes on, untouched, to the kernel and to the queue. */
#include "fast_limit.h"
#include "fast_packet.h"
#include "fast_spin.h"
#include "fast_table.h"
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <stddef.h>

char program_license[] SEC("license") = "GPL"; /* the helpers ask for it */

#define AF_INET 2
#define AF_INET6 10

/* The verifier of Linux 6.1 forgets the bounds of a number after OR and XOR of 32 bits: before it is an index
 * it needs a mask, which the compiler leaves out where it knows the bounds. It knows none of what comes from
 * here. */
static __always_inline uint32_t unknown(uint32_t number)
{
    __asm__ volatile("" : "+r"(number));
    return number;
}

/* A pointer of the context has 32 bits there and 64 for the verifier: the compiler, which knows of 32, would
 * copy no more of it from one register to another. */
static __always_inline void *pointer(uint32_t word)
{
    uint64_t whole = word;
    __asm__ volatile("" : "+r"(whole));
    return (void *)whole;
}

/* What flows go by stands in one piece. */
#define seldom(x) __builtin_expect(x, 0)

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_port);
    __uint(max_entries, FAST_PORTS_MAX);
} ports SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_control);
    __uint(max_entries, 1);
} control SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_gate);
    __uint(max_entries, 2);
} gates SEC(".maps");

/* One for each flow, or a single one when nothing is measured. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_spins);
    __uint(max_entries, 1);
} spins SEC(".maps");

/* These two are the daemon's alone, for the one that comes after it. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_told);
    __uint(max_entries, 2);
} told SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_life);
    __uint(max_entries, 1);
} life SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __type(key, struct fast_source);
    __type(value, uint32_t);                 /* index in `ports` */
    __uint(max_entries, 2 * FAST_PORTS_MAX); /* a VLAN is found at its carrier and by itself */
} slots SEC(".maps");

/* The slots that were found last, by the lower bits of the interface: a guess that `ports` confirms, cheaper
 * than a hash. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __type(key, uint32_t);
    __type(value, uint32_t);
    __uint(max_entries, FAST_PORTS_MAX);
} doors SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_count);
    __uint(max_entries, FAST_PORTS_MAX *FAST_WHY_COUNT);
} counts SEC(".maps");

/* What throttles say, and what they are to know. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_limit);
    __uint(max_entries, FAST_PORTS_MAX);
} limits SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, uint32_t);
    __type(value, struct fast_load);
    __uint(max_entries, 2 * FAST_PORTS_MAX); /* upwards, downwards */
} loads SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_marks);
    __uint(max_entries, FAST_LIMITS_MAX *FAST_MARK_COUNT);
} marks SEC(".maps");

/* Those of a direction follow each other. How many there are the daemon says. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, uint32_t);
    __type(value, struct fast_cells);
    __uint(max_entries, 2);
} cells SEC(".maps");

/* What a processor knows from the packet before: the boot clock costs more than the rest of a packet, so it
 * is asked once a tick. */
struct tick {
    uint64_t jiffies, ms;
    uint32_t unasked;         /* that packet was one that nobody asked for: more of them are likely */
    uint16_t chosen, sourced; /* programs may choose sockets; IPv6 routes may name sources (fast_peek.h) */
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __type(key, uint32_t);
    __type(value, struct tick);
    __uint(max_entries, 1);
} ticks SEC(".maps");

static __always_inline struct tick *tick_of_processor(void)
{
    uint32_t zero = 0;
    return bpf_map_lookup_elem(&ticks, &zero);
}

union passage_key {
    struct fast_key4 four;
    struct fast_key6 six;
};

#include "program_table.h"

/* What is known of a packet on its way through. */
struct passage {
    struct fast_packet packet;
    union passage_key key;
    struct fast_record *live;
    struct fast_record copy; /* whole before the tag was read */
    struct fast_control *control;
    struct tick *tick;
    struct fast_port *in, *out;
    struct fast_source source; /* by which it came */
    uint32_t wire_len;         /* of the longest packet on the wire, */
    uint32_t segments;         /* and how many they are: a bundle is several */
    uint64_t ms;
    bool ours, others; /* the record is of this program, of the other one */
};

/* All else is written before it is read: the whole of it is too much for each packet. False is never, but for
 * the verifier. */
static __always_inline bool begin(struct passage *p, uint32_t ifindex, uint32_t segments)
{
    p->source = (struct fast_source){ifindex, 0};
    p->segments = segments;
    p->live = NULL;
    p->ours = p->others = false;
    p->tick = tick_of_processor();
    return p->tick != NULL;
}

static __always_inline void add(uint32_t slot, enum fast_why why, uint32_t packets, uint32_t bytes)
{
    uint32_t key = slot * FAST_WHY_COUNT + why;
    struct fast_count *counter = bpf_map_lookup_elem(&counts, &key);
    if (!counter)
        return;
    counter->packets += packets;
    counter->bytes += bytes;
}

/* Of IP, with the headers that a bundle saves. */
static __always_inline uint32_t bytes_of(const struct passage *p)
{
    return p->packet.ip_len + (p->segments - 1) * p->packet.header;
}

static __always_inline void count_forwarded(const struct passage *p)
{
    add(p->copy.in_port, FAST_FORWARD, p->segments, bytes_of(p));
}

static __always_inline void count_throttled(const struct passage *p)
{
    add(p->copy.in_port, FAST_THROTTLED, p->segments, bytes_of(p));
}

/* The interface that belongs to it, and its slot; NULL: none, or it is about to change. */
static __always_inline const struct fast_port *port_of(struct fast_source source, uint32_t *slot)
{
    uint32_t door = source.ifindex % FAST_PORTS_MAX;
    uint32_t *guess = bpf_map_lookup_elem(&doors, &door);
    if (!guess)
        return NULL;
    *slot = *guess;
    const struct fast_port *port = bpf_map_lookup_elem(&ports, slot);
    if (source.tag == 0 && port && port->ifindex == source.ifindex)
        return port;
    const uint32_t *found = bpf_map_lookup_elem(&slots, &source);
    if (!found)
        return NULL;
    *slot = *found;
    if (source.tag == 0)
        *guess = *found;
    return bpf_map_lookup_elem(&ports, slot);
}

/* `frame` bytes, without Ethernet's header. Each packet once, also where both programs see it. */
static __always_inline void count_left(const struct passage *p, enum fast_why why, uint32_t frame,
                                       bool at_xdp)
{
    uint32_t slot;
    const struct fast_port *port = port_of(p->source, &slot);
    if (!port)
        return;
    bool counted = at_xdp ? p->ours || !port->both : !p->others;
    if (counted)
        add(slot, why, p->segments, frame);
}

/* For a test alone: so long another processor has to give the element to another flow. */
static __always_inline void linger(void)
{
#ifdef FAST_LINGER
    for (int i = 0; i < FAST_LINGER; i++)
        bpf_ktime_get_boot_ns();
#endif
}

/* Writes it between what was read and what will be: a swap is ordered on processors that reorder reads. */
static __always_inline void order_tag(struct fast_record *copy, uint32_t tag)
{
#ifdef FAST_WEAK_ORDER
    __sync_lock_test_and_set(&copy->tag, tag);
#else
    copy->tag = tag;
#endif
}

/* Whose it is, is read last (fast_table.h). */
static __always_inline bool take_copy(struct passage *p, bool ipv6)
{
    enum { FIRST = offsetof(struct fast_record, new_port) };
    linger();
    __builtin_memcpy(&p->copy, p->live, FIRST);
    linger();
    __builtin_memcpy((char *)&p->copy + FIRST, (char *)p->live + FIRST, sizeof p->copy - FIRST);
    __asm__ volatile("" ::: "memory");
    order_tag(&p->copy, fast_tag_of(&p->key, ipv6));
    return is_row(p->live, &p->key, ipv6);
}

static __always_inline enum fast_why find(struct passage *p, bool ipv6)
{
    p->live = find_row(&p->key, ipv6);
    if (!p->live)
        return FAST_NO_ENTRY;
    return take_copy(p, ipv6) ? FAST_FORWARD : FAST_REUSED;
}

#include "program_peek.h"

static __always_inline uint64_t now_ms(struct tick *tick)
{
    uint64_t jiffies = bpf_jiffies64();
    if (tick->jiffies != jiffies) {
        tick->ms = bpf_ktime_get_boot_ns() / 1000000;
        peek_again(tick);
        tick->jiffies = jiffies;
    }
    return tick->ms;
}

static __always_inline bool is_alive(struct passage *p)
{
    uint32_t zero = 0;
    p->control = bpf_map_lookup_elem(&control, &zero);
    if (!p->control)
        return false;
    p->ms = now_ms(p->tick);
    return p->ms < p->control->alive_until_ms;
}

/* ---- gates ---- */

static __always_inline bool is_open(const struct passage *p)
{
    return p->copy.hop_check == fast_hop_check(p->copy.tag, p->copy.next_hop);
}

static __always_inline struct fast_gate *gate_of(const struct passage *p)
{
    uint32_t key = fast_gate_of(&p->copy);
    return bpf_map_lookup_elem(&gates, &key);
}

/* A packet goes to the queue, and later ones have to follow it until the daemon has seen to it. */
static __always_inline void shut(struct passage *p)
{
    struct fast_gate *gate = gate_of(p);
    if (!gate || !p->control)
        return;
    p->live->hop_check = 0;
    gate->open_at = FAST_GATE_CLOSED;
    __sync_fetch_and_add(&gate->passed, 1);
    __sync_fetch_and_add(&p->control->shut, 1);
}

static __always_inline void open_gate(const struct passage *p)
{
    struct fast_gate *gate = gate_of(p);
    if (gate)
        gate->open_at = FAST_GATE_OPEN;
}

static __always_inline bool is_same_mac(const uint8_t *a, const uint8_t *b)
{
    uint16_t x[3], y[3];
    __builtin_memcpy(x, a, sizeof x);
    __builtin_memcpy(y, b, sizeof y);
    return ((x[0] ^ y[0]) | (x[1] ^ y[1]) | (x[2] ^ y[2])) == 0;
}

static __always_inline bool is_from(const struct passage *p, bool at_xdp)
{
    return at_xdp ? p->in->carrier == p->source.ifindex && p->in->tag == p->source.tag
                  : p->in->ifindex == p->source.ifindex;
}

/* `station`: at XDP the MAC address that the frame is for; NULL at tc, where the kernel has compared it. */
static __always_inline enum fast_why ports_of(struct passage *p, const uint8_t *station)
{
    uint32_t in_key = p->copy.in_port, out_key = p->copy.out_port;
    p->in = bpf_map_lookup_elem(&ports, &in_key);
    p->out = bpf_map_lookup_elem(&ports, &out_key);
    if (!p->in || !p->out || !is_from(p, station) || p->out->ifindex == 0)
        return FAST_INTERFACE;
    if (station && !is_same_mac(station, p->in->mac))
        return FAST_INTERFACE;
    return fast_is_longer(p->wire_len, p->out->mtu) ? FAST_TOO_LONG : FAST_FORWARD;
}

/* ---- the next hop ---- */

/* As after the rewrite. Without the protocol, routing rules that name UDP do not match: the one that keeps
 * unjudged packets in does name it. */
static __always_inline void ask_for(const union passage_key *key, const struct fast_record *record, bool ipv6,
                                    struct bpf_fib_lookup *fib)
{
    fib->family = ipv6 ? AF_INET6 : AF_INET;
    if (ipv6) {
        __builtin_memcpy(fib->ipv6_src, key->six.source, sizeof fib->ipv6_src);
        __builtin_memcpy(fib->ipv6_dst, key->six.destination, sizeof fib->ipv6_dst);
        return;
    }
    fib->ipv4_src = record->flags & FAST_REWRITE_SOURCE ? record->new_addr : key->four.source;
    fib->ipv4_dst = record->flags & FAST_REWRITE_DESTINATION ? record->new_addr : key->four.destination;
}

/* Into the record. `ways`: the interface by which it came, and above 32 bits the one by which it is to leave.
 * Comes seldom, and has a stack of its own: there is little left. */
static __noinline bool ask_hop(void *ctx, const union passage_key *key, struct fast_record *record,
                               uint64_t ways, uint32_t len)
{
    struct bpf_fib_lookup fib = {.ifindex = (uint32_t)ways, .tot_len = (uint16_t)(len >> 1)};
    ask_for(key, record, len & 1, &fib);
    if (bpf_fib_lookup(ctx, &fib, sizeof fib, 0) != BPF_FIB_LKUP_RET_SUCCESS || fib.ifindex != ways >> 32)
        return false;
    __builtin_memcpy(record->next_hop, fib.dmac, sizeof record->next_hop);
    return true;
}

static __always_inline enum fast_why route(void *ctx, struct passage *p, bool ipv6, bool open)
{
    uint32_t ms = (uint32_t)p->ms;
    uint32_t epoch = p->control->epoch;
    if (open && p->copy.route_epoch == (uint8_t)epoch &&
        fast_is_fresh(p->copy.route_checked, ms, p->control->fresh))
        return FAST_FORWARD;
    if (!ask_hop(ctx, &p->key, &p->copy, (uint64_t)p->out->ifindex << 32 | p->in->ifindex,
                 p->wire_len << 1 | ipv6))
        return FAST_NO_ROUTE;
    __builtin_memcpy(p->live->next_hop, p->copy.next_hop, sizeof p->live->next_hop);
    p->live->hop_check = fast_hop_check(p->copy.tag, p->copy.next_hop);
    p->live->route_epoch = (uint8_t)epoch;
    p->live->route_checked = fast_route_time(ms);
    if (!open)
        open_gate(p);
    return FAST_FORWARD;
}

#include "program_limit.h"

/* ---- judging ---- */

/* Comes once in a round trip. Not static: then the verifier looks at it once, and not wherever it is called.
 */
__noinline int flip(struct fast_record *live, struct fast_record *copy, uint32_t one, uint32_t silence)
{
    if (!live || !copy)
        return 0;
    uint32_t key = fast_flow(copy);
    struct fast_spins *of = bpf_map_lookup_elem(&spins, &key);
    uint32_t us = (uint32_t)(bpf_ktime_get_boot_ns() / 1000);
    if (of)
        live->spin = fast_spin_flip(of, copy, (copy->flags & FAST_DOWN) != 0, one != 0, silence, us);
    return 0;
}

/* Of a short header (RFC 9000 17.3.1), as all are that are forwarded of a flow that is measured. */
static __always_inline void measure_spin_of(struct passage *p)
{
    bool one = p->packet.first & 0x20, same_tick = p->copy.last_seen_ms == (uint32_t)p->ms;
    uint32_t silence = fast_silence(p->copy.last_seen_ms, (uint32_t)p->ms, p->control->tick_ms);
    if (!fast_spin_agrees(p->copy.spin, one, same_tick))
        flip(p->live, &p->copy, one, silence);
    else if (silence > 0)
        p->live->spin = fast_spin_quiet(p->copy.spin, silence);
}

/* Both directions of the flow may run on several processors at once, of one direction seldom two: adding
 * atomically costs nothing that can be measured. */
static __always_inline void account(struct passage *p)
{
    struct fast_record *record = p->live;
    if (p->copy.spin != 0)
        measure_spin_of(p);
    record->last_seen_ms = (uint32_t)p->ms ? (uint32_t)p->ms : 1;
    __sync_fetch_and_add(&record->packets, p->segments);
    __sync_fetch_and_add(&record->bytes, bytes_of(p));
    if (p->packet.ecn == FAST_ECN_CE)
        __sync_fetch_and_add(&record->ce, p->segments);
}

static __always_inline enum fast_why judge_open(void *ctx, struct passage *p, bool ipv6,
                                                const uint8_t *station, bool open)
{
    enum fast_why why = fast_judge(&p->copy, &p->packet, p->wire_len);
    if (why == FAST_FORWARD)
        why = ports_of(p, station);
    if (why == FAST_FORWARD)
        why = route(ctx, p, ipv6, open);
    if (why == FAST_NO_ROUTE || (!open && why != FAST_FORWARD))
        shut(p);
    if (why == FAST_FORWARD && is_throttled(p))
        why = FAST_THROTTLED;
    return why;
}

/* Of a packet that finds the gate closed. While its direction pauses, what the queue has to see still goes
 * there. */
static __always_inline enum fast_why at_gate(struct passage *p, const uint8_t *station)
{
    struct fast_gate *gate = gate_of(p);
    if (!gate)
        return FAST_WAITS;
    bool closed, may_pause = (int32_t)((uint32_t)p->ms - p->control->paused_until_ms) < 0;
    enum fast_why why = fast_ask_gate(gate, may_pause, &closed);
    if (closed)
        __sync_fetch_and_add(&p->control->shut, 1);
    if (why != FAST_PAUSED)
        return why;
    bool fast =
        fast_judge(&p->copy, &p->packet, p->wire_len) == FAST_FORWARD && ports_of(p, station) == FAST_FORWARD;
    return fast ? FAST_PAUSED : FAST_WAITS;
}

/* Of a packet whose flow is known. */
static __always_inline enum fast_why judge_found(void *ctx, struct passage *p, bool ipv6,
                                                 const uint8_t *station)
{
    bool open = is_open(p);
    if (!is_alive(p)) {
        shut(p);
        return FAST_DEAD;
    }
    enum fast_why why = open ? FAST_FORWARD : at_gate(p, station);
    return why == FAST_FORWARD ? judge_open(ctx, p, ipv6, station, open) : why;
}

/* After that the packet is read: its key and p->packet are there. */
static __always_inline enum fast_why judge(void *ctx, struct passage *p, bool ipv6, uint16_t kind,
                                           const uint8_t *station)
{
    enum fast_why why = find(p, ipv6);
    if (why != FAST_FORWARD)
        return why;
    p->ours = (p->copy.flags & FAST_TC) == kind;
    p->others = !p->ours;
    if (p->others)
        return FAST_NO_ENTRY;
    return judge_found(ctx, p, ipv6, station);
}

static __always_inline void put_macs(struct ethhdr *ethernet, const struct passage *p)
{
    __builtin_memcpy(ethernet->h_dest, p->copy.next_hop, ETH_ALEN);
    __builtin_memcpy(ethernet->h_source, p->out->mac, ETH_ALEN);
}

#include "program_drop.h"

/* ---- XDP ---- */

enum { TAG_LEN = 4, TAG_ID = 0xfff, FRAME_MIN = 60 /* without its check sequence (IEEE 802.3) */ };

/* IEEE 802.1Q. Two of them, or another kind, are the kernel's. */
struct tag {
    uint16_t control; /* priority, and the VLAN's number */
    uint16_t protocol;
};

/* An Ethernet header with at most one tag, and what follows. */
struct framing {
    uint16_t protocol; /* network order */
    uint8_t *ip;
};

/* A tag of VLAN 0 tells a priority alone (IEEE 802.1Q 9.6): the kernel's as well. */
static __always_inline bool read_frame(const struct xdp_md *ctx, struct passage *p, struct framing *out)
{
    struct ethhdr *ethernet = pointer(ctx->data);
    struct tag *tag = (void *)(ethernet + 1);
    if ((void *)tag > pointer(ctx->data_end))
        return false;
    *out = (struct framing){ethernet->h_proto, (uint8_t *)tag};
    if (ethernet->h_proto != bpf_htons(ETH_P_8021Q))
        return true;
    if ((void *)(tag + 1) > pointer(ctx->data_end))
        return false;
    p->source.tag = bpf_ntohs(tag->control) & TAG_ID;
    *out = (struct framing){tag->protocol, (uint8_t *)(tag + 1)};
    return p->source.tag != 0;
}

/* Bytes from one to the other. The difference is made whole before it is cut to 32 bits: half a pointer is
 * nothing that the verifier lets stand in memory. */
static __always_inline uint32_t distance(const void *from, const void *to)
{
    int64_t bytes = (const char *)to - (const char *)from;
    __asm__ volatile("" : "+r"(bytes));
    return (uint32_t)bytes;
}

static __always_inline enum fast_why xdp_judge(struct xdp_md *ctx, struct passage *p,
                                               const struct framing *frame)
{
    const struct ethhdr *ethernet = pointer(ctx->data);
    uint8_t *ip = frame->ip, *end = pointer(ctx->data_end);
    bool ipv6 = frame->protocol == bpf_htons(ETH_P_IPV6);
    if (!ipv6 && frame->protocol != bpf_htons(ETH_P_IP))
        return FAST_OTHER;
    enum fast_why why = ipv6 ? fast_read6(ip, end, distance(ip, end), &p->packet, &p->key.six)
                             : fast_read4(ip, end, distance(ip, end), &p->packet, &p->key.four);
    if (why != FAST_FORWARD)
        return why;
    p->wire_len = p->packet.ip_len;
    return judge(ctx, p, ipv6, 0, ethernet->h_dest);
}

/* Makes room for a tag, or takes it away; a frame that becomes too short is padded. False: it cannot be, and
 * the frame is as it was. */
static __always_inline bool resize(struct xdp_md *ctx, const struct passage *p)
{
    uint32_t len = (uint32_t)(ctx->data_end - ctx->data);
    bool had = p->source.tag != 0, has = p->out->tag != 0;
    if (had == has)
        return true;
    if (has)
        return bpf_xdp_adjust_head(ctx, -TAG_LEN) == 0;
    if (len < FRAME_MIN + TAG_LEN && bpf_xdp_adjust_tail(ctx, FRAME_MIN + TAG_LEN - (int)len) != 0)
        return false;
    return bpf_xdp_adjust_head(ctx, TAG_LEN) == 0;
}

/* The frame of the interface by which it leaves. Returns where IP begins; NULL is never, but for the
 * verifier. */
static __always_inline uint8_t *put_frame(struct xdp_md *ctx, const struct passage *p, uint16_t protocol)
{
    struct ethhdr *ethernet = pointer(ctx->data);
    struct tag *tag = (void *)(ethernet + 1);
    if ((void *)(tag + 1) > pointer(ctx->data_end))
        return NULL;
    put_macs(ethernet, p);
    if (p->out->tag == 0) {
        ethernet->h_proto = protocol;
        return (uint8_t *)tag;
    }
    ethernet->h_proto = bpf_htons(ETH_P_8021Q);
    *tag = (struct tag){bpf_htons(p->out->tag), protocol};
    return (uint8_t *)(tag + 1);
}

/* False is never, but for the verifier. */
static __always_inline bool rewrite(const struct xdp_md *ctx, const struct passage *p, uint8_t *at, bool ipv6)
{
    struct iphdr *ip = (void *)at;
    struct ipv6hdr *six = (void *)at;
    struct udphdr *udp = (void *)(ip + 1);
    if (ipv6) {
        if ((void *)(six + 1) > pointer(ctx->data_end))
            return false;
        six->hop_limit--;
        return true;
    }
    if ((void *)(udp + 1) > pointer(ctx->data_end))
        return false;
    fast_rewrite4(ip, udp, &p->copy);
    fast_hop4(ip);
    return true;
}

static __always_inline int forward(struct xdp_md *ctx, struct passage *p, uint16_t protocol)
{
    uint8_t *ip = put_frame(ctx, p, protocol);
    if (!ip || !rewrite(ctx, p, ip, protocol == bpf_htons(ETH_P_IPV6)))
        return XDP_ABORTED;
    account(p);
    count_forwarded(p);
    return (int)bpf_redirect(p->out->carrier, 0);
}

/* Frames with a tag come to tc without it. There the kernel knows their interface, which sockets may be bound
 * to. */
static __always_inline bool xdp_drops(struct xdp_md *ctx, struct passage *p, const struct framing *frame)
{
    const struct ethhdr *ethernet = pointer(ctx->data);
    uint8_t *at = pointer(ctx->data) + sizeof *ethernet, *end = pointer(ctx->data_end);
    bool ipv6 = frame->protocol == bpf_htons(ETH_P_IPV6);
    if (at > end || p->source.tag != 0 || (!ipv6 && frame->protocol != bpf_htons(ETH_P_IP)))
        return false;
    return is_unsolicited(ctx, p, at, end, distance(at, end), ethernet->h_dest, ipv6);
}

SEC("xdp") int fast_xdp(struct xdp_md *ctx)
{
    struct passage p;
    struct framing frame = {0};
    if (!begin(&p, ctx->ingress_ifindex, 1))
        return XDP_PASS;
    bool readable = read_frame(ctx, &p, &frame);
    if (seldom(p.tick->unasked != 0) && readable && xdp_drops(ctx, &p, &frame))
        return XDP_DROP;
    enum fast_why why = readable ? xdp_judge(ctx, &p, &frame) : FAST_OTHER;
    if (why == FAST_THROTTLED) {
        count_throttled(&p);
        return XDP_DROP;
    }
    if (why == FAST_FORWARD && !resize(ctx, &p))
        why = FAST_OTHER;
    if (why == FAST_FORWARD)
        return forward(ctx, &p, frame.protocol);
    if (readable && xdp_drops(ctx, &p, &frame))
        return XDP_DROP;
    uint32_t len = distance(pointer(ctx->data), pointer(ctx->data_end));
    count_left(&p, why, len - (uint32_t)sizeof(struct ethhdr) - (p.source.tag ? TAG_LEN : 0), true);
    return why == FAST_PAUSED ? XDP_DROP : XDP_PASS;
}

/* ---- tc ---- */

enum { IP_AT = sizeof(struct ethhdr), UDP4_AT = IP_AT + sizeof(struct iphdr) };
enum { HEADERS6 = IP_AT + sizeof(struct ipv6hdr) + sizeof(struct udphdr), VERSION_LEN = 5 };

/* Payload may lie in fragments of the buffer. Of shorter packets all is linear. */
static __always_inline void pull(struct __sk_buff *skb)
{
    uint32_t wanted = HEADERS6 + VERSION_LEN;
    uint32_t there = (uint32_t)(skb->data_end - skb->data);
    if (there < wanted && there < skb->len)
        bpf_skb_pull_data(skb, skb->len < wanted ? skb->len : wanted);
}

static __always_inline uint32_t segments_of(const struct __sk_buff *skb)
{
    return skb->gso_size == 0 || skb->gso_segs == 0 ? 1 : skb->gso_segs;
}

static __always_inline void measure(const struct __sk_buff *skb, struct passage *p)
{
    bool bundle = skb->gso_size != 0 && skb->gso_segs != 0;
    p->wire_len = bundle ? skb->gso_size + p->packet.header : p->packet.ip_len;
}

/* The checksum may be partial, so only helpers know what to do with it. */
static __always_inline bool tc_sum4(struct __sk_buff *skb, const struct passage *p)
{
    const struct fast_record *record = &p->copy;
    bool source = record->flags & FAST_REWRITE_SOURCE;
    uint32_t addr = source ? p->key.four.source : p->key.four.destination;
    uint16_t port = source ? p->key.four.source_port : p->key.four.destination_port;
    uint32_t sum_at = UDP4_AT + offsetof(struct udphdr, check);
    if (addr != record->new_addr &&
        bpf_l4_csum_replace(skb, sum_at, addr, record->new_addr, BPF_F_PSEUDO_HDR | BPF_F_MARK_MANGLED_0 | 4))
        return false;
    return port == record->new_port ||
           !bpf_l4_csum_replace(skb, sum_at, port, record->new_port, BPF_F_MARK_MANGLED_0 | 2);
}

/* The helpers have made the pointers invalid. */
static __always_inline bool tc_finish(struct __sk_buff *skb, const struct passage *p, bool ipv6)
{
    struct ethhdr *ethernet = pointer(skb->data);
    struct iphdr *ip = (void *)(ethernet + 1);
    struct udphdr *udp = (void *)(ip + 1);
    if ((void *)(udp + 1) > pointer(skb->data_end))
        return false;
    put_macs(ethernet, p);
    if (ipv6) {
        ((struct ipv6hdr *)(ethernet + 1))->hop_limit--;
        return true;
    }
    fast_sum4(ip, &p->copy);
    fast_put4(ip, udp, &p->copy);
    fast_hop4(ip);
    return true;
}

static __always_inline enum fast_why tc_read(struct __sk_buff *skb, struct passage *p, bool ipv6)
{
    uint8_t *ip = pointer(skb->data) + IP_AT, *end = pointer(skb->data_end);
    uint32_t frame = skb->len - IP_AT;
    enum fast_why why = ipv6 ? fast_read6(ip, end, frame, &p->packet, &p->key.six)
                             : fast_read4(ip, end, frame, &p->packet, &p->key.four);
    if (why == FAST_FORWARD)
        measure(skb, p);
    return why;
}

static __always_inline bool tc_drops(struct __sk_buff *skb, struct passage *p, bool ipv6)
{
    uint8_t *at = pointer(skb->data) + IP_AT, *end = pointer(skb->data_end);
    return is_unsolicited(skb, p, at, end, skb->len - IP_AT, NULL, ipv6);
}

/* What fails once the packet has begun to change is dropped: it may be of no flow any more. */
static __always_inline int tc(struct __sk_buff *skb, bool ipv6)
{
    struct passage p;
    if (!begin(&p, skb->ifindex, segments_of(skb)))
        return TC_ACT_OK;
    if (seldom(p.tick->unasked != 0) && tc_drops(skb, &p, ipv6))
        return TC_ACT_SHOT;
    enum fast_why why = tc_read(skb, &p, ipv6);
    if (why == FAST_FORWARD)
        why = judge(skb, &p, ipv6, FAST_TC, NULL);
    if (why == FAST_THROTTLED) {
        count_throttled(&p);
        return TC_ACT_SHOT;
    }
    if (why != FAST_FORWARD) {
        if (tc_drops(skb, &p, ipv6))
            return TC_ACT_SHOT;
        count_left(&p, why, skb->len - IP_AT, false);
        return why == FAST_PAUSED ? TC_ACT_SHOT : TC_ACT_OK;
    }
    bool rewritten = p.copy.flags & (FAST_REWRITE_SOURCE | FAST_REWRITE_DESTINATION);
    if ((rewritten && !tc_sum4(skb, &p)) || !tc_finish(skb, &p, ipv6))
        return TC_ACT_SHOT;
    account(&p);
    count_forwarded(&p);
    return (int)bpf_redirect(p.out->ifindex, 0);
}

SEC("tc") int fast_tc(struct __sk_buff *skb)
{
    if (skb->pkt_type != 0 /* to this host's own address */ || skb->vlan_present)
        return TC_ACT_OK;
    pull(skb);
    if (skb->protocol == bpf_htons(ETH_P_IP))
        return tc(skb, false);
    if (skb->protocol == bpf_htons(ETH_P_IPV6))
        return tc(skb, true);
    return TC_ACT_OK;
}

#include "program_ask.h"
