#include "rules_helper.h"
#include "fail.h"
#include "rules_helper_main.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <quicward/base/log.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 5000 /* that an answer may come after a script's own time */
#define FILE_MS 2000
#define END_TRIES 100 /* of END_PAUSE_NS each */
#define END_PAUSE_NS (10 * (long)QW_NS_PER_MS)

struct io_helper {
    pid_t pid; /* 0: it ended, and was waited for */
    int channel;
};

/* One daemon a process, which has one helper: whatever runs scripts, anywhere in this room, uses it. Set
 * before there are threads. */
static int helper_channel = -1;

bool rules_helper_here(void)
{
    return helper_channel >= 0;
}

/* ---- asking ---- */

static bool readable(int fd, uint64_t ms, struct qw_time begun)
{
    uint64_t passed = qw_time_since(io_now(), begun) / QW_NS_PER_MS;
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    return passed < ms && (poll(&ready, 1, (int)(ms - passed)) > 0 || errno == EINTR);
}

static bool read_answer(int from, uint64_t ms, struct qw_time begun, struct helper_answer *answer, int *fd)
{
    int fds[HELPER_FDS];
    unsigned count = 0;
    bool whole = readable(from, ms, begun) &&
                 helper_receive(from, answer, sizeof(*answer), fds, &count) == (ssize_t)sizeof(*answer);
    if (count > 0 && fd)
        *fd = fds[0];
    for (unsigned i = fd ? 1 : 0; i < count; i++)
        close(fds[i]);
    return whole;
}

static bool read_said(int from, uint64_t ms, struct qw_time begun, size_t len, char *said)
{
    size_t have = 0;
    while (have < len && readable(from, ms, begun)) {
        ssize_t got = recv(from, said + have, len - have, 0);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        have += got > 0 ? (size_t)got : 0;
    }
    said[have] = '\0';
    return have == len;
}

/* The socket that the answer comes from; -1: nobody is asked. A helper that hangs must not stop a thread. */
static int ask(const struct helper_request *request, int lock, int stop)
{
    int ends[2], fds[HELPER_FDS];
    unsigned count = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return -1;
    fds[count++] = ends[1];
    if (request->has_lock)
        fds[count++] = lock;
    if (request->has_stop)
        fds[count++] = stop;
    bool sent = helper_send(helper_channel, request, sizeof(*request), fds, count, MSG_DONTWAIT);
    close(ends[1]);
    if (sent)
        return ends[0];
    close(ends[0]);
    return -1;
}

static pthread_mutex_t external_lock = PTHREAD_MUTEX_INITIALIZER;
static struct helper_request external; /* only what a reload may change */

void rules_helper_external(const struct config *config)
{
    pthread_mutex_lock(&external_lock);
    memcpy(external.external, config->external, sizeof(external.external));
    memcpy(external.external_uplink, config->external_uplink, sizeof(external.external_uplink));
    external.external_count = config->external_count;
    external.masquerade = config->nat_masquerade;
    external.except_count = config->nat_except.count;
    if (config->nat_except.count > 0)
        memcpy(external.except, config->nat_except.list, config->nat_except.count * sizeof(*external.except));
    pthread_mutex_unlock(&external_lock);
}

static void put_external(struct helper_request *request)
{
    pthread_mutex_lock(&external_lock);
    memcpy(request->external, external.external, sizeof(request->external));
    memcpy(request->external_uplink, external.external_uplink, sizeof(request->external_uplink));
    request->external_count = external.external_count;
    request->masquerade = external.masquerade;
    memcpy(request->except, external.except, sizeof(request->except));
    request->except_count = external.except_count;
    pthread_mutex_unlock(&external_lock);
}

int rules_helper_run(const struct rules_job *job, int lock, unsigned ms, int stop, char *said, size_t size)
{
    struct helper_request request = {.file = RULES_FILE_COUNT,
                                     .job = *job,
                                     .ms = ms,
                                     .size = size < HELPER_SAID_MAX ? (uint32_t)size : HELPER_SAID_MAX,
                                     .has_lock = lock >= 0,
                                     .has_stop = stop >= 0};
    struct helper_answer answer = {0};
    struct qw_time begun = io_now();
    uint64_t patience = (uint64_t)ms + GRACE_MS;
    said[0] = '\0';
    put_external(&request);
    int from = ask(&request, lock, stop);
    if (from < 0)
        return RULES_RUN_GONE;
    bool whole = read_answer(from, patience, begun, &answer, NULL) && answer.len < size &&
                 read_said(from, patience, begun, answer.len, said);
    close(from);
    return whole ? answer.status : RULES_RUN_GONE;
}

/* ---- files ---- */

