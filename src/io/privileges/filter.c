/* The system calls of the running daemon: what its threads were seen to make, in all modes, with what the C
 * library chooses instead on other machines. Another one ends the process. */
#include "fail.h"
#include "privileges.h"
#include <errno.h>
#include <quicward/base/log.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* Files: a reload, /proc, the state that is put in its place, the control socket. */
static const int FILES[] = {
    SCMP_SYS(read),        SCMP_SYS(write),      SCMP_SYS(readv),      SCMP_SYS(writev),
    SCMP_SYS(pread64),     SCMP_SYS(pwrite64),   SCMP_SYS(close),      SCMP_SYS(lseek),
    SCMP_SYS(fcntl),       SCMP_SYS(fstat),      SCMP_SYS(stat),       SCMP_SYS(lstat),
    SCMP_SYS(newfstatat),  SCMP_SYS(statx),      SCMP_SYS(open),       SCMP_SYS(openat),
    SCMP_SYS(access),      SCMP_SYS(faccessat),  SCMP_SYS(faccessat2), SCMP_SYS(readlink),
    SCMP_SYS(readlinkat),  SCMP_SYS(getdents64), SCMP_SYS(unlink),     SCMP_SYS(unlinkat),
    SCMP_SYS(flock),       SCMP_SYS(getcwd),     SCMP_SYS(dup),        SCMP_SYS(dup3),
    SCMP_SYS(close_range), SCMP_SYS(ioctl),      SCMP_SYS(rename),     SCMP_SYS(renameat),
    SCMP_SYS(renameat2),   SCMP_SYS(link),       SCMP_SYS(fsync),      SCMP_SYS(fdatasync),
    SCMP_SYS(ftruncate),   SCMP_SYS(chmod),      SCMP_SYS(fchmod),     SCMP_SYS(fchmodat),
    SCMP_SYS(chown),       SCMP_SYS(fchownat),   SCMP_SYS(mkdir),      SCMP_SYS(umask),
    SCMP_SYS(utimensat),   SCMP_SYS(fallocate),  SCMP_SYS(fadvise64),  SCMP_SYS(statfs),
    SCMP_SYS(fstatfs),     SCMP_SYS(sendfile),
};

/* Sockets: queues, raw ICMP, netlink, the control socket, the helper, the next daemon, metrics, collectors.
 */
static const int SOCKETS[] = {
    SCMP_SYS(bind),       SCMP_SYS(connect),     SCMP_SYS(listen),       SCMP_SYS(accept),
    SCMP_SYS(accept4),    SCMP_SYS(getsockname), SCMP_SYS(getpeername),  SCMP_SYS(getsockopt),
    SCMP_SYS(setsockopt), SCMP_SYS(sendto),      SCMP_SYS(sendmsg),      SCMP_SYS(sendmmsg),
    SCMP_SYS(recvfrom),   SCMP_SYS(recvmsg),     SCMP_SYS(recvmmsg),     SCMP_SYS(shutdown),
    SCMP_SYS(poll),       SCMP_SYS(ppoll),       SCMP_SYS(eventfd2),     SCMP_SYS(pipe2),
    SCMP_SYS(select),     SCMP_SYS(pselect6),    SCMP_SYS(epoll_ctl),    SCMP_SYS(epoll_create1),
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_pwait2),
};

/* Memory, threads, time. */
static const int REST[] = {
    SCMP_SYS(munmap),        SCMP_SYS(mremap),          SCMP_SYS(brk),
    SCMP_SYS(madvise),       SCMP_SYS(futex),           SCMP_SYS(exit),
    SCMP_SYS(exit_group),    SCMP_SYS(rt_sigaction),    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),  SCMP_SYS(sigaltstack),     SCMP_SYS(restart_syscall),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_getres),    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(nanosleep),     SCMP_SYS(gettimeofday),    SCMP_SYS(time),
    SCMP_SYS(getpid),        SCMP_SYS(gettid),          SCMP_SYS(getppid),
    SCMP_SYS(getuid),        SCMP_SYS(geteuid),         SCMP_SYS(getgid),
    SCMP_SYS(getegid),       SCMP_SYS(getrandom),       SCMP_SYS(uname),
    SCMP_SYS(sysinfo),       SCMP_SYS(sched_yield),     SCMP_SYS(sched_getaffinity),
    SCMP_SYS(getcpu),        SCMP_SYS(wait4),           SCMP_SYS(waitid),
    SCMP_SYS(kill),          SCMP_SYS(tgkill),          SCMP_SYS(getrlimit),
    SCMP_SYS(rseq),          SCMP_SYS(set_robust_list), SCMP_SYS(prlimit64),
    SCMP_SYS(getrusage),     SCMP_SYS(times),           SCMP_SYS(msync),
    SCMP_SYS(membarrier),    SCMP_SYS(getgroups),       SCMP_SYS(rt_sigpending),
    SCMP_SYS(getresuid),     SCMP_SYS(getresgid),       SCMP_SYS(rt_sigtimedwait),
};

