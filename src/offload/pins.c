#include "pins.h"
#include "kernel.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPFFS 0xcafe4a11L /* linux/magic.h */
#define FOLDER_MODE 0700
#define GIVEN_MODE 0750

static const char *const KINDS[] = {"xdp", "tc", "filter"};

/* ---- names ---- */

/* Through the open folder: those above it may be closed to the daemon's user. */
void pins_path(const struct offload_pins *pins, const char *name, char out[static PINS_PATH_MAX])
{
    snprintf(out, PINS_PATH_MAX, "/proc/self/fd/%d/%s", pins->folder, name);
}

void pins_link_name(const char *kind, uint32_t ifindex, char out[static PINS_NAME_MAX])
{
    snprintf(out, PINS_NAME_MAX, "%s-%u", kind, (unsigned)ifindex);
}

bool pins_link_read(const char *name, const char **kind, uint32_t *ifindex)
{
    char *end;
    const char *number = strchr(name, '-');
    size_t len = number ? (size_t)(number - name) : 0;
    for (unsigned i = 0; i < sizeof KINDS / sizeof KINDS[0]; i++)
        if (len > 0 && len == strlen(KINDS[i]) && memcmp(name, KINDS[i], len) == 0) {
            *kind = KINDS[i];
            *ifindex = (uint32_t)strtoul(number + 1, &end, 10);
            return number[1] != '\0' && *end == '\0';
        }
    return false;
}

/* ---- the folder ---- */

static struct offload_pins *refuse(struct offload_pins *pins, char error[static OFFLOAD_ERROR_MAX],
                                   const char *path, const char *why)
{
    snprintf(error, OFFLOAD_ERROR_MAX, "%.180s: %s", path, why);
    offload_pins_close(pins);
    return NULL;
}

static bool is_bpffs(int folder)
{
    struct statfs status;
    return fstatfs(folder, &status) == 0 && (long)status.f_type == BPFFS;
}

/* Whoever may write there decides where packets go: only root and the daemon's user. */
static bool is_closed(int folder, uid_t user)
{
    struct stat status;
    return fstat(folder, &status) == 0 && (status.st_uid == user || status.st_uid == 0) &&
           !(status.st_mode & (S_IWGRP | S_IWOTH));
}

/* The group stays root's, who has to open it again: under systemd without CAP_DAC_OVERRIDE. */
static bool give(int folder, uid_t user)
{
    struct stat status;
    if (fstat(folder, &status) != 0)
        return false;
    return status.st_uid == user || (fchmod(folder, GIVEN_MODE) == 0 && fchown(folder, user, (gid_t)-1) == 0);
}

static bool enter(struct offload_pins *pins, const char *path, const struct offload_pins_for *who)
{
    if (who->make)
        (void)!mkdir(path, FOLDER_MODE);
    pins->above = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (pins->above >= 0 && who->make)
        (void)!mkdirat(pins->above, pins->name, FOLDER_MODE);
    if (pins->above >= 0)
        pins->folder = openat(pins->above, pins->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return pins->folder >= 0;
}

struct offload_pins *offload_pins_open(const char *path, const struct offload_pins_for *who,
                                       char error[static OFFLOAD_ERROR_MAX])
{
    struct offload_pins *pins = malloc(sizeof *pins);
    error[0] = '\0';
    if (!pins)
        return refuse(pins, error, path, "out of memory");
    *pins = (struct offload_pins){.above = -1, .folder = -1, .left = {-1, -1}};
    snprintf(pins->name, sizeof pins->name, "%s", who->instance);
    if (!enter(pins, path, who)) {
        int problem = errno;
        refuse(pins, error, path, strerror(problem));
        if (!who->make && problem == ENOENT)
            error[0] = '\0';
        return NULL;
    }
    if (!is_bpffs(pins->folder))
        return refuse(pins, error, path, "is on no bpffs, as \"mount -t bpf bpf /sys/fs/bpf\" makes one");
    if (!is_closed(pins->above, who->user) || !is_closed(pins->folder, who->user))
        return refuse(pins, error, path, "others than root may write there");
    if (!give(pins->folder, who->user))
        return refuse(pins, error, path, strerror(errno));
    return pins;
}

void offload_pins_close(struct offload_pins *pins)
{
    if (!pins)
        return;
    const int all[] = {pins->left[0], pins->left[1], pins->folder, pins->above};
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] >= 0)
            close(all[i]);
    free(pins);
}

bool pins_lock(const struct offload_pins *pins)
{
    return flock(pins->folder, LOCK_EX | LOCK_NB) == 0;
}

void pins_unlock(const struct offload_pins *pins)
{
    flock(pins->folder, LOCK_UN);
}

bool pins_has(const struct offload_pins *pins, const char *name)
{
    return faccessat(pins->folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void pins_drop(const struct offload_pins *pins, const char *name)
{
    unlinkat(pins->folder, name, 0);
}

void pins_all(const struct offload_pins *pins, pins_each *each, void *context)
{
    int again = openat(pins->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *listing = again >= 0 ? fdopendir(again) : NULL;
    if (!listing) {
        if (again >= 0)
            close(again);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(listing));)
        if (entry->d_name[0] != '.')
            each(context, entry->d_name);
    closedir(listing);
}

/* ---- all of it goes ---- */

struct clearing {
    const struct offload_pins *pins;
    bool links; /* only these */
    unsigned left;
};

static void clear_one(void *context, const char *name)
{
    struct clearing *clearing = context;
    const char *kind;
    uint32_t ifindex;
    bool link = pins_link_read(name, &kind, &ifindex);
    if (clearing->links && !link)
        return;
    if (link && strcmp(kind, "filter") == 0)
        kernel_drop_filter(ifindex);
    clearing->left += unlinkat(clearing->pins->folder, name, 0) != 0;
}

/* Links first: nothing may forward by what is half gone. The last look counts what stays. */
bool pins_clear(const struct offload_pins *pins)
{
    struct clearing links = {pins, true, 0}, all = {pins, false, 0}, rest = {pins, false, 0};
    pins_all(pins, clear_one, &links);
    pins_all(pins, clear_one, &all);
    pins_all(pins, clear_one, &rest);
    return rest.left == 0;
}

void pins_remove(const struct offload_pins *pins)
{
    if (pins_clear(pins))
        unlinkat(pins->above, pins->name, AT_REMOVEDIR); /* in vain where the user may not: it is empty */
}

bool offload_pins_clear(struct offload_pins *pins)
{
    if (!pins_lock(pins))
        return false;
    bool gone = pins_clear(pins);
    pins_remove(pins);
    pins_unlock(pins);
    return gone;
}
