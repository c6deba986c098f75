/* The thread that keeps kernel rules, in a network of its own. */
#include "rules_keeper.h"
#include "suite.h"
#include <errno.h>
#include <quicward/base/log.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SKIPPED 77 /* to ctest */
#define PATIENCE_S 60

static const struct config NAT = {
    .mode = CONFIG_NAT,
    .inside = {1, {"lan0"}},
    .outside = {1, {"wan0"}},
    .queue_first = 7400,
    .workers = 1,
    .manage_rules = true,
    .rules_guard = true,
    .external_auto = true,
    .external_count = 1,
};

static bool succeeds(const char *command)
{
    return system(command) == 0;
}

static bool rules_stand(void)
{
    return succeeds("iptables -t mangle -C FORWARD -j quicward-main 2>/dev/null") &&
           succeeds("iptables -t raw -C PREROUTING -j quicward-main-before 2>/dev/null") &&
           succeeds("iptables -t mangle -C quicward-main-between -o wan0 -j DROP 2>/dev/null") &&
           succeeds("[ \"$(ip rule | grep -c blackhole)\" = 2 ]");
}

static uint64_t put_back(struct io_keeper *keeper)
{
    struct io_rules_stats stats;
    io_keeper_stats(keeper, &stats);
    return stats.put_back;
}

/* Waits for the thread. */
static bool comes_to_stand(struct io_keeper *keeper, uint64_t at_least)
{
    static const struct timespec MOMENT = {.tv_nsec = 20000000};
    struct qw_time begun = io_now();
    while (put_back(keeper) < at_least || !rules_stand()) {
        if (qw_time_since(io_now(), begun) > PATIENCE_S * QW_NS_PER_SECOND)
            return false;
        nanosleep(&MOMENT, NULL);
    }
    return true;
}

static struct io_keeper *start(void)
{
    struct io_keeper *keeper = NULL;
    struct io_error error = {0};
    CU_ASSERT_EQUAL_FATAL(io_keeper_start(&NAT, CONFIG_RULES_IPTABLES, &keeper, &error), QW_OK);
    CU_ASSERT_STRING_EQUAL(error.text, "");
    CU_ASSERT_TRUE(rules_stand());
    CU_ASSERT_EQUAL(put_back(keeper), 0);
    return keeper;
}

static void puts_back(void)
{
    static const char *const CHANGES[] = {
        "nft flush ruleset",
        "iptables -t mangle -F",
        "iptables -t raw -F",
        "iptables -t mangle -D FORWARD -j quicward-main",
        "iptables -t mangle -D quicward-main-between -o wan0 -j DROP",
        "ip rule del pref $(ip rule | sed -n '/blackhole/{s/:.*//;p;q}')",
    };
    struct io_keeper *keeper = start();
    for (unsigned i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        CU_ASSERT_TRUE(io_keeper_restore(keeper)); /* the thread is done with the one before */
        uint64_t before = put_back(keeper);
        CU_ASSERT_TRUE(succeeds(CHANGES[i]));
        CU_ASSERT_TRUE(comes_to_stand(keeper, before + 1));
    }
    io_keeper_stop(keeper);
    CU_ASSERT_TRUE(rules_stand());
}

/* What was put before our jump is behind it then; what is behind it is no matter, nor are other tables. */
static void keeps_the_place(void)
{
    struct io_keeper *keeper = start();
    CU_ASSERT_TRUE(succeeds("iptables -t mangle -A FORWARD -p tcp -j ACCEPT && nft add table inet somebody"));
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_EQUAL(put_back(keeper), 0);
    CU_ASSERT_TRUE(succeeds("iptables -t mangle -I FORWARD -p udp -j ACCEPT"));
    CU_ASSERT_TRUE(comes_to_stand(keeper, 1));
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_TRUE(succeeds("iptables -t mangle -S FORWARD | sed -n 2p | grep -q quicward-main"));
    CU_ASSERT_TRUE(succeeds("iptables -t mangle -F FORWARD && nft delete table inet somebody"));
    CU_ASSERT_TRUE(comes_to_stand(keeper, 2));
    io_keeper_stop(keeper);
}

