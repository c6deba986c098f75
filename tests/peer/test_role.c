/* Who is active: each step of the state machine. */
#include "peers.h"
#include "role.h"
#include "suite.h"

#define MS QW_NS_PER_MS

static struct qw_time at(uint64_t ms)
{
    return (struct qw_time){ms * MS};
}

static const struct role_facts READY = {
    .owns = true, .own_known = true, .answered = true, .other_usable = true, .other_epoch = 4};

static void the_first_one_reads_nothing(void)
{
    struct role role = {0};
    struct role_facts facts = {.own_known = true};
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_STAYS);
    facts.owns = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_BEGINS);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(2)), ROLE_STAYS); /* does the other's store answer? */
    facts.answered = true;                                        /* there is nothing in it */
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(3)), ROLE_ENDS);
    CU_ASSERT_FALSE(role.reads);
    CU_ASSERT_EQUAL(role.epoch, 1);
    CU_ASSERT_EQUAL(role.now, PEER_ACTIVE);
}

static void a_takeover_waits_for_a_pass(void)
{
    struct role role = {.epoch = 3};
    struct role_facts facts = READY;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_BEGINS);
    CU_ASSERT_EQUAL(role.now, PEER_TAKES_OVER);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(20)), ROLE_STAYS);
    facts.pass_done = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(30)), ROLE_ENDS);
    CU_ASSERT_TRUE(role.reads && !role.merges);
    CU_ASSERT_EQUAL(role.epoch, 5);
}

/* 1 s at most, whatever does not come. */
static void nothing_is_waited_for_too_long(void)
{
    for (unsigned i = 0; i < 3; i++) {
        struct role role = {.epoch = 3};
        struct role_facts facts = READY;
        facts.own_known = i != 0;
        facts.answered = i != 1;
        CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_BEGINS);
        CU_ASSERT_EQUAL(role_next(&role, &facts, at(999)), ROLE_STAYS);
        CU_ASSERT_EQUAL(role_next(&role, &facts, at(1000)), ROLE_ENDS);
        CU_ASSERT_TRUE(role.reads); /* what was read before is there */
    }
}

static void a_store_that_is_gone_is_not_waited_for(void)
{
    struct role role = {.epoch = 3};
    struct role_facts facts = READY;
    facts.answered = false;
    facts.other_gone = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_BEGINS);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_ENDS);
    CU_ASSERT_TRUE(role.reads);
}

/* A daemon that starts again on the active router has newer flows than the standby. */
static void older_flows_are_not_read(void)
{
    struct role role = {0};
    struct role_facts facts = READY;
    facts.epoch_before = 5;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_BEGINS);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_ENDS);
    CU_ASSERT_FALSE(role.reads);
    CU_ASSERT_EQUAL(role.epoch, 6);
}

static void another_configuration_is_not_read(void)
{
    struct role role = {.epoch = 1};
    struct role_facts facts = READY;
    facts.other_usable = false;
    facts.pass_done = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_BEGINS);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_ENDS);
    CU_ASSERT_FALSE(role.reads);
    CU_ASSERT_EQUAL(role.epoch, 2);
}

static void it_steps_back(void)
{
    struct role role = {.now = PEER_ACTIVE, .epoch = 5};
    struct role_facts facts = READY;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_STAYS);
    facts.owns = false;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_STEPS_BACK);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(2)), ROLE_STAYS);
    facts.owns = true; /* and amid a takeover */
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(3)), ROLE_BEGINS);
    facts.owns = false;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(4)), ROLE_STEPS_BACK);
    CU_ASSERT_EQUAL(role.now, PEER_STANDS_BY);
}

static void both_were_active(void)
{
    struct role role = {.now = PEER_ACTIVE, .epoch = 6};
    struct role_facts facts = READY;
    facts.other_active = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(0)), ROLE_STAYS);
    CU_ASSERT_TRUE(role.split);
    facts.other_active = false; /* older than ours, and still it had clients meanwhile */
    facts.other_owes = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(1)), ROLE_BEGINS);
    CU_ASSERT_TRUE(role.merges && !role.split);
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(2)), ROLE_STAYS);
    facts.pass_done = true;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(3)), ROLE_ENDS);
    CU_ASSERT_TRUE(role.merges && role.reads);
    CU_ASSERT_EQUAL(role.epoch, 7);
    facts.other_owes = false;
    CU_ASSERT_EQUAL(role_next(&role, &facts, at(4)), ROLE_STAYS);
}

/* Only then may a standby let go of what it knows. */
static void a_standby_is_outdone_by_a_later_takeover(void)
{
    struct role role = {.epoch = 3};
    const struct role_facts later = {
        .own_known = true, .epoch_before = 2, .other_usable = true, .other_active = true, .other_epoch = 4};
    CU_ASSERT_TRUE(role_is_outdone(&role, &later));
    for (unsigned i = 0; i < 6; i++) {
        struct role_facts facts = later;
        role.now = i == 0 ? PEER_TAKES_OVER : PEER_STANDS_BY;
        facts.own_known = i != 1;
        facts.other_usable = i != 2;
        facts.other_active = i != 3; /* nobody has the address now */
        facts.other_epoch = i == 4 ? 3 : 4;
        facts.epoch_before = i == 5 ? 4 : 2; /* this one was active before it was started anew */
        CU_ASSERT_FALSE(role_is_outdone(&role, &facts));
    }
    role.now = PEER_ACTIVE;
    CU_ASSERT_FALSE(role_is_outdone(&role, &later));
}

