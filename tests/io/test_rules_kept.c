/* What tells that kernel rules were changed, and the shell that they are changed with. */
#include "kernel_rules.h"
#include "rules_fragments.h"
#include "rules_keeper.h"
#include "suite.h"
#include "suites.h"
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void changes_are_told(void)
{
    static const char THEN[] = "iptables *mangle :quicward-main\n"
                               "iptables *mangle -A quicward-main -j DROP\n"
                               "ahead iptables *mangle -A FORWARD -j quicward-main 2\n";
    static const struct {
        const char *now;
        enum rules_change change;
    } CASES[] = {
        {THEN, RULES_SAME},
        {"iptables *mangle :quicward-main\niptables *mangle -A quicward-main -j DROP\n"
         "ahead iptables *mangle -A FORWARD -j quicward-main 1\n",
         RULES_SAME},
        {"iptables *mangle :quicward-main\niptables *mangle -A quicward-main -j DROP\n"
         "ahead iptables *mangle -A FORWARD -j quicward-main 3\n",
         RULES_MOVED},
        {"iptables *mangle :quicward-main\niptables *mangle -A quicward-main -j DROP\n"
         "ahead iptables *mangle -A OUTPUT -j quicward-main 2\n",
         RULES_CHANGED},
        {"iptables *mangle :quicward-main\niptables *mangle -A quicward-main -j ACCEPT\n"
         "ahead iptables *mangle -A FORWARD -j quicward-main 3\n",
         RULES_CHANGED},
        {"iptables *mangle :quicward-main\niptables *mangle -A quicward-main -j DROP\n", RULES_CHANGED},
        {"", RULES_CHANGED},
    };
    for (size_t i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++)
        CU_ASSERT_EQUAL(rules_state_compare(THEN, CASES[i].now), CASES[i].change);
    CU_ASSERT_EQUAL(rules_state_compare("", THEN), RULES_CHANGED);
    CU_ASSERT_EQUAL(rules_state_compare("", ""), RULES_SAME);
}

static const struct config NAT = {
    .mode = CONFIG_NAT,
    .inside = {1, {"lan0"}},
    .outside = {1, {"wan0"}},
    .queue_first = 7400,
    .workers = 1,
    .rules_guard = true,
    .external_auto = true,
    .external_count = 1,
};