static void restores_at_once(void)
{
    struct io_keeper *keeper = start();
    CU_ASSERT_TRUE(succeeds("nft flush ruleset"));
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_TRUE(rules_stand());
    io_keeper_stop(keeper);
    CU_ASSERT_TRUE(io_keeper_restore(NULL));
}

/* What a reload brings stands at once, outlives its configuration, and is put back like the rest. */
static void follows_a_reload(void)
{
    struct qw_prefix except[] = {{{{[10] = 0xff, 0xff, 192, 0, 2, 0}}, QW_IPV4, 24}};
    struct config config = NAT;
    struct io_keeper *keeper = start();
    config.nat_except = (struct config_prefixes){1, except};
    config.nat_masquerade = true;
    CU_ASSERT_TRUE(io_keeper_change(keeper, &config));
    except[0].bits = 25;
    CU_ASSERT_TRUE(
        succeeds("iptables -t raw -C quicward-main-in -s 192.0.2.0/24 -g quicward-main-translate"));
    CU_ASSERT_TRUE(succeeds("iptables -t nat -C quicward-main-masquerade -d 192.0.2.0/24 -j RETURN"));
    CU_ASSERT_TRUE(succeeds("iptables -t raw -F"));
    CU_ASSERT_TRUE(comes_to_stand(keeper, 1));
    CU_ASSERT_TRUE(
        succeeds("iptables -t raw -C quicward-main-in -d 192.0.2.0/24 -g quicward-main-translate"));
    CU_ASSERT_TRUE(io_keeper_change(keeper, &NAT));
    CU_ASSERT_FALSE(succeeds("iptables-save | grep -q 192.0.2.0"));
    CU_ASSERT_TRUE(rules_stand());
    io_keeper_stop(keeper);
}

static void not_ours_to_keep(void)
{
    struct config config = NAT;
    struct io_keeper *keeper = NULL;
    struct io_error error = {0};
    config.manage_rules = false;
    CU_ASSERT_TRUE(succeeds("nft flush ruleset"));
    CU_ASSERT_EQUAL_FATAL(io_keeper_start(&config, CONFIG_RULES_AUTO, &keeper, &error), QW_OK);
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_FALSE(rules_stand());
    io_keeper_stop(keeper);
}

/* Waits until the command succeeds. */
static bool comes_true(const char *command)
{
    static const struct timespec MOMENT = {.tv_nsec = 20000000};
    struct qw_time begun = io_now();
    while (!succeeds(command)) {
        if (qw_time_since(io_now(), begun) > PATIENCE_S * QW_NS_PER_SECOND)
            return false;
        nanosleep(&MOMENT, NULL);
    }
    return true;
}

/* An nft that empties a chain when somebody looks at it, once. */
#define NFT_THAT_ATTACKS                                                                                     \
    "dir=$(mktemp -d) && real=$(command -v nft) && touch $dir/attack && printf '%s\\n' '#!/bin/sh' "         \
    "\"case \\\"\\$*\\\" in *list*) [ ! -e $dir/attack ] || ! $real flush chain inet "                       \
    "quicward_main_fragments measure "                                                                       \
    "2>/dev/null || rm $dir/attack ;; esac\" \"exec $real \\\"\\$@\\\"\" >$dir/nft && chmod +x $dir/nft && " \
    "echo $dir"

#define MEASURES "nft list table inet quicward_main_fragments | grep -q 'length <= 1400'"

