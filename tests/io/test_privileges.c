/* What a process gives up, seen from outside: each test does it in a child. */
#include "privileges.h"
#include "rules_helper_main.h"
#include "side_thread.h"
#include "suite.h"
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define FILTERED false
#else
#define FILTERED true
#endif

static struct config plain(void)
{
    struct config config;
    config_defaults(&config);
    config.mode = CONFIG_FIREWALL;
    strcpy(config.state, CONFIG_NO_STATE);
    return config;
}

/* What a child that does `work` ends with (as of waitpid), and what it said. */
static int in_child(void (*work)(const struct config *config), const struct config *config, char *said,
                    size_t size)
{
    int pipes[2], status = 0;
    size_t len = 0;
    CU_ASSERT_EQUAL_FATAL(pipe(pipes), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(pipes[1], STDERR_FILENO);
        close(pipes[0]);
        close(pipes[1]);
        work(config);
        _exit(0);
    }
    close(pipes[1]);
    for (ssize_t got = 1; got > 0; len += got > 0 ? (size_t)got : 0)
        got = read(pipes[0], said + len, size - 1 - len);
    said[len] = '\0';
    close(pipes[0]);
    CU_ASSERT_EQUAL(waitpid(pid, &status, 0), pid);
    return status;
}

/* ---- the filter ---- */

static void filter(const struct config *config)
{
    struct io_error error = {0};
    if (io_filter_install(config, &error) == QW_OK)
        return;
    fputs(error.text, stderr);
    _exit(9);
}

static void executes(const struct config *config)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    filter(config);
    execv("/bin/true", arguments);
}

static void forks(const struct config *config)
{
    filter(config);
    if (fork() == 0)
        _exit(0);
}

#define ASK_PERSONALITY 0xffffffffUL /* changes nothing */

static void asks(const struct config *config)
{
    filter(config);
    personality(ASK_PERSONALITY);
}

