/* Stores in files: who may have one, and what is believed of what is found. */
#include "layout.h"
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRIES 8 /* another process may put a new file in the place of the one that was opened */

typedef char path_text[STORE_PATH_MAX + 16];

static char *beside(const char *path, const char *suffix, path_text out)
{
    snprintf(out, sizeof(path_text), "%s%s", path, suffix);
    return out;
}

__attribute__((format(printf, 3, 4))) static enum qw_error fail(struct store_error *error, enum qw_error code,
                                                                const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
    return code;
}

static enum qw_error fail_system(struct store_error *error, const char *path, const char *what)
{
    return fail(error, QW_ERR_SYSTEM, "%.300s: cannot %s: %s", path, what, strerror(errno));
}

static struct store *blank(const char *path, struct store_error *error, enum qw_error *code)
{
    struct store *store = NULL;
    if (strlen(path) >= STORE_PATH_MAX)
        *code = fail(error, QW_ERR_INVALID, "%.300s...: the path is too long", path);
    else if (!(store = calloc(1, sizeof *store)))
        *code = fail(error, QW_ERR_NO_MEMORY, "%.300s: out of memory", path);
    else {
        store->fd = -1;
        snprintf(store->path, sizeof store->path, "%s", path);
        *code = QW_OK;
    }
    return store;
}

/* ---- what was left ---- */

/* NULL when the file may be read, else why not. Others could have written what is in it. */
static const char *stranger(const struct stat *status)
{
    if (!S_ISREG(status->st_mode))
        return "it is no plain file";
    if (status->st_uid != geteuid())
        return "it belongs to another user";
    if (status->st_mode & 077)
        return "others than its owner may use it";
    return NULL;
}

/* What is not believed is kept for whoever looks into it, and is not in the way of the next start. */
static enum qw_error refuse(const struct store *store, const char *why, struct store_error *error)
{
    path_text aside;
    if (rename(store->path, beside(store->path, ".refused", aside)) != 0)
        return fail_system(error, store->path, "move it aside");
    return fail(error, QW_ERR_INVALID, "%.200s: not used, because %s; moved to %.200s", store->path, why,
                aside);
}

/* Whether the file that was opened still has that name: another process may have moved it meanwhile. */
static bool still_there(const char *path, int fd)
{
    struct stat here, there;
    return fstat(fd, &here) == 0 && lstat(path, &there) == 0 && here.st_dev == there.st_dev &&
           here.st_ino == there.st_ino;
}

/* Opens and locks what is at the path. A link or a folder is no file of ours: it is told by lstat, for
 * opening it fails. */
