#include "process.h"
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

struct process_files {
    int stat;
    DIR *fds;
    double ticks, booted_s;
    uint64_t page, max_fds;
};

/* "btime SECONDS" of /proc/stat: when the machine was started, since 1970. */
static double boot_time(void)
{
    char line[256];
    double seconds = 0;
    FILE *file = fopen("/proc/stat", "re");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "btime %lf", &seconds) == 1)
            break;
    if (file)
        fclose(file);
    return seconds;
}

static uint64_t max_fds(void)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

struct process_files *process_open(void)
{
    struct process_files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    *files = (struct process_files){.stat = open("/proc/self/stat", O_RDONLY | O_CLOEXEC),
                                    .fds = opendir("/proc/self/fd"),
                                    .ticks = (double)sysconf(_SC_CLK_TCK),
                                    .booted_s = boot_time(),
                                    .page = (uint64_t)sysconf(_SC_PAGESIZE),
                                    .max_fds = max_fds()};
    if (files->stat >= 0 && files->fds)
        return files;
    process_close(files);
    return NULL;
}

void process_close(struct process_files *files)
{
    if (!files)
        return;
    if (files->stat >= 0)
        close(files->stat);
    if (files->fds)
        closedir(files->fds);
    free(files);
}

static uint64_t count_fds(DIR *fds)
{
    uint64_t count = 0;
    const struct dirent *entry;
    rewinddir(fds);
    while ((entry = readdir(fds)))
        count += entry->d_name[0] != '.';
    return count;
}

/* proc(5): the name, field 2, may have any bytes, so fields are counted behind its last parenthesis. Fields
 * 14, 15, 20, 22, 23 and 24 are read. */
static bool read_fields(const char *text, const struct process_files *files, struct metrics_process *out)
{
    uint64_t user, system, began, resident;
    const char *rest = strrchr(text, ')');
    if (!rest || sscanf(rest + 1,
                        " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64
                        " %*d %*d %*d %*d %" SCNu64 " %*d %" SCNu64 " %" SCNu64 " %" SCNu64,
                        &user, &system, &out->threads, &began, &out->virtual, &resident) != 6)
        return false;
    out->cpu_s = (double)(user + system) / files->ticks;
    out->start_s = files->booted_s + (double)began / files->ticks;
    out->resident = resident * files->page;
    return true;
}

void process_read(struct process_files *files, struct metrics_process *out)
{
    char text[1024];
    *out = (struct metrics_process){0};
    ssize_t len = files ? pread(files->stat, text, sizeof text - 1, 0) : -1;
    if (len <= 0)
        return;
    text[len] = '\0';
    out->known = read_fields(text, files, out);
    out->open_fds = count_fds(files->fds);
    out->max_fds = files->max_fds;
}
