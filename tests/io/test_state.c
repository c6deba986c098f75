/* An engine on a file: what one daemon leaves, the next one finds, and what others leave is not believed. */
#include "packets.h"
#include "suite.h"
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[96];
static struct qw_time now = {1000 * QW_NS_PER_SECOND};

static void begin(void)
{
    snprintf(folder, sizeof(folder), "/tmp/quicward-state.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/main.state", folder);
}

static void end(void)
{
    static const char *const SUFFIXES[] = {"", ".refused", ".new"};
    char name[128];
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    for (unsigned i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "%s%s", path, SUFFIXES[i]);
        if (unlink(name) != 0)
            rmdir(name);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0); /* nothing else is left in it */
}

static struct config config_for(const char *where)
{
    static struct qw_port_range ports = {1024, 65535};
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_NAT;
    config.flows_max = 64;
    config.handshakes_max = 8;
    config.external_count = 1;
    CU_ASSERT_TRUE(qw_addr_parse("198.51.100.7", &config.external[0], &(enum qw_family){0}));
    config.nat_ports = (struct config_ports){1, &ports};
    snprintf(config.state, sizeof(config.state), "%s", where);
    return config;
}

struct daemon_of_tests {
    struct engine *engine;
    struct io_state *state;
    struct io_error error;
    enum qw_error code;
};

static struct daemon_of_tests start_with(const struct config *config)
{
    struct daemon_of_tests d = {0};
    const struct engine_options options = {.config = config, .shards = 1, .now = now};
    d.code = io_state_start(&options, &d.engine, &d.state, &d.error);
    CU_ASSERT_TRUE((d.code == QW_OK) == (d.engine != NULL));
    CU_ASSERT_TRUE(d.code == QW_OK || !d.state);
    return d;
}

static struct daemon_of_tests start(void)
{
    struct config config = config_for(folder);
    return start_with(&config);
}

static void stop(struct daemon_of_tests *d)
{
    if (d->engine)
        engine_free(d->engine);
    io_state_close(d->state);
}

/* A packet from inside passes, and has that external endpoint then. */
static void speak(struct daemon_of_tests *d, const char *from, char external[static QW_ENDPOINT_TEXT_MAX])
{
    uint8_t bytes[256];
    size_t len = test_udp(bytes, sizeof(bytes), from, "192.0.2.1:443", "x", 1);
    struct engine_packet packet = {
        .data = bytes, .writable = bytes, .captured = len, .wire_len = (uint32_t)len, .from = ENGINE_INSIDE};
    struct engine_verdict verdict;
    struct engine_worker *worker = engine_worker_new(d->engine);
    struct packet_view view;
    CU_ASSERT_PTR_NOT_NULL_FATAL(worker);
    engine_handle(worker, &packet, now, &verdict);
    CU_ASSERT_EQUAL(verdict.action, ENGINE_ACCEPT);
    CU_ASSERT_EQUAL_FATAL(packet_decode(bytes, len, (uint32_t)len, &view), QW_OK);
    qw_endpoint_text(&view.tuple.src, view.tuple.family, external);
    engine_worker_free(worker);
}

static unsigned flows(struct daemon_of_tests *d)
{
    struct engine_flow list[64];
    uint64_t cursor = 0;
    return (unsigned)engine_flows(d->engine, &cursor, now, list, 64);
}

/* ---- what is left ---- */

static void the_next_one_finds_it(void)
{
    char first[QW_ENDPOINT_TEXT_MAX], again[QW_ENDPOINT_TEXT_MAX];
    begin();
    for (unsigned round = 0; round < 5; round++) {
        struct daemon_of_tests d = start();
        CU_ASSERT_EQUAL_FATAL(d.code, QW_OK);
        CU_ASSERT_EQUAL(flows(&d), round ? 1 : 0);
        speak(&d, "10.0.0.5:5000", again);
        if (round == 0)
            strcpy(first, again);
        CU_ASSERT_STRING_EQUAL(again, first);
        stop(&d);
    }
    end();
}

/* As a killed process leaves it: nothing is freed, and its lock goes with it. */
static void a_killed_one_left_it(void)
{
    char first[QW_ENDPOINT_TEXT_MAX], again[QW_ENDPOINT_TEXT_MAX], copy[128], command[300];
    begin();
    struct daemon_of_tests d = start();
    speak(&d, "10.0.0.5:5000", first);
    snprintf(copy, sizeof(copy), "%s.new", path);
    snprintf(command, sizeof(command), "cp -p %s %s", path, copy);
    CU_ASSERT_EQUAL(system(command), 0);
    speak(&d, "10.0.0.6:5000", again); /* what comes later is not in the copy */
    stop(&d);
    CU_ASSERT_EQUAL(rename(copy, path), 0);
    d = start();
    CU_ASSERT_EQUAL(flows(&d), 1);
    speak(&d, "10.0.0.5:5000", again);
    CU_ASSERT_STRING_EQUAL(again, first);
    stop(&d);
    end();
}

