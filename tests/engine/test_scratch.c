/* The pool of handshake scratches against a model that knows only who came when. */
#include "random.h"
#include "router.h"
#include "scratch.h"
#include "suite.h"
#include <string.h>

enum { CAPACITY = 8, FLOWS = 20, CHUNKS = 4, STEPS = 20000 };

/* Who is in a list, the longest there first. */
struct line {
    unsigned count;
    unsigned flows[FLOWS];
};

struct world {
    struct scratch_pool pool;
    struct flow flows[FLOWS];
    struct line out, pieces;
};

static void leave(struct line *line, unsigned flow)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < line->count; i++)
        if (line->flows[i] != flow)
            line->flows[kept++] = line->flows[i];
    line->count = kept;
}

static bool stands_in(const struct line *line, unsigned flow)
{
    for (unsigned i = 0; i < line->count; i++)
        if (line->flows[i] == flow)
            return true;
    return false;
}

static void gone(struct world *w, unsigned flow)
{
    leave(&w->out, flow);
    leave(&w->pieces, flow);
}

static void take(struct world *w, unsigned flow)
{
    uint64_t taken_back = w->pool.taken_back;
    bool has = stands_in(&w->out, flow), full = w->out.count == CAPACITY;
    struct scratch *scratch = scratch_of(&w->pool, &w->flows[flow]);
    CU_ASSERT_PTR_EQUAL_FATAL(scratch->owner, &w->flows[flow]);
    CU_ASSERT_EQUAL_FATAL(w->pool.taken_back - taken_back, !has && full);
    if (has)
        return;
    if (full)
        gone(w, w->out.flows[0]);
    w->out.flows[w->out.count++] = flow;
}

static void keep_pieces(struct world *w, unsigned flow)
{
    if (!stands_in(&w->out, flow))
        return;
    scratch_keep_pieces(&w->pool, scratch_of(&w->pool, &w->flows[flow]));
    if (!stands_in(&w->pieces, flow))
        w->pieces.flows[w->pieces.count++] = flow;
}

static void release(struct world *w, unsigned flow)
{
    scratch_release(&w->pool, &w->flows[flow]);
    gone(w, flow);
}

/* Nothing is kept in chunks here, so what needs more than all of them takes the whole list. */
static void spare(struct world *w, unsigned flow)
{
    (void)flow;
    scratch_spare_pieces(&w->pool, CHUNKS + 1);
    w->pieces.count = 0;
}

/* From both ends, for each has links of its own. */
static void agrees(const struct world *w)
{
    const struct scratch *all = w->pool.all;
    uint32_t newer = w->pool.head, older = w->pool.tail;
    for (unsigned i = 0; i < w->out.count; i++) {
        CU_ASSERT_PTR_EQUAL_FATAL(all[newer].owner, &w->flows[w->out.flows[i]]);
        CU_ASSERT_PTR_EQUAL_FATAL(all[older].owner, &w->flows[w->out.flows[w->out.count - 1 - i]]);
        newer = all[newer].newer;
        older = all[older].older;
    }
    CU_ASSERT_EQUAL_FATAL(newer, FLOW_NONE);
    CU_ASSERT_EQUAL_FATAL(older, FLOW_NONE);
    newer = w->pool.pieces_head;
    older = w->pool.pieces_tail;
    for (unsigned i = 0; i < w->pieces.count; i++) {
        CU_ASSERT_PTR_EQUAL_FATAL(all[newer].owner, &w->flows[w->pieces.flows[i]]);
        CU_ASSERT_PTR_EQUAL_FATAL(all[older].owner, &w->flows[w->pieces.flows[w->pieces.count - 1 - i]]);
        newer = all[newer].pieces_newer;
        older = all[older].pieces_older;
    }
    CU_ASSERT_EQUAL_FATAL(newer, FLOW_NONE);
    CU_ASSERT_EQUAL_FATAL(older, FLOW_NONE);
    for (unsigned i = 0; i < FLOWS; i++)
        CU_ASSERT_EQUAL_FATAL(w->flows[i].handshake != FLOW_NONE, stands_in(&w->out, i));
}

static void the_oldest_makes_room(void)
{
    static void (*const STEP[])(struct world *, unsigned) = {take,        take,        take,
                                                             keep_pieces, keep_pieces, release};
    static struct world w;
    uint64_t random = 9;
    memset(&w, 0, sizeof w);
    CU_ASSERT_TRUE_FATAL(scratch_init(&w.pool, CAPACITY, CHUNKS));
    for (unsigned i = 0; i < FLOWS; i++)
        w.flows[i].handshake = FLOW_NONE;
    for (unsigned step = 0; step < STEPS; step++) {
        unsigned flow = test_random(&random) % FLOWS;
        if (test_random(&random) % 100 == 0)
            spare(&w, flow);
        else
            STEP[test_random(&random) % (sizeof STEP / sizeof *STEP)](&w, flow);
        agrees(&w);
    }
    for (unsigned i = 0; i < FLOWS; i++)
        release(&w, i);
    agrees(&w);
    scratch_free(&w.pool);
}

void suite_scratch(void)
{
    static const struct test TESTS[] = {
        {"S3: when all scratches are in use, the one that was out longest is taken back",
         the_oldest_makes_room},
    };
    TEST_SUITE("handshake scratches", TESTS);
}
