#include "fake_engine.h"
#include <string.h>

struct fake_engine fake_engine;

static void release(unsigned count)
{
    count = count < fake_engine.held_count ? count : (unsigned)fake_engine.held_count;
    for (unsigned i = 0; i < count; i++)
        fake_engine.released[i] = (struct engine_release){fake_engine.held[i], ENGINE_ACCEPT};
    fake_engine.released_count = count;
    fake_engine.held_count -= count;
    memmove(fake_engine.held, fake_engine.held + count, fake_engine.held_count * sizeof(fake_engine.held[0]));
}

static struct fake_step next_step(void)
{
    if (fake_engine.left == 0)
        return (struct fake_step){.action = ENGINE_ACCEPT};
    fake_engine.left--;
    return *fake_engine.steps++;
}

void engine_handle(struct engine_worker *worker, const struct engine_packet *packet, struct qw_time now,
                   struct engine_verdict *out)
{
    const struct fake_step step = next_step();
    (void)worker, (void)now;
    fake_engine.handled++;
    release(step.accepts);
    *out = (struct engine_verdict){.action = step.action, .translated = step.translated && packet->writable};
    if (out->translated)
        packet->writable[0] = '*';
    if (step.action == ENGINE_HOLD && fake_engine.held_count < FAKE_HELD_MAX)
        fake_engine.held[fake_engine.held_count++] = packet->token;
}

void engine_tell(struct engine *engine, const struct engine_event *event)
{
    (void)engine, (void)event;
    atomic_fetch_add(&fake_engine.told, 1);
}

struct engine_worker *engine_worker_new(struct engine *engine)
{
    static char nothing;
    (void)engine;
    return (struct engine_worker *)(void *)&nothing;
}

void engine_worker_free(struct engine_worker *worker)
{
    (void)worker;
}

unsigned engine_tick(struct engine_worker *worker, struct qw_time now, unsigned budget)
{
    (void)worker, (void)now, (void)budget;
    release(next_step().accepts);
    return 0;
}

void engine_expect(struct engine_worker *worker, const struct engine_packet *packets, unsigned count)
{
    (void)worker, (void)packets;
    fake_engine.expected += count;
}

enum engine_lane engine_lane_of(struct engine_worker *worker, unsigned index, bool inside, struct qw_time now,
                                uint64_t *source)
{
    (void)worker, (void)inside, (void)now;
    fake_engine.asked++;
    *source = 0;
    return fake_engine.lanes ? fake_engine.lanes[index] : ENGINE_LANE_KNOWN;
}

void engine_pass_over(struct engine_worker *worker)
{
    (void)worker;
    fake_engine.passed_over++;
}

size_t engine_released(const struct engine_worker *worker, const struct engine_release **out)
{
    (void)worker;
    *out = fake_engine.released;
    return fake_engine.released_count;
}

struct qw_time engine_deadline(const struct engine_worker *worker)
{
    (void)worker;
    return (struct qw_time){UINT64_MAX};
}

size_t engine_held(const struct engine_worker *worker)
{
    (void)worker;
    return 0;
}
