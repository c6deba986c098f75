/* Which other routers were active besides this one, seen or not, and whose flows are to be taken therefore.
 */
#include "peers.h"
#include "rivals.h"
#include "suite.h"

#define MS QW_NS_PER_MS
#define NONE 2 /* of the two others of these tests */
#define EPOCH 6

static struct qw_time at(uint64_t ms)
{
    return (struct qw_time){ms * MS};
}

/* Of two others, both of which stand by; this router became active at 10 s and has the first one's flows. */
struct scene {
    struct rivals rivals;
    struct rival_claim claims[2];
};

static struct scene begun(bool active)
{
    struct scene scene = {
        .claims = {{true, active, EPOCH - 1, 77, at(9900)}, {true, false, EPOCH - 2, 88, at(9900)}}};
    rivals_begin(&scene.rivals, scene.claims, 2, 0, EPOCH, at(10000));
    return scene;
}

/* A header comes. */
static void says(struct rival_claim *claim, bool active, uint64_t ms)
{
    claim->active = active;
    claim->changed = at(ms);
}

static unsigned look(struct scene *scene, uint64_t ms)
{
    return rivals_look(&scene->rivals, scene->claims, 2, at(ms));
}

static void one_that_died_is_none(void)
{
    struct scene scene = begun(true);
    CU_ASSERT_EQUAL(look(&scene, 10001), NONE);
    CU_ASSERT_EQUAL(look(&scene, 60000), NONE);
    CU_ASSERT_EQUAL(scene.rivals.active, 0);
    says(&scene.claims[0], false, 60001); /* it comes back */
    scene.claims[0].life = 78;
    CU_ASSERT_EQUAL(look(&scene, 60002), NONE);
    CU_ASSERT_EQUAL(look(&scene, 60003), NONE);
}

/* Its last word may come after the takeover. */
static void one_that_steps_back_is_none(void)
{
    for (unsigned late_ms = 1; late_ms <= 2000; late_ms += 1999) {
        struct scene scene = begun(true);
        CU_ASSERT_EQUAL(look(&scene, 10000), NONE);
        says(&scene.claims[0], false, 10000 + late_ms);
        CU_ASSERT_EQUAL(look(&scene, 10000 + late_ms), NONE);
        says(&scene.claims[0], false, 15000);
        CU_ASSERT_EQUAL(look(&scene, 15000), NONE);
    }
}

static void one_that_is_seen(void)
{
    struct scene scene = begun(true);
    says(&scene.claims[0], true, 10400); /* on its way since before */
    CU_ASSERT_EQUAL(look(&scene, 10400), NONE);
    CU_ASSERT_EQUAL(scene.rivals.active, 0);
    says(&scene.claims[0], true, 10600);
    CU_ASSERT_EQUAL(look(&scene, 10600), NONE);
    CU_ASSERT_EQUAL(scene.rivals.active, 1);
    says(&scene.claims[0], false, 11000);
    CU_ASSERT_EQUAL(look(&scene, 11000), 0);
    CU_ASSERT_EQUAL(look(&scene, 11001), 0); /* until they are taken */
    rivals_begin(&scene.rivals, scene.claims, 2, 0, EPOCH, at(11002));
    CU_ASSERT_EQUAL(look(&scene, 11003), NONE);
}

/* What it had written until then is taken all the same. */
static void one_that_is_seen_and_dies(void)
{
    struct scene scene = begun(true);
    says(&scene.claims[0], true, 10600);
    CU_ASSERT_EQUAL(look(&scene, 12599), NONE);
    CU_ASSERT_EQUAL(look(&scene, 12600), 0);
    CU_ASSERT_EQUAL(scene.rivals.active, 0);
    scene.claims[0].usable = false;
    CU_ASSERT_EQUAL(look(&scene, 12601), NONE);
    scene.claims[0].usable = true;
    CU_ASSERT_EQUAL(look(&scene, 12602), 0);
}

/* Both links are cut: this one took over while the other went on. */
static void one_that_was_active_all_the_time(void)
{
    struct scene scene = begun(true);
    CU_ASSERT_EQUAL(look(&scene, 40000), NONE);
    says(&scene.claims[0], false, 40001);
    CU_ASSERT_EQUAL(look(&scene, 40001), 0);
}

