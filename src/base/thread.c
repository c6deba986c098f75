#include <quicward/base/thread.h>
#include <signal.h>
#include <stddef.h>

int qw_thread_start(pthread_t *out, qw_thread_body *body, void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(out, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}
