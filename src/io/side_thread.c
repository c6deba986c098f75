#include "side_thread.h"
#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

int quiet_thread(pthread_t *out, thread_body *body, void *argument)
{
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGSYS); /* of the filter of system calls: blocked, it would end the process unsaid */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int problem = pthread_create(out, NULL, body, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return problem;
}

int side_thread_start(struct side_thread *thread, thread_body *body, void *argument)
{
    thread->stop = eventfd(0, EFD_CLOEXEC);
    if (thread->stop < 0)
        return errno;
    int problem = quiet_thread(&thread->thread, body, argument);
    thread->running = problem == 0;
    if (!thread->running)
        close(thread->stop);
    return problem;
}

void side_thread_end(struct side_thread *thread)
{
    if (!thread->running)
        return;
    eventfd_write(thread->stop, 1);
    pthread_join(thread->thread, NULL);
    close(thread->stop);
    thread->running = false;
}
