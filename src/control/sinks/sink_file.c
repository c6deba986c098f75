/* Lines added to a file. */
#include "sink.h"
#include "text.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define FILE_MODE 0640

/* A pipe that nobody reads is no place for events: O_NONBLOCK makes that an error, and means nothing to a
 * file.
 */
static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
}

static size_t write_file(struct sink *sink, const char *text, size_t len)
{
    size_t taken = 0;
    while (taken < len) {
        ssize_t got = write(sink->fd, text + taken, len - taken);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        taken += (size_t)got;
    }
    return taken;
}

static bool reopen_file(struct sink *sink)
{
    int fd = open_file(sink->path);
    if (fd < 0)
        return false;
    close(sink->fd);
    sink->fd = fd;
    return true;
}

static void close_file(struct sink *sink)
{
    if (sink->fd >= 0)
        close(sink->fd);
}

static const struct sink_kind KIND = {"file", write_file, reopen_file, close_file};

enum qw_error sink_file(const char *path, struct sink **out, struct io_error *error)
{
    struct sink *sink = sink_new(&KIND, path);
    if (!sink)
        return QW_ERR_NO_MEMORY;
    sink->fd = open_file(path);
    if (sink->fd < 0) {
        if (errno == EACCES)
            control_say(error, "events.file: cannot open %s: %s; user %u must be able to write it", path,
                        strerror(errno), (unsigned)geteuid());
        else
            control_say(error, "events.file: cannot open %s: %s", path, strerror(errno));
        sink_free(sink);
        return QW_ERR_SYSTEM;
    }
    enum qw_error result = sink_start(sink, error);
    if (result == QW_OK)
        *out = sink;
    return result;
}
