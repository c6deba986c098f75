#include "link_flows.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define REBIND_STEP 0x100 /* ports of one client's flows are nearer to each other than this */

uint16_t link_flow_port(const struct link_flow *flow)
{
    return (uint16_t)(flow->ends.from_port ^ (flow->rebinds * REBIND_STEP));
}

static bool same(const uint8_t a[16], const uint8_t b[16])
{
    return memcmp(a, b, 16) == 0;
}

static bool of_client(const struct link_flow *flow, const struct link_ends *ends)
{
    return flow->ends.from_port == ends->from_port && flow->ends.to_port == ends->to_port &&
           same(flow->ends.from, ends->from) && same(flow->ends.to, ends->to);
}

static bool of_server(const struct link_flow *flow, const struct link_ends *ends)
{
    return link_flow_port(flow) == ends->to_port && flow->ends.to_port == ends->from_port &&
           same(flow->ends.from, ends->to) && same(flow->ends.to, ends->from);
}

struct link_flow *link_flow_of(struct link_flows *flows, const struct link_frame *frame, enum link_side side)
{
    struct link_ends ends = link_frame_ends(frame);
    for (uint32_t i = 0; i < flows->count; i++) {
        struct link_flow *flow = &flows->flow[i];
        if (side == LINK_CLIENT ? of_client(flow, &ends) : of_server(flow, &ends))
            return flow;
    }
    if (side == LINK_SERVER || flows->count == LINK_FLOWS_MAX)
        return NULL;
    struct link_flow *flow = &flows->flow[flows->count++];
    *flow = (struct link_flow){.ends = ends, .number = flows->count};
    return flow;
}

static void print_time(const char *what, uint64_t us, uint64_t began_us)
{
    if (us == 0)
        printf(" %s -", what);
    else
        printf(" %s %.1f", what, (double)(us - began_us) / 1000);
}

void link_flows_print(const struct link_flows *flows)
{
    for (uint32_t i = 0; i < flows->count; i++) {
        const struct link_flow *f = &flows->flow[i];
        printf("flow %" PRIu32 " sent %" PRIu32 " %" PRIu32 " lost %" PRIu32 " %" PRIu32 " corrupted %" PRIu32
               " %" PRIu32 " opening %" PRIu32,
               f->number, f->sent[0], f->sent[1], f->lost[0], f->lost[1], f->corrupted[0], f->corrupted[1],
               f->opening);
        print_time("began", f->began_us, flows->flow[0].began_us);
        print_time("connected", f->connected_us, f->began_us);
        print_time("ended", f->ended_us, f->began_us);
        printf("\n");
    }
    fflush(stdout);
}
