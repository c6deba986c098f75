#include "cluster_store.h"
#include "measure.h"
#include "record.h"
#include <dirent.h>
#include <hiredis/hiredis.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SITE "bench"

/* ---- commands ---- */

static redisReply *ask(struct cluster_store *store, const char *format, ...)
{
    va_list words;
    va_start(words, format);
    redisReply *reply = redisvCommand(store->redis, format, words);
    va_end(words);
    bench_require(reply && reply->type != REDIS_REPLY_ERROR, "an answer of Redis");
    return reply;
}

void cluster_store_open(struct cluster_store *store, const char *folder, const char *name)
{
    char pid[128];
    snprintf(store->path, sizeof store->path, "%s/%s.sock", folder, name);
    snprintf(pid, sizeof pid, "%s/%s.pid", folder, name);
    FILE *file = fopen(pid, "r");
    bench_require(file && fscanf(file, "%d", &store->process) == 1, "the process of a Redis");
    fclose(file);
    store->redis = redisConnectUnix(store->path);
    bench_require(store->redis && !store->redis->err, "a connection to Redis");
}

void cluster_store_close(struct cluster_store *store)
{
    redisFree(store->redis);
}

void cluster_store_lose(struct cluster_store *store)
{
    freeReplyObject(ask(store, "CLIENT KILL TYPE normal SKIPME yes"));
    freeReplyObject(ask(store, "FLUSHALL"));
}

bool cluster_store_has(struct cluster_store *store, const char *name, struct cluster_place place)
{
    unsigned at = place.slot * RECORD_SIZE;
    redisReply *reply = ask(store, "GETRANGE qw:" SITE ":%s:s:%u %u %u", name, place.shard, at, at);
    bool has = reply->type == REDIS_REPLY_STRING && reply->len == 1 && reply->str[0] == RECORD_VERSION;
    freeReplyObject(reply);
    return has;
}

uint64_t cluster_store_records(struct cluster_store *store, const char *name, struct engine_mirror_size size)
{
    uint64_t records = 0;
    for (uint32_t shard = 0; shard < size.shards; shard++) {
        redisReply *reply = ask(store, "GET qw:" SITE ":%s:s:%u", name, shard);
        for (size_t at = 0; reply->type == REDIS_REPLY_STRING && at + RECORD_SIZE <= (size_t)reply->len;
             at += RECORD_SIZE)
            records += reply->str[at] == RECORD_VERSION;
        freeReplyObject(reply);
    }
    return records;
}

double cluster_store_memory(struct cluster_store *store)
{
    redisReply *reply = ask(store, "INFO memory");
    const char *line = strstr(reply->str, "used_memory:");
    double bytes = line ? atof(line + strlen("used_memory:")) : 0;
    freeReplyObject(reply);
    return bytes;
}

/* ---- processes and threads ---- */

void cluster_store_hang(struct cluster_store *store, bool hangs)
{
    bench_require(kill(store->process, hangs ? SIGSTOP : SIGCONT) == 0, "a signal to a Redis");
}

/* The first figure: nanoseconds on a core. */
static uint64_t read_schedstat(const char *path)
{
    unsigned long long ns;
    FILE *file = fopen(path, "r");
    bench_require(file && fscanf(file, "%llu", &ns) == 1, path);
    fclose(file);
    return ns;
}

uint64_t cluster_store_cpu(const struct cluster_store *store)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/schedstat", store->process);
    return read_schedstat(path);
}

uint64_t cluster_thread_cpu(int thread)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/schedstat", thread);
    return read_schedstat(path);
}

void cluster_goes_first(int thread, bool first)
{
    const struct sched_param priority = {.sched_priority = first ? 1 : 0};
    bench_require(sched_setscheduler(thread, first ? SCHED_FIFO : SCHED_OTHER, &priority) == 0, "SCHED_FIFO");
}

struct cluster_threads cluster_threads(void)
{
    struct cluster_threads all = {.count = 0};
    DIR *threads = opendir("/proc/self/task");
    bench_require(threads != NULL, "/proc/self/task");
    for (const struct dirent *entry; (entry = readdir(threads));)
        if (entry->d_name[0] != '.') {
            bench_require(all.count < CLUSTER_THREADS, "few threads");
            all.ids[all.count++] = atoi(entry->d_name);
        }
    closedir(threads);
    return all;
}

static bool has_thread(const struct cluster_threads *all, int thread)
{
    for (unsigned i = 0; i < all->count; i++)
        if (all->ids[i] == thread)
            return true;
    return false;
}

int cluster_new_thread(const struct cluster_threads *before)
{
    struct cluster_threads now = cluster_threads();
    for (unsigned i = 0; i < now.count; i++)
        if (!has_thread(before, now.ids[i]))
            return now.ids[i];
    bench_die("a thread that is new");
}
