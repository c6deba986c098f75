/* What throttling would do to flows whose places are known. */
#include "text.h"
#include <inttypes.h>
#include <quicward/control.h>

#define PLACES 4294967296.0 /* 2^32 */

double control_place(uint32_t place)
{
    return place / PLACES;
}

/* As quicward/throttle.h: place < share * 2^32, in whole numbers. */
static bool blocked(uint32_t place, unsigned tenths)
{
    return (uint64_t)place * CONTROL_TENTHS < (uint64_t)tenths << 32;
}

void control_tenths_add(struct control_tenth tenths[static CONTROL_TENTHS], const struct engine_flow *flow)
{
    for (unsigned i = 0; i < CONTROL_TENTHS; i++) {
        if (!flow->placed || !blocked(flow->place, i + 1))
            continue;
        tenths[i].flows++;
        tenths[i].packets += flow->up.packets + flow->down.packets;
        tenths[i].bytes += flow->up.bytes + flow->down.bytes;
    }
}

static json_t *tenth(const void *context, unsigned i)
{
    const struct control_tenth *tenth = (const struct control_tenth *)context + i;
    return json_pack("{s:o,s:I,s:I,s:I}", "share", control_share((i + 1.0) / CONTROL_TENTHS), "flows",
                     control_count(tenth->flows), "packets", control_count(tenth->packets), "bytes",
                     control_count(tenth->bytes));
}

bool control_tenths_json(const struct control_tenth tenths[static CONTROL_TENTHS], FILE *out)
{
    return control_write_line(json_pack("{s:o}", "throttle", control_list(tenth, tenths, CONTROL_TENTHS)),
                              out);
}

void control_tenths_text(const struct control_tenth tenths[static CONTROL_TENTHS], FILE *out)
{
    for (unsigned i = 0; i < CONTROL_TENTHS; i++)
        fprintf(out, "at a share of %u %%: %" PRIu64 " flows, %" PRIu64 " packets would be blocked\n",
                (i + 1) * 100 / CONTROL_TENTHS, tenths[i].flows, tenths[i].packets);
}
