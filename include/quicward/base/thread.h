/* Threads beside the main one. */
#ifndef QUICWARD_BASE_THREAD_H
#define QUICWARD_BASE_THREAD_H

#include <pthread.h>

typedef void *qw_thread_body(void *argument);

/* Starts a thread that takes no signals: they are the main thread's business. Only SIGSYS gets through, by
 * which the filter of system calls ends the process: blocked, it would do so without a word. 0, and *out is
 * the caller's: pthread_join; or an errno value. */
int qw_thread_start(pthread_t *out, qw_thread_body *body, void *argument);

#endif
