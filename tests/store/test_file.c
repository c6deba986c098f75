/* Stores in files: what one process leaves for the next, and what the next does not believe. */
#include "random.h"
#include "suite.h"
#include "suites.h"
#include <fcntl.h>
#include <quicward/store.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct store_part PART = {"part", 64, 16, 100};
static const struct store_boot BOOT = {{1, 2, 3}}, NEXT_BOOT = {{1, 2, 4}};
static const struct store_plan PLAN = {
    .parts = &PART, .part_count = 1, .secret = {5, 6}, .boot = {{1, 2, 3}}};

static char folder[64], path[128], aside[144], made[144];
static struct store_error error;

static void begin(void)
{
    snprintf(folder, sizeof(folder), "/tmp/quicward-store.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/state", folder);
    snprintf(aside, sizeof(aside), "%s.refused", path);
    snprintf(made, sizeof(made), "%s.new", path);
}

/* Nothing else is left in the folder. */
static void end(void)
{
    unlink(path);
    unlink(aside);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static uint8_t *records(struct store *store)
{
    struct store_region region;
    CU_ASSERT_TRUE_FATAL(store_region(store, "part", &region));
    return region.records;
}

/* A published store, which may be closed again. */
static struct store *publish(const struct store *before, const char *text)
{
    struct store *store;
    CU_ASSERT_EQUAL_FATAL(store_create(path, &PLAN, &store, &error), QW_OK);
    strcpy((char *)records(store), text);
    CU_ASSERT_EQUAL_FATAL(store_publish(store, before, &error), QW_OK);
    return store;
}

static enum qw_error open_it(void)
{
    struct store *store;
    enum qw_error code = store_open(path, &BOOT, &store, &error);
    CU_ASSERT_EQUAL(store != NULL, code == QW_OK);
    store_free(store);
    return code;
}

static void what_one_leaves_the_next_finds(void)
{
    struct store *left;
    struct stat status;
    begin();
    CU_ASSERT_EQUAL(open_it(), QW_ERR_NOT_FOUND);
    store_free(publish(NULL, "first"));
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_STRING_EQUAL((char *)records(left), "first");
    CU_ASSERT_EQUAL(store_secret(left).k0, 5);
    struct store *next = publish(left, "second");
    store_free(left);
    store_free(next);
    CU_ASSERT_TRUE(stat(path, &status) == 0 && (status.st_mode & 07777) == 0600);
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_STRING_EQUAL((char *)records(left), "second");
    store_free(left);
    end();
}

static void a_start_that_fails_loses_nothing(void)
{
    struct store *left, *next;
    begin();
    store_free(publish(NULL, "first"));
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_EQUAL_FATAL(store_create(path, &PLAN, &next, &error), QW_OK);
    store_free(next); /* not published */
    store_free(left);
    CU_ASSERT_NOT_EQUAL(access(made, F_OK), 0);
    FILE *crashed = fopen(made, "w"); /* what a crash leaves of one */
    CU_ASSERT_PTR_NOT_NULL_FATAL(crashed);
    fputs("half made", crashed);
    fclose(crashed);
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_STRING_EQUAL((char *)records(left), "first");
    store_free(publish(left, "second"));
    store_free(left);
    end();
}

/* ---- two processes ---- */

/* What another process is told. */
static enum qw_error elsewhere(enum qw_error (*what)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit((int)what());
    waitpid(child, &status, 0);
    return (enum qw_error)WEXITSTATUS(status);
}

static enum qw_error create_it(void)
{
    struct store *store;
    enum qw_error code = store_create(path, &PLAN, &store, &error);
    if (code == QW_OK)
        code = store_publish(store, NULL, &error);
    store_free(store);
    return code;
}

static void one_process_has_it(void)
{
    struct store *store, *left;
    begin();
    CU_ASSERT_EQUAL_FATAL(store_create(path, &PLAN, &store, &error), QW_OK);
    CU_ASSERT_EQUAL(elsewhere(create_it), QW_ERR_FULL); /* while the first is being made */
    CU_ASSERT_EQUAL_FATAL(store_publish(store, NULL, &error), QW_OK);
    CU_ASSERT_EQUAL(elsewhere(open_it), QW_ERR_FULL);
    CU_ASSERT_EQUAL(elsewhere(create_it), QW_ERR_FULL); /* it would take the first one's place */
    store_free(store);
    CU_ASSERT_EQUAL(elsewhere(open_it), QW_OK);
    CU_ASSERT_EQUAL_FATAL(store_open(path, &BOOT, &left, &error), QW_OK);
    CU_ASSERT_EQUAL(elsewhere(open_it), QW_ERR_FULL);
    rename(path, aside); /* somebody else put another one there */
    CU_ASSERT_EQUAL(elsewhere(create_it), QW_OK);
    CU_ASSERT_EQUAL_FATAL(store_create(path, &PLAN, &store, &error), QW_OK);
    CU_ASSERT_EQUAL(store_publish(store, left, &error), QW_ERR_FULL);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "another process"));
    store_free(store);
    store_free(left);
    end();
}

/* ---- what is not believed ---- */

