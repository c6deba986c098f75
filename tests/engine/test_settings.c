/* Settings: when a reload takes effect, what it keeps, and when what it replaced is freed. */
#include "client.h"
#include "failing.h"
#include "life.h"
#include "nat_router.h"
#include "suite.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_A "{ name = \"a\"; to_port = 1; action = \"drop\"; }"
#define RULE_B "{ name = \"b\"; to_port = 2; action = \"drop\"; }"
#define RULE_C "{ name = \"c\"; to_port = 3; action = \"drop\"; }"
#define RULES_AB "rules = (" RULE_A "," RULE_B ");"
#define RULES_CBA "rules = (" RULE_C "," RULE_B "," RULE_A ");"
#define RULES_C "rules = (" RULE_C ");"

static void send(struct router *r, const char *to, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        out(r, LAN, to, "x", 1);
}

static uint64_t hits(struct router *r, const char *name)
{
    struct engine_rule rule;
    for (uint32_t i = 0; engine_rule(r->engine, i, &rule); i++)
        if (strcmp(rule.name, name) == 0)
            return rule.hits;
    CU_FAIL("there is no such rule");
    return 0;
}

/* ---- counters ---- */

static void counters_go_on_by_name(void)
{
    struct router r = router_with(RULES_AB);
    send(&r, "192.0.2.1:1", 3);
    send(&r, "192.0.2.1:2", 4);
    send(&r, "192.0.2.1:4", 1);
    CU_ASSERT_EQUAL(reload_with(&r, RULES_CBA), QW_OK);
    send(&r, "192.0.2.1:2", 1);
    CU_ASSERT_EQUAL(hits(&r, "a"), 3);
    CU_ASSERT_EQUAL(hits(&r, "b"), 5);
    CU_ASSERT_EQUAL(hits(&r, "c"), 0);
    CU_ASSERT_EQUAL(hits(&r, "default"), 1);
    router_stop(&r);
}

static void a_rule_that_was_away_begins_anew(void)
{
    struct router r = router_with(RULES_AB);
    send(&r, "192.0.2.1:1", 3);
    CU_ASSERT_EQUAL(reload_with(&r, RULES_C), QW_OK);
    CU_ASSERT_EQUAL(reload_with(&r, RULES_AB), QW_OK);
    CU_ASSERT_EQUAL(hits(&r, "a"), 0);
    router_stop(&r);
}

/* ---- workers ---- */

static bool is_freed(struct router *r)
{
    return !engine_reclaim(r->engine);
}

static void a_worker_keeps_its_settings_until_it_goes_on(void)
{
    struct router r = router_with(RULES_AB);
    struct engine_worker *other = engine_worker_new(r.engine);
    const struct settings *before = other->settings;
    CU_ASSERT_EQUAL(reload_with(&r, RULES_C), QW_OK);
    CU_ASSERT_FALSE(is_freed(&r));
    send(&r, WAN, 1); /* one has passed, */
    CU_ASSERT_FALSE(is_freed(&r));
    CU_ASSERT_PTR_EQUAL(other->settings, before); /* and the other is in the midst of a packet */
    CU_ASSERT_STRING_EQUAL(policy_rule_name(before->policy, 1), "b");
    engine_tick(other, r.now, 1);
    CU_ASSERT_PTR_NOT_EQUAL(other->settings, before);
    CU_ASSERT_TRUE(is_freed(&r));
    engine_worker_free(other);
    router_stop(&r);
}

/* Many reloads while a worker stands still: what came in between is freed with what it has, not before. */
static void nothing_newer_than_the_slowest_is_freed(void)
{
    struct router r = router_with(RULES_AB);
    struct engine_worker *slow = engine_worker_new(r.engine);
    CU_ASSERT_EQUAL(reload_with(&r, RULES_C), QW_OK);
    engine_tick(slow, r.now, 1);
    for (unsigned i = 0; i < 5; i++) {
        CU_ASSERT_EQUAL(reload_with(&r, i % 2 ? RULES_C : RULES_CBA), QW_OK);
        send(&r, WAN, 1);
    }
    CU_ASSERT_FALSE(is_freed(&r));
    CU_ASSERT_STRING_EQUAL(policy_rule_name(slow->settings->policy, 0), "c");
    unsigned left = 0;
    for (const struct settings *s = r.engine->replaced; s; s = s->older)
        left++;
    CU_ASSERT_EQUAL(left, 5); /* the first settings are gone */
    engine_worker_free(slow);
    CU_ASSERT_TRUE(is_freed(&r));
    router_stop(&r);
}