/* What a script for iptables would leave, as rules_state.c has it. */
static char *state_of(const char *script)
{
    char *state = NULL, *copy = strdup(script), *rest = NULL;
    size_t len;
    const char *tool = "iptables";
    FILE *out = open_memstream(&state, &len);
    for (char *line = strtok_r(copy, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        if (strstr(line, "if_inet6") && strncmp(line, "if ", 3) == 0)
            tool = "ip6tables";
        if (*line == ':' || strncmp(line, "-A quicward-", 12) == 0)
            fprintf(out, "%s *mangle %s\n", tool, line);
        if (strncmp(line, "jump ip", 7) == 0)
            fprintf(out, "ahead %s *mangle %s 0\n", tool, line);
    }
    fclose(out);
    free(copy);
    return state;
}

/* True when it is a rule for IPv6. */
static bool line_removed(const char *state, unsigned number, char *out)
{
    const char *at = state;
    for (unsigned i = 0; i < number; i++)
        at = strchr(at, '\n') + 1;
    const char *rest = strchr(at, '\n') + 1;
    memcpy(out, state, (size_t)(at - state));
    memcpy(out + (at - state), rest, strlen(rest) + 1);
    return strncmp(at, "ip6tables", 9) == 0 || strncmp(at, "ahead ip6tables", 15) == 0;
}

static void missing_rules_are_told(void)
{
    char *script = NULL;
    size_t len;
    FILE *out = open_memstream(&script, &len);
    io_rules_print(&NAT, CONFIG_RULES_IPTABLES, false, out);
    fclose(out);
    char *state = state_of(script), *less = malloc(strlen(state) + 1);
    unsigned lines = 0;
    for (const char *at = state; (at = strchr(at, '\n')); at++)
        lines++;
    CU_ASSERT_TRUE(lines > 50);
    CU_ASSERT_TRUE(rules_state_complete(&NAT, CONFIG_RULES_IPTABLES, state));
    bool has_ipv6 = access("/proc/self/net/if_inet6", F_OK) == 0;
    for (unsigned i = 0; i < lines; i++) {
        bool of_ipv6 = line_removed(state, i, less);
        if (has_ipv6 || !of_ipv6)
            CU_ASSERT_FALSE(rules_state_complete(&NAT, CONFIG_RULES_IPTABLES, less));
    }
    CU_ASSERT_FALSE(rules_state_complete(&NAT, CONFIG_RULES_NFT, ""));
    CU_ASSERT_TRUE(rules_state_complete(&NAT, CONFIG_RULES_NFT, "table inet quicward_main {\n}\n"));
    free(less);
    free(state);
    free(script);
}

static void missing_measures_are_told(void)
{
    static struct config_size_limit limit = {.limit = 1400};
    struct config config = NAT;
    CU_ASSERT_TRUE(rules_state_measures(&config, ""));
    config.size_limit_count = 1;
    config.size_limits = &limit;
    CU_ASSERT_TRUE(rules_state_measures(&config, ""));
    config.rules_fragments = true;
    CU_ASSERT_FALSE(rules_state_measures(&config, ""));
    CU_ASSERT_FALSE(rules_state_measures(&config, "table inet quicward_main {\n}\n"));
    CU_ASSERT_FALSE(rules_state_measures(&config, "table inet quicward_other_fragments {\n}\n"));
    CU_ASSERT_TRUE(rules_state_measures(&config, "iptables\ntable inet quicward_main_fragments {\n}\n"));
}

/* One message of nft's news about a table. */
static size_t message(char buffer[static 256], uint16_t type, const char *table)
{
    memset(buffer, 0, 256);
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type);
    mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
    if (table)
        mnl_attr_put_strz(header, NFTA_TABLE_NAME, table);
    return header->nlmsg_len;
}

static void only_our_tables_concern(void)
{
    static const uint16_t TYPES[] = {NFT_MSG_DELTABLE, NFT_MSG_DELCHAIN, NFT_MSG_DELRULE, NFT_MSG_NEWRULE};
    _Alignas(struct nlmsghdr) char buffer[256];
    for (size_t i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        CU_ASSERT_TRUE(
            rules_events_concerns(buffer, message(buffer, TYPES[i], "quicward_main"), "quicward_main"));
        CU_ASSERT_TRUE(rules_events_concerns(buffer, message(buffer, TYPES[i], "quicward_main_fragments"),
                                             "quicward_main"));
        CU_ASSERT_TRUE(rules_events_concerns(buffer, message(buffer, TYPES[i], "mangle"), "quicward_main"));
        CU_ASSERT_TRUE(rules_events_concerns(buffer, message(buffer, TYPES[i], "raw"), "quicward_main"));
        CU_ASSERT_TRUE(rules_events_concerns(buffer, message(buffer, TYPES[i], "nat"), "quicward_main"));
        CU_ASSERT_FALSE(rules_events_concerns(buffer, message(buffer, TYPES[i], "filter"), "quicward_main"));
        CU_ASSERT_FALSE(
            rules_events_concerns(buffer, message(buffer, TYPES[i], "quicward_other"), "quicward_main"));
        CU_ASSERT_FALSE(rules_events_concerns(buffer, message(buffer, TYPES[i], "quicward_other_fragments"),
                                              "quicward_main"));
        CU_ASSERT_FALSE(rules_events_concerns(buffer, message(buffer, TYPES[i], "quicward_main_fragment"),
                                              "quicward_main"));
    }
    CU_ASSERT_FALSE(rules_events_concerns(buffer, message(buffer, NFT_MSG_NEWGEN, NULL), "quicward_main"));
}

