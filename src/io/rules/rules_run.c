#include "kernel_rules.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* A file in memory holds the script: a pipe would need somebody to fill it while the shell runs. */
static int script_file(const char *script, size_t len)
{
    int fd = memfd_create("rules", MFD_CLOEXEC);
    if (fd >= 0 && (write(fd, script, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* The tools must inherit neither our blocked signals nor our ignored SIGPIPE. */
static int spawn_shell(int script, int output, pid_t *pid)
{
    extern char **environ;
    char name[] = "sh";
    char *const arguments[] = {name, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, restored;
    sigemptyset(&none);
    sigemptyset(&restored);
    sigaddset(&restored, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&files, script, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&files, output, STDERR_FILENO);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &restored);
    /* A group of their own, so that all of them can be ended. */
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes,
                             POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    int problem = posix_spawn(pid, "/bin/sh", &files, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

struct output {
    int fd;
    char *said;
    size_t size, len;
};

/* What does not fit is thrown away, so that the writer is never stopped. False at the end. */
static bool read_some(struct output *output)
{
    char rest[256];
    bool full = output->len + 1 >= output->size;
    ssize_t got = read(output->fd, full ? rest : output->said + output->len,
                       full ? sizeof(rest) : output->size - 1 - output->len);
    if (!full && got > 0)
        output->len += (size_t)got;
    return got > 0 || (got < 0 && errno == EINTR);
}

/* 0 at its end, or why it did not come to that. */
static int read_all(struct output *output, unsigned ms, int stop)
{
    struct qw_time begun = io_now();
    for (;;) {
        uint64_t passed = qw_time_since(io_now(), begun) / QW_NS_PER_MS;
        struct pollfd ready[] = {{.fd = output->fd, .events = POLLIN}, {.fd = stop, .events = POLLIN}};
        int found = passed < ms ? poll(ready, 2, (int)(ms - passed)) : 0;
        if (found == 0)
            return RULES_RUN_TOO_LONG;
        if (found > 0 && ready[1].revents)
            return RULES_RUN_STOPPED;
        if (found > 0 && !read_some(output))
            return 0;
    }
}

static int exit_status(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return RULES_RUN_FAILED;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_with(int script, unsigned ms, int stop, char *said, size_t size)
{
    int pipes[2];
    pid_t pid;
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return RULES_RUN_FAILED;
    struct output output = {pipes[0], said, size, 0};
    int problem = spawn_shell(script, pipes[1], &pid);
    close(pipes[1]);
    int ended = problem == 0 ? read_all(&output, ms, stop) : RULES_RUN_FAILED;
    said[output.len] = '\0';
    close(pipes[0]);
    if (problem != 0)
        return RULES_RUN_FAILED;
    if (ended != 0)
        kill(-pid, SIGKILL);
    int status = exit_status(pid);
    return ended == 0 ? status : ended;
}

int rules_run(const char *script, size_t len, unsigned ms, int stop, char *said, size_t size)
{
    said[0] = '\0';
    int file = script_file(script, len);
    if (file < 0)
        return RULES_RUN_FAILED;
    int status = run_with(file, ms, stop, said, size);
    close(file);
    return status;
}