static void without_workers_all_is_freed_at_once(void)
{
    struct router r = router_with(RULES_AB);
    engine_worker_free(r.worker);
    CU_ASSERT_EQUAL(reload_with(&r, RULES_C), QW_OK);
    CU_ASSERT_PTR_NULL(r.engine->replaced);
    r.worker = engine_worker_new(r.engine);
    CU_ASSERT_STRING_EQUAL(policy_rule_name(r.worker->settings->policy, 0), "c");
    router_stop(&r);
}

/* A worker that still has older settings locks a shard after one that has newer ones. */
static void timers_never_go_back(void)
{
    struct router r = router_with("timers = { two_way = 120; };");
    struct engine_worker *slow = engine_worker_new(r.engine);
    struct shard *shard = &r.engine->shards[0];
    CU_ASSERT_EQUAL(reload_with(&r, "timers = { two_way = 600; };"), QW_OK);
    out(&r, LAN, WAN, "x", 1);
    in(&r, WAN, LAN, "x", 1);
    shard_lock(shard, &slow->settings->shards, r.now);
    CU_ASSERT_EQUAL(shard->generation, 2);
    shard_unlock(shard);
    r.now.ns += 599 * SECOND;
    CU_ASSERT_TRUE(in(&r, WAN, LAN, "x", 1));
    engine_worker_free(slow);
    router_stop(&r);
}

/* Reports show what is in force, also when no packet came since. */
static void reports_show_the_newest_timers(void)
{
    struct router r = router_with("timers = { attempt = 200; };");
    out(&r, LAN, WAN, "x", 1);
    CU_ASSERT_EQUAL(reload_with(&r, "timers = { attempt = 150; };"), QW_OK);
    CU_ASSERT_EQUAL(only_flow(&r).expires_ms, 150 * 1000);
    router_stop(&r);
}

/* ---- memory ---- */

static void a_reload_without_memory_changes_nothing(void)
{
    struct config *config =
        config_with("firewall", "rules = ({ name = \"new\"; sni = [\"a.org\", \"b.org\"]; "
                                "from = [\"10.0.0.0/8\"]; action = \"drop\"; }); default_out = \"drop\";");
    struct router r = router_with(RULES_AB);
    send(&r, "192.0.2.1:1", 2);
    unsigned fails = 0;
    for (bool failed = true; failed; fails += failed) {
        failing_begin(fails + 1);
        enum qw_error error = engine_reload(r.engine, config, NULL);
        failed = failing_end();
        CU_ASSERT_EQUAL_FATAL(error, failed ? QW_ERR_NO_MEMORY : QW_OK);
        if (!failed)
            break;
        CU_ASSERT_PTR_NULL(r.engine->replaced);
        CU_ASSERT_EQUAL(r.engine->rules.count, 2);
        CU_ASSERT_EQUAL(hits(&r, "a"), 2 + fails);
        send(&r, "192.0.2.1:1", 1);
    }
    CU_ASSERT_TRUE(fails > 5);
    CU_ASSERT_EQUAL(hits(&r, "new"), 0);
    config_free(config);
    router_stop(&r);
}

/* ---- another pool ---- */

/* More addresses, of which one was there, and other ports. */
static struct config another_pool(const struct config *from)
{
    static struct qw_port_range ports = {30000, 39999};
    struct config config = *from;
    config.nat_ports = (struct config_ports){1, &ports};
    config.external_count = 3;
    for (unsigned i = 1; i < 3; i++)
        config.external[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(7 + i)});
    return config;
}

