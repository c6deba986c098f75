#include "sim.h"
#include "random.h"
#include <stdlib.h>
#include <string.h>

#define EVENTS_MAX 8192
#define ACK_EVERY 2 /* RFC 9000 13.2.2 */
#define ACK_DELAY_US 25000
#define PROBE_US 1000000

enum kind { OBSERVED, ARRIVED, ACK_TIMER, APP_TIMER, PROBE_TIMER, PACE_TIMER };

struct event {
    uint64_t at;
    enum kind kind;
    unsigned side; /* who sent the packet, or whose timer it is */
    uint32_t number, acked;
    bool spin, asks; /* `asks`: it wants an ACK */
};

struct end {
    uint32_t next, heard,
        acked;        /* packet numbers from 1 on; largest heard and largest that was acknowledged */
    unsigned unacked; /* packets heard that want an ACK */
    bool bit, timer, pacing;
    uint64_t spoke;
};

struct sim {
    const struct sim_options *options;
    uint64_t now, random;
    struct end ends[2];
    struct event heap[EVENTS_MAX];
    unsigned count;
    struct sim_result result;
};

static double chance(struct sim *sim)
{
    return (double)(test_random(&sim->random) % 1000000) / 1e6;
}

static void push(struct sim *sim, struct event event)
{
    if (sim->count == EVENTS_MAX)
        abort();
    unsigned at = sim->count++;
    for (; at > 0 && sim->heap[(at - 1) / 2].at > event.at; at = (at - 1) / 2)
        sim->heap[at] = sim->heap[(at - 1) / 2];
    sim->heap[at] = event;
}

static struct event pop(struct sim *sim)
{
    struct event first = sim->heap[0], last = sim->heap[--sim->count];
    unsigned at = 0, child;
    while ((child = 2 * at + 1) < sim->count) {
        if (child + 1 < sim->count && sim->heap[child + 1].at < sim->heap[child].at)
            child++;
        if (sim->heap[child].at >= last.at)
            break;
        sim->heap[at] = sim->heap[child];
        at = child;
    }
    sim->heap[at] = last;
    return first;
}

static void timer(struct sim *sim, enum kind kind, unsigned side, uint64_t in)
{
    push(sim, (struct event){.at = sim->now + in, .kind = kind, .side = side});
}

/* One way between the end `side` and the observer. */
static void travel(struct sim *sim, struct event packet, enum kind then, unsigned side)
{
    const struct sim_options *options = sim->options;
    double half = options->half_us[side];
    if (chance(sim) < options->loss)
        return;
    if (options->step > 0 && (double)sim->now > options->seconds * 5e5)
        half *= options->step;
    packet.at = sim->now + (uint64_t)(half / 2 + chance(sim) * options->jitter_us);
    if (chance(sim) < options->reorder)
        packet.at += (uint64_t)(chance(sim) * options->late_us);
    packet.kind = then;
    push(sim, packet);
}

static bool spin_of(struct sim *sim, unsigned side)
{
    switch (sim->options->bits[side]) {
    case SIM_RANDOM:
        return test_random(&sim->random) >> 7 & 1;
    case SIM_SPINS:
        return sim->ends[side].bit;
    default:
        return sim->options->bits[side] == SIM_ONE;
    }
}

static void send(struct sim *sim, unsigned side, bool asks)
{
    struct end *end = &sim->ends[side];
    struct event packet = {
        .side = side, .number = ++end->next, .acked = end->heard, .spin = spin_of(sim, side), .asks = asks};
    end->unacked = 0;
    end->spoke = sim->now;
    travel(sim, packet, OBSERVED, side);
}

static bool is_bulk(const struct sim *sim, unsigned side)
{
    enum sim_traffic traffic = sim->options->traffic;
    return traffic == SIM_BULK_BOTH || traffic == (side ? SIM_BULK_DOWN : SIM_BULK_UP);
}

static uint32_t window_of(const struct sim *sim, unsigned side)
{
    uint32_t window = sim->options->window ? sim->options->window : SIM_WINDOW;
    uint32_t grown = SIM_FIRST_WINDOW + sim->ends[side].acked;
    return sim->options->slow_start && grown < window ? grown : window;
}

static bool has_room(const struct sim *sim, unsigned side)
{
    const struct end *end = &sim->ends[side];
    return is_bulk(sim, side) && !end->pacing && end->next - end->acked < window_of(sim, side);
}

static void fill_window(struct sim *sim, unsigned side)
{
    uint32_t round_trip = sim->options->half_us[0] + sim->options->half_us[1];
    while (has_room(sim, side)) {
        send(sim, side, true);
        sim->ends[side].pacing = sim->options->paced;
        if (sim->options->paced)
            timer(sim, PACE_TIMER, side, round_trip / window_of(sim, side));
    }
}

