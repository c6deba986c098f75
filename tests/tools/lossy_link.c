/* lossy_link CLIENT-SIDE SERVER-SIDE [RULE...]: a link between two Ethernet interfaces that loses, delays,
 * changes and reorders UDP datagrams, by their count in their flow and a seed: the same run twice gives the
 * same losses. Everything else passes untouched. Ends at SIGTERM and then prints a line a flow
 * (link_flows.h). Checksums must be whole: the interfaces at the ends need "ethtool -K IF tx off". The rules:
 *
 * - drop-client=LIST, drop-server=LIST: datagrams that the client, or the server, sends are lost. LIST is
 *   "1,3-5", numbers within the flow from 1, or "30%".
 * - burst=N: a percentage loses at most N in a row.
 * - corrupt-client=LIST, corrupt-server=LIST: a byte is changed; the UDP checksum with it, so that QUIC meets
 *   it.
 * - late-client=LIST, late-server=LIST: comes late=MS (10) later than others: out of order.
 * - delay=MS: each way.
 * - pace=MS: so long at least between two datagrams of a side.
 * - rebind=N,...: from its N-th datagram on the client has another port, as behind a NAT that forgot it; what
 *   is sent to the old one is lost.
 * - seed=N */
#include "link_flows.h"
#include "link_frame.h"
#include "link_interfaces.h"
#include "link_rules.h"
#include "sockets.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define FRAME_MAX 2048
#define WAITING_MAX 4096
#define BUFFER_BYTES (8 << 20)
#define READ_AT_ONCE 64

enum kind { KIND_DROP, KIND_CORRUPT, KIND_BYTE, KIND_LATE };

struct waiting {
    uint64_t due_us;
    enum link_side from;
    uint32_t buffer;
    size_t len;
};

static struct link_rules rules;
static struct link_flows flows;
static int sockets[2];
static uint8_t buffers[WAITING_MAX][FRAME_MAX];
static uint32_t free_buffers[WAITING_MAX], free_count;
static struct waiting waiting[WAITING_MAX]; /* by due_us */
static uint32_t waiting_count;
static uint64_t sent_us[2]; /* when the last datagram of a side left */

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void take_out(uint32_t place)
{
    free_buffers[free_count++] = waiting[place].buffer;
    waiting_count--;
    memmove(&waiting[place], &waiting[place + 1], (waiting_count - place) * sizeof(waiting[0]));
}

/* A full link loses what comes, as links do. */
static void put_in(enum link_side from, const uint8_t *bytes, size_t len, uint64_t due_us)
{
    if (free_count == 0)
        return;
    uint32_t buffer = free_buffers[--free_count], place = waiting_count++;
    memcpy(buffers[buffer], bytes, len);
    for (; place > 0 && waiting[place - 1].due_us > due_us; place--)
        waiting[place] = waiting[place - 1];
    waiting[place] = (struct waiting){due_us, from, buffer, len};
}

/* With a pace, what would leave on the heels of the last one waits on. */
static bool due(struct waiting *next, uint64_t now)
{
    uint64_t free_us = sent_us[next->from] + rules.pace_us;
    if (rules.pace_us > 0 && next->due_us < free_us)
        next->due_us = free_us;
    return next->due_us <= now;
}

static void pass_due(uint64_t now)
{
    while (waiting_count > 0 && due(&waiting[0], now)) {
        const struct waiting *w = &waiting[0];
        sent_us[w->from] = now;
        link_send(sockets[w->from == LINK_CLIENT ? LINK_SERVER : LINK_CLIENT], buffers[w->buffer], w->len);
        take_out(0);
    }
}

static bool chosen(const struct link_choice *choice, enum kind kind, const struct link_flow *flow,
                   enum link_side side)
{
    return link_chosen(&rules, choice, kind, flow->number, side, flow->sent[side]);
}

/* A list loses whatever it names; a percentage at most `burst` in a row. */
static bool lost(struct link_flow *flow, enum link_side side)
{
    const struct link_choice *choice = &rules.drop[side];
    bool lost = chosen(choice, KIND_DROP, flow, side);
    if (lost && choice->percent > 0 && rules.burst > 0 && flow->in_row[side] >= rules.burst)
        lost = false;
    flow->in_row[side] = lost ? flow->in_row[side] + 1 : 0;
    flow->lost[side] += lost;
    return lost;
}