static int ask_for_file(enum rules_file file)
{
    const struct helper_request request = {.file = file, .size = 1};
    struct helper_answer answer = {0};
    int fd = -1, from = ask(&request, -1, -1);
    if (from < 0)
        return -1;
    read_answer(from, FILE_MS, io_now(), &answer, &fd);
    close(from);
    return fd;
}

enum { FILE_UNKNOWN = 0, FILE_REFUSED = -1 }; /* else the descriptor: 0 is none that the helper sends */

/* What the helper opened is kept: it is read several times a second. Nobody is asked for what is not there.
 */
static int open_once(enum rules_file file)
{
    static atomic_int opened[RULES_FILE_COUNT];
    int fd = atomic_load(&opened[file]), none = FILE_UNKNOWN;
    if (fd != FILE_UNKNOWN || !rules_helper_here())
        return fd == FILE_UNKNOWN ? FILE_REFUSED : fd;
    if (access(RULES_FILE_PATHS[file], F_OK) != 0)
        return FILE_REFUSED;
    fd = ask_for_file(file);
    if (atomic_compare_exchange_strong(&opened[file], &none, fd >= 0 ? fd : FILE_REFUSED))
        return fd;
    if (fd >= 0)
        close(fd);
    return none;
}

static size_t read_from(int fd, char *out, size_t size)
{
    size_t len = 0;
    for (ssize_t got = 1; fd >= 0 && got > 0 && len + 1 < size; len += got > 0 ? (size_t)got : 0)
        got = pread(fd, out + len, size - 1 - len, (off_t)len);
    out[len] = '\0';
    return len;
}

size_t rules_file_read(enum rules_file file, char *out, size_t size)
{
    if (geteuid() != 0 && rules_helper_here())
        return read_from(open_once(file), out, size);
    int fd = open(RULES_FILE_PATHS[file], O_RDONLY | O_CLOEXEC);
    size_t len = read_from(fd, out, size);
    if (fd >= 0)
        close(fd);
    return len;
}

/* ---- life ---- */

/* Nothing of the daemon's may stay open here but its log. */
static _Noreturn void run(int channel, const struct config *config)
{
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (dup2(channel, 3) == 3 && dup2(nowhere, 0) == 0 && dup2(nowhere, 1) == 1) {
        close_range(4, ~0u, 0);
        fcntl(3, F_SETFD, FD_CLOEXEC);
        helper_main(3, config);
    }
    _exit(0);
}

enum qw_error io_helper_start(const struct config *config, struct io_helper **out, struct io_error *error)
{
    int ends[2];
    struct io_helper *helper = calloc(1, sizeof(*helper));
    *out = NULL;
    if (!helper)
        return QW_ERR_NO_MEMORY;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(helper);
        return io_fail(error, QW_ERR_SYSTEM, "helper: no sockets: %s", strerror(errno));
    }
    helper->channel = ends[0];
    helper->pid = fork();
    if (helper->pid == 0)
        run(ends[1], config);
    int problem = errno;
    close(ends[1]);
    if (helper->pid < 0) {
        close(ends[0]);
        free(helper);
        return io_fail(error, QW_ERR_SYSTEM, "helper: cannot be started: %s", strerror(problem));
    }
    helper_channel = helper->channel;
    *out = helper;
    return QW_OK;
}

static bool has_ended(struct io_helper *helper)
{
    if (helper->pid > 0 && waitpid(helper->pid, NULL, WNOHANG) != 0)
        helper->pid = 0;
    return helper->pid == 0;
}

void io_helper_look(struct io_helper *helper)
{
    if (!helper || helper->pid == 0 || !has_ended(helper))
        return;
    struct rules_job job = {.script = RULES_SCRIPT_COUNT - 1};
    struct helper_request request = {.file = RULES_FILE_QUEUES, .job = job, .size = 1};
    int from = ask(&request, -1, -1);
    if (from >= 0) { /* its child answers still */
        close(from);
        qw_log(QW_LOG_WARNING, "the process that watches over the tools of the kernel rules was killed; to "
                               "start it again, use quicward run --take-over or restart the daemon");
        return;
    }
    qw_log(QW_LOG_ERROR, "the process that runs the tools of the kernel rules has ended: kernel rules that "
                         "another program changes are not restored; use quicward run --take-over or restart "
                         "the daemon");
}

/* It ends with the channel. One that was stopped by somebody is killed. */
void io_helper_stop(struct io_helper *helper)
{
    static const struct timespec PAUSE = {.tv_nsec = END_PAUSE_NS};
    if (!helper)
        return;
    helper_channel = -1;
    close(helper->channel);
    for (unsigned i = 0; i < END_TRIES && !has_ended(helper); i++)
        nanosleep(&PAUSE, NULL);
    if (!has_ended(helper)) {
        kill(helper->pid, SIGKILL);
        while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR)
            continue;
    }
    free(helper);
}