static void listens_to_the_link(const struct config *config)
{
    filter(config);
    close(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}

static void maps_code(const struct config *config)
{
    filter(config);
    mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void *ask_when_told(void *fd)
{
    char byte;
    if (read(*(int *)fd, &byte, 1) == 1)
        personality(ASK_PERSONALITY);
    return NULL;
}

/* One that began before the filter, with all signals blocked as ours have them. */
static void thread_asks(const struct config *config)
{
    int pipes[2];
    pthread_t thread;
    if (pipe(pipes) != 0 || qw_thread_start(&thread, ask_when_told, &pipes[0]) != 0)
        _exit(8);
    filter(config);
    if (write(pipes[1], "x", 1) == 1)
        pthread_join(thread, NULL);
}

static const struct {
    void (*work)(const struct config *config);
    const char *call;
} REFUSED[] = {{executes, "(execve)"},  {forks, "(clone"},
               {asks, "(personality)"}, {listens_to_the_link, "(socket)"},
               {maps_code, "(mmap)"},   {thread_asks, "(personality)"}};

static void a_forbidden_call_ends_the_process(void)
{
    const struct config config = plain();
    char said[1024];
    for (size_t i = 0; FILTERED && i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        int status = in_child(REFUSED[i].work, &config, said, sizeof(said));
        CU_ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        CU_ASSERT_PTR_NOT_NULL(strstr(said, REFUSED[i].call));
        CU_ASSERT_PTR_NOT_NULL(strstr(said, "is not one that quicward makes"));
    }
}

static void without_the_filter_they_are_made(void)
{
    struct config config = plain();
    char said[1024];
    config.seccomp = CONFIG_SECCOMP_OFF;
    for (size_t i = 0; i < sizeof(REFUSED) / sizeof(REFUSED[0]); i++) {
        int status = in_child(REFUSED[i].work, &config, said, sizeof(said));
        CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
}

/* Some of what a daemon does later: a file is read again, sockets are opened, time passes. */
static void works_on(const struct config *config)
{
    char text[64];
    filter(config);
    FILE *file = fopen("/proc/self/status", "re");
    bool well = file && fgets(text, sizeof(text), file);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    well = well && fd >= 0 && poll(NULL, 0, 1) == 0;
    void *memory = malloc(1 << 24);
    well = well && memory;
    free(memory);
    fclose(file);
    _exit(well ? 0 : 7);
}

static void what_the_daemon_needs_is_allowed(void)
{
    const struct config config = plain();
    char said[1024];
    int status = in_child(works_on, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- who one is ---- */

static void drop_and_show(const struct config *config)
{
    struct io_error error = {0};
    char line[128];
    enum qw_error code = io_privileges_drop(config, &error);
    if (code != QW_OK) {
        fprintf(stderr, "%s", error.text);
        _exit((int)code);
    }
    FILE *file = fopen("/proc/self/status", "re");
    while (file && fgets(line, sizeof(line), file))
        if (strncmp(line, "Cap", 3) == 0 || strncmp(line, "NoNew", 5) == 0 || strncmp(line, "Uid", 3) == 0)
            fputs(line, stderr);
}

static void two_capabilities_are_kept(void)
{
    const struct config config = plain();
    char said[1024];
    int status = in_child(drop_and_show, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "NoNewPrivs:\t1"));
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "CapEff:\t0000000000003000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "CapPrm:\t0000000000003000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "CapInh:\t0000000000000000"));
}

static void of_an_own_user_too(void)
{
    struct config config = plain();
    char said[1024], folder[] = "/tmp/qw-privileges-XXXXXX";
    struct stat status;
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config.state, sizeof(config.state), "%s/quicward-x", folder);
    snprintf(config.control, sizeof(config.control), "%s/quicward-x/control", folder);
    strcpy(config.user, "nobody");
    int ended = in_child(drop_and_show, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "CapEff:\t0000000000003000"));
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "Uid:\t65534\t65534\t65534\t65534"));
    CU_ASSERT_EQUAL(stat(config.state, &status), 0);
    CU_ASSERT_EQUAL(status.st_uid, 65534);
    rmdir(config.state);
    rmdir(folder);
}

static void names_that_nobody_has(void)
{
    struct config config = plain();
    char said[1024];
    strcpy(config.user, "no-such-user");
    int status = in_child(drop_and_show, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "there is no user \"no-such-user\""));
    config = plain();
    strcpy(config.control_group, "no-such-group");
    status = in_child(drop_and_show, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == QW_ERR_INVALID);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "there is no group \"no-such-group\""));
}

/* ---- what is given ---- */

static void make_file(const char *folder, const char *name)
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    close(open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600));
}

static uid_t owner_of(const char *folder, const char *name)
{
    char path[256];
    struct stat status = {0};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return lstat(path, &status) == 0 ? status.st_uid : 1;
}

/* That user may have laid anything there before. */
static void only_plain_files_are_given(void)
{
    struct config config = plain();
    struct io_error error;
    char folder[] = "/tmp/quicward-given-XXXXXX", path[256], other[256];
    const struct privileges_user user = {"nobody", 65534, 65534};
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config.state, sizeof(config.state), "%s", folder);
    snprintf(config.control, sizeof(config.control), "%s/control", folder);
    make_file(folder, "main.state");
    make_file(folder, "precious");
    snprintf(path, sizeof(path), "%s/precious", folder);
    snprintf(other, sizeof(other), "%s/main.state.new", folder);
    CU_ASSERT_EQUAL(link(path, other), 0);
    CU_ASSERT_EQUAL(symlink(path, config.control), 0);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, ""), 65534);
    CU_ASSERT_EQUAL(owner_of(folder, "main.state"), 65534);
    CU_ASSERT_EQUAL(owner_of(folder, "precious"), 0);
    CU_ASSERT_EQUAL(owner_of(folder, "control"), 0);
    unlink(path);
    unlink(other);
    unlink(config.control);
    snprintf(path, sizeof(path), "%s/main.state", folder);
    unlink(path);
    rmdir(folder);
}