static void without_it_all_is_forgotten(void)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    struct config config = config_for("none");
    begin();
    struct daemon_of_tests d = start_with(&config);
    CU_ASSERT_EQUAL(d.code, QW_OK);
    CU_ASSERT_PTR_NULL(d.state);
    speak(&d, "10.0.0.5:5000", text);
    stop(&d);
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    end();
}

/* Sizes, and the number of addresses, may differ between two runs. */
static void another_configuration_finds_it_too(void)
{
    char first[QW_ENDPOINT_TEXT_MAX], again[QW_ENDPOINT_TEXT_MAX];
    begin();
    struct daemon_of_tests d = start();
    speak(&d, "10.0.0.5:5000", first);
    stop(&d);
    struct config config = config_for(folder);
    config.flows_max = 4096;
    config.external_count = 2;
    config.external[1] = config.external[0];
    CU_ASSERT_TRUE(qw_addr_parse("198.51.100.6", &config.external[0], &(enum qw_family){0}));
    d = start_with(&config);
    speak(&d, "10.0.0.5:5000", again);
    CU_ASSERT_STRING_EQUAL(again, first);
    stop(&d);
    end();
}

static void instances_have_their_own(void)
{
    struct config config = config_for(folder);
    begin();
    struct daemon_of_tests d = start();
    snprintf(config.state, sizeof(config.state), "%s", folder);
    snprintf(config.instance, sizeof(config.instance), "other");
    struct daemon_of_tests other = start_with(&config), third = start_with(&config);
    CU_ASSERT_EQUAL(other.code, QW_OK);
    CU_ASSERT_EQUAL(third.code, QW_ERR_FULL); /* one process has one file */
    CU_ASSERT_PTR_NOT_NULL(strstr(third.error.text, "other.state: another process has it"));
    stop(&other);
    stop(&d);
    snprintf(path, sizeof(path), "%s/other.state", folder);
    CU_ASSERT_EQUAL(unlink(path), 0);
    snprintf(path, sizeof(path), "%s/main.state", folder);
    end();
}

/* ---- what is not believed ---- */

static void expect_aside(void)
{
    char aside[128], text[QW_ENDPOINT_TEXT_MAX];
    struct stat status;
    struct daemon_of_tests d = start();
    CU_ASSERT_EQUAL_FATAL(d.code, QW_OK);
    CU_ASSERT_EQUAL(flows(&d), 0);
    speak(&d, "10.0.0.5:5000", text);
    stop(&d);
    snprintf(aside, sizeof(aside), "%s.refused", path);
    CU_ASSERT_EQUAL(lstat(aside, &status), 0);
    CU_ASSERT_EQUAL(lstat(path, &status), 0);
    CU_ASSERT_TRUE(S_ISREG(status.st_mode) && (status.st_mode & 07777) == 0600);
    d = start(); /* the new one is sound */
    CU_ASSERT_EQUAL(flows(&d), 1);
    stop(&d);
    end();
}

static void leave_a_flow(void)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    begin();
    struct daemon_of_tests d = start();
    speak(&d, "10.0.0.5:5000", text);
    stop(&d);
}

static void torn_files_are_not_believed(void)
{
    struct stat status;
    leave_a_flow();
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(truncate(path, status.st_size - 1), 0);
    expect_aside();
    leave_a_flow();
    CU_ASSERT_EQUAL(truncate(path, 0), 0);
    expect_aside();
}

static void files_that_others_may_write_are_not_believed(void)
{
    leave_a_flow();
    CU_ASSERT_EQUAL(chmod(path, 0660), 0);
    expect_aside();
    if (geteuid() == 0) {
        leave_a_flow();
        CU_ASSERT_EQUAL(chown(path, 65534, 65534), 0);
        expect_aside();
    }
}

static void links_are_not_followed(void)
{
    static const char *const TO[] = {"/etc/passwd", "/dev/zero", "nowhere"};
    for (unsigned i = 0; i < 3; i++) {
        begin();
        CU_ASSERT_EQUAL(symlink(TO[i], path), 0);
        expect_aside();
    }
    begin();
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    expect_aside();
    begin();
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    expect_aside();
}