/* Messages that are cut short or say nonsense are no harm. */
static void damaged_news(void)
{
    _Alignas(struct nlmsghdr) char buffer[256], cut[256];
    size_t len = message(buffer, NFT_MSG_DELRULE, "quicward_main");
    for (size_t i = 0; i < len; i++) {
        memcpy(cut, buffer, i);
        CU_ASSERT_FALSE(rules_events_concerns(cut, i, "quicward_main"));
        memcpy(cut, buffer, len);
        cut[i] = (char)0xff;
        rules_events_concerns(cut, len, "quicward_main");
    }
}

static void scripts_have_an_end(void)
{
    static const char WAITS[] = "echo begun\nsleep 600 &\nwait\n";
    char said[32];
    struct qw_time begun = io_now();
    CU_ASSERT_EQUAL(rules_run(WAITS, strlen(WAITS), 200, -1, said, sizeof(said)), RULES_RUN_TOO_LONG);
    CU_ASSERT_STRING_EQUAL(said, "begun\n");
    CU_ASSERT_TRUE(qw_time_since(io_now(), begun) >= 200 * QW_NS_PER_MS);
    CU_ASSERT_TRUE(qw_time_since(io_now(), begun) < 60 * QW_NS_PER_SECOND);
}

static void scripts_can_be_stopped(void)
{
    static const char WAITS[] = "echo begun\nsleep 600 &\nwait\n";
    char said[32];
    int stop = eventfd(1, EFD_CLOEXEC);
    CU_ASSERT_EQUAL(rules_run(WAITS, strlen(WAITS), RULES_RUN_MS, stop, said, sizeof(said)),
                    RULES_RUN_STOPPED);
    close(stop);
}

/* Removing, with an iptables-save that fails. */
static void failing_save_is_told(void)
{
    char *text = NULL, said[512];
    size_t len;
    FILE *out = open_memstream(&text, &len);
    fputs("folder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n"
          "printf '#!/bin/sh\\nexit 3\\n' >\"$folder/iptables-save\"\n"
          "printf '#!/bin/sh\\nexit 1\\n' >\"$folder/ip\"\n"
          "chmod +x \"$folder/iptables-save\" \"$folder/ip\"\nPATH=$folder:$PATH\n",
          out);
    io_rules_print(&NAT, CONFIG_RULES_IPTABLES, true, out);
    fclose(out);
    CU_ASSERT_NOT_EQUAL(rules_run(text, len, RULES_RUN_MS, -1, said, sizeof(said)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "iptables-save failed"));
    free(text);
}

static void one_of_a_name(void)
{
    struct config config = NAT;
    struct io_error error = {0};
    int first, second;
    char pid[32];
    snprintf(config.instance, sizeof(config.instance), "t%u", (unsigned)getpid() % 1000000);
    CU_ASSERT_EQUAL(io_instance_take(&config, &first, &error), QW_OK);
    CU_ASSERT_EQUAL(io_instance_take(&config, &second, &error), QW_ERR_SYSTEM);
    snprintf(pid, sizeof(pid), "process %d runs", (int)getpid());
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, pid));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, config.instance));
    int lock = rules_lock(&config, 1000);
    CU_ASSERT_TRUE(lock >= 0);
    CU_ASSERT_EQUAL(rules_lock(&config, 30), -1);
    close(lock);
    io_instance_release(first);
    CU_ASSERT_EQUAL(io_instance_take(&config, &second, &error), QW_OK);
    io_instance_release(second);
}