static void folders_of_others_are_not_given(void)
{
    struct config config = plain();
    struct io_error error;
    char folder[] = "/tmp/other-XXXXXX", link_to[] = "/tmp/quicward-link-XXXXXX";
    const struct privileges_user user = {"nobody", 65534, 65534};
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config.state, sizeof(config.state), "%s", folder);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "use a folder of its own"));
    CU_ASSERT_EQUAL(owner_of(folder, ""), 0);
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(link_to));
    rmdir(link_to);
    CU_ASSERT_EQUAL(symlink(folder, link_to), 0);
    snprintf(config.state, sizeof(config.state), "%s", link_to);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_ERR_SYSTEM);
    CU_ASSERT_EQUAL(owner_of(folder, ""), 0);
    unlink(link_to);
    rmdir(folder);
}

static struct config with_events(const char *folder, const char *name)
{
    struct config config = plain();
    snprintf(config.control, sizeof(config.control), "%s/quicward/control", folder);
    snprintf(config.events_file, sizeof(config.events_file), "%s/%s", folder, name);
    return config;
}

/* What is made as root, and written as the user. */
static void events_and_metrics_are_given(void)
{
    struct config config;
    struct io_error error;
    char folder[] = "/tmp/log-XXXXXX", path[256];
    struct stat status;
    const struct privileges_user user = {"nobody", 65534, 65534};
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    config = with_events(folder, "quicward/events.json"); /* the folder is made */
    snprintf(config.metrics, sizeof(config.metrics), "%s/quicward-metrics/socket", folder);
    mode_t mask = umask(0077);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    umask(mask);
    snprintf(path, sizeof(path), "%s/quicward", folder);
    CU_ASSERT_EQUAL(stat(path, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777, 0755); /* control_group gets to the socket */
    CU_ASSERT_EQUAL(owner_of(folder, "quicward"), 65534);
    CU_ASSERT_EQUAL(owner_of(folder, "quicward-metrics"), 65534);
    config = with_events(folder, "events.json"); /* the folder stays root's, the file is made */
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, ""), 0);
    CU_ASSERT_EQUAL(owner_of(folder, "events.json"), 65534);
    CU_ASSERT_EQUAL(stat(config.events_file, &status), 0);
    CU_ASSERT_EQUAL(status.st_mode & 07777 & ~0640u, 0);
    make_file(folder, "auth.log"); /* somebody's */
    make_file(folder, "quicward.json");
    config = with_events(folder, "auth.log");
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, "auth.log"), 0);
    config = with_events(folder, "quicward.json"); /* an earlier daemon's */
    CU_ASSERT_EQUAL(chmod(folder, 0770), 0);       /* or laid there */
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, "quicward.json"), 0);
    CU_ASSERT_EQUAL(chmod(folder, 0700), 0);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, "quicward.json"), 65534);
    snprintf(path, sizeof(path), "%s/auth.log", folder); /* and no link is followed */
    CU_ASSERT_EQUAL(unlink(config.events_file), 0);
    CU_ASSERT_EQUAL(symlink(path, config.events_file), 0);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_OK);
    CU_ASSERT_EQUAL(owner_of(folder, "auth.log"), 0);
    snprintf(config.metrics, sizeof(config.metrics), "%s/metrics", folder);
    CU_ASSERT_EQUAL(privileges_give(&config, &user, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "a folder of its own, such as"));
    static const char *const MADE[] = {"quicward-metrics", "quicward", "events.json", "auth.log",
                                       "quicward.json"};
    for (size_t i = 0; i < sizeof(MADE) / sizeof(MADE[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, MADE[i]);
        CU_ASSERT_EQUAL(remove(path), 0);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* Root as systemd starts it: what is not root's is closed to it. */
static void gives_with_few_capabilities(const struct config *config)
{
    const struct privileges_user user = {"nobody", 65534, 65534};
    struct io_error error = {0};
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2] = {{.effective = 1u << CAP_CHOWN, .permitted = 1u << CAP_CHOWN}};
    if (syscall(SYS_capset, &header, data) != 0 || privileges_give(config, &user, &error) != QW_OK)
        _exit(3);
}

static void files_in_closed_folders_are_given(void)
{
    char folder[] = "/tmp/quicward-closed-XXXXXX", said[1024];
    static const char *const FILES[] = {"events.json", "main.state", "control"};
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    struct config config = plain();
    snprintf(config.state, sizeof(config.state), "%s", folder);
    snprintf(config.control, sizeof(config.control), "%s/control", folder);
    snprintf(config.events_file, sizeof(config.events_file), "%s/events.json", folder);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
        make_file(folder, FILES[i]);
    int status = in_child(gives_with_few_capabilities, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        char path[256];
        CU_ASSERT_EQUAL(owner_of(folder, FILES[i]), 65534);
        snprintf(path, sizeof(path), "%s/%s", folder, FILES[i]);
        CU_ASSERT_EQUAL(unlink(path), 0);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* ---- taking over ---- */

static void another_users_daemon_is_not_taken_over(void)
{
    struct config config = plain();
    struct io_error error = {0};
    char folder[] = "/tmp/quicward-over-XXXXXX";
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config.control, sizeof(config.control), "%s/control", folder);
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_OK); /* nobody can tell */
    make_file(folder, "control");
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_OK);
    strcpy(config.user, "nobody");
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "runs as user 0, this one is to run as user 65534"));
    CU_ASSERT_EQUAL(owner_of(folder, ""), 0);
    CU_ASSERT_EQUAL(owner_of(folder, "control"), 0);
    CU_ASSERT_EQUAL(chown(config.control, 65534, 65534), 0);
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_OK);
    config.user[0] = '\0';
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_ERR_SYSTEM);
    strcpy(config.user, "no-such-user");
    CU_ASSERT_EQUAL(io_handover_check(&config, &error), QW_ERR_INVALID);
    CU_ASSERT_EQUAL(unlink(config.control), 0);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* ---- the helper ---- */

