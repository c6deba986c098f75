#include "raw_send.h"
#include "suite.h"
#include "suites.h"
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOBODY 65534

/* What a process without privileges is told; 0 when that is right. */
static int try_without_privilege(void)
{
    struct raw_sender sender;
    struct io_error error = {""};
    if (geteuid() == 0 && setuid(NOBODY) != 0)
        return 1;
    bool refused = raw_sender_open(&sender, &error) == QW_ERR_SYSTEM;
    return refused && sender.v4 == -1 && sender.v6 == -1 && strstr(error.text, "CAP_NET_RAW") ? 0 : 1;
}

static void missing_privilege(void)
{
    int status = -1;
    pid_t child = fork();
    if (child == 0)
        _exit(try_without_privilege());
    CU_ASSERT_TRUE_FATAL(child > 0);
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_EQUAL(status, 0);
}

static void refusals_are_seen(void)
{
    static const struct raw_sender CLOSED = {-1, -1};
    static const struct icmp_message V4 = {.family = QW_IPV4, .len = 8}, V6 = {.family = QW_IPV6, .len = 8};
    CU_ASSERT_FALSE(raw_sender_send(&CLOSED, &V4, 1));
    CU_ASSERT_FALSE(raw_sender_send(&CLOSED, &V6, 1));
}

void raw_suite(void)
{
    static const struct test TESTS[] = {
        {"S6: a missing CAP_NET_RAW is named", missing_privilege},
        {"F2: a message that cannot be sent is no success", refusals_are_seen},
    };
    TEST_SUITE("raw", TESTS);
}
