#include "offload_spins.h"
#include <string.h>

static struct fast_spins *spins_of(const struct offload *offload, const struct book_flow *flow)
{
    return &kernel_spins(offload->kernel)[book_index(&offload->book, flow)];
}

/* The queue may go on with packets of the flow for a while: the edge that is known may not be the last. */
static struct measure_half begin_half(struct measure_half half)
{
    half.edge = 0;
    half.quiet = 0;
    half.state = (uint8_t)(half.state & ~(MEASURE_SEEN | MEASURE_ONE | MEASURE_HELD));
    return half;
}

uint8_t spins_begin(struct offload *offload, const struct book_flow *flow, unsigned way,
                    const struct flow_path *path)
{
    const struct flow_path_spin *spin = &path->spin;
    if (!offload->spins || !(spin->measured & 1u << way))
        return 0;
    struct fast_spins *to = spins_of(offload, flow);
    to->halves[way] = begin_half(spin->halves[way]);
    to->packets[way] = 0;
    memcpy(to->handshake, spin->handshake, sizeof to->handshake);
    return FAST_SPIN_ONE;
}

bool spins_stay(const struct offload *offload, const struct book_flow *flow, const struct flow_path *path)
{
    const struct flow_path_spin *spin = &path->spin;
    return !offload->spins || !spin->measured ||
           (flow->measured &&
            memcmp(spins_of(offload, flow)->handshake, spin->handshake, sizeof spin->handshake) == 0);
}

/* What went by since the last flip is added to the copy only: the program adds it with the next one. */
void spins_tell(const struct offload *offload, const struct book_flow *flow, unsigned way,
                const struct fast_record *record, struct qw_time now, struct flow_path_figures *out)
{
    uint32_t now_us = (uint32_t)(now.ns / 1000);
    if (!offload->spins || record->spin == 0 || record->packets == 0)
        return;
    const struct fast_spins *from = spins_of(offload, flow);
    struct measure_half half = from->halves[way];
    fast_spin_passed(&half, record->spin, record->packets - from->packets[way], now_us);
    half.last = (uint32_t)(offload_seen_at(record->last_seen_ms, now).ns / 1000);
    out->spin.halves[way] = half;
    out->spin.client =
        record->flags & FAST_SERVER ? (enum flow_path_direction) !way : (enum flow_path_direction)way;
    memcpy(out->spin.handshake, from->handshake, sizeof out->spin.handshake);
    out->spin.measured |= 1u << way;
}
