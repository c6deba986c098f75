#include <quicward/base/lock.h>

void qw_lock_init(pthread_mutex_t *lock)
{
    pthread_mutexattr_t spin;
    pthread_mutexattr_init(&spin);
    pthread_mutexattr_settype(&spin, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(lock, &spin);
    pthread_mutexattr_destroy(&spin);
}