static void a_pool_without_memory_stays(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT), next = another_pool(&config);
    struct router r = router_start(&config);
    char was[QW_ENDPOINT_TEXT_MAX], is[QW_ENDPOINT_TEXT_MAX];
    unsigned fails = 0;
    leave(&r, LAN, WAN, was);
    for (bool failed = true; failed; fails += failed) {
        failing_begin(fails + 1);
        enum qw_error error = engine_reload(r.engine, &next, NULL);
        failed = failing_end();
        CU_ASSERT_EQUAL_FATAL(error, failed ? QW_ERR_NO_MEMORY : QW_OK);
        CU_ASSERT_EQUAL_FATAL(stats(&r).external_count, failed ? 1 : 3);
        CU_ASSERT_STRING_EQUAL_FATAL(leave(&r, LAN, WAN, is), was);
    }
    CU_ASSERT_TRUE(fails > 5);
    router_stop(&r);
}

static unsigned draining(struct router *r)
{
    struct engine_stats now = stats(r);
    unsigned count = 0;
    for (unsigned i = 0; i < now.external_count; i++)
        count += now.draining[i];
    return count;
}

/* A flow goes on in both directions, and takes its address along when its timer ends. */
static void a_flow_outlives_its_address(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT), next = config;
    struct router r = router_start(&config);
    char was[QW_ENDPOINT_TEXT_MAX], is[QW_ENDPOINT_TEXT_MAX];
    next.external[0] = qw_addr_v4((const uint8_t[4]){198, 51, 100, 99});
    leave(&r, LAN, WAN, was);
    CU_ASSERT_EQUAL(engine_reload(r.engine, &next, NULL), QW_OK);
    CU_ASSERT_TRUE(in(&r, WAN, was, "x", 1));
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, is), was);
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN_OTHER, is), was);
    CU_ASSERT_PTR_NOT_NULL(strstr(leave(&r, "10.0.0.5:5002", WAN, is), "198.51.100.99:"));
    CU_ASSERT_EQUAL(draining(&r), 1);
    r.now.ns += 1000 * QW_NS_PER_SECOND;
    while (engine_tick(r.worker, r.now, 64) > 0)
        continue;
    CU_ASSERT_EQUAL(draining(&r), 0);
    CU_ASSERT_FALSE(in(&r, WAN, was, "x", 1));
    CU_ASSERT_PTR_NOT_NULL(strstr(leave(&r, LAN, WAN, is), "198.51.100.99:"));
    router_stop(&r);
}

static void too_many_addresses_are_refused(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT), next = config;
    struct router r = router_start(&config);
    char *said;
    size_t len;
    FILE *errors = open_memstream(&said, &len);
    char was[QW_ENDPOINT_TEXT_MAX], is[QW_ENDPOINT_TEXT_MAX];
    leave(&r, LAN, WAN, was);
    next.timer_attempt_s = 999;
    next.external_count = 5;
    for (unsigned i = 0; i < 5; i++)
        next.external[i] = qw_addr_v4((const uint8_t[4]){198, 51, 100, (uint8_t)(20 + i)});
    CU_ASSERT_EQUAL(engine_reload(r.engine, &next, errors), QW_ERR_INVALID);
    fclose(errors);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "nat.external has too many new addresses"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, ": 4 can be added now;"));
    free(said);
    CU_ASSERT_STRING_EQUAL(leave(&r, LAN, WAN, is), was);
    CU_ASSERT_TRUE(only_flow(&r).expires_ms < 900000);
    next.external_count = 4;
    CU_ASSERT_EQUAL(engine_reload(r.engine, &next, NULL), QW_OK);
    router_stop(&r);
}

