#include "side_thread.h"
#include <errno.h>
#include <sys/eventfd.h>
#include <unistd.h>

int side_thread_start(struct side_thread *thread, qw_thread_body *body, void *argument)
{
    thread->stop = eventfd(0, EFD_CLOEXEC);
    if (thread->stop < 0)
        return errno;
    int problem = qw_thread_start(&thread->thread, body, argument);
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