/* Three routers, of which this one is the first. */
/* One that lives comes back within that time and takes them, or reads them from a standby. */
static void the_flows_of_who_is_outdone_end(void)
{
    struct role_retirement flows = {0};
    CU_ASSERT_EQUAL(role_retire(&flows, false, false, true, at(1000)), ROLE_KEEPS);
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, true, at(3999)), ROLE_KEEPS);
    CU_ASSERT_EQUAL(role_retire(&flows, false, false, true, at(4500)), ROLE_KEEPS); /* for a moment not */
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, true, at(7499)), ROLE_KEEPS);
    CU_ASSERT_EQUAL(role_retire(&flows, true, true, true, at(7500)),
                    ROLE_KEEPS); /* read for another reason */
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, true, at(7600)), ROLE_READS_FIRST);
    CU_ASSERT_EQUAL(role_retire(&flows, true, true, false, at(7700)), ROLE_KEEPS);
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, false, at(7800)), ROLE_READS_FIRST); /* cut short */
    CU_ASSERT_EQUAL(role_retire(&flows, true, true, true, at(7900)), ROLE_ENDS_FLOWS);
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, true, at(60000)), ROLE_KEEPS); /* once */
    CU_ASSERT_EQUAL(role_retire(&flows, false, false, true, at(61000)), ROLE_KEEPS);
    CU_ASSERT_EQUAL(role_retire(&flows, true, false, true, at(64000)), ROLE_READS_FIRST);
}

static void an_owner_is_who_took_over_last(void)
{
    struct role_claim claims[] = {
        {.here = true}, {.usable = true, .active = true, .epoch = 3}, {.usable = true}};
    CU_ASSERT_EQUAL(role_owner(claims, 3), 1);
    claims[2] =
        (struct role_claim){.usable = true, .active = true, .epoch = 4}; /* 1 died, and says so still */
    CU_ASSERT_EQUAL(role_owner(claims, 3), 2);
    claims[2].active = false; /* it stepped back */
    CU_ASSERT_EQUAL(role_owner(claims, 3), 1);
    claims[1].usable = false;                  /* another configuration */
    CU_ASSERT_EQUAL(role_owner(claims, 3), 3); /* this one is the first: it would be a loop */
    CU_ASSERT_EQUAL(role_latest(claims, 3, false), 2);
    CU_ASSERT_EQUAL(role_latest(claims, 3, true), 3);
    CU_ASSERT_EQUAL(role_owner(claims, 1), 1); /* there is no other router */
}

static void while_nobody_owns_it_the_first_gets_packets(void)
{
    for (unsigned here = 0; here < 3; here++) {
        struct role_claim claims[3] = {{.usable = true}, {.usable = false}, {.usable = true}};
        claims[here] = (struct role_claim){.here = true};
        CU_ASSERT_EQUAL(role_owner(claims, 3), here == 0 ? 3 : 0);
    }
}

static void of_two_with_one_epoch_the_first_counts(void)
{
    const struct role_claim claims[] = {{.usable = true, .active = true, .epoch = 5},
                                        {.here = true, .usable = true, .active = true, .epoch = 9},
                                        {.usable = true, .active = true, .epoch = 5}};
    CU_ASSERT_EQUAL(role_owner(claims, 3), 0);
    CU_ASSERT_EQUAL(role_latest(claims, 3, false), 0);
}

void suite_role(void)
{
    static const struct test TESTS[] = {
        {"K1: the first active one reads nothing", the_first_one_reads_nothing},
        {"K1: a takeover waits for all flows of the other", a_takeover_waits_for_a_pass},
        {"K1 K2: but for nothing longer than a second", nothing_is_waited_for_too_long},
        {"K2: a store that is known to be gone is not waited for", a_store_that_is_gone_is_not_waited_for},
        {"K1: flows of an older epoch are not read", older_flows_are_not_read},
        {"K1: nor those of another configuration", another_configuration_is_not_read},
        {"K1: without the address it steps back", it_steps_back},
        {"K3: a standby is outdone by who took over after it", a_standby_is_outdone_by_a_later_takeover},
        {"K3: then its own flows end, after 3 s and after the other's were read",
         the_flows_of_who_is_outdone_end},
        {"K1 K3: after both were active the one that stays takes what the other had", both_were_active},
        {"K3: packets belong to the router that took over last, else to the first of the list",
         an_owner_is_who_took_over_last},
        {"K3: while nobody owns it the first gets packets, and sends them nowhere",
         while_nobody_owns_it_the_first_gets_packets},
        {"K3: of two that say so with one epoch, to the first of the list",
         of_two_with_one_epoch_the_first_counts},
    };
    TEST_SUITE("role", TESTS);
}