static void note(struct link_flow *flow, const struct link_frame *frame, enum link_side side, uint64_t now)
{
    flow->sent[side]++;
    if (side == LINK_SERVER)
        return;
    if (flow->began_us == 0)
        flow->began_us = now;
    flow->ended_us = now;
    if (flow->connected_us != 0)
        return;
    flow->opening++;
    if (link_frame_one_rtt(frame))
        flow->connected_us = now;
}

static void rebind(struct link_flow *flow, struct link_frame *frame, enum link_side side)
{
    if (side == LINK_CLIENT) {
        while (flow->rebinds < rules.rebinds && flow->sent[LINK_CLIENT] >= rules.rebind[flow->rebinds])
            flow->rebinds++;
        if (flow->rebinds > 0)
            link_frame_set_port(frame, false, link_flow_port(flow));
    } else if (flow->rebinds > 0) {
        link_frame_set_port(frame, true, flow->ends.from_port);
    }
}

static void datagram(struct link_frame *frame, enum link_side side, uint64_t now)
{
    struct link_flow *flow = link_flow_of(&flows, frame, side);
    if (!flow)
        return;
    note(flow, frame, side, now);
    rebind(flow, frame, side);
    if (lost(flow, side))
        return;
    if (chosen(&rules.corrupt[side], KIND_CORRUPT, flow, side)) {
        link_frame_corrupt(frame, link_random(rules.seed, KIND_BYTE, flow->number, side, flow->sent[side]));
        flow->corrupted[side]++;
    }
    uint64_t late = chosen(&rules.late[side], KIND_LATE, flow, side) ? rules.late_us : 0;
    put_in(side, frame->bytes, frame->len, now + rules.delay_us + late);
}

static void take_frames(enum link_side side)
{
    uint8_t bytes[FRAME_MAX];
    struct link_frame frame;
    for (unsigned i = 0; i < READ_AT_ONCE; i++) {
        ssize_t got = recv(sockets[side], bytes, sizeof(bytes), 0);
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            tool_fail("receive"); /* the interface is gone, and the lab with it */
        if (got < 0)
            return;
        uint64_t now = now_us();
        if (link_frame_read(bytes, (size_t)got, &frame))
            datagram(&frame, side, now);
        else
            put_in(side, bytes, (size_t)got, now);
    }
}

/* Until the next datagram is due. */
static uint64_t patience_us(void)
{
    if (waiting_count == 0)
        return LINK_FOREVER;
    uint64_t now = now_us();
    return waiting[0].due_us > now ? waiting[0].due_us - now : 0;
}

static void forward(int stop)
{
    bool goes_on, ready[2];
    do {
        goes_on = link_wait(sockets, stop, patience_us(), ready);
        for (enum link_side side = LINK_CLIENT; side <= LINK_SERVER; side++)
            if (ready[side])
                take_frames(side);
        pass_due(now_us());
    } while (goes_on);
}

/* What is on its way arrives, though nothing more is taken. */
static void drain(void)
{
    while (waiting_count > 0) {
        usleep((useconds_t)patience_us());
        pass_due(now_us());
    }
}

int main(int argc, char **argv)
{
    rules = link_rules_none();
    if (argc < 3) {
        fprintf(stderr, "usage: lossy_link CLIENT-SIDE SERVER-SIDE [RULE...]\n");
        return 2;
    }
    for (int i = 3; i < argc; i++)
        if (!link_rules_read(&rules, argv[i])) {
            fprintf(stderr, "lossy_link: no rule: '%s'\n", argv[i]);
            return 2;
        }
    for (free_count = 0; free_count < WAITING_MAX; free_count++)
        free_buffers[free_count] = free_count;
    int stop = link_stop_signal();
    for (int side = 0; side < 2; side++)
        sockets[side] = link_open(argv[1 + side], BUFFER_BYTES);
    puts("ready");
    fflush(stdout);
    forward(stop);
    drain();
    link_flows_print(&flows);
    return 0;
}