static void expect_folder_refused(const char *where, const char *words)
{
    struct config config = config_for(where);
    struct daemon_of_tests d = start_with(&config);
    CU_ASSERT_EQUAL(d.code, QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(d.error.text, words));
    CU_ASSERT_PTR_NOT_NULL(strstr(d.error.text, "state = \"none\""));
    stop(&d);
}

static void folders_of_others_are_refused(void)
{
    char inner[96], link_to[96];
    begin();
    CU_ASSERT_EQUAL(chmod(folder, 0707), 0);
    expect_folder_refused(folder, "others may write it; \"chmod go-w ");
    snprintf(inner, sizeof(inner), "%s/main.state", folder); /* is made, and end() removes it */
    expect_folder_refused(inner, "others may write it");     /* what it stands in counts */
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    snprintf(link_to, sizeof(link_to), "%s/main.state.new", folder);
    CU_ASSERT_EQUAL(chmod(inner, 0702), 0);
    CU_ASSERT_EQUAL(symlink(inner, link_to), 0);
    expect_folder_refused(link_to, inner); /* the message names where the link leads */
    if (geteuid() == 0) {
        CU_ASSERT_EQUAL(chmod(inner, 0700), 0);
        CU_ASSERT_EQUAL(chown(inner, 65534, 65534), 0);
        expect_folder_refused(inner, "belongs to user 65534");
    }
    end();
}

/* A router without memory of what was is better than none. */
static void without_a_folder_it_runs_all_the_same(void)
{
    char text[QW_ENDPOINT_TEXT_MAX];
    static const char *const WHERE[] = {"/dev/null", "/proc/nowhere", "/nowhere/at/all"};
    for (unsigned i = 0; i < 3; i++) {
        struct config config = config_for(WHERE[i]);
        struct daemon_of_tests d = start_with(&config);
        CU_ASSERT_EQUAL_FATAL(d.code, QW_OK);
        CU_ASSERT_PTR_NULL(d.state);
        speak(&d, "10.0.0.5:5000", text);
        stop(&d);
    }
}

/* ---- what is said ---- */

static void one_line_counts(void)
{
    struct engine_recovery counts = {0};
    char text[1024];
    counts.flows.results[FLOW_ADOPTED] = 7;
    counts.flows.results[FLOW_ADOPT_EXPIRED] = 2;
    counts.nat.results[NAT_ADOPTED] = 5;
    counts.nat.rests = 3;
    CU_ASSERT_FALSE(io_state_report(&counts, "/x", 12, text, sizeof(text)));
    CU_ASSERT_STRING_EQUAL(text, "state: took over 7 flows, 5 mappings and 3 resting ports of /x in 12 ms; "
                                 "dropped: 2 flows (expired)");
    counts.flows.results[FLOW_ADOPT_TWIN] = 1;
    counts.nat.results[NAT_ADOPT_TAKEN] = 4;
    CU_ASSERT_TRUE(io_state_report(&counts, "/x", 12, text, sizeof(text)));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "2 flows (expired), 1 flows (twin), 4 mappings (taken)"));
    char small[20];
    CU_ASSERT_TRUE(io_state_report(&counts, "/x", 12, small, sizeof(small)));
    CU_ASSERT_EQUAL(strlen(small), sizeof(small) - 1);
}

static void a_boot_has_one_id(void)
{
    struct store_boot first, again;
    static const struct store_boot NONE;
    CU_ASSERT_TRUE(io_boot(&first) && io_boot(&again));
    CU_ASSERT_EQUAL(memcmp(&first, &again, sizeof(first)), 0);
    CU_ASSERT_NOT_EQUAL(memcmp(&first, &NONE, sizeof(first)), 0);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"S1: what one daemon leaves the next one finds", the_next_one_finds_it},
        {"S1: also what a killed one leaves", a_killed_one_left_it},
        {"S1: state = \"none\" does without", without_it_all_is_forgotten},
        {"S1: a daemon with other sizes finds it too", another_configuration_finds_it_too},
        {"S1: each instance has a file, and one process has it", instances_have_their_own},
        {"S1: torn files are moved aside", torn_files_are_not_believed},
        {"S1: so are files that others may write", files_that_others_may_write_are_not_believed},
        {"S1: so are links, folders and pipes", links_are_not_followed},
        {"S1: folders that others may write are refused", folders_of_others_are_refused},
        {"S3: without a folder it runs all the same", without_a_folder_it_runs_all_the_same},
        {"S1: one line counts what was dropped", one_line_counts},
        {"S1: a boot has an id", a_boot_has_one_id},
    };
    qw_log_set_level(QW_LOG_ERROR);
    TEST_SUITE("io: state", TESTS);
    return test_main();
}
