#include <errno.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

struct qw_time io_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct qw_time){(uint64_t)now.tv_sec * QW_NS_PER_SECOND + (uint64_t)now.tv_nsec};
}

struct qw_hash_key io_random_key(void)
{
    struct qw_hash_key key;
    ssize_t got;
    do /* waits until the pool is ready; reads of up to 256 bytes are then never short */
        got = getrandom(&key, sizeof(key), 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof(key)) { /* a guessable key would be worse than no start */
        qw_log(QW_LOG_ERROR, "the kernel gives no random bytes");
        abort();
    }
    return key;
}