/* Three days pass between two packets: a process that was stopped, or a machine that slept. */
static void days_pass_at_once(void)
{
    struct config config = nat_config(CONFIG_ADDRESS_DEPENDENT);
    config.flows_max = 4096;
    struct router r = router_start(&config);
    char from[QW_ENDPOINT_TEXT_MAX], external[QW_ENDPOINT_TEXT_MAX];
    for (unsigned i = 0; i < 2000; i++) {
        snprintf(from, sizeof from, "10.0.%u.%u:5000", i / 250, 1 + i % 250);
        CU_ASSERT_TRUE_FATAL(out(&r, from, WAN, "x", 1));
    }
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 2000);
    r.now.ns += 3 * 24 * 3600 * QW_NS_PER_SECOND;
    CU_ASSERT_FALSE(in(&r, WAN, EXTERNAL ":5000", "x", 1));
    leave(&r, LAN, WAN, external);
    CU_ASSERT_TRUE(in(&r, WAN, external, "x", 1));
    for (unsigned i = 0; i < 100 && engine_tick(r.worker, r.now, 64) > 0; i++)
        r.now.ns += QW_NS_PER_MS;
    CU_ASSERT_EQUAL(stats(&r).counters.mappings, 1);
    CU_ASSERT_TRUE(in(&r, WAN, external, "x", 1));
    router_stop(&r);
}

/* ---- names ---- */

static struct config *many_rules(unsigned first, unsigned count)
{
    char *text;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    fputs("rules = (", out);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "%s{ name = \"rule-%u\"; to_port = 9; action = \"drop\"; }", i ? "," : "", first + i);
    fputs(");", out);
    fclose(out);
    struct config *config = config_with("firewall", text);
    free(text);
    return config;
}

/* Each time with other names, until there are no numbers left for them: rules decide all the same. */
static void names_may_run_out(void)
{
    struct router r = router_with("");
    char name[ENGINE_RULE_MAX];
    for (unsigned i = 0; i < 17; i++) {
        struct config *config = many_rules(i * CONFIG_RULES_MAX, CONFIG_RULES_MAX);
        CU_ASSERT_EQUAL_FATAL(engine_reload(r.engine, config, NULL), QW_OK);
        CU_ASSERT_FALSE(out(&r, LAN, "192.0.2.1:9", "x", 1));
        CU_ASSERT_EQUAL(r.last.reason, QW_REASON_RULE);
        config_free(config);
    }
    CU_ASSERT_EQUAL(r.engine->rules.count, FLOW_NO_RULE);
    struct rule_ids *ids = &r.engine->rules;
    CU_ASSERT_EQUAL(rule_ids_of(ids, "rule-0"), 0);
    CU_ASSERT_EQUAL(rule_ids_of(ids, "rule-65534"), 65534);
    CU_ASSERT_EQUAL(rule_ids_of(ids, "rule-65535"), FLOW_NO_RULE);
    rule_ids_name(ids, 65534, name);
    CU_ASSERT_STRING_EQUAL(name, "rule-65534");
    CU_ASSERT_TRUE(is_freed(&r));
    router_stop(&r);
}

void suite_settings(void)
{
    static const struct test TESTS[] = {
        {"S2 F2: counters go on over a reload by the rule's name", counters_go_on_by_name},
        {"S2 F2: a rule that was away counts from 0", a_rule_that_was_away_begins_anew},
        {"S2: a worker keeps its settings until it goes on, and they live as long",
         a_worker_keeps_its_settings_until_it_goes_on},
        {"S2: of many reloads, only what the slowest worker has passed is freed",
         nothing_newer_than_the_slowest_is_freed},
        {"S2: without workers nothing is kept", without_workers_all_is_freed_at_once},
        {"S2: timers never go back to older settings", timers_never_go_back},
        {"S2: reports show the newest timers", reports_show_the_newest_timers},
        {"S2: a reload without memory changes nothing, whichever allocation fails",
         a_reload_without_memory_changes_nothing},
        {"S2 S3: nor does one with another pool", a_pool_without_memory_stays},
        {"S2 N11: a flow outlives its address, which goes with it", a_flow_outlives_its_address},
        {"S2 S3: too many new addresses are refused, and nothing else changes",
         too_many_addresses_are_refused},
        {"S5: days that pass at once end what they must, and nothing else", days_pass_at_once},
        {"S2 F2: rules decide when no number is left for their names", names_may_run_out},
    };
    TEST_SUITE("settings", TESTS);
}