static int all_rules(const struct config *config, char *said, size_t size)
{
    const struct rules_job job = {.script = RULES_SCRIPT_OTHERS};
    return rules_job_run(&job, config, -1, RULES_RUN_MS, -1, said, size);
}

static pid_t child_of(pid_t pid)
{
    char path[64];
    long child = 0;
    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%ld", &child) != 1)
        child = 0;
    if (file)
        fclose(file);
    return (pid_t)child;
}

/* Waits for another one than `before`. */
static pid_t next_child(pid_t pid, pid_t before)
{
    for (int i = 0; i < 1000; i++) {
        pid_t child = child_of(pid);
        if (child > 0 && child != before)
            return child;
        usleep(10000);
    }
    return 0;
}

static void the_helper_runs_scripts(void)
{
    const struct config config = plain();
    struct io_helper *helper;
    struct io_error error;
    static char said[1 << 20];
    CU_ASSERT_FALSE(rules_helper_here());
    CU_ASSERT_EQUAL_FATAL(io_helper_start(&config, &helper, &error), QW_OK);
    CU_ASSERT_TRUE(rules_helper_here());
    CU_ASSERT_EQUAL(all_rules(&config, said, sizeof(said)), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(said, "#tool nft"));
    CU_ASSERT_EQUAL(all_rules(&config, said, 6), 0); /* cut, as without a helper */
    CU_ASSERT_STRING_EQUAL(said, "#tool");
    const struct rules_job unknown = {.script = RULES_SCRIPT_COUNT};
    CU_ASSERT_EQUAL(rules_job_run(&unknown, &config, -1, 1000, -1, said, sizeof(said)), RULES_RUN_GONE);
    io_helper_look(helper);
    CU_ASSERT_EQUAL(all_rules(&config, said, sizeof(said)), 0);
    io_helper_stop(helper);
    CU_ASSERT_FALSE(rules_helper_here());
}