static void acknowledge(struct sim *sim, unsigned side, bool now)
{
    struct end *end = &sim->ends[side];
    if (now)
        send(sim, side, false);
    else if (!end->timer)
        timer(sim, ACK_TIMER, side, ACK_DELAY_US);
    end->timer |= !now;
}

/* What an answer to a request is made of. */
static void respond(struct sim *sim)
{
    for (int i = 0; i < (sim->options->traffic == SIM_SEGMENTS ? 100 : 4); i++)
        send(sim, 1, true);
}

static bool is_answered(const struct sim *sim)
{
    enum sim_traffic traffic = sim->options->traffic;
    return traffic == SIM_REQUESTS || traffic == SIM_PERIODIC || traffic == SIM_SEGMENTS;
}

static void arrived(struct sim *sim, const struct event *packet)
{
    unsigned side = !packet->side;
    struct end *end = &sim->ends[side];
    if (packet->number > end->heard) { /* RFC 9000 17.4 */
        end->heard = packet->number;
        end->bit = side == 0 ? !packet->spin : packet->spin;
    }
    if (packet->acked > end->acked)
        end->acked = packet->acked;
    end->unacked += packet->asks;
    fill_window(sim, side);
    if (side == 1 && packet->asks && is_answered(sim))
        respond(sim);
    else if (packet->asks && end->unacked > 0)
        acknowledge(sim, side,
                    end->unacked >= (sim->options->ack_every ? sim->options->ack_every : ACK_EVERY));
}

static uint64_t app_pause(struct sim *sim, unsigned side)
{
    switch (sim->options->traffic) {
    case SIM_VOICE:
        return 20000;
    case SIM_PERIODIC:
        return side == 0 ? 300000 : 0;
    case SIM_SEGMENTS:
        return side == 0 ? 2000000 : 0;
    case SIM_VIDEO:
        return side == 1 ? 33333 : 0;
    case SIM_REQUESTS:
        return side == 0 ? 50000 + test_random(&sim->random) % 900000 : 0;
    case SIM_TELEMETRY:
        return side == 0 ? 50000 + test_random(&sim->random) % 1950000 : 0;
    case SIM_KEEPALIVE:
        return side == 0 ? 5000000 : 0;
    default:
        return 0;
    }
}

static void app(struct sim *sim, unsigned side)
{
    uint64_t pause = app_pause(sim, side);
    if (pause == 0)
        return;
    for (int i = 0; i < (sim->options->traffic == SIM_VIDEO ? 8 : 1); i++)
        send(sim, side, true);
    timer(sim, APP_TIMER, side, pause);
}

/* RFC 9002 6.2 in kind: what was lost at the end of a window does not stop the sender. */
static void probe(struct sim *sim, unsigned side)
{
    struct end *end = &sim->ends[side];
    if (is_bulk(sim, side) && sim->now - end->spoke >= PROBE_US) {
        end->acked = end->next;
        fill_window(sim, side);
    }
    timer(sim, PROBE_TIMER, side, PROBE_US / 2);
}

static void step(struct sim *sim, const struct event *event)
{
    struct end *end = &sim->ends[event->side];
    uint32_t clock = sim->options->clock_us + (uint32_t)sim->now;
    switch (event->kind) {
    case OBSERVED:
        measure_spin(&sim->result.measure, event->side, event->spin, clock);
        sim->result.packets++;
        travel(sim, *event, ARRIVED, !event->side);
        break;
    case ARRIVED:
        arrived(sim, event);
        break;
    case ACK_TIMER:
        end->timer = false;
        if (end->unacked > 0)
            send(sim, event->side, false);
        break;
    case APP_TIMER:
        app(sim, event->side);
        break;
    case PROBE_TIMER:
        probe(sim, event->side);
        break;
    case PACE_TIMER:
        end->pacing = false;
        fill_window(sim, event->side);
        break;
    }
}

struct sim_result sim_run(const struct sim_options *options)
{
    static struct sim sim;
    memset(&sim, 0, sizeof sim);
    sim.options = options;
    sim.random = options->seed * 7919 + 1;
    measure_join(&sim.result.measure, 0);
    for (unsigned side = 0; side < 2; side++)
        sim.result.measure.handshake[side] |= options->handshake_us[side];
    for (unsigned side = 0; side < 2; side++) {
        timer(&sim, APP_TIMER, side, 1 + 7000 * side);
        timer(&sim, PROBE_TIMER, side, PROBE_US);
        fill_window(&sim, side);
    }
    while (sim.count > 0 && sim.now < (uint64_t)(options->seconds * 1e6)) {
        struct event event = pop(&sim);
        sim.now = event.at;
        step(&sim, &event);
    }
    sim.result.now_us = options->clock_us + (uint32_t)sim.now;
    return sim.result;
}