static enum qw_error open_locked(struct store *store, struct store_error *error)
{
    for (unsigned tries = 0; tries < TRIES; tries++) {
        struct stat status;
        if (lstat(store->path, &status) != 0)
            return errno == ENOENT ? QW_ERR_NOT_FOUND : fail_system(error, store->path, "look at it");
        const char *why = stranger(&status);
        if (why)
            return refuse(store, why, error);
        store->fd = open(store->path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (store->fd < 0 && errno == ENOENT)
            continue;
        if (store->fd < 0)
            return fail_system(error, store->path, "open it");
        if (flock(store->fd, LOCK_EX | LOCK_NB) != 0)
            return fail(error, QW_ERR_FULL, "%.300s: another process has it", store->path);
        if (still_there(store->path, store->fd))
            return QW_OK;
        close(store->fd);
        store->fd = -1;
    }
    return fail(error, QW_ERR_FULL, "%.300s: other processes change it all the time", store->path);
}

/* QW_OK, and why it is not believed, NULL when it is. */
static enum qw_error read_header(struct store *store, uint64_t size, const char **why,
                                 struct store_error *error)
{
    _Alignas(struct header) uint8_t bytes[sizeof(struct header)];
    ssize_t got = pread(store->fd, bytes, sizeof bytes, 0);
    if (got < 0)
        return fail_system(error, store->path, "read it");
    *why = header_read(bytes, (size_t)got, size, &store->header);
    return QW_OK;
}

static enum qw_error map(struct store *store, int protection, struct store_error *error)
{
    void *memory = mmap(NULL, store->header.size, protection, MAP_SHARED, store->fd, 0);
    if (memory == MAP_FAILED)
        return fail(error, QW_ERR_NO_MEMORY, "%.300s: cannot map it: %s", store->path, strerror(errno));
    store->memory = memory;
    store->size = store->header.size;
    return QW_OK;
}

static enum qw_error take_over(struct store *store, const struct store_boot *boot, struct store_error *error)
{
    struct stat status;
    enum qw_error code = open_locked(store, error);
    if (code != QW_OK)
        return code;
    if (fstat(store->fd, &status) != 0)
        return fail_system(error, store->path, "look at it");
    const char *why = stranger(&status);
    if (why)
        return refuse(store, why, error);
    code = read_header(store, (uint64_t)status.st_size, &why, error);
    if (code == QW_OK && !why)
        why = header_boot_fault(&store->header, boot);
    if (code == QW_OK && why)
        return refuse(store, why, error);
    return code == QW_OK ? map(store, PROT_READ, error) : code;
}

enum qw_error store_open(const char *path, const struct store_boot *boot, struct store **out,
                         struct store_error *error)
{
    enum qw_error code;
    struct store *store = blank(path, error, &code);
    *out = NULL;
    if (!store)
        return code;
    code = take_over(store, boot, error);
    if (code == QW_OK)
        *out = store;
    else
        store_free(store);
    return code;
}

/* ---- for whoever looks into it ---- */

static enum qw_error look(struct store *store, struct store_error *error)
{
    struct stat status;
    store->fd = open(store->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (store->fd < 0 || fstat(store->fd, &status) != 0)
        return fail_system(error, store->path, "open it");
    if (!S_ISREG(status.st_mode))
        return fail(error, QW_ERR_INVALID, "%.300s: it is no plain file", store->path);
    const char *why = NULL;
    enum qw_error code = read_header(store, (uint64_t)status.st_size, &why, error);
    if (code == QW_OK && why)
        return fail(error, QW_ERR_INVALID, "%.300s: %s", store->path, why);
    return code == QW_OK ? map(store, PROT_READ, error) : code;
}

enum qw_error store_look(const char *path, struct store **out, struct store_error *error)
{
    enum qw_error code;
    struct store *store = blank(path, error, &code);
    *out = NULL;
    if (!store)
        return code;
    code = look(store, error);
    if (code == QW_OK)
        *out = store;
    else
        store_free(store);
    return code;
}

/* ---- a new one ---- */

/* One that a crash left is taken: nobody has it locked. */
static enum qw_error make_file(struct store *store, const char *path, struct store_error *error)
{
    store->fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    if (store->fd < 0)
        return fail_system(error, path, "make it");
    if (flock(store->fd, LOCK_EX | LOCK_NB) != 0 || !still_there(path, store->fd))
        return fail(error, QW_ERR_FULL, "%.300s: another process is making it", path);
    store->unpublished = true;
    struct stat status;
    if (fstat(store->fd, &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != geteuid())
        return fail(error, QW_ERR_SYSTEM, "%.300s: is no plain file of ours", path);
    if (fchmod(store->fd, 0600) != 0 || ftruncate(store->fd, 0) != 0)
        return fail_system(error, path, "empty it");
    return QW_OK;
}

/* All of its space at once: what is mapped and has no room on the disk would end the process when it is
 * written. */
static enum qw_error take_space(struct store *store, const char *path, struct store_error *error)
{
    errno = posix_fallocate(store->fd, 0, (off_t)store->header.size);
    if (errno != 0)
        return fail_system(error, path, "take space for it");
    return map(store, PROT_READ | PROT_WRITE, error);
}

static enum qw_error fill(struct store *store, const struct store_plan *plan, struct store_error *error)
{
    path_text path;
    if (header_make(plan, &store->header) != QW_OK)
        return fail(error, QW_ERR_INVALID, "%.300s: its sizes are too large", store->path);
    enum qw_error code = make_file(store, beside(store->path, ".new", path), error);
    if (code == QW_OK)
        code = take_space(store, path, error);
    if (code == QW_OK)
        header_write(store);
    return code;
}

enum qw_error store_create(const char *path, const struct store_plan *plan, struct store **out,
                           struct store_error *error)
{
    enum qw_error code;
    struct store *store = blank(path, error, &code);
    *out = NULL;
    if (!store)
        return code;
    code = fill(store, plan, error);
    if (code == QW_OK)
        *out = store;
    else
        store_free(store);
    return code;
}

void store_unlock(const struct store *store)
{
    if (store->fd >= 0)
        flock(store->fd, LOCK_UN);
}

void store_discard(const struct store *store)
{
    path_text path;
    unlink(beside(store->path, ".new", path));
}

/* Without an old file nothing may be there: link tells, where rename would take another's place. */
static int take_place(const struct store *store, const char *made, const struct store *before)
{
    if (before && !still_there(before->path, before->fd)) {
        errno = EEXIST;
        return -1;
    }
    if (before)
        return rename(made, store->path);
    return link(made, store->path) == 0 ? unlink(made) : -1;
}

enum qw_error store_publish(struct store *store, const struct store *before, struct store_error *error)
{
    path_text made;
    if (take_place(store, beside(store->path, ".new", made), before) == 0) {
        store->unpublished = false;
        return QW_OK;
    }
    if (errno == EEXIST)
        return fail(error, QW_ERR_FULL, "%.300s: another process put one there", store->path);
    return fail_system(error, store->path, "put it in its place");
}