/* The first member is its number. */
static void a_killed_helper_comes_back(void)
{
    const struct config config = plain();
    struct io_helper *helper;
    struct io_error error;
    static char said[1 << 20];
    CU_ASSERT_EQUAL_FATAL(io_helper_start(&config, &helper, &error), QW_OK);
    pid_t watcher = *(pid_t *)helper, server = next_child(watcher, 0);
    CU_ASSERT_TRUE_FATAL(server > 0);
    kill(server, SIGKILL);
    CU_ASSERT_TRUE(next_child(watcher, server) > 0);
    CU_ASSERT_EQUAL(all_rules(&config, said, sizeof(said)), 0);
    server = next_child(watcher, server);
    kill(watcher, SIGKILL);
    kill(server, SIGKILL);
    for (int i = 0; i < 100 && all_rules(&config, said, sizeof(said)) == 0; i++)
        usleep(10000);
    CU_ASSERT_EQUAL(all_rules(&config, said, sizeof(said)), RULES_RUN_GONE);
    io_helper_look(helper);
    io_helper_stop(helper);
}

/* Of a daemon of another user: the file is opened by the helper, which is root. */
static void reads_as_nobody(const struct config *config)
{
    struct io_helper *helper;
    struct io_error error = {0};
    char direct[16384], text[16384];
    rules_file_read(RULES_FILE_QUEUES, direct, sizeof(direct));
    if (io_helper_start(config, &helper, &error) != QW_OK || io_privileges_drop(config, &error) != QW_OK)
        _exit(3);
    for (int i = 0; i < 3; i++) { /* from its beginning, each time */
        rules_file_read(RULES_FILE_QUEUES, text, sizeof(text));
        if (strcmp(direct, text) != 0)
            _exit(4);
    }
    if (access(RULES_FILE_PATHS[RULES_FILE_QUEUES], F_OK) == 0 &&
        access(RULES_FILE_PATHS[RULES_FILE_QUEUES], R_OK) == 0)
        _exit(5);
    io_helper_stop(helper);
}

static void files_are_read_for_another_user(void)
{
    struct config config = plain();
    char said[1024], folder[] = "/tmp/quicward-read-XXXXXX";
    if (geteuid() != 0)
        return;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(config.control, sizeof(config.control), "%s/control", folder);
    strcpy(config.user, "nobody");
    int status = in_child(reads_as_nobody, &config, said, sizeof(said));
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    rmdir(folder);
}

int main(void)
{
    static const struct test TESTS[] = {
        {"S6: a call that the daemon does not need ends the process, in every thread, and is logged",
         a_forbidden_call_ends_the_process},
        {"S6: without the filter such calls are made", without_the_filter_they_are_made},
        {"S6: what the daemon needs is allowed", what_the_daemon_needs_is_allowed},
        {"S6: of the capabilities two are kept, and no new ones come", two_capabilities_are_kept},
        {"S6: by a user of its own too", of_an_own_user_too},
        {"S6: users and groups that nobody has are refused", names_that_nobody_has},
        {"S6: nothing is given away that a link leads to or that has two names", only_plain_files_are_given},
        {"S6: folders of others are not given away", folders_of_others_are_not_given},
        {"S6: the file of events and the metrics' socket are given to a user of its own",
         events_and_metrics_are_given},
        {"S6: and root without the right to look into others' folders gives what is in them",
         files_in_closed_folders_are_given},
        {"S6 S1: the daemon of another user is not taken over, and nothing is given away",
         another_users_daemon_is_not_taken_over},
        {"S6: the helper runs the scripts of the program and no others", the_helper_runs_scripts},
        {"S6: a helper that is killed comes back; its end is an error", a_killed_helper_comes_back},
        {"S6: another user's daemon reads the kernel's queues all the same", files_are_read_for_another_user},
    };
    TEST_SUITE("privileges", TESTS);
    return test_main();
}