/* Both links are cut: this one went on, and the other took over. */
static void one_that_took_over_from_this_one(void)
{
    for (uint64_t epoch = EPOCH - 1; epoch <= EPOCH + 1; epoch++) {
        struct scene scene = begun(false);
        says(&scene.claims[1], false, 40000);
        scene.claims[1].epoch = epoch; /* the same one, when both began with a third one's */
        CU_ASSERT_EQUAL(look(&scene, 40000), epoch >= EPOCH ? 1 : NONE);
    }
}

/* That was before, and who has a higher epoch was asked when this one took over. */
static void what_was_before_is_none(void)
{
    struct scene scene = begun(false);
    scene.claims[1].epoch = EPOCH + 1;
    CU_ASSERT_EQUAL(look(&scene, 40000), NONE);
}

static void several(void)
{
    struct scene scene = begun(true);
    says(&scene.claims[0], false, 40000);
    says(&scene.claims[1], true, 40000);
    scene.claims[1].epoch = EPOCH;
    CU_ASSERT_EQUAL(look(&scene, 40000), 0);
    CU_ASSERT_EQUAL(scene.rivals.active, 2);
    rivals_begin(&scene.rivals, scene.claims, 2, 0, EPOCH, at(40300));
    CU_ASSERT_EQUAL(look(&scene, 40301), NONE);
    says(&scene.claims[1], false, 40400);
    CU_ASSERT_EQUAL(look(&scene, 40400), 1);
    rivals_begin(&scene.rivals, scene.claims, 2, PEER_OTHERS_MAX, EPOCH,
                 at(40500)); /* they could not be read */
    CU_ASSERT_EQUAL(look(&scene, 40501), 1);
    rivals_begin(&scene.rivals, scene.claims, 2, 1, EPOCH, at(40600));
    CU_ASSERT_EQUAL(look(&scene, 40601), NONE);
}

/* Both took over from one that is dead, and one after the other comes to be seen: what is taken from the
 * first makes our own epoch higher, and the second one owes all the same, once. */
static void one_after_the_other(void)
{
    struct scene scene = begun(true);
    says(&scene.claims[0], false, 40000);
    CU_ASSERT_EQUAL(look(&scene, 40000), 0);
    rivals_begin(&scene.rivals, scene.claims, 2, 0, EPOCH + 1, at(40100));
    CU_ASSERT_EQUAL(look(&scene, 40101), NONE);
    says(&scene.claims[1], false, 41000);
    scene.claims[1].epoch = EPOCH;
    CU_ASSERT_EQUAL(look(&scene, 41000), 1);
    rivals_begin(&scene.rivals, scene.claims, 2, 1, EPOCH + 2, at(41100));
    says(&scene.claims[1], false, 41500);
    CU_ASSERT_EQUAL(look(&scene, 41500), NONE);
    says(&scene.claims[1], false, 60000); /* and again */
    scene.claims[1].epoch = EPOCH + 3;
    CU_ASSERT_EQUAL(look(&scene, 60000), 1);
}

static void who_steps_back_asks_nobody(void)
{
    struct scene scene = begun(true);
    says(&scene.claims[0], true, 10600);
    CU_ASSERT_EQUAL(look(&scene, 10600), NONE);
    rivals_end(&scene.rivals);
    CU_ASSERT_EQUAL(scene.rivals.active, 0);
    says(&scene.claims[0], true, 19900);
    rivals_begin(&scene.rivals, scene.claims, 2, 0, EPOCH, at(20000));
    CU_ASSERT_EQUAL(look(&scene, 23000), NONE);
}

void suite_rivals(void)
{
    static const struct test TESTS[] = {
        {"K1: a router that died is no rival, nor when it comes back", one_that_died_is_none},
        {"K1: nor is one that stepped back", one_that_steps_back_is_none},
        {"K3: one that says so is, until it steps back", one_that_is_seen},
        {"K3: or dies", one_that_is_seen_and_dies},
        {"K3: one that went on unseen", one_that_was_active_all_the_time},
        {"K3: one that took over unseen", one_that_took_over_from_this_one},
        {"K1: what was before counts no more", what_was_before_is_none},
        {"K3: several at once", several},
        {"K3: and one after the other", one_after_the_other},
        {"K1: who steps back asks nobody", who_steps_back_asks_nobody},
    };
    TEST_SUITE("rivals", TESTS);
}