static void takes_no_change_for_its_own(void)
{
    struct config_size_limit limit = {.traffic = CONFIG_ALL_UDP, .interface = "wan0", .limit = 1400};
    struct config config = NAT;
    struct io_keeper *keeper = NULL;
    struct io_error error = {0};
    char dir[64] = "", path[4096], attack[128], attacked[128], away[128], *before = strdup(getenv("PATH"));
    config.rules_fragments = true;
    config.size_limit_count = 1;
    config.size_limits = &limit;
    FILE *made = popen(NFT_THAT_ATTACKS, "r");
    CU_ASSERT_TRUE_FATAL(made && fscanf(made, "%63s", dir) == 1 && pclose(made) == 0);
    snprintf(path, sizeof path, "%s:%s", dir, before);
    snprintf(attack, sizeof attack, "touch %s/attack", dir);
    snprintf(attacked, sizeof attacked, "[ ! -e %s/attack ]", dir);
    snprintf(away, sizeof away, "rm -r %s", dir);
    setenv("PATH", path, 1);
    CU_ASSERT_EQUAL_FATAL(io_keeper_start(&config, CONFIG_RULES_IPTABLES, &keeper, &error), QW_OK);
    CU_ASSERT_TRUE(comes_true(attacked));
    CU_ASSERT_TRUE(comes_true(MEASURES));
    CU_ASSERT_TRUE(succeeds(attack));
    CU_ASSERT_TRUE(succeeds("nft delete table inet quicward_main_fragments"));
    CU_ASSERT_TRUE(comes_true(attacked));
    CU_ASSERT_TRUE(comes_true(MEASURES));
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_TRUE(succeeds(MEASURES));
    CU_ASSERT_TRUE(succeeds(attack));
    config.nat_masquerade = true;
    io_keeper_change(keeper, &config);
    CU_ASSERT_TRUE(comes_true(attacked));
    CU_ASSERT_TRUE(comes_true(MEASURES));
    setenv("PATH", before, 1);
    CU_ASSERT_TRUE(succeeds(away));
    free(before);
    io_keeper_stop(keeper);
}

#define RULES_OF(number) "[ \"$(ip rule | grep -c 'iif qk" number " .*blackhole')\" = 1 ]"
#define LOCAL_OF(number) "[ \"$(cat /proc/sys/net/ipv4/conf/qk" number "/accept_local)\" = 2 ]"

/* What matches and was there, what comes, goes, and comes again under another number. What only begins like
 * the folders that hold settings for all interfaces is none. */
static void follows_patterns(void)
{
    struct config config = NAT;
    struct io_keeper *keeper = NULL;
    struct io_error error = {0};
    config.inside = (struct config_interfaces){3, {"lan0", "qk*", "al*"}};
    CU_ASSERT_TRUE(succeeds("ip link add qk0 type veth peer name other"));
    CU_ASSERT_EQUAL_FATAL(io_keeper_start(&config, CONFIG_RULES_IPTABLES, &keeper, &error), QW_OK);
    CU_ASSERT_TRUE(succeeds("iptables -t raw -C quicward-main-before -i qk+ -p udp -g quicward-main-inside"));
    CU_ASSERT_TRUE(succeeds(RULES_OF("0")));
    CU_ASSERT_TRUE(succeeds(LOCAL_OF("0")));
    CU_ASSERT_FALSE(succeeds("ip rule | grep -q 'iif all'"));
    CU_ASSERT_TRUE(succeeds("ip link del qk0 && ip link add qk77 type veth peer name other"));
    CU_ASSERT_TRUE(comes_true(RULES_OF("77")));
    CU_ASSERT_TRUE(comes_true(LOCAL_OF("77")));
    CU_ASSERT_TRUE(comes_true("! ip rule | grep -q 'iif qk0 '"));
    CU_ASSERT_TRUE(succeeds("ip link set other name qk1"));
    CU_ASSERT_TRUE(comes_true(RULES_OF("1")));
    CU_ASSERT_TRUE(io_keeper_restore(keeper));
    CU_ASSERT_EQUAL(put_back(keeper), 0); /* that they came was nobody's attack on the rules */
    io_keeper_stop(keeper);
    CU_ASSERT_TRUE(succeeds("ip link del qk77"));
}

