#include "stand_in.h"
#include "kernel_rules.h"
#include "privileges.h"
#include "stand_in_main.h"
#include <errno.h>
#include <quicward/base/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEATS_SIZE (CONFIG_WORKERS_MAX * sizeof(struct stand_in_beat))

/* Nothing of the daemon's may stay open here: a socket or a pipe would outlive the daemon. */
static _Noreturn void run(int channel, const struct stand_in_beat *beats)
{
    prctl(PR_SET_NAME, "qw-stand-in");
    if (dup2(channel, 0) == 0) {
        close_range(1, ~0u, 0);
        privileges_keep_net();
        stand_in_main(0, beats);
    }
    _exit(0);
}

static bool spawn(struct stand_in *stand_in)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        return false;
    stand_in->channel = ends[0];
    stand_in->pid = fork();
    if (stand_in->pid == 0)
        run(ends[1], stand_in->beats);
    int problem = errno;
    close(ends[1]);
    if (stand_in->pid < 0)
        close(ends[0]);
    errno = problem;
    return stand_in->pid > 0;
}

static struct stand_in *start(void)
{
    struct stand_in *stand_in = malloc(sizeof(*stand_in));
    void *memory = mmap(NULL, BEATS_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (stand_in && memory != MAP_FAILED) {
        *stand_in = (struct stand_in){.beats = memory};
        if (spawn(stand_in))
            return stand_in;
    }
    int problem = errno;
    if (memory != MAP_FAILED)
        munmap(memory, BEATS_SIZE);
    free(stand_in);
    errno = problem;
    return NULL;
}

struct stand_in *io_stand_in_start(const struct config *config)
{
    if (!rules_pass(config))
        return NULL;
    struct stand_in *stand_in = start();
    if (!stand_in)
        qw_log(QW_LOG_WARNING, "no process to stand in for workers that hang: %s", strerror(errno));
    return stand_in;
}

/* The sockets that it holds are unbound by now: it has nothing left to do. */
void io_stand_in_stop(struct stand_in *stand_in)
{
    if (!stand_in)
        return;
    close(stand_in->channel);
    kill(stand_in->pid, SIGKILL);
    while (waitpid(stand_in->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    munmap(stand_in->beats, BEATS_SIZE);
    free(stand_in);
}

/* A stand-in that is gone or hangs itself must not stop a worker: what cannot be sent is not. */
static void send_message(const struct stand_in *stand_in, const struct stand_in_message *message,
                         const int *fd)
{
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct iovec piece = {(void *)(uintptr_t)message, sizeof(*message)};
    struct msghdr header = {.msg_iov = &piece, .msg_iovlen = 1};
    if (fd) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), fd, sizeof(*fd));
    }
    sendmsg(stand_in->channel, &header, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void stand_in_give(const struct stand_in *stand_in, unsigned index, uint16_t number, int fd)
{
    const struct stand_in_message message = {(uint16_t)index, number};
    if (stand_in)
        send_message(stand_in, &message, &fd);
}

void stand_in_take_back(const struct stand_in *stand_in, unsigned index)
{
    const struct stand_in_message message = {(uint16_t)index, 0};
    if (stand_in)
        send_message(stand_in, &message, NULL);
}
