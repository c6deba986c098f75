/* What others find of the socket's file, from its first moment on. */
#include "socket.h"
#include "suite.h"
#include "test_control.h"
#include <quicward/control.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static mode_t mode_at_bind;

/* In the place of the C library's: a file is made with the mode that its socket has now, so this is what
 * another process may find before the next call of the server. */
int bind(int fd, const struct sockaddr *address, socklen_t len)
{
    struct stat file;
    mode_at_bind = fstat(fd, &file) == 0 ? file.st_mode & 0777 : 0777;
    return (int)syscall(SYS_bind, fd, address, len);
}

static void never_open_to_all(void)
{
    static const mode_t MASKS[] = {0, 022, 077, 0777};
    char folder[] = "/tmp/quicward-socket-XXXXXX", path[64];
    struct io_error error;
    struct stat file;
    int fd;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/s", folder);
    for (size_t i = 0; i < sizeof(MASKS) / sizeof(MASKS[0]); i++) {
        mode_t before = umask(MASKS[i]);
        CU_ASSERT_EQUAL_FATAL(control_listen(path, 0660, NULL, &fd, &error), QW_OK);
        umask(before);
        CU_ASSERT_EQUAL(mode_at_bind, 0660);
        CU_ASSERT_EQUAL(stat(path, &file), 0);
        CU_ASSERT_EQUAL(file.st_mode & 0777, 0660);
        close(fd);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

/* It listens, and takes no connection: the kernel does, until the daemon goes on. */
static void a_daemon_that_hangs(void)
{
    char folder[] = "/tmp/quicward-socket-XXXXXX", path[64];
    struct io_error error = {0};
    pid_t daemon = 0;
    int fd;
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/s", folder);
    CU_ASSERT_EQUAL_FATAL(control_listen(path, 0660, NULL, &fd, &error), QW_OK);
    CU_ASSERT_EQUAL(control_request_within(path, &daemon, "stats", 30, NULL, NULL, &error), QW_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "no answer within 30 ms"));
    CU_ASSERT_EQUAL(daemon, getpid());
    close(fd);
    unlink(path);
    CU_ASSERT_EQUAL(rmdir(folder), 0);
}

static const struct test TESTS[] = {
    {"I2: a daemon that hangs is not waited for", a_daemon_that_hangs},
    {"S6: the socket's file is never open to all, whatever the umask", never_open_to_all},
};

void suite_socket(void)
{
    TEST_SUITE("control socket", TESTS);
}
