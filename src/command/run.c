#include "daemon.h"
#include "options.h"
#include "ready.h"
#include <errno.h>
#include <quicward/base/log.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* Blocks the daemon's signals in this thread and all that it starts; they are read from the descriptor
 * returned
 * (-1: errno). A log that goes nowhere must not end the daemon, so SIGPIPE is ignored. */
static int take_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void log_lines(char *text)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        qw_log(QW_LOG_ERROR, "reload: %s", line);
}

static void reload(struct daemon *daemon)
{
    char *text = NULL;
    size_t len = 0;
    FILE *errors = open_memstream(&text, &len);
    if (!errors) {
        qw_log(QW_LOG_ERROR, "reload: %s", strerror(errno));
        return;
    }
    daemon_reload(daemon, errors);
    fclose(errors);
    if (text)
        log_lines(text);
    free(text);
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

/* Until a signal ends it. */
static void serve(struct daemon *daemon, int signals)
{
    struct signalfd_siginfo info = {0};
    say_ready(daemon->config);
    while (info.ssi_signo != SIGTERM && info.ssi_signo != SIGINT) {
        if (read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
            continue;
        if (info.ssi_signo == SIGHUP)
            reload(daemon);
    }
    ready_withdraw();
    qw_log(QW_LOG_INFO, "stopping");
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
    bool started = daemon_start(&daemon, options.config ? options.config : OPTIONS_CONFIG_DEFAULT);
    if (started) {
        serve(&daemon, signals);
        daemon_stop(&daemon);
    }
    close(signals);
    return started ? COMMAND_DONE : COMMAND_FAILED;
}
