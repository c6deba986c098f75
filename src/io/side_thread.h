/* Threads beside the workers. */
#ifndef QUICWARD_IO_SIDE_THREAD_H
#define QUICWARD_IO_SIDE_THREAD_H

#include <quicward/base/thread.h>
#include <stdbool.h>

/* A thread with a way to tell it to end. All zero: not started. */
struct side_thread {
    int stop; /* an eventfd that is readable once the thread is to end */
    bool running;
    pthread_t thread;
};

/* 0; or an errno value, with *thread as if not started. */
int side_thread_start(struct side_thread *thread, qw_thread_body *body, void *argument);

/* Tells it to end, and waits for that. Does nothing when it was not started. */
void side_thread_end(struct side_thread *thread);

#endif