/* Each table that concerns costs a look at all rules. */
static void others_concern_nobody(void)
{
    struct rules_events events = {0};
    CU_ASSERT_TRUE_FATAL(rules_events_open(&events));
    CU_ASSERT_PTR_NOT_NULL_FATAL(events.tables);
    CU_ASSERT_FALSE(rules_events_tables(&events, "quicward_main"));
    CU_ASSERT_TRUE(succeeds("nft add table inet quicward_mainly && nft delete table inet quicward_mainly"));
    CU_ASSERT_FALSE(rules_events_tables(&events, "quicward_main"));
    CU_ASSERT_TRUE(succeeds("nft add table inet quicward_main"));
    CU_ASSERT_TRUE(rules_events_tables(&events, "quicward_main"));
    CU_ASSERT_FALSE(rules_events_tables(&events, "quicward_main"));
    CU_ASSERT_TRUE(succeeds("nft delete table inet quicward_main"));
    CU_ASSERT_TRUE(rules_events_tables(&events, "quicward_main"));
    rules_events_close(&events);
}

static void legacy_tables_change(void)
{
    if (!succeeds("iptables-legacy -t mangle -N other 2>/dev/null"))
        return;
    uint64_t empty = rules_legacy_hash();
    CU_ASSERT_EQUAL(rules_legacy_hash(), empty);
    CU_ASSERT_TRUE(succeeds("iptables-legacy -t mangle -A OUTPUT -p udp -j other"));
    uint64_t one = rules_legacy_hash();
    CU_ASSERT_NOT_EQUAL(one, empty);
    CU_ASSERT_TRUE(succeeds("ip link set lo up && bash -c 'echo x >/dev/udp/127.0.0.1/9'"));
    CU_ASSERT_TRUE(succeeds("iptables-legacy -t mangle -vnxL OUTPUT | grep -qE '^ +[1-9][0-9]* .*other'"));
    CU_ASSERT_EQUAL(rules_legacy_hash(), one);
    CU_ASSERT_TRUE(succeeds("iptables-legacy -t mangle -A OUTPUT -p tcp -j other"));
    uint64_t two = rules_legacy_hash();
    CU_ASSERT_TRUE(succeeds(
        "iptables-legacy -t mangle -D OUTPUT 1 && iptables-legacy -t mangle -A OUTPUT -p udp -j other"));
    CU_ASSERT_NOT_EQUAL(rules_legacy_hash(), two); /* the same rules in another order */
    CU_ASSERT_TRUE(succeeds("iptables-legacy -t mangle -F OUTPUT"));
    CU_ASSERT_EQUAL(rules_legacy_hash(), empty);
    if (succeeds("ip6tables-legacy -t raw -A PREROUTING -p udp -j DROP 2>/dev/null"))
        CU_ASSERT_NOT_EQUAL(rules_legacy_hash(), empty);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"S4, S5: what was taken away is put back", puts_back},
        {"S4, S5: rules go before those that were put in front of them", keeps_the_place},
        {"S4: they are put back on demand", restores_at_once},
        {"S4: what another program changes while they are installed, put back or changed by a reload is put "
         "back",
         takes_no_change_for_its_own},
        {"N17 S4: they follow a reload", follows_a_reload},
        {"S4: interfaces that match a pattern come and go", follows_patterns},
        {"without manage_rules nothing is touched", not_ours_to_keep},
        {"S4: changes of iptables-legacy show, packets do not", legacy_tables_change},
        {"S4: news of other tables are no reason to look", others_concern_nobody},
    };
    if (geteuid() != 0 || unshare(CLONE_NEWNET) != 0) {
        printf("no network namespace: %s\n", geteuid() != 0 ? "not root" : strerror(errno));
        return SKIPPED;
    }
    if (!succeeds("for t in iptables nft ip bash; do command -v $t || exit 1; done >/dev/null") ||
        !succeeds("iptables -V | grep -q nf_tables")) {
        printf("iptables-nft, nft, ip or bash is missing\n");
        return SKIPPED;
    }
    qw_log_set_level(QW_LOG_ERROR);
    TEST_SUITE("keeper", TESTS);
    return test_main();
}
