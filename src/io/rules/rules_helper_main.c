#include "rules_helper_main.h"
#include <errno.h>
#include <fcntl.h>
#include <quicward/base/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AGAIN_US 100000 /* between two starts: a machine without memory for it is not kept busy */

const char *const RULES_FILE_PATHS[RULES_FILE_COUNT] = {
    [RULES_FILE_QUEUES] = "/proc/self/net/netfilter/nfnetlink_queue",
    [RULES_FILE_TABLES4] = "/proc/self/net/ip_tables_names",
    [RULES_FILE_TABLES6] = "/proc/self/net/ip6_tables_names",
};

/* ---- messages with descriptors ---- */

union helper_rights {
    struct cmsghdr aligned;
    char bytes[CMSG_SPACE(HELPER_FDS * sizeof(int))];
};

bool helper_send(int to, const void *bytes, size_t len, const int *fds, unsigned count, int flags)
{
    union helper_rights control = {0};
    struct iovec piece = {(void *)(uintptr_t)bytes, len};
    struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
    if (count > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
        *rights = (struct cmsghdr){
            .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(count * sizeof(int))};
        memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
    }
    return sendmsg(to, &message, MSG_NOSIGNAL | flags) == (ssize_t)len;
}

ssize_t helper_receive(int from, void *bytes, size_t len, int fds[static HELPER_FDS], unsigned *count)
{
    union helper_rights control;
    struct iovec piece = {bytes, len};
    struct msghdr message = {.msg_iov = &piece,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof(control.bytes)};
    ssize_t got;
    do
        got = recvmsg(from, &message, MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    *count = 0;
    const struct cmsghdr *rights = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (rights && rights->cmsg_level == SOL_SOCKET && rights->cmsg_type == SCM_RIGHTS) {
        *count = (unsigned)((rights->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds, CMSG_DATA(rights), *count * sizeof(int));
    }
    return got;
}

/* ---- one request, in a process of its own ---- */

static void send_all(int to, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(to, bytes, len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= (size_t)sent;
    }
}

/* Addresses and a switch: they are printed as numbers, so nothing else can be put into a script by them.
 * `request` outlives the answer. */
static struct config asked_for(struct helper_request *request, const struct config *config)
{
    struct config now = *config;
    if (request->external_count == 0 || request->external_count > CONFIG_EXTERNAL_MAX ||
        request->except_count > CONFIG_EXCEPT_MAX)
        return now;
    memcpy(now.external, request->external, sizeof(now.external));
    for (unsigned i = 0; i < CONFIG_EXTERNAL_MAX; i++)
        now.external_uplink[i] =
            request->external_uplink[i] <= now.outside.count ? request->external_uplink[i] : 0;
    now.external_count = request->external_count;
    now.nat_masquerade = request->masquerade != 0;
    now.nat_except = (struct config_prefixes){request->except_count, request->except};
    return now;
}

/* The script has the lock too: it goes on when daemon and helper are killed. */
static void answer_job(struct helper_request *request, const struct config *config, int to, int lock,
                       int stop)
{
    char *said = malloc(request->size);
    struct helper_answer answer = {.status = RULES_RUN_FAILED};
    if (lock >= 0)
        fcntl(lock, F_SETFD, 0);
    if (said) {
        const struct config now = asked_for(request, config);
        said[0] = '\0';
        answer.status = rules_job_run(&request->job, &now, -1, request->ms, stop, said, request->size);
        answer.len = (uint32_t)strlen(said);
    }
    if (helper_send(to, &answer, sizeof(answer), NULL, 0, 0))
        send_all(to, said, answer.len);
    free(said);
}

static void answer_file(enum rules_file file, int to)
{
    int fd = open(RULES_FILE_PATHS[file], O_RDONLY | O_CLOEXEC);
    const struct helper_answer answer = {.status = fd >= 0 ? 0 : RULES_RUN_FAILED};
    helper_send(to, &answer, sizeof(answer), &fd, fd >= 0, 0);
}

static bool can_be(const struct helper_request *request, unsigned count)
{
    return request->file <= RULES_FILE_COUNT && request->job.script < RULES_SCRIPT_COUNT &&
           request->size > 0 && request->size <= HELPER_SAID_MAX &&
           count == 1u + (request->has_lock == 1) + (request->has_stop == 1);
}

static _Noreturn void answer(struct helper_request *request, const struct config *config, const int *fds)
{
    prctl(PR_SET_NAME, "qw-script");
    signal(SIGCHLD, SIG_DFL);
    if (request->file < RULES_FILE_COUNT)
        answer_file((enum rules_file)request->file, fds[0]);
    else
        answer_job(request, config, fds[0], request->has_lock ? fds[1] : -1,
                   request->has_stop ? fds[1 + request->has_lock] : -1);
    _exit(0);
}

/* ---- all of them ---- */

/* False at the end of the channel. */
static bool take_request(int channel, const struct config *config)
{
    struct helper_request request = {0};
    int fds[HELPER_FDS];
    unsigned count;
    ssize_t got = helper_receive(channel, &request, sizeof(request), fds, &count);
    if (got == (ssize_t)sizeof(request) && can_be(&request, count) && fork() == 0) {
        close(channel);
        answer(&request, config, fds);
    }
    for (unsigned i = 0; i < count; i++)
        close(fds[i]);
    return got > 0;
}

static _Noreturn void serve(int channel, const struct config *config)
{
    prctl(PR_SET_NAME, "qw-rules");
    signal(SIGCHLD, SIG_IGN); /* who answers is nobody's to wait for */
    while (take_request(channel, config))
        continue;
    _exit(0);
}

void helper_main(int channel, const struct config *config)
{
    int status;
    prctl(PR_SET_NAME, "qw-helper");
    for (;;) {
        pid_t pid = fork();
        if (pid == 0)
            serve(channel, config);
        while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
        if (pid > 0 && WIFEXITED(status))
            return;
        qw_log(QW_LOG_WARNING, "the process that runs the tools of the kernel rules %s; it is started again",
               pid > 0 ? "was killed" : "could not be started");
        usleep(AGAIN_US);
    }
}
