#include "daemon.h"
#include "limits_log.h"
#include "options.h"
#include "ready.h"
#include "troubles.h"
#include <errno.h>
#include <poll.h>
#include <quicward/base/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Between two looks at limits that were met, and two attempts to free replaced settings. */
#define LOOK_MS 1000

/* Blocks the daemon's signals in this thread and all that it starts. They are read from the descriptor
 * returned; -1 with errno. A log that goes nowhere must not end the daemon, so SIGPIPE is ignored. */
static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void say_ready(const struct config *config)
{
    char queues[32];
    unsigned first = config->queue_first, last = first + config->workers - 1u;
    if (first == last)
        snprintf(queues, sizeof(queues), "queue %u", first);
    else
        snprintf(queues, sizeof(queues), "queues %u-%u", first, last);
    qw_log(QW_LOG_INFO, "%s mode, %s, %u flows at most", config_mode_text(config->mode), queues,
           (unsigned)config->flows_max);
    ready_announce();
}

/* Waits for a signal and returns its number; 0 when a second passed without one, or somebody wrote to the
 * instance's socket. *next is the process that takes over then, -1: none does. */
static uint32_t next_signal(struct daemon *daemon, int signals, int *next)
{
    struct signalfd_siginfo info;
    struct pollfd ready[] = {{.fd = signals, .events = POLLIN}, {.fd = daemon->instance, .events = POLLIN}};
    engine_reclaim(daemon->engine);
    io_helper_look(daemon->helper);
    *next = -1;
    if (poll(ready, 2, LOOK_MS) <= 0)
        return 0;
    if (ready[0].revents)
        return read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info) ? info.ssi_signo : 0;
    if (ready[1].revents)
        *next = io_handover_asked(daemon->instance);
    return 0;
}

/* Until a signal ends it, or another process takes over, which is returned; -1: none does. */
static int serve(struct daemon *daemon, int signals)
{
    uint32_t signal = 0;
    int next = -1;
    struct limits_log limits = {0};
    struct troubles troubles = {0};
    say_ready(daemon->config);
    while (signal != SIGTERM && signal != SIGINT && next < 0) {
        signal = next_signal(daemon, signals, &next);
        if (signal == SIGHUP)
            daemon_reload(daemon, NULL);
        if (signal == SIGUSR1)
            control_sinks_reopen(daemon->sinks);
        limits_log_look(&limits, daemon->engine, daemon->veils.logged, io_now());
        troubles_look(&troubles, daemon->engine, daemon->queues, io_now());
        daemon_look(daemon);
    }
    ready_withdraw();
    qw_log(QW_LOG_INFO, next < 0 ? "stopping" : "another process takes over");
    return next;
}

static bool live(struct daemon *daemon, int signals)
{
    int next = serve(daemon, signals);
    if (next >= 0)
        return daemon_hand_over(daemon, next);
    daemon_stop(daemon);
    return true;
}

enum command_status command_run(const struct command *self, int argc, char **argv)
{
    struct daemon daemon;
    struct options options;
    enum options_result result = options_read(self, argc, argv, NULL, &options);
    if (result != OPTIONS_OK)
        return options_status(result);
    int signals = take_signals();
    if (signals < 0) {
        fprintf(stderr, "quicward: cannot receive signals: %s\n", strerror(errno));
        return COMMAND_FAILED;
    }
    const char *path = options.config ? options.config : OPTIONS_CONFIG_DEFAULT;
    bool well = daemon_start(&daemon, path, options.take_over) && live(&daemon, signals);
    close(signals);
    return well ? COMMAND_DONE : daemon.failure;
}
