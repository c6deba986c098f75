#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <quicward/base/log.h>
#include <quicward/io.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct qw_time io_now(void)
{
    struct timespec now = {0};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (struct qw_time){(uint64_t)now.tv_sec * QW_NS_PER_SECOND + (uint64_t)now.tv_nsec};
}

static unsigned hex_value(char digit)
{
    return digit <= '9' ? (unsigned)(digit - '0') : (unsigned)(tolower(digit) - 'a' + 10);
}

/* 32 hexadecimal digits, with dashes among them. */
static bool read_id(const char *text, struct store_boot *out)
{
    unsigned digits = 0;
    *out = (struct store_boot){{0}};
    for (; *text && *text != '\n'; text++) {
        if (*text == '-')
            continue;
        if (!isxdigit((unsigned char)*text) || digits == 2 * sizeof(out->bytes))
            return false;
        uint8_t *byte = &out->bytes[digits++ / 2];
        *byte = (uint8_t)((unsigned)*byte << 4 | hex_value(*text));
    }
    return digits == 2 * sizeof(out->bytes);
}

bool io_boot(struct store_boot *out)
{
    char text[64];
    int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t len = file < 0 ? -1 : read(file, text, sizeof(text) - 1);
    if (file >= 0)
        close(file);
    if (len < 0)
        return false;
    text[len] = '\0';
    return read_id(text, out);
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
