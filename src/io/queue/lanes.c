#include "lanes.h"
#include <string.h>

static unsigned place(uint64_t source)
{
    return (unsigned)(source >> 56);
}

_Static_assert(LANES_SOURCES == 1 << 8, "the highest eight bits of a source");

void lanes_start(struct lanes *lanes, uint32_t queue_length, unsigned batch)
{
    memset(lanes, 0, sizeof(*lanes));
    lanes->after = queue_length / LANES_PART / batch;
}

void lanes_turn(struct lanes *lanes, struct qw_time worked)
{
    if (qw_time_since(worked, lanes->began) < LANES_WINDOW_NS)
        return;
    lanes->began = worked;
    memset(lanes->taken, 0, sizeof(lanes->taken));
    memset(lanes->by_source, 0, sizeof(lanes->by_source));
}

bool lanes_admit(const struct lanes *lanes, enum engine_lane lane, uint64_t source)
{
    return lane == ENGINE_LANE_KNOWN ||
           (lanes->taken[lane] < LANES_TIME_NS && lanes->by_source[lane][place(source)] < LANES_SOURCE_NS);
}

void lanes_spend(struct lanes *lanes, enum engine_lane lane, uint64_t source, uint64_t ns)
{
    uint64_t most = ns < LANES_TURN_NS ? ns : LANES_TURN_NS;
    lanes->taken[lane] += most;
    lanes->by_source[lane][place(source)] += (uint32_t)most;
}
