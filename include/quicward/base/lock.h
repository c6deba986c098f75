/* Locks that packets may meet. */
#ifndef QUICWARD_BASE_LOCK_H
#define QUICWARD_BASE_LOCK_H

#include <pthread.h>

/* Makes a lock that is held for microseconds at most: whoever meets it spins for a while before sleeping,
 * which takes far longer. `lock` is the caller's: pthread_mutex_destroy. */
void qw_lock_init(pthread_mutex_t *lock);

#endif