/* What stands is told by rules_state_print's script, of rules of the instances "a", "ab" and "a1". */
static void state_of_instance(const char *instance, bool standing, char *said, size_t size)
{
    struct config config = NAT;
    char *text = NULL;
    size_t len;
    FILE *out = open_memstream(&text, &len);
    fputs("folder=$(mktemp -d)\ntrap 'rm -rf \"$folder\"' EXIT\n"
          "cat >\"$folder/iptables-save\" <<'END'\n#!/bin/sh\necho '# Warning: others' >&2\ncat <<'RULES'\n"
          "*mangle\n",
          out);
    for (const char *const *name = (const char *const[]){"ab", "a1", standing ? "a" : NULL, NULL}; *name;
         name++)
        fprintf(out,
                ":quicward-%s - [0:0]\n:quicward-%s-mark - [0:0]\n-A quicward-%s -j DROP\n"
                "-A FORWARD -j quicward-%s\n-A PREROUTING -j quicward-%s-mark\n",
                *name, *name, *name, *name, *name);
    fputs("COMMIT\nRULES\nEND\n"
          "printf '#!/bin/sh\\n' >\"$folder/ip6tables-save\"\n"
          "printf '#!/bin/sh\\necho \"3: from all iif x blackhole proto 113\"\\n' >\"$folder/ip\"\n"
          "chmod +x \"$folder\"/*\nPATH=$folder:$PATH\n",
          out);
    snprintf(config.instance, sizeof(config.instance), "%s", instance);
    rules_state_print(&config, CONFIG_RULES_IPTABLES, out);
    fclose(out);
    CU_ASSERT_EQUAL(rules_run(text, len, RULES_RUN_MS, -1, said, size), 0);
    free(text);
}

static void names_that_begin_alike(void)
{
    char said[1024];
    state_of_instance("a", false, said, sizeof(said));
    CU_ASSERT_STRING_EQUAL(said, "");
    state_of_instance("a", true, said, sizeof(said));
    CU_ASSERT_STRING_EQUAL(said, "iptables *mangle :quicward-a\n"
                                 "iptables *mangle :quicward-a-mark\n"
                                 "iptables *mangle -A quicward-a -j DROP\n"
                                 "ahead iptables *mangle -A FORWARD -j quicward-a 2\n"
                                 "ahead iptables *mangle -A PREROUTING -j quicward-a-mark 2\n");
}

/* Their routing rules are told apart by preference and protocol, here of the same preference. */
static void instances_have_their_own_routing_rules(void)
{
    struct config first = NAT, second = NAT;
    char *one = NULL, *other = NULL;
    size_t len;
    snprintf(first.instance, sizeof(first.instance), "a");
    snprintf(second.instance, sizeof(second.instance), "ax");
    CU_ASSERT_EQUAL(rules_guard_preference(&first), rules_guard_preference(&second));
    FILE *out = open_memstream(&one, &len);
    rules_guard_remove(&first, out);
    fclose(out);
    out = open_memstream(&other, &len);
    rules_guard_remove(&second, out);
    fclose(out);
    CU_ASSERT_STRING_NOT_EQUAL(one, other);
    free(one);
    free(other);
}

void rules_kept_suite(void)
{
    static const struct test TESTS[] = {
        {"S4: what another program did to the rules is told", changes_are_told},
        {"S4: rules that went before they were looked at are missed", missing_rules_are_told},
        {"S4, M6: a table that measures fragments is missed", missing_measures_are_told},
        {"S4: only news of tables that have our rules concern", only_our_tables_concern},
        {"damaged news do no harm", damaged_news},
        {"S6: a script that does not end is ended, with all that it started", scripts_have_an_end},
        {"S4: an end of the daemon waits for no script that only looks", scripts_can_be_stopped},
        {"S6: an iptables-save that fails is told", failing_save_is_told},
        {"S6: there is one daemon of a name, and one script", one_of_a_name},
        {"S4 S6: rules of an instance whose name begins with another's are its own", names_that_begin_alike},
        {"S6: routing rules of another instance are its own", instances_have_their_own_routing_rules},
    };
    TEST_SUITE("rules that are kept", TESTS);
}