static void expect_refused(const char *words)
{
    CU_ASSERT_EQUAL(open_it(), QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, words));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, aside));
    CU_ASSERT_NOT_EQUAL(access(path, F_OK), 0);
    CU_ASSERT_EQUAL(open_it(), QW_ERR_NOT_FOUND); /* not in the way of the next start */
    remove(aside);
}

static void change(off_t at, uint8_t with)
{
    int file = open(path, O_WRONLY | O_CLOEXEC);
    CU_ASSERT_TRUE_FATAL(file >= 0 && pwrite(file, &with, 1, at) == 1);
    close(file);
}

static void cut(off_t size)
{
    CU_ASSERT_EQUAL(truncate(path, size), 0);
}

static void damaged_files_are_refused(void)
{
    struct stat status;
    begin();
    store_free(publish(NULL, "x"));
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    cut(0);
    expect_refused("cut off");
    static const off_t SIZES[] = {1, 100, 3000, 4096, 5000};
    for (unsigned i = 0; i < sizeof(SIZES) / sizeof(SIZES[0]); i++) {
        store_free(publish(NULL, "x"));
        cut(SIZES[i]);
        expect_refused("cut off");
    }
    store_free(publish(NULL, "x"));
    cut(status.st_size - 1);
    expect_refused("cut off");
    store_free(publish(NULL, "x"));
    cut(status.st_size + 4096);
    expect_refused("longer than it says");
    store_free(publish(NULL, "x"));
    change(0, 0xff);
    expect_refused("no state of quicward");
    store_free(publish(NULL, "x"));
    change(8, 77);
    expect_refused("its layout is neither");
    end();
}

/* Every byte of the header that is another: refused, or it does not matter. */
static void no_changed_header_is_believed(void)
{
    uint64_t random = 3;
    begin();
    for (off_t at = 0; at < 5800; at += 1 + (off_t)(test_random(&random) % 9)) {
        struct store *store = publish(NULL, "x");
        uint8_t was;
        int file = open(path, O_RDONLY | O_CLOEXEC);
        CU_ASSERT_EQUAL_FATAL(pread(file, &was, 1, at), 1);
        close(file);
        store_free(store);
        change(at, (uint8_t)(was ^ (1 + test_random(&random) % 255)));
        enum qw_error code = open_it();
        CU_ASSERT_TRUE_FATAL(code == QW_ERR_INVALID || (code == QW_OK && at >= 5712));
        remove(path);
        remove(aside);
    }
    end();
}

static void files_of_others_are_refused(void)
{
    static const mode_t OPEN[] = {0640, 0604, 0660, 0666, 0601};
    begin();
    for (unsigned i = 0; i < sizeof(OPEN) / sizeof(OPEN[0]); i++) {
        store_free(publish(NULL, "x"));
        chmod(path, OPEN[i]);
        expect_refused("others than its owner may use it");
    }
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    expect_refused("no plain file");
    CU_ASSERT_EQUAL(symlink("/etc/passwd", path), 0);
    expect_refused("no plain file");
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    expect_refused("no plain file");
    if (geteuid() == 0) {
        store_free(publish(NULL, "x"));
        CU_ASSERT_EQUAL(chown(path, 65534, (gid_t)-1), 0);
        expect_refused("belongs to another user");
    }
    end();
}

static void another_boot_is_another_clock(void)
{
    struct store *store;
    begin();
    store_free(publish(NULL, "x"));
    CU_ASSERT_EQUAL(store_open(path, &NEXT_BOOT, &store, &error), QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "before the last reboot"));
    end();
}

static void what_cannot_be_made_is_said(void)
{
    struct store *store;
    static char endless[5000];
    begin();
    snprintf(path, sizeof(path), "%s/missing/state", folder);
    CU_ASSERT_EQUAL(store_create(path, &PLAN, &store, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot make it: No such file"));
    memset(endless, 'a', sizeof(endless) - 1);
    CU_ASSERT_EQUAL(store_create(endless, &PLAN, &store, &error), QW_ERR_INVALID);
    CU_ASSERT_EQUAL(store_open(endless, &BOOT, &store, &error), QW_ERR_INVALID);
    snprintf(path, sizeof(path), "%s/state", folder);
    const struct store_part huge = {"huge", 0, 1 << 20, 1 << 25}; /* 32 TiB */
    const struct store_plan plan = {.parts = &huge, .part_count = 1};
    CU_ASSERT_EQUAL(store_create(path, &plan, &store, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot take space for it"));
    CU_ASSERT_PTR_NULL(store);
    end();
}

void file_suite(void)
{
    static const struct test TESTS[] = {
        {"S1: what one process leaves the next one finds", what_one_leaves_the_next_finds},
        {"S1: a start that fails, or crashes, loses nothing", a_start_that_fails_loses_nothing},
        {"S1: one process has it", one_process_has_it},
        {"S1: files that are cut off, longer or damaged are moved aside", damaged_files_are_refused},
        {"S1: no changed byte of a header is believed", no_changed_header_is_believed},
        {"S1: so are links, folders, and files that others own or may use", files_of_others_are_refused},
        {"S1: and what is of another boot", another_boot_is_another_clock},
        {"S1 S3: no folder, too long a path, a full disk: one clear line, nothing left",
         what_cannot_be_made_is_said},
    };
    TEST_SUITE("store file", TESTS);
}
