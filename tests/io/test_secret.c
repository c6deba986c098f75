/* The file of the secret. */
#include "suite.h"
#include "suites.h"
#include <quicward/io.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static void begin(void)
{
    snprintf(folder, sizeof(folder), "/tmp/quicward-secret.XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/secret", folder);
}

static void end(void)
{
    unlink(path);
    rmdir(folder);
}

static void write_bytes(const void *bytes, size_t len, mode_t mode)
{
    FILE *file = fopen(path, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, len, file), len);
    CU_ASSERT_EQUAL(fclose(file), 0);
    CU_ASSERT_EQUAL(chmod(path, mode), 0);
}

static const char SOME[] = "0123456789abcdefghijklmnopqrstuv-and-more";

static void expect_refused(const char *words)
{
    struct qw_hash_key key = {1, 2};
    struct io_error error = {0};
    CU_ASSERT_EQUAL(io_secret(path, &key, &error), QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, words));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, path));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "secret = \"none\""));
    CU_ASSERT_TRUE(key.k0 == 1 && key.k1 == 2);
}

static void it_is_made_once(void)
{
    struct qw_hash_key first, again, other;
    struct io_error error = {0};
    struct stat status;
    begin();
    CU_ASSERT_EQUAL_FATAL(io_secret(path, &first, &error), QW_OK);
    CU_ASSERT_EQUAL_FATAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0600);
    CU_ASSERT_EQUAL(status.st_size, 32);
    CU_ASSERT_EQUAL(io_secret(path, &again, &error), QW_OK);
    CU_ASSERT_TRUE(first.k0 == again.k0 && first.k1 == again.k1);
    CU_ASSERT_EQUAL(unlink(path), 0);
    CU_ASSERT_EQUAL(io_secret(path, &other, &error), QW_OK);
    CU_ASSERT_FALSE(first.k0 == other.k0 || first.k1 == other.k1);
    end(); /* and nothing else is left in the folder */
    CU_ASSERT_NOT_EQUAL(access(folder, F_OK), 0);
}

static void all_of_it_counts(void)
{
    char bytes[32];
    struct qw_hash_key key[33];
    struct io_error error = {0};
    begin();
    for (unsigned i = 0; i < 33; i++) {
        memcpy(bytes, SOME, sizeof(bytes));
        if (i < 32)
            bytes[i] ^= 1;
        write_bytes(bytes, sizeof(bytes), 0400);
        CU_ASSERT_EQUAL_FATAL(io_secret(path, &key[i], &error), QW_OK);
        unlink(path);
        for (unsigned other = 0; other < i; other++)
            CU_ASSERT_FALSE(key[i].k0 == key[other].k0 || key[i].k1 == key[other].k1);
    }
    end();
}

static void others_must_not_use_it(void)
{
    static const mode_t OPEN[] = {0640, 0604, 0660, 0606, 0610, 0601, 0644, 0777};
    begin();
    for (unsigned i = 0; i < sizeof(OPEN) / sizeof(OPEN[0]); i++) {
        char mode[32];
        write_bytes(SOME, 32, OPEN[i]);
        snprintf(mode, sizeof(mode), "has mode %04o", OPEN[i]);
        expect_refused(mode);
        expect_refused("\"chmod 600");
        unlink(path);
    }
    end();
}

static void it_must_be_one(void)
{
    char same[32];
    begin();
    write_bytes(SOME, 0, 0600);
    expect_refused("has 0 bytes; allowed: exactly 32");
    write_bytes(SOME, 31, 0600);
    expect_refused("has 31 bytes; allowed: exactly 32");
    write_bytes(SOME, 33, 0600);
    expect_refused("has 33 bytes; allowed: exactly 32");
    memset(same, 0, sizeof(same));
    write_bytes(same, sizeof(same), 0600);
    expect_refused("is no secret");
    unlink(path);
    CU_ASSERT_EQUAL(mkdir(path, 0700), 0);
    expect_refused("is no plain file");
    rmdir(path);
    CU_ASSERT_EQUAL(mkfifo(path, 0600), 0);
    expect_refused("is no plain file");
    if (geteuid() == 0) {
        unlink(path);
        write_bytes(SOME, 32, 0600);
        CU_ASSERT_EQUAL(chown(path, 65534, (gid_t)-1), 0);
        expect_refused("belongs to user 65534");
    }
    end();
}

static void only_the_last_folder_is_made(void)
{
    struct qw_hash_key key;
    struct io_error error = {0};
    struct stat status;
    begin();
    snprintf(path, sizeof(path), "%s/a/secret", folder);
    CU_ASSERT_EQUAL(io_secret(path, &key, &error), QW_OK);
    unlink(path);
    snprintf(path, sizeof(path), "%s/a", folder);
    CU_ASSERT_TRUE(stat(path, &status) == 0 && (status.st_mode & 07777) == 0700);
    rmdir(path);
    snprintf(path, sizeof(path), "%s/a/b/secret", folder);
    CU_ASSERT_EQUAL(io_secret(path, &key, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "No such file or directory; secret = \"none\" does without"));
    end();
}

void secret_suite(void)
{
    static const struct test TESTS[] = {
        {"N16: a secret is made at the first start, for its user alone, and kept", it_is_made_once},
        {"N16: every bit of it counts", all_of_it_counts},
        {"N16: one that others may use is refused, with the command that mends it", others_must_not_use_it},
        {"N16: another size, owner or kind of file is refused, and one without a secret in it",
         it_must_be_one},
        {"N16: its folder is made, no other", only_the_last_folder_is_made},
    };
    TEST_SUITE("secret", TESTS);
}
