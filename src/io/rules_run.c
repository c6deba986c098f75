#include "rules.h"
#include <errno.h>
#include <fcntl.h>
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
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int problem = posix_spawn(pid, "/bin/sh", &files, &attributes, arguments, environ);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&attributes);
    return problem;
}

/* Reads to the end; what does not fit is thrown away, so that the writer is never stopped. */
static void read_all(int fd, char *said, size_t size)
{
    char rest[256];
    size_t len = 0;
    for (;;) {
        bool full = len + 1 >= size;
        ssize_t got = read(fd, full ? rest : said + len, full ? sizeof(rest) : size - 1 - len);
        if (got == 0 || (got < 0 && errno != EINTR))
            break;
        if (!full && got > 0)
            len += (size_t)got;
    }
    said[len] = '\0';
}

static int exit_status(pid_t pid)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run_with(int script, char *said, size_t size)
{
    int output[2];
    pid_t pid;
    if (pipe2(output, O_CLOEXEC) != 0)
        return -1;
    int problem = spawn_shell(script, output[1], &pid);
    close(output[1]);
    if (problem == 0)
        read_all(output[0], said, size);
    close(output[0]);
    return problem == 0 ? exit_status(pid) : -1;
}

int rules_run(const char *script, size_t len, char *said, size_t size)
{
    said[0] = '\0';
    int file = script_file(script, len);
    if (file < 0)
        return -1;
    int status = run_with(file, said, size);
    close(file);
    return status;
}
