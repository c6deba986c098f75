/* The secret that is kept over restarts. */
#include "fail.h"
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_SIZE 32
#define WITHOUT "; secret = \"none\" does without"

typedef char path_text[CONFIG_PATH_MAX + 16];

static enum qw_error fail_system(struct io_error *error, const char *path, const char *what)
{
    return io_fail(error, QW_ERR_SYSTEM, "secret: cannot %s %s: %s" WITHOUT, what, path, strerror(errno));
}

static enum qw_error fail_file(struct io_error *error, const char *path, const char *why)
{
    return io_fail(error, QW_ERR_INVALID, "secret: %s %s" WITHOUT, path, why);
}

/* ---- reading ---- */

static enum qw_error judge(const char *path, const struct stat *status, struct io_error *error)
{
    if (!S_ISREG(status->st_mode))
        return fail_file(error, path, "is no plain file; allowed: a file of 32 bytes");
    if (status->st_uid != geteuid())
        return io_fail(
            error, QW_ERR_INVALID,
            "secret: %s belongs to user %u, and quicward runs as user %u; \"chown %u %s\" mends it" WITHOUT,
            path, status->st_uid, geteuid(), geteuid(), path);
    if (status->st_mode & 077)
        return io_fail(
            error, QW_ERR_INVALID,
            "secret: %s has mode %04o, so that others may use it; allowed: 0600 or 0400. \"chmod 600 %s\" "
            "mends it; if somebody may have read it, remove the file and start again" WITHOUT,
            path, status->st_mode & 07777, path);
    if (status->st_size != SECRET_SIZE)
        return io_fail(
            error, QW_ERR_INVALID,
            "secret: %s has %lld bytes; allowed: exactly 32. Without the file a new one is made" WITHOUT,
            path, (long long)status->st_size);
    return QW_OK;
}

static bool all_equal(const uint8_t bytes[static SECRET_SIZE])
{
    for (unsigned i = 1; i < SECRET_SIZE; i++)
        if (bytes[i] != bytes[0])
            return false;
    return true;
}

static enum qw_error read_bytes(int file, const char *path, uint8_t out[static SECRET_SIZE],
                                struct io_error *error)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return fail_system(error, path, "look at");
    enum qw_error code = judge(path, &status, error);
    if (code != QW_OK)
        return code;
    if (pread(file, out, SECRET_SIZE, 0) != SECRET_SIZE)
        return fail_system(error, path, "read");
    if (all_equal(out))
        return fail_file(
            error, path,
            "holds one byte again and again, and is no secret; without the file a new one is made");
    return QW_OK;
}

/* QW_ERR_NOT_FOUND when there is none. A link may lead to it: where it leads the file is judged. */
static enum qw_error read_file(const char *path, uint8_t out[static SECRET_SIZE], struct io_error *error)
{
    int file = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return QW_ERR_NOT_FOUND;
    if (file < 0)
        return fail_system(error, path, "open");
    enum qw_error code = read_bytes(file, path, out, error);
    close(file);
    return code;
}

/* ---- making ---- */

static bool fill(int file)
{
    uint8_t bytes[SECRET_SIZE];
    return getrandom(bytes, sizeof(bytes), 0) == (ssize_t)sizeof(bytes) &&
           write(file, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) && fsync(file) == 0;
}

static void make_folder(const char *path)
{
    path_text folder;
    snprintf(folder, sizeof(folder), "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash && slash != folder) {
        *slash = '\0';
        (void)!mkdir(folder, 0700); /* there already, or opening the file says what is wrong */
    }
}

/* Whole or not at all, also when the power goes; and nobody's who came first is replaced. */
static enum qw_error make_file(const char *path, struct io_error *error)
{
    path_text made;
    make_folder(path);
    snprintf(made, sizeof(made), "%s.XXXXXX", path);
    int file = mkostemp(made, O_CLOEXEC);
    if (file < 0)
        return fail_system(error, path, "make");
    enum qw_error code = fill(file) ? QW_OK : fail_system(error, path, "write");
    if (code == QW_OK && link(made, path) != 0 && errno != EEXIST)
        code = fail_system(error, path, "make");
    unlink(made);
    close(file);
    return code;
}

/* All of the bytes count, and none of them can be told from the key. */
static struct qw_hash_key key_of(const uint8_t bytes[static SECRET_SIZE])
{
    struct qw_hash_key half, key;
    uint8_t text[17];
    memcpy(&half, bytes, sizeof(half));
    half = (struct qw_hash_key){le64toh(half.k0), le64toh(half.k1)}; /* alike on every machine */
    memcpy(text, bytes + sizeof(half), 16);
    text[16] = 0;
    key.k0 = qw_hash24(half, text, sizeof(text));
    text[16] = 1;
    key.k1 = qw_hash24(half, text, sizeof(text));
    return key;
}

enum qw_error io_secret(const char *path, struct qw_hash_key *out, struct io_error *error)
{
    uint8_t bytes[SECRET_SIZE];
    enum qw_error code = read_file(path, bytes, error);
    if (code == QW_ERR_NOT_FOUND) {
        code = make_file(path, error);
        if (code == QW_OK)
            code = read_file(path, bytes, error);
        if (code == QW_ERR_NOT_FOUND)
            code = fail_file(error, path, "was removed while it was made");
    }
    if (code == QW_OK)
        *out = key_of(bytes);
    explicit_bzero(bytes, sizeof(bytes));
    return code;
}
