#include "taking.h"
#include <quicward/engine_owners.h>
#include <stdio.h>

#define GIVE 256                         /* flows handed to the engine at once */
#define GRACE_NS (30 * QW_NS_PER_SECOND) /* no flow ends sooner after a takeover */

static unsigned owner_of(const struct peer_taking *takeover)
{
    return takeover->options->owners ? takeover->number : ENGINE_OWNER_ALL;
}

static bool belongs(const struct peer_taking *takeover, const struct engine_mirrored *flow)
{
    const struct peer_options *options = takeover->options;
    return !options->owners || engine_owner_of(options->engine, flow) == takeover->number;
}

/* Reads up to GIVE flows from *slot on, and moves that on. */
static size_t read_some(struct peer_taking *takeover, const struct peer_reader *from, uint64_t *slot,
                        struct qw_time now, struct engine_mirrored out[static GIVE])
{
    uint64_t slots = reader_slots(from);
    size_t count = 0;
    for (; *slot < slots && count < GIVE; ++*slot) {
        enum record_result result = reader_flow(from, *slot, now, &out[count]);
        takeover->bad += result == RECORD_BAD;
        count += result == RECORD_FLOW && belongs(takeover, &out[count]);
    }
    return count;
}

void taking_enter(struct peer_taking *takeover, const struct peer_reader *from, struct qw_time now)
{
    struct engine *engine = takeover->options->engine;
    struct engine_mirrored flows[GIVE];
    uint64_t slot = 0;
    if (!takeover->merges)
        engine_mirror_clear(engine, owner_of(takeover), now);
    for (size_t count; (count = read_some(takeover, from, &slot, now, flows)) > 0;) {
        takeover->flows += count;
        engine_mirror_give(engine, flows, count, now, GRACE_NS, &takeover->given);
    }
    engine_mirror_settle(engine, now);
}

uint64_t taking_refused(const struct peer_taking *takeover)
{
    return takeover->given.refused + takeover->bad;
}

void taking_describe(const struct peer_taking *takeover, const char *name, uint64_t took_ns,
                     char out[static ENGINE_EVENT_TEXT_MAX])
{
    const char *whose = takeover->options->owned[takeover->number].name;
    const struct engine_mirror_given *given = &takeover->given;
    snprintf(out, ENGINE_EVENT_TEXT_MAX,
             "%s%sepoch %llu: %llu flows of %s adopted, %llu twins, %llu conflicts, %llu refused, in %llu ms",
             whose, *whose ? ", " : "", (unsigned long long)takeover->epoch,
             (unsigned long long)given->adopted, name, (unsigned long long)given->twins,
             (unsigned long long)given->conflicts, (unsigned long long)taking_refused(takeover),
             (unsigned long long)(took_ns / QW_NS_PER_MS));
}