static int allow_all(scmp_filter_ctx filter, const int *calls, size_t count)
{
    int problem = 0;
    for (size_t i = 0; i < count && problem == 0; i++)
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 0);
    return problem;
}

/* No memory that can be both written and executed is made, and none that can be executed at all: everything
 * is loaded by now. */
static int allow_memory(scmp_filter_ctx filter)
{
    int problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    if (problem == 0)
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                   SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    return problem;
}

static int allow_families(scmp_filter_ctx filter)
{
    static const int FAMILIES[] = {AF_UNIX, AF_NETLINK, AF_INET, AF_INET6};
    int problem =
        seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0));
    for (unsigned i = 0; i < sizeof(FAMILIES) / sizeof(FAMILIES[0]) && problem == 0; i++)
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                   SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)FAMILIES[i], 0));
    return problem;
}

/* Threads, which a reload may start, and no processes. What clone3 is asked for cannot be seen: the C library
 * takes clone instead. */
static int allow_threads(scmp_filter_ctx filter)
{
    int problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                   SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    if (problem == 0)
        problem = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (problem == 0)
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                   SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0));
    return problem;
}

static int allow(scmp_filter_ctx filter, const struct config *config)
{
    int problem = allow_all(filter, FILES, sizeof(FILES) / sizeof(FILES[0]));
    if (problem == 0)
        problem = allow_all(filter, SOCKETS, sizeof(SOCKETS) / sizeof(SOCKETS[0]));
    if (problem == 0)
        problem = allow_all(filter, REST, sizeof(REST) / sizeof(REST[0]));
    if (problem == 0)
        problem = allow_threads(filter);
    if (problem == 0)
        problem = allow_memory(filter);
    if (problem == 0)
        problem = allow_families(filter);
    if (problem == 0 && config->offload != CONFIG_OFFLOAD_OFF)
        problem = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(bpf), 0);
    return problem;
}

/* ---- a call that is refused ---- */

#define CALLS 512
#define CALL_NAME_MAX 24

/* Found before: where a call is refused no memory may be taken. */
static char call_names[CALLS][CALL_NAME_MAX];

static void find_names(void)
{
    for (int i = 0; i < CALLS; i++) {
        char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, i);
        if (name)
            strncpy(call_names[i], name, CALL_NAME_MAX - 1);
        free(name);
    }
}

static void put(char *line, size_t *len, const char *text)
{
    while (*text)
        line[(*len)++] = *text++;
}

static void put_number(char *line, size_t *len, unsigned number)
{
    char digits[12];
    size_t at = sizeof(digits);
    digits[--at] = '\0';
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    put(line, len, digits + at);
}

/* Whoever changed what the process does may have changed this too: the call is not made in any case. */
static void say_and_end(int signal_number, siginfo_t *info, void *context)
{
    char line[160];
    size_t len = 0;
    unsigned number = (unsigned)info->si_syscall;
    (void)context;
    put(line, &len, "quicward: error: system call ");
    put_number(line, &len, number);
    put(line, &len, " (");
    put(line, &len, number < CALLS ? call_names[number] : "");
    put(line, &len, ") is not one that quicward makes; quicward ends here (seccomp)\n");
    (void)!write(STDERR_FILENO, line, len);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static bool catch_refused(void)
{
    struct sigaction action = {.sa_sigaction = say_and_end, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigset_t set;
    sigemptyset(&action.sa_mask);
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    find_names();
    return sigaction(SIGSYS, &action, NULL) == 0 && pthread_sigmask(SIG_UNBLOCK, &set, NULL) == 0;
}

/* ---- all of it ---- */

static int install(const struct config *config)
{
    bool logs = config->seccomp == CONFIG_SECCOMP_LOG;
    scmp_filter_ctx filter = seccomp_init(logs ? SCMP_ACT_LOG : SCMP_ACT_TRAP);
    if (!filter)
        return -ENOMEM;
    int problem = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (problem == 0)
        problem = allow(filter, config);
    if (problem == 0)
        problem = seccomp_load(filter);
    seccomp_release(filter);
    return problem;
}

enum qw_error io_filter_install(const struct config *config, struct io_error *error)
{
#ifdef QUICWARD_SANITIZED
    (void)config, (void)error, (void)install, (void)catch_refused;
    return QW_OK;
#else
    if (config->seccomp == CONFIG_SECCOMP_OFF)
        return QW_OK;
    if (!catch_refused())
        return io_fail(error, QW_ERR_SYSTEM, "seccomp: %s", strerror(errno));
    int problem = install(config);
    if (problem == 0)
        return QW_OK;
    return io_fail(error, QW_ERR_SYSTEM,
                   "seccomp: the kernel refuses the filter: %s; seccomp = \"off\" runs without it",
                   strerror(-problem));
#endif
}
